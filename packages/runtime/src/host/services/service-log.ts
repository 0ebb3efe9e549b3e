import { closeSync, existsSync, fchownSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { LogLine } from "../../types.ts";
import { logLines, maxLineLength, openLogFile, type Stream } from "./log-file.ts";

/**
 * A service's output. The service writes to plain files, so it never blocks and loses nothing while we are away; we number and date the
 * lines in a log file that the next process continues.
 */
export interface ServiceLog {
  /** Descriptors for the service's two streams; the caller closes them. */
  openStreams(): { stdout: number; stderr: number };
  /** Adds a line of our own. */
  note(line: string): void;
  /** Reads what was written since the last call. */
  drain(): void;
  last(count: number): LogLine[];
  follow(options: { tail?: number; follow?: boolean; signal?: AbortSignal }): AsyncGenerator<LogLine>;
  close(): void;
}

/** A raw file is emptied beyond this size, once it is read. */
const rawBytes = 4 << 20;
/** A larger backlog is dropped: a service that floods its log must not fill the disk. */
const maxBacklogBytes = 8 << 20;

/** `onError`: lines could not be read or stored (a full disk); service and server continue. */
export function openServiceLog(
  dir: string,
  owner: { uid: number; gid: number } | undefined,
  onError: (error: unknown) => void = () => {},
): ServiceLog {
  const logFile = openLogFile(dir, 0, onError);
  const raw = (stream: Stream) => join(dir, stream);
  /** Read position of each raw file, and the bytes after its last line end. */
  const readers: Record<Stream, { offset: number; fd: number | undefined; rest: Buffer }> = {
    stdout: { offset: logFile.positions.stdout, fd: undefined, rest: empty },
    stderr: { offset: logFile.positions.stderr, fd: undefined, rest: empty },
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
      logFile.add("system", [`${size - reader.offset} bytes of output dropped: the service printed faster than the log is read`]);
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
      if (end > 0) logFile.add(stream, logLines(bytes.subarray(0, end - 1)), reader.offset - reader.rest.length);
      // A line without end is split.
      if (reader.rest.length > maxLineLength) flushRest(stream);
    }
    if (reader.offset > rawBytes && reader.rest.length === 0) clear(stream);
  }

  /** The service writes in append mode, so it continues at the beginning. */
  function clear(stream: Stream) {
    const reader = readers[stream];
    if (reader.fd === undefined) return;
    logFile.reset(stream);
    ftruncateSync(reader.fd, 0);
    reader.offset = 0;
  }

  /** Emits bytes without a line end as a line. */
  function flushRest(stream: Stream) {
    const reader = readers[stream];
    if (reader.rest.length === 0) return;
    const lines = logLines(reader.rest);
    reader.rest = empty;
    logFile.add(stream, lines, reader.offset);
  }
  /** Shows a prompt or progress bar when nothing follows for a moment. */
  function flushRests() {
    flushRest("stdout");
    flushRest("stderr");
  }

  function drain() {
    try {
      drainStream("stdout");
      drainStream("stderr");
    } catch (error) {
      onError(error);
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
        // Opening `/dev/stdout` inside the sandbox reopens the file as the project's uid.
        if (owner) fchownSync(fd, owner.uid, owner.gid);
        return fd;
      };
      return { stdout: open("stdout"), stderr: open("stderr") };
    },
    note: (line) => logFile.add("system", [line]),
    drain,
    last: logFile.last,
    follow(options) {
      drain();
      return logFile.follow(options);
    },
    close() {
      clearTimeout(partialTimer);
      flushRests();
      for (const reader of Object.values(readers)) if (reader.fd !== undefined) closeSync(reader.fd);
      readers.stdout.fd = readers.stderr.fd = undefined;
      logFile.close();
    },
  };
}

const empty = Buffer.alloc(0);
