import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import type { How, Place } from "../host/process-isolation.ts";
import { followCommand } from "../host/command-run.ts";
import { feed, isLive } from "../host/live-input.ts";
import type { ExecOptions, ExecResult, Pty, PtyOptions } from "../types.ts";
import { ignoreGone, reasonOf } from "./engine.ts";
import { createFrames } from "./frames.ts";
import { asProgram, programContainer, type Walls } from "./container-config.ts";

/**
 * A container for one command or terminal and all that descends from it. Its first process reads from us and ends when we
 * do, however we end; with it ends everything in the container.
 */
export interface CommandContainer {
  exec(options: Docker.ExecCreateOptions): Promise<Docker.Exec>;
  /** Resolves when nothing of it is left. */
  end(): Promise<void>;
}

export async function openCommandContainer(walls: Walls, place: Place, how: How, network: string): Promise<CommandContainer> {
  const options = programContainer(walls, place, { ...how, env: {} }, network, "command");
  let container: Docker.Container | undefined;
  try {
    container = await walls.docker.createContainer({
      ...options,
      Cmd: ["cat"],
      // It hears no signal but the last.
      StopTimeout: 1,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      HostConfig: { ...options.HostConfig, AutoRemove: true, LogConfig: { Type: "none", Config: {} } },
    });
    const lifeline = await container.attach({ stream: true, stdin: true, hijack: true });
    // Its end is heard otherwise.
    lifeline.on("error", () => {});
    await container.start();
    const started = container;
    let ending: Promise<void> | undefined;
    return {
      exec: (exec) => started.exec(exec),
      end: () =>
        (ending ??= started
          .remove({ force: true })
          .catch(ignoreGone)
          .then(() => void lifeline.end())),
    };
  } catch (error) {
    await container?.remove({ force: true }).catch(ignoreGone);
    throw error instanceof RuntimeError
      ? error
      : new RuntimeError("unavailable", `the sandbox could not be entered: ${reasonOf(error)}`, { cause: error });
  }
}

const execOptions = (argv: readonly string[], how: How): Docker.ExecCreateOptions => ({
  Cmd: asProgram(argv),
  WorkingDir: how.cwd === "" ? "/app" : `/app/${how.cwd}`,
  Env: Object.entries(how.env).map(([name, value]) => `${name}=${value}`),
  AttachStdout: true,
  AttachStderr: true,
});

/** Runs a command to its end: output as it comes, time limit, abort, and nothing left behind. */
export async function runInContainer(
  container: CommandContainer,
  argv: readonly string[],
  how: How,
  options: ExecOptions,
): Promise<ExecResult> {
  const { signal, input } = options;
  using course = followCommand(options);
  if (signal?.aborted) return course.notRun();
  course.watch(container.end);
  try {
    const exec = await container.exec({ ...execOptions(argv, how), AttachStdin: input !== undefined });
    const stream = await exec.start({ hijack: true, stdin: input !== undefined });
    stream.on(
      "data",
      createFrames((name, payload) => course.hear(name, payload)),
    );
    const over = new Promise<void>((resolve) => {
      stream.once("end", resolve);
      stream.once("close", resolve);
      stream.once("error", () => resolve());
    });
    if (isLive(input)) void feed(input, stream);
    else if (input !== undefined) stream.end(input);
    await over;
    if (course.isStopped()) return course.result(null, null);
    const { ExitCode } = await exec.inspect();
    return course.result(ExitCode ?? 137, null);
  } catch (error) {
    if (course.isStopped()) return course.result(null, null);
    throw new RuntimeError("unavailable", `the command could not be run: ${reasonOf(error)}`, { cause: error });
  } finally {
    await container.end(); // what the command left running in the background
  }
}

/** A program on a pseudo terminal of the engine. */
export async function openContainerTerminal(
  container: CommandContainer,
  argv: readonly string[],
  how: How,
  { cols = 80, rows = 24 }: PtyOptions,
  { onEnd, onTrouble }: { onEnd: () => void; onTrouble: (error: unknown) => void },
): Promise<Pty> {
  const dataListeners = new Set<(data: Uint8Array) => void>();
  const exitListeners = new Set<(exit: { exitCode: number | null }) => void>();
  let exit: { exitCode: number | null } | undefined;
  /** What came before anybody listened. */
  let early: Buffer[] | undefined = [];
  try {
    const exec = await container.exec({ ...execOptions(argv, how), AttachStdin: true, Tty: true });
    const stream = await exec.start({ hijack: true, stdin: true, Tty: true });
    stream.on("data", (chunk: Buffer) => {
      if (early) early.push(chunk);
      for (const listener of dataListeners) listener(chunk);
    });
    stream.on("error", () => {}); // "close" follows
    stream.once("close", () => void finish());
    stream.once("end", () => stream.end());
    const resize = async (w: number, h: number) => {
      await exec.resize({ w: Math.max(1, w), h: Math.max(1, h) });
    };
    await resize(cols, rows).catch(onUnlessOver);
    const { Pid } = await exec.inspect();

    async function finish() {
      const exitCode = await exec.inspect().then(
        (info) => info.ExitCode,
        () => null,
      );
      await container.end().catch(onTrouble);
      exit = { exitCode };
      onEnd();
      for (const listener of exitListeners) listener(exit);
    }
    function onUnlessOver(error: unknown) {
      if (!stream.destroyed && !exit) onTrouble(error);
    }
    /** The engine is told of a new size by a call of its own: what is typed after it must not arrive before it. */
    let resizing: Promise<void> | undefined;
    const afterwards = (work: () => unknown) => {
      const mine: Promise<void> = (resizing ?? Promise.resolve())
        .then(work)
        .catch(onUnlessOver)
        .then(() => {
          if (resizing === mine) resizing = undefined;
        });
      resizing = mine;
    };
    const type = (data: string | Uint8Array) => {
      if (!exit) stream.write(data);
    };
    return {
      pid: Pid,
      write: (data) => (resizing ? afterwards(() => type(data)) : type(data)),
      resize: (w, h) => {
        if (!exit) afterwards(() => resize(w, h));
      },
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
      onData(listener) {
        dataListeners.add(listener);
        for (const chunk of early ?? []) listener(chunk);
        early = undefined;
        return () => dataListeners.delete(listener);
      },
      onExit(listener) {
        if (exit) listener(exit);
        else exitListeners.add(listener);
        return () => exitListeners.delete(listener);
      },
      kill: () => container.end(),
    };
  } catch (error) {
    await container.end();
    throw new RuntimeError("unavailable", `the terminal could not be opened: ${reasonOf(error)}`, { cause: error });
  }
}
