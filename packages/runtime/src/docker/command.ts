import type Docker from "dockerode";
import { RuntimeError } from "../errors.ts";
import type { LaunchOptions, SandboxLocation } from "../host/process-isolation.ts";
import { trackCommand } from "../host/commands/command-run.ts";
import { feed, isLive } from "../host/commands/live-input.ts";
import type { ExecOptions, ExecResult, Pty, PtyOptions } from "../types.ts";
import { ignoreMissing, reasonOf } from "./engine.ts";
import { createFrames } from "./frames.ts";
import { asProgram, programContainer, type DriverContext } from "./container-config.ts";

/**
 * A container for one command or terminal and its descendants. Its init process reads from us and ends when our process ends, however that
 * happens, which ends everything in the container.
 */
export interface CommandContainer {
  exec(options: Docker.ExecCreateOptions): Promise<Docker.Exec>;
  /** Resolves when nothing is left. */
  end(): Promise<void>;
}

export async function openCommandContainer(
  context: DriverContext,
  location: SandboxLocation,
  launch: LaunchOptions,
  network: string,
): Promise<CommandContainer> {
  const options = programContainer(context, location, { ...launch, env: {} }, network, "command");
  let container: Docker.Container | undefined;
  try {
    container = await context.docker.createContainer({
      ...options,
      Cmd: ["cat"],
      // Its init process ignores every signal but SIGKILL.
      StopTimeout: 1,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      HostConfig: { ...options.HostConfig, AutoRemove: true, LogConfig: { Type: "none", Config: {} } },
    });
    const keepAlive = await container.attach({ stream: true, stdin: true, hijack: true });
    // The end is detected elsewhere.
    keepAlive.on("error", () => {});
    await container.start();
    const started = container;
    let ending: Promise<void> | undefined;
    return {
      exec: (exec) => started.exec(exec),
      end: () =>
        (ending ??= started
          .remove({ force: true })
          .catch(ignoreMissing)
          .then(() => void keepAlive.end())),
    };
  } catch (error) {
    await container?.remove({ force: true }).catch(ignoreMissing);
    throw error instanceof RuntimeError
      ? error
      : new RuntimeError("unavailable", `the sandbox could not be entered: ${reasonOf(error)}`, { cause: error });
  }
}

const execOptions = (argv: readonly string[], launch: LaunchOptions): Docker.ExecCreateOptions => ({
  Cmd: asProgram(argv),
  WorkingDir: launch.cwd === "" ? "/app" : `/app/${launch.cwd}`,
  Env: Object.entries(launch.env).map(([name, value]) => `${name}=${value}`),
  AttachStdout: true,
  AttachStderr: true,
});

/** Runs a command to its end: streamed output, time limit, abort, and no leftover processes. */
export async function runInContainer(
  container: CommandContainer,
  argv: readonly string[],
  launch: LaunchOptions,
  options: ExecOptions,
): Promise<ExecResult> {
  const { signal, input } = options;
  using course = trackCommand(options);
  if (signal?.aborted) return course.notRun();
  course.watch(container.end);
  try {
    const exec = await container.exec({ ...execOptions(argv, launch), AttachStdin: input !== undefined });
    const stream = await exec.start({ hijack: true, stdin: input !== undefined });
    stream.on(
      "data",
      createFrames((name, payload) => course.push(name, payload, stream)),
    );
    const over = new Promise<void>((resolve) => {
      stream.once("end", resolve);
      stream.once("close", resolve);
      stream.once("error", () => resolve());
    });
    if (isLive(input)) void feed(input, stream);
    else if (input !== undefined) stream.end(input);
    await over;
    await course.taken();
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
  launch: LaunchOptions,
  { cols = 80, rows = 24 }: PtyOptions,
  { onEnd, onError }: { onEnd: () => void; onError: (error: unknown) => void },
): Promise<Pty> {
  const dataListeners = new Set<(data: Uint8Array) => void>();
  const exitListeners = new Set<(exit: { exitCode: number | null }) => void>();
  let exit: { exitCode: number | null } | undefined;
  /** Output before the first listener. */
  let early: Buffer[] | undefined = [];
  try {
    const exec = await container.exec({ ...execOptions(argv, launch), AttachStdin: true, Tty: true });
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
    await resize(cols, rows).catch(failUnlessEnded);

    async function finish() {
      const exitCode = await exec.inspect().then(
        (info) => info.ExitCode,
        () => null,
      );
      await container.end().catch(onError);
      exit = { exitCode };
      onEnd();
      for (const listener of exitListeners) listener(exit);
    }
    function failUnlessEnded(error: unknown) {
      if (!stream.destroyed && !exit) onError(error);
    }
    /** Resizing is a separate call to the engine: delay later input until it is done. */
    let resizing: Promise<void> | undefined;
    const afterwards = (work: () => unknown) => {
      const mine: Promise<void> = (resizing ?? Promise.resolve())
        .then(work)
        .catch(failUnlessEnded)
        .then(() => {
          if (resizing === mine) resizing = undefined;
        });
      resizing = mine;
    };
    const type = (data: string | Uint8Array) => {
      if (!exit) stream.write(data);
    };
    return {
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
