import type { Readable } from "node:stream";
import { createOutput } from "./output.ts";
import type { ExecOptions, ExecResult } from "../../types.ts";

/** Output of a running command, and why it has to end early: timeout or abort. */
export interface CommandRun extends Disposable {
  /** Pauses the source while the listener takes the chunk. */
  push(stream: "stdout" | "stderr", chunk: Buffer, source: Readable): void;
  isHeld(): boolean;
  /** Resolves when the listener has taken everything. */
  taken(): Promise<void>;
  /** Starts the timeout and listens for the abort signal; each kills the command once. */
  watch(kill: () => Promise<unknown>): void;
  isStopped(): boolean;
  /** A stopped command has no exit code and signal `SIGKILL`. */
  result(exitCode: number | null, signal: string | null): ExecResult;
  /** Result of a command that was aborted before it started. */
  notRun(): ExecResult;
}

export function trackCommand({ timeoutMs, signal, onOutput, maxOutputBytes = 1 << 20, encoding }: ExecOptions): CommandRun {
  const startedAt = performance.now();
  /** What the listener has not taken yet, and the sources that are paused for it. */
  const holds = new Set<Promise<void>>();
  const held = new Set<Readable>();
  const output = { stdout: createOutput(maxOutputBytes, encoding), stderr: createOutput(maxOutputBytes, encoding) };
  let why: "timedOut" | "aborted" | undefined;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  return {
    push: (stream, chunk, source) => {
      const text = output[stream].push(chunk);
      const taking: unknown = text === "" ? undefined : onOutput?.(text, stream);
      if (!(taking instanceof Promise)) return;
      source.pause();
      held.add(source);
      const hold = taking
        .catch(() => {}) // the listener's own concern
        .then(() => {
          holds.delete(hold);
          if (holds.size > 0) return;
          for (const paused of held) paused.resume();
          held.clear();
        });
      holds.add(hold);
    },
    isHeld: () => holds.size > 0,
    async taken() {
      while (holds.size > 0) await Promise.all(holds);
    },
    watch: (kill) => {
      const stop = (reason: typeof why) => {
        why = reason;
        // The command's end reports it; failed kills surface when leftovers are removed.
        void kill().catch(() => {});
      };
      onAbort = () => stop("aborted");
      if (signal?.aborted) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      if (timeoutMs !== undefined) timer = setTimeout(() => stop("timedOut"), timeoutMs);
    },
    isStopped: () => why !== undefined,
    result: (exitCode, killedBy) => ({
      exitCode: why ? null : exitCode,
      signal: why ? "SIGKILL" : killedBy,
      stdout: output.stdout.text(),
      stderr: output.stderr.text(),
      timedOut: why === "timedOut",
      aborted: why === "aborted",
      durationMs: Math.round(performance.now() - startedAt),
    }),
    notRun: () => ({ exitCode: null, signal: null, stdout: "", stderr: "", timedOut: false, aborted: true, durationMs: 0 }),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      if (onAbort) signal?.removeEventListener("abort", onAbort);
    },
  };
}
