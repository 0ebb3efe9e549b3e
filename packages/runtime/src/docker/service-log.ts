import type Docker from "dockerode";
import { linesOf, openJournal, type Stream } from "../host/journal.ts";
import type { LogLine } from "../types.ts";
import { createFrames } from "./frames.ts";

/** What a service prints: the engine keeps it, we read along and number the lines in a journal that the next process of ours continues. */
export interface ServiceLog {
  /** A line of our own. */
  note(line: string): void;
  /** Reads along until the container ends, from where reading stood. */
  read(container: Docker.Container): void;
  /** Resolves when all that the container printed is read, or after the given time. */
  finished(withinMs: number): Promise<void>;
  last(count: number): LogLine[];
  follow(options: { tail?: number; follow?: boolean; signal?: AbortSignal }): AsyncGenerator<LogLine>;
  close(): void;
}

/** Before everything an engine may have dated. */
const beginning = "1970-01-01T00:00:00.000000000Z";
/** A broken connection is taken up again after this time. */
const pauseMs = 500;

/** `onTrouble` hears when lines cannot be read or kept: the service goes on. `onOutput` hears that something was printed. */
export function openServiceLog(dir: string, onTrouble: (error: unknown) => void, onOutput: () => void): ServiceLog {
  // Positions are the engine's own dates: of fixed width, so that they compare as text.
  const journal = openJournal(dir, beginning, onTrouble);
  let abort = new AbortController();
  let reading: Promise<void> = Promise.resolve();

  /** Lines of one stream that came together go into the journal together. */
  let batch: { stream: Stream; lines: string[]; position: string } | undefined;
  function flush() {
    if (batch) journal.add(batch.stream, batch.lines, batch.position);
    batch = undefined;
  }
  function onFrame(stream: Stream, payload: Buffer) {
    const at = payload.indexOf(32);
    const position = payload.toString("latin1", 0, at);
    if (position <= journal.positions[stream]) return;
    const end = payload.at(-1) === 10 ? payload.length - 1 : payload.length;
    if (batch?.stream !== stream) flush();
    batch ??= { stream, lines: [], position };
    batch.lines.push(...linesOf(payload.subarray(at + 1, end)));
    batch.position = position;
  }

  async function readOnce(container: Docker.Container, signal: AbortSignal): Promise<void> {
    const { stdout, stderr } = journal.positions;
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
    note: (line) => journal.add("system", [line]),
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
            onTrouble(error);
            await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
          }
        }
      })();
    },
    async finished(withinMs) {
      await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, withinMs).unref())]);
      abort.abort();
    },
    last: journal.last,
    follow: (options) => journal.follow(options),
    close() {
      abort.abort();
      journal.close();
    },
  };
}

/** As the engine wants it: seconds with nine decimals. */
const sinceOf = (position: string) => `${Math.floor(Date.parse(`${position.slice(0, 19)}Z`) / 1000)}.${position.slice(20, 29)}`;
