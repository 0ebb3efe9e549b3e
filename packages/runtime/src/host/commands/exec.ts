import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, unlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { trackCommand } from "./command-run.ts";
import type { Fifos, Pipe } from "./fifos.ts";
import { feed, isLive } from "./live-input.ts";
import { writeWithMode } from "../files/modes.ts";
import type { ExecOptions, ExecResult } from "../../types.ts";

interface Command {
  /** Starts the program with the three streams. */
  start: (stdio: readonly [number | "ignore", number, number]) => ChildProcess;
  /** Ends the whole process tree; resolves when nothing is left. */
  kill: () => Promise<void>;
  fifos: Fifos;
  /** For the input, which becomes a file. */
  tmpDir: string;
}

/** Runs a command to its end: streamed output, time limit, abort, and no leftover processes. */
export async function runCommand(command: Command, options: ExecOptions): Promise<ExecResult> {
  const { signal, input } = options;
  using course = trackCommand(options);
  if (signal?.aborted) return course.notRun();

  const [out, err] = await Promise.all([command.fifos.openOutput(), command.fifos.openOutput()]);
  const live = isLive(input) ? { input, ...(await command.fifos.openInput()) } : undefined;
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
    pipe.reader.on("data", (chunk: Buffer) => course.push(stream, chunk, pipe.reader));
  if (live) void feed(live.input, live.writer);
  collect(out, "stdout");
  collect(err, "stderr");
  const ends = Promise.all([finished(out.reader), finished(err.reader)]);

  try {
    const exit = await new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.once("exit", (code, by) => resolve({ code, signal: by }));
      child.once("error", reject);
      course.watch(command.kill);
    });
    await command.kill(); // what the command left running in the background
    // A slow listener is waited for, as long as there is output.
    for (let isOver = false; !isOver; await course.taken())
      isOver = await Promise.race([ends.then(() => true), sleep(1_000, undefined, { ref: false }).then(() => !course.isHeld())]);
    return course.result(exit.code, exit.signal);
  } finally {
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
/** A file instead of a pipe: no reader has to be waited for, and `/dev/stdin` can be reopened inside. */
function inputFile(dir: string, input: string | Uint8Array): number {
  const file = join(dir, `input-${process.pid}-${++inputs}`);
  writeWithMode(file, input, 0o444);
  const fd = openSync(file, "r");
  unlinkSync(file);
  return fd;
}
