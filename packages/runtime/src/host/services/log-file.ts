import { appendFileSync, existsSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { createBatchQueue, type BatchQueue } from "../../queue.ts";
import type { LogLine } from "../../types.ts";

export type Stream = "stdout" | "stderr";

/**
 * Numbered, dated lines in a file that the next process continues. Each line records its source position (`P`: an offset, a time), so that
 * nothing is read twice or skipped. Of the last `keptLogLines`, a later process finds those in the last two files, of about `maxFileBytes`
 * each: fewer if lines are long.
 */
export interface LogFile<P> {
  /** Source positions when the file was last written. */
  readonly positions: Readonly<Record<Stream, P>>;
  add(stream: LogLine["stream"], lines: readonly string[], position?: P): void;
  /** The source of a stream starts over, before it is read again. */
  reset(stream: Stream): void;
  last(count: number): LogLine[];
  /** The last lines, then live ones until aborted or closed. */
  follow(options: { tail?: number; follow?: boolean; signal?: AbortSignal }): AsyncGenerator<LogLine>;
  /** Ends followers. */
  close(): void;
}

/** Lines of a service that can be read, by every driver. Between two cuts up to twice as many are in memory. */
export const keptLogLines = 5_000;
export const maxLineLength = 16_384;
const maxFileBytes = 1 << 20;

/** A stored line with the source position after it; that a source was emptied; or the positions at the start of the file. */
type Saved<P> = { q: number; t: string; s: LogLine["stream"]; l: string; p?: P } | { emptied: Stream } | { at: Record<Stream, P> };

/** `onError`: lines could not be stored (a full disk); service and server continue. */
export function openLogFile<P>(dir: string, start: P, onError: (error: unknown) => void): LogFile<P> {
  const current = join(dir, "journal.ndjson");
  const older = join(dir, "journal.old.ndjson");
  const positions: Record<Stream, P> = { stdout: start, stderr: start };
  let ring: LogLine[] = [];
  let seq = 0;
  let currentBytes = existsSync(current) ? statSync(current).size : 0;
  const followers = new Set<BatchQueue<LogLine>>();
  recall();

  function recall() {
    for (const file of [older, current]) {
      if (!existsSync(file)) continue;
      for (const text of readFileSync(file, "utf8").split("\n")) {
        const saved = parse<P>(text);
        if (!saved) continue;
        if ("emptied" in saved) positions[saved.emptied] = start;
        else if ("at" in saved) Object.assign(positions, saved.at);
        else {
          seq = saved.q;
          ring.push({ seq: saved.q, ts: saved.t, stream: saved.s, line: saved.l });
          if (saved.p !== undefined && saved.s !== "system") positions[saved.s] = saved.p;
        }
      }
    }
    ring = ring.slice(-keptLogLines);
  }

  function keep(records: Saved<P>[]) {
    try {
      if (currentBytes > maxFileBytes) {
        renameSync(current, older);
        currentBytes = 0;
        records = [{ at: { ...positions } }, ...records];
      }
      const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      appendFileSync(current, text, { mode: 0o600 });
      currentBytes += Buffer.byteLength(text);
    } catch (error) {
      onError(error);
    }
  }

  return {
    positions,
    add(stream, lines, position) {
      if (lines.length === 0) return;
      const ts = new Date().toISOString();
      const added = lines.map((line): LogLine => ({ seq: ++seq, ts, stream, line }));
      ring.push(...added);
      if (ring.length > 2 * keptLogLines) ring = ring.slice(-keptLogLines);
      const last = added.length - 1;
      keep(
        added.map(({ seq: q, line: l }, i) => ({
          q,
          t: ts,
          s: stream,
          l,
          ...(i === last && position !== undefined && { p: position }),
        })),
      );
      if (position !== undefined && stream !== "system") positions[stream] = position;
      for (const follower of followers) follower.push(added);
    },
    reset(stream) {
      positions[stream] = start;
      keep([{ emptied: stream }]);
    },
    last: (count) => (count <= 0 ? [] : ring.slice(-count)),
    async *follow({ tail = keptLogLines, follow = false, signal }) {
      const queue = createBatchQueue<LogLine>({ max: 20_000 });
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
      for (const follower of followers) follower.end();
    },
  };
}

/** Lines without carriage returns, split at a maximum length. */
export function logLines(bytes: Uint8Array): string[] {
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

function parse<P>(text: string): Saved<P> | undefined {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as Saved<P>;
  } catch {
    return undefined; // the line that was being written when we were killed
  }
}
