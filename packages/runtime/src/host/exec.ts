import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, unlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fifos, Pipe } from "./fifos.ts";
import { feed, isLive } from "./live-input.ts";
import { writeWithMode } from "./modes.ts";
import { createOutput } from "./output.ts";
import type { ExecOptions, ExecResult } from "../types.ts";

interface Command {
  /** Starts the program on the three streams. */
  start: (stdio: readonly [number | "ignore", number, number]) => ChildProcess;
  /** Ends the whole process tree; resolves when nothing is left. */
  kill: () => Promise<void>;
  fifos: Fifos;
  /** For the input, which becomes a file. */
  tmpDir: string;
}

/** Runs a command to its end: output as it comes, time limit, abort, and nothing left behind. */
export async function runCommand(command: Command, options: ExecOptions): Promise<ExecResult> {
  const { timeoutMs, signal, input, onOutput, maxOutputBytes = 1 << 20 } = options;
  const startedAt = performance.now();
  const output = { stdout: createOutput(maxOutputBytes), stderr: createOutput(maxOutputBytes) };
  const result = (
    exitCode: number | null,
    killed: NodeJS.Signals | null,
    ended: { timedOut?: boolean; aborted?: boolean } = {},
  ): ExecResult => ({
    exitCode,
    signal: killed,
    stdout: output.stdout.text(),
    stderr: output.stderr.text(),
    timedOut: ended.timedOut ?? false,
    aborted: ended.aborted ?? false,
    durationMs: Math.round(performance.now() - startedAt),
  });
  if (signal?.aborted) return result(null, null, { aborted: true });

  const [out, err] = await Promise.all([command.fifos.take(), command.fifos.take()]);
  const live = isLive(input) ? { input, ...(await command.fifos.give()) } : undefined;
  const stdin = live?.readFd ?? (input === undefined || isLive(input) ? "ignore" : inputFile(command.tmpDir, input));
  let child: ChildProcess;
  try {
    child = command.start([stdin, out.writeFd, err.writeFd]);
  } catch (error) {
    out.reader.destroy();
    err.reader.destroy();
    live?.writer.destroy();
    throw error;
  } finally {
    closeSync(out.writeFd);
    closeSync(err.writeFd);
    if (stdin !== "ignore") closeSync(stdin);
  }

  const collect = (pipe: Pipe, stream: "stdout" | "stderr") =>
    pipe.reader.on("data", (chunk: Buffer) => {
      const text = output[stream].push(chunk);
      if (text !== "") onOutput?.(text, stream);
    });
  if (live) void feed(live.input, live.writer);
  collect(out, "stdout");
  collect(err, "stderr");
  const ends = Promise.all([finished(out.reader), finished(err.reader)]);

  let ended: { timedOut?: boolean; aborted?: boolean } = {};
  const stop = (why: typeof ended) => {
    ended = why;
    // The exit below reports the end; a failure to kill surfaces when the leftovers are looked for.
    void command.kill().catch(() => {});
  };
  const onAbort = () => stop({ aborted: true });
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => stop({ timedOut: true }), timeoutMs);
  try {
    const exit = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.once("exit", (code, by) => resolve({ code, signal: by }));
      child.once("error", reject);
      if (signal?.aborted) onAbort();
    });
    await command.kill(); // what the command left running in the background
    await Promise.race([ends, sleep(1_000, undefined, { ref: false })]);
    return ended.timedOut || ended.aborted ? result(null, "SIGKILL", ended) : result(exit.code, exit.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    live?.writer.destroy();
    out.reader.destroy();
    err.reader.destroy();
  }
}

const finished = (reader: Socket) =>
  new Promise<void>((resolve) => {
    reader.once("close", resolve);
    reader.once("error", () => resolve());
  });

let inputs = 0;
/** A file rather than a pipe: nobody has to wait for the reader, and `/dev/stdin` can be opened again inside. */
function inputFile(dir: string, input: string | Uint8Array): number {
  const file = join(dir, `input-${process.pid}-${++inputs}`);
  writeWithMode(file, input, 0o444);
  const fd = openSync(file, "r");
  unlinkSync(file);
  return fd;
}
