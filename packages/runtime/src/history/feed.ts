import { createHash, randomBytes } from "node:crypto";
import { closeSync, constants, createReadStream, fstatSync, openSync, readSync, readlinkSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { createThrottle } from "../tree/throttle.ts";
import type { Git } from "./git.ts";
import { blobHash, readNow } from "./known.ts";
import { ofBytes, quote, type BytePath } from "./names.ts";

/** Larger files are copied first: their size must be known and stable before the first byte is sent. */
const inMemoryBytes = 16 * 2 ** 20;

/** Content that is about to be stored. */
export interface Content {
  blob: string;
  size: number;
  bytes: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  dispose: () => void;
}

/** A link's target or a file's content; undefined when it was deleted or replaced. `scratch`: a private folder. */
export async function contentOf(path: Buffer, isLink: boolean, size: number, scratch: string): Promise<Content | undefined> {
  const data = isLink ? linkNow(path) : size > inMemoryBytes ? "large" : readNow(path, inMemoryBytes);
  if (data === "large") return aside(path, scratch);
  return data && { blob: blobHash(data), size: data.byteLength, bytes: () => [data], dispose: () => {} };
}

function linkNow(path: Buffer): Buffer | undefined {
  try {
    return readlinkSync(path, { encoding: "buffer" });
  } catch (error) {
    if (["ENOENT", "EINVAL", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

async function aside(path: Buffer, scratch: string): Promise<Content | undefined> {
  const copy = join(scratch, `big-${randomBytes(8).toString("hex")}`);
  const pace = createThrottle();
  const dispose = () => rmSync(copy, { force: true });
  let from: number;
  try {
    from = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (["ENOENT", "ELOOP", "ENOTDIR", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  try {
    if (!fstatSync(from).isFile()) return undefined;
    const to = openSync(copy, "wx", 0o600);
    try {
      const buffer = Buffer.allocUnsafe(2 ** 20);
      for (;;) {
        const length = readSync(from, buffer, 0, buffer.length, null);
        if (length === 0) break;
        for (let at = 0; at < length;) at += writeSync(to, buffer, at, length - at);
        await pace();
      }
    } finally {
      closeSync(to);
    }
    const { size } = statSync(copy);
    const hash = createHash("sha1").update(`blob ${size}\0`);
    for await (const chunk of createReadStream(copy)) hash.update(chunk as Buffer);
    return { blob: hash.digest("hex"), size, bytes: () => createReadStream(copy, { highWaterMark: 2 ** 20 }), dispose };
  } catch (error) {
    dispose();
    throw error;
  } finally {
    closeSync(from);
  }
}

/** One `git fast-import`: stores everything or, when interrupted, nothing reachable. */
export interface Feed {
  write(text: string): Promise<void>;
  /** `path` in git's spelling. */
  put(mode: string, path: BytePath, content: Pick<Content, "size" | "bytes">): Promise<void>;
  /** Resolves when everything is on disk, with the tree of `folder` in the marked commit `:1`; undefined when it is empty. */
  done(folder: string): Promise<string | undefined>;
  cancel(): void;
}

export function openFeed(git: Git, signal: AbortSignal | undefined): Feed {
  const { child, ended } = git.start(["fast-import", "--quiet", "--force", "--date-format=raw"]);
  let output = "";
  child.stdout.setEncoding("latin1").on("data", (text: string) => (output += text));
  const cancel = () => void child.kill("SIGKILL");
  signal?.addEventListener("abort", cancel, { once: true });
  const send = async (data: Uint8Array | string) => {
    if (signal?.aborted) throw new RuntimeError("aborted", "The operation was aborted.");
    if (typeof data === "string" ? child.stdin.write(data, "latin1") : child.stdin.write(data)) return;
    // When git has died, its own error has the reason.
    await Promise.race([
      new Promise<void>((resolve) => child.stdin.once("drain", resolve)),
      ended.then(() => {
        throw new RuntimeError("unavailable", "The history of this project cannot be used.");
      }),
    ]);
  };
  return {
    write: send,
    async put(mode, path, { size, bytes }) {
      await send(`M ${mode} inline ${quote(path)}\ndata ${size}\n`);
      for await (const chunk of bytes()) await send(chunk);
      await send("\n");
    },
    async done(folder) {
      await send(`ls :1 "${folder}"\ndone\n`);
      child.stdin.end();
      try {
        await ended;
        return /^040000 tree ([0-9a-f]+)\t/m.exec(output)?.[1];
      } catch (error) {
        if (signal?.aborted) throw new RuntimeError("aborted", "The operation was aborted.", { cause: error });
        throw error;
      } finally {
        signal?.removeEventListener("abort", cancel);
      }
    },
    cancel,
  };
}

/** Reads stored content through one `git cat-file`, sequentially. */
export interface Blobs {
  /** Several requests may be queued. */
  request(blob: string): void;
  /** The content of the next request; read it to its end. */
  next(): AsyncGenerator<Buffer, void>;
  close(): void;
}
export function openBlobs(git: Git): Blobs {
  const { child, ended } = git.start(["cat-file", "--batch"]);
  const source = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  const more = async () => {
    const next = await source.next();
    if (next.done) {
      await ended;
      throw new RuntimeError("unavailable", "The history of this project cannot be read.");
    }
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
  };
  return {
    request: (blob) => void child.stdin.write(`${blob}\n`),
    async *next() {
      let end = rest.indexOf(10);
      while (end < 0) {
        await more();
        end = rest.indexOf(10);
      }
      const head = ofBytes(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(head)?.[1] ?? Number.NaN);
      if (Number.isNaN(size)) throw new RuntimeError("unavailable", "A file of this snapshot cannot be read.", { cause: new Error(head) });
      let left = size;
      while (left > 0) {
        if (rest.length === 0) await more();
        const part = rest.subarray(0, left);
        rest = rest.subarray(part.length);
        left -= part.length;
        yield part;
      }
      while (rest.length === 0) await more();
      rest = rest.subarray(1);
    },
    close() {
      child.kill("SIGKILL");
    },
  };
}
