import { createOutput } from "./output.ts";
import type { ExecOptions, ExecResult } from "../types.ts";

/** What a command has said so far, and why it must end before its time: its limit is up, or its caller gave up. */
export interface CommandCourse extends Disposable {
  hear(stream: "stdout" | "stderr", chunk: Buffer): void;
  /** From now on the limit runs and an abort is heard; each ends the command once. */
  watch(kill: () => Promise<unknown>): void;
  isStopped(): boolean;
  /** Of a command that was stopped: no exit code and `SIGKILL`, whatever is given. */
  result(exitCode: number | null, signal: string | null): ExecResult;
  /** Of a command whose caller gave up before it began. */
  notRun(): ExecResult;
}

export function followCommand({ timeoutMs, signal, onOutput, maxOutputBytes = 1 << 20, encoding }: ExecOptions): CommandCourse {
  const startedAt = performance.now();
  const output = { stdout: createOutput(maxOutputBytes, encoding), stderr: createOutput(maxOutputBytes, encoding) };
  let why: "timedOut" | "aborted" | undefined;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  return {
    hear: (stream, chunk) => {
      const text = output[stream].push(chunk);
      if (text !== "") onOutput?.(text, stream);
    },
    watch: (kill) => {
      const stop = (reason: typeof why) => {
        why = reason;
        // The command's own end reports it; a failure to kill surfaces when the leftovers are ended.
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
