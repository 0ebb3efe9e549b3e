import {
  appendFileSync,
  closeSync,
  existsSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { createQueue, type Queue } from "../queue.ts";
import type { LogLine } from "../types.ts";

/**
 * What a service prints. The service writes to plain files, so it never waits for us and loses nothing while we are away;
 * we read along, number and date the lines, and keep them in a journal that the next process of ours continues.
 */
export interface ServiceLog {
  /** Descriptors for the service's two streams; the caller closes them. */
  openStreams(): { stdout: number; stderr: number };
  /** A line of our own. */
  note(line: string): void;
  /** Takes in what was written since the last time. */
  drain(): void;
  last(count: number): LogLine[];
  follow(options: { tail?: number; follow?: boolean; signal?: AbortSignal }): AsyncGenerator<LogLine>;
  close(): void;
}

const kept = 2_000;
const maxLineLength = 16_384;
const journalBytes = 1 << 20;
/** A raw file is emptied beyond this, once it is read. */
const rawBytes = 4 << 20;
/** Further behind than this, what is unread is given up: a service that floods its log must not fill the disk. */
const maxBacklogBytes = 8 << 20;

type Stream = "stdout" | "stderr";
/** A line as the journal keeps it, with the reading position after it; that a raw file was emptied; where reading stood when the journal began. */
type Saved = { q: number; t: string; s: LogLine["stream"]; l: string; p?: number } | { emptied: Stream } | { at: Record<Stream, number> };

/** `onTrouble` hears when lines cannot be read or kept (a full disk): the service and we go on. */
export function openServiceLog(
  dir: string,
  owner: { uid: number; gid: number } | undefined,
  onTrouble: (error: unknown) => void = () => {},
): ServiceLog {
  const journal = join(dir, "journal.ndjson");
  const older = join(dir, "journal.old.ndjson");
  const raw = (stream: Stream) => join(dir, stream);
  let ring: LogLine[] = [];
  let seq = 0;
  let journalSize = existsSync(journal) ? statSync(journal).size : 0;
  const followers = new Set<Queue<LogLine>>();
  /** How far each raw file was read, and the bytes after its last line end. */
  const readers: Record<Stream, { offset: number; fd: number | undefined; rest: Buffer }> = {
    stdout: { offset: 0, fd: undefined, rest: empty },
    stderr: { offset: 0, fd: undefined, rest: empty },
  };
  let partialTimer: NodeJS.Timeout | undefined;
  recall();

  function recall() {
    for (const file of [older, journal]) {
      if (!existsSync(file)) continue;
      for (const text of readFileSync(file, "utf8").split("\n")) {
        const saved = parse(text);
        if (!saved) continue;
        if ("emptied" in saved) readers[saved.emptied].offset = 0;
        else if ("at" in saved) for (const stream of ["stdout", "stderr"] as const) readers[stream].offset = saved.at[stream];
        else {
          seq = saved.q;
          ring.push({ seq: saved.q, ts: saved.t, stream: saved.s, line: saved.l });
          if (saved.p !== undefined && saved.s !== "system") readers[saved.s].offset = saved.p;
        }
      }
    }
    ring = ring.slice(-kept);
  }

  function keep(records: Saved[]) {
    if (records.length === 0) return;
    try {
      append(records);
    } catch (error) {
      onTrouble(error);
    }
  }
  function append(records: Saved[]) {
    if (journalSize > journalBytes) {
      renameSync(journal, older);
      journalSize = 0;
      records = [{ at: { stdout: readers.stdout.offset, stderr: readers.stderr.offset } }, ...records];
    }
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    appendFileSync(journal, text, { mode: 0o600 });
    journalSize += Buffer.byteLength(text);
  }

  function add(stream: LogLine["stream"], lines: readonly string[], offset?: number) {
    if (lines.length === 0) return;
    const ts = now();
    const added = lines.map((line): LogLine => ({ seq: ++seq, ts, stream, line }));
    ring.push(...added);
    if (ring.length > 2 * kept) ring = ring.slice(-kept);
    keep(
      added.map(({ seq: q, line: l }, i) => ({
        q,
        t: ts,
        s: stream,
        l,
        ...(i === added.length - 1 && offset !== undefined && { p: offset }),
      })),
    );
    for (const follower of followers) follower.push(added);
  }

  function drainStream(stream: Stream) {
    const reader = readers[stream];
    if (reader.fd === undefined) {
      if (!existsSync(raw(stream))) return;
      reader.fd = openSync(raw(stream), "r+");
    }
    let { size } = fstatSync(reader.fd);
    if (size < reader.offset) reader.offset = 0; // the service emptied it itself
    if (size - reader.offset > maxBacklogBytes) {
      add("system", [`${size - reader.offset} bytes of output left out: more was printed than can be kept`]);
      reader.rest = empty;
      clear(stream);
      size = 0;
    }
    const chunk = Buffer.allocUnsafe(65_536);
    while (reader.offset < size) {
      const length = readSync(reader.fd, chunk, 0, chunk.length, reader.offset);
      if (length === 0) break;
      reader.offset += length;
      const bytes = Buffer.concat([reader.rest, chunk.subarray(0, length)]);
      const end = bytes.lastIndexOf(10) + 1;
      reader.rest = Buffer.from(bytes.subarray(end));
      if (end > 0) add(stream, linesOf(bytes.subarray(0, end - 1)), reader.offset - reader.rest.length);
      // A line that does not end is shown in pieces.
      if (reader.rest.length > maxLineLength) flushRest(stream);
    }
    if (reader.offset > rawBytes && reader.rest.length === 0) clear(stream);
  }

  /** The service writes in append mode: after this it goes on at the beginning. */
  function clear(stream: Stream) {
    const reader = readers[stream];
    if (reader.fd === undefined) return;
    keep([{ emptied: stream }]);
    ftruncateSync(reader.fd, 0);
    reader.offset = 0;
  }

  /** What has no line end yet, as a line. */
  function flushRest(stream: Stream) {
    const reader = readers[stream];
    if (reader.rest.length === 0) return;
    const lines = linesOf(reader.rest);
    reader.rest = empty;
    add(stream, lines, reader.offset);
  }
  /** A prompt or a progress bar is shown when nothing follows for a moment. */
  function flushRests() {
    flushRest("stdout");
    flushRest("stderr");
  }

  function drain() {
    try {
      drainStream("stdout");
      drainStream("stderr");
    } catch (error) {
      onTrouble(error);
    }
    clearTimeout(partialTimer);
    if (readers.stdout.rest.length + readers.stderr.rest.length > 0) {
      partialTimer = setTimeout(flushRests, 400);
      partialTimer.unref();
    }
  }

  return {
    openStreams() {
      const open = (stream: Stream) => {
        const fd = openSync(raw(stream), "a", 0o600);
        // `/dev/stdout` inside the sandbox opens the file again, as the project's uid.
        if (owner) fchownSync(fd, owner.uid, owner.gid);
        return fd;
      };
      return { stdout: open("stdout"), stderr: open("stderr") };
    },
    note: (line) => add("system", [line]),
    drain,
    last: (count) => (count <= 0 ? [] : ring.slice(-count)),
    async *follow({ tail = kept, follow = false, signal }) {
      drain();
      const queue = createQueue<LogLine>({ max: 20_000 });
      queue.push(tail <= 0 ? [] : ring.slice(-tail));
      if (!follow || signal?.aborted) queue.end();
      else followers.add(queue);
      signal?.addEventListener("abort", queue.end, { once: true });
      try {
        for await (const batch of queue.batches()) yield* batch;
      } finally {
        followers.delete(queue);
        signal?.removeEventListener("abort", queue.end);
      }
    },
    close() {
      clearTimeout(partialTimer);
      flushRests();
      for (const reader of Object.values(readers)) if (reader.fd !== undefined) closeSync(reader.fd);
      readers.stdout.fd = readers.stderr.fd = undefined;
      for (const follower of followers) follower.end();
    },
  };
}

const now = () => new Date().toISOString();
const empty = Buffer.alloc(0);

/** Lines without carriage returns, in pieces that a screen can show. */
function linesOf(bytes: Uint8Array): string[] {
  return Buffer.from(bytes)
    .toString("utf8")
    .split("\n")
    .flatMap((raw) => {
      const line = raw.replace(/\r$/, "");
      if (line.length <= maxLineLength) return [line];
      return Array.from({ length: Math.ceil(line.length / maxLineLength) }, (_, i) =>
        line.slice(i * maxLineLength, (i + 1) * maxLineLength),
      );
    });
}

function parse(text: string): Saved | undefined {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as Saved;
  } catch {
    return undefined; // the line that was being written when we were killed
  }
}
