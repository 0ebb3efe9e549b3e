import { Readable } from "node:stream";
import { RuntimeError } from "../errors.ts";
import type { Git } from "./git.ts";
import { unspell } from "./names.ts";

/** What the header of a bundle says. */
interface Header {
  commit: string;
  /** The commit that the receiver must have. */
  base?: string;
}

const signature = "# v2 git bundle\n";
/** Ours are shorter. */
const maxHeaderBytes = 4096;

/** A git bundle of one commit, without what the tree of the base has. Destroying it ends git. */
export function writeBundle(git: Git, { ref, commit, base }: Header & { ref: string }, signal: AbortSignal | undefined): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.from(`${signature}${base === undefined ? "" : `-${base} \n`}${commit} ${ref}\n\n`, "latin1");
      // Points have no parents: `--shallow` makes git leave out the trees of the base all the same.
      const { child, ended } = git.start(["pack-objects", "--revs", "--thin", "--shallow", "--stdout", "--delta-base-offset", "-q"]);
      const stop = () => void child.kill("SIGKILL");
      signal?.addEventListener("abort", stop, { once: true });
      try {
        signal?.throwIfAborted();
        child.stdin.end(`${commit}\n${base === undefined ? "" : `^${base}\n`}`);
        yield* child.stdout as AsyncIterable<Buffer>;
        await ended;
      } catch (error) {
        if (signal?.aborted) throw new RuntimeError("aborted", "The operation was aborted.", { cause: error });
        throw error;
      } finally {
        signal?.removeEventListener("abort", stop);
        stop();
      }
    })(),
    { objectMode: false },
  );
}

/**
 * Stores the objects of a bundle; nothing refers to them yet. Throws `not_supported` for what is not a bundle of this commit or has more than
 * `bytes`, and `not_found` if the history does not have its base.
 */
export async function readBundle(
  git: Git,
  data: AsyncIterable<Uint8Array>,
  { commit, bytes, signal }: { commit: string; bytes: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const source = limited(data, bytes)[Symbol.asyncIterator]();
  try {
    const { header, rest } = await readHeader(source);
    if (header.commit !== commit) throw notABundle("it has another point");
    if (header.base !== undefined && !(await hasCommit(git, header.base)))
      throw new RuntimeError("not_found", "The copy that this one is based on is not in the history.");
    await index(git, rest, source, bytes, signal);
  } finally {
    await source.return?.(undefined);
  }
  await verify(git, commit);
}

const notABundle = (why: string, cause?: unknown) =>
  new RuntimeError("not_supported", `This copy of a snapshot is damaged: ${why}.`, { cause });

async function* limited(data: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array, void> {
  let left = bytes;
  for await (const piece of data) {
    left -= piece.byteLength;
    if (left < 0) throw notABundle("it is too long");
    yield piece;
  }
}

async function readHeader(source: AsyncIterator<Uint8Array>): Promise<{ header: Header; rest: Buffer }> {
  let head = Buffer.alloc(0);
  for (;;) {
    const end = head.indexOf("\n\n");
    if (end >= 0) {
      const found = /^# v2 git bundle\n(?:-([0-9a-f]{40}) [^\n]*\n)?([0-9a-f]{40}) [^\n]+$/.exec(head.toString("latin1", 0, end));
      if (!found?.[2]) throw notABundle("its header is not valid");
      return { header: { commit: found[2], ...(found[1] !== undefined && { base: found[1] }) }, rest: head.subarray(end + 2) };
    }
    if (head.length > maxHeaderBytes) throw notABundle("it has no header");
    const next = await source.next();
    if (next.done) throw notABundle("it ends in its header");
    head = Buffer.concat([head, next.value]);
  }
}

const hasCommit = async (git: Git, commit: string): Promise<boolean> =>
  (await git.run(["rev-parse", "--verify", "-q", `${commit}^{commit}`], { allowFailure: true })).trim() !== "";

/** Writes the pack. A killed one leaves a temporary file, which `tidy` removes. */
async function index(git: Git, first: Buffer, source: AsyncIterator<Uint8Array>, bytes: number, signal: AbortSignal | undefined) {
  const { child, ended } = git.start(["index-pack", "--stdin", "--fix-thin", "--threads=1", `--max-input-size=${bytes}`]);
  const stop = () => void child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  child.stdout.resume();
  try {
    for (let piece: Uint8Array | undefined = first; piece;) {
      signal?.throwIfAborted();
      // When git has ended, its own error has the reason.
      if (!child.stdin.write(piece)) await Promise.race([new Promise((resolve) => child.stdin.once("drain", resolve)), ended]);
      const next = await source.next();
      piece = next.done ? undefined : next.value;
    }
    child.stdin.end();
    await ended;
  } catch (error) {
    if (signal?.aborted) throw new RuntimeError("aborted", "The operation was aborted.", { cause: error });
    if (error instanceof RuntimeError && error.code === "unavailable") throw notABundle("git cannot read it", error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

/** Throws unless everything of a point is there, and every path of it leads into the tree. */
async function verify(git: Git, commit: string): Promise<void> {
  await git.run(["rev-list", "--objects", "--quiet", commit]).catch((error: unknown) => {
    throw notABundle("parts of it are missing", error);
  });
  for (const line of (await git.run(["ls-tree", "-r", "-z", "--full-tree", commit])).split("\0")) {
    const tab = line.indexOf("\t");
    if (tab < 0) continue;
    const [top, ...names] = unspell(line.slice(tab + 1)).split("/");
    const isInside =
      (top === "files" || top === "attachments") &&
      names.length > 0 &&
      names.every((name) => name !== "" && name !== "." && name !== "..") &&
      /^(?:100644|100755|120000) blob /.test(line);
    if (!isInside) throw notABundle("it has entries that no point has");
  }
}
