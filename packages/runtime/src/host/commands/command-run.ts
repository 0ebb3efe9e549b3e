import { createOutput } from "./output.ts";
import type { ExecOptions, ExecResult } from "../../types.ts";

/** Output of a running command, and why it has to end early: timeout or abort. */
export interface CommandRun extends Disposable {
  push(stream: "stdout" | "stderr", chunk: Buffer): void;
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
  const output = { stdout: createOutput(maxOutputBytes, encoding), stderr: createOutput(maxOutputBytes, encoding) };
  let why: "timedOut" | "aborted" | undefined;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  return {
    push: (stream, chunk) => {
      const text = output[stream].push(chunk);
      if (text !== "") onOutput?.(text, stream);
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
