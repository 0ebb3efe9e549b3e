import { setTimeout as sleep } from "node:timers/promises";
import type { Pty, PtyOptions } from "../../types.ts";

interface Terminal {
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** Ends the whole process tree of the program. */
  kill: (pid: number) => Promise<void>;
  /** Called once, after the end. */
  onEnd: () => void;
  onError: (error: unknown) => void;
}

/** A program on a pseudo terminal. The native addon is loaded on first use. */
export async function openTerminal(
  { file, args, env, cwd, kill: killTree, onEnd, onError }: Terminal,
  { cols = 80, rows = 24 }: PtyOptions,
): Promise<Pty> {
  const { spawn } = await import("@lydell/node-pty");
  const pty = spawn(file, args, { name: "xterm-256color", cols, rows, cwd, env, encoding: null });
  const dataListeners = new Set<(data: Uint8Array) => void>();
  const exitListeners = new Set<(exit: { exitCode: number | null }) => void>();
  const kill = () => killTree(pty.pid);
  let lastDataAt = 0;
  let exit: { exitCode: number | null } | undefined;

  // With `encoding: null` chunks are buffers, which the addon's types do not reflect.
  pty.onData((data: string | Uint8Array) => {
    lastDataAt = performance.now();
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (const listener of dataListeners) listener(bytes);
  });
  pty.onExit(({ exitCode, signal }) => void finish(signal ? 128 + signal : exitCode));

  async function finish(exitCode: number) {
    // The exit may be reported before the last output was read: wait for a moment of silence.
    const endedAt = performance.now();
    do await sleep(20);
    while (performance.now() - Math.max(lastDataAt, endedAt) < 40 && performance.now() - endedAt < 2_000);
    await kill().catch(onError);
    exit = { exitCode };
    onEnd();
    for (const listener of exitListeners) listener(exit);
  }

  return {
    write: (data) => {
      if (!exit) pty.write(data);
    },
    resize: (newCols, newRows) => {
      if (!exit) pty.resize(Math.max(1, newCols), Math.max(1, newRows));
    },
    pause: () => pty.pause(),
    resume: () => pty.resume(),
    onData(listener) {
      dataListeners.add(listener);
      return () => dataListeners.delete(listener);
    },
    onExit(listener) {
      if (exit) listener(exit);
      else exitListeners.add(listener);
      return () => exitListeners.delete(listener);
    },
    kill,
  };
}
