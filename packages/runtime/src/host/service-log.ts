import { closeSync, existsSync, fchownSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { LogLine } from "../types.ts";
import { linesOf, maxLineLength, openJournal, type Stream } from "./journal.ts";

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

/** A raw file is emptied beyond this, once it is read. */
const rawBytes = 4 << 20;
/** Further behind than this, what is unread is given up: a service that floods its log must not fill the disk. */
const maxBacklogBytes = 8 << 20;

/** `onTrouble` hears when lines cannot be read or kept (a full disk): the service and we go on. */
export function openServiceLog(
  dir: string,
  owner: { uid: number; gid: number } | undefined,
  onTrouble: (error: unknown) => void = () => {},
): ServiceLog {
  const journal = openJournal(dir, 0, onTrouble);
  const raw = (stream: Stream) => join(dir, stream);
  /** How far each raw file was read, and the bytes after its last line end. */
  const readers: Record<Stream, { offset: number; fd: number | undefined; rest: Buffer }> = {
    stdout: { offset: journal.positions.stdout, fd: undefined, rest: empty },
    stderr: { offset: journal.positions.stderr, fd: undefined, rest: empty },
  };
  let partialTimer: NodeJS.Timeout | undefined;

  function drainStream(stream: Stream) {
    const reader = readers[stream];
    if (reader.fd === undefined) {
      if (!existsSync(raw(stream))) return;
      reader.fd = openSync(raw(stream), "r+");
    }
    let { size } = fstatSync(reader.fd);
    if (size < reader.offset) reader.offset = 0; // the service emptied it itself
    if (size - reader.offset > maxBacklogBytes) {
      journal.add("system", [`${size - reader.offset} bytes of output left out: more was printed than can be kept`]);
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
      if (end > 0) journal.add(stream, linesOf(bytes.subarray(0, end - 1)), reader.offset - reader.rest.length);
      // A line that does not end is shown in pieces.
      if (reader.rest.length > maxLineLength) flushRest(stream);
    }
    if (reader.offset > rawBytes && reader.rest.length === 0) clear(stream);
  }

  /** The service writes in append mode: after this it goes on at the beginning. */
  function clear(stream: Stream) {
    const reader = readers[stream];
    if (reader.fd === undefined) return;
    journal.reset(stream);
    ftruncateSync(reader.fd, 0);
    reader.offset = 0;
  }

  /** What has no line end yet, as a line. */
  function flushRest(stream: Stream) {
    const reader = readers[stream];
    if (reader.rest.length === 0) return;
    const lines = linesOf(reader.rest);
    reader.rest = empty;
    journal.add(stream, lines, reader.offset);
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
    note: (line) => journal.add("system", [line]),
    drain,
    last: journal.last,
    follow(options) {
      drain();
      return journal.follow(options);
    },
    close() {
      clearTimeout(partialTimer);
      flushRests();
      for (const reader of Object.values(readers)) if (reader.fd !== undefined) closeSync(reader.fd);
      readers.stdout.fd = readers.stderr.fd = undefined;
      journal.close();
    },
  };
}

const empty = Buffer.alloc(0);
