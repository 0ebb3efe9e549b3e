import type Docker from "dockerode";
import { logLines, openLogFile, type Stream } from "../host/services/log-file.ts";
import type { LogLine } from "../types.ts";
import { createFrames } from "./frames.ts";

/** A service's output: the engine stores it; we number the lines in a log file that the next process continues. */
export interface DockerServiceLog {
  /** Adds a line of our own. */
  note(line: string): void;
  /** Reads from the stored position until the container ends. */
  read(container: Docker.Container): void;
  /** Resolves when all output is read, or after the given time. */
  finished(withinMs: number): Promise<void>;
  last(count: number): LogLine[];
  follow(options: { tail?: number; follow?: boolean; signal?: AbortSignal }): AsyncGenerator<LogLine>;
  close(): void;
}

/** Earlier than any date of the engine. */
const beginning = "1970-01-01T00:00:00.000000000Z";
/** Delay before a broken connection is retried. */
const pauseMs = 500;

/** `onError`: lines could not be read or stored, but the service continues. `onOutput`: something was printed. */
export function openDockerServiceLog(dir: string, onError: (error: unknown) => void, onOutput: () => void): DockerServiceLog {
  // Positions are the engine's dates, of fixed width, so that they compare as text.
  const logFile = openLogFile(dir, beginning, onError);
  let abort = new AbortController();
  let reading: Promise<void> = Promise.resolve();

  /** Consecutive lines of one stream are written together. */
  let batch: { stream: Stream; lines: string[]; position: string } | undefined;
  function flush() {
    if (batch) logFile.add(batch.stream, batch.lines, batch.position);
    batch = undefined;
  }
  function onFrame(stream: Stream, payload: Buffer) {
    const at = payload.indexOf(32);
    const position = payload.toString("latin1", 0, at);
    if (position <= logFile.positions[stream]) return;
    const end = payload.at(-1) === 10 ? payload.length - 1 : payload.length;
    if (batch?.stream !== stream) flush();
    batch ??= { stream, lines: [], position };
    batch.lines.push(...logLines(payload.subarray(at + 1, end)));
    batch.position = position;
  }

  async function readOnce(container: Docker.Container, signal: AbortSignal): Promise<void> {
    const { stdout, stderr } = logFile.positions;
    const stream = (await container.logs({
      follow: true,
      stdout: true,
      stderr: true,
      timestamps: true,
      since: sinceOf(stdout < stderr ? stdout : stderr),
      abortSignal: signal,
    })) as NodeJS.ReadableStream & { destroy(): void };
    const take = createFrames(onFrame);
    signal.addEventListener("abort", () => stream.destroy(), { once: true });
    await new Promise<void>((resolve, reject) => {
      stream.on("data", (chunk: Buffer) => {
        take(chunk);
        flush();
        onOutput();
      });
      stream.once("end", resolve);
      stream.once("close", resolve);
      stream.once("error", reject);
    });
  }

  return {
    note: (line) => logFile.add("system", [line]),
    read(container) {
      const { signal } = (abort = new AbortController());
      reading = (async () => {
        while (!signal.aborted) {
          try {
            await readOnce(container, signal);
            return;
          } catch (error) {
            if (signal.aborted) return;
            const { statusCode } = error as { statusCode?: number };
            if (statusCode === 404) return;
            onError(error);
            await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
          }
        }
      })();
    },
    async finished(withinMs) {
      await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, withinMs).unref())]);
      abort.abort();
    },
    last: logFile.last,
    follow: (options) => logFile.follow(options),
    close() {
      abort.abort();
      logFile.close();
    },
  };
}

/** The engine's format: seconds with nine decimals. */
const sinceOf = (position: string) => `${Math.floor(Date.parse(`${position.slice(0, 19)}Z`) / 1000)}.${position.slice(20, 29)}`;
