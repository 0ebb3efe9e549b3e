import { randomBytes } from "node:crypto";
import { ToolFailure } from "./tool.ts";
import type { RunShell, RunShells } from "./types.ts";
import type { Workspace, WorkspaceTerminal } from "./workspace.ts";

/** Open terminals of one run; far below the hundred that a project may have. */
const maxSessions = 16;
const maxBufferChars = 64 * 1024;

/** The terminals of a run. `closeAll` closes those that are still open. */
export function createShells(workspace: Workspace): RunShells & { closeAll(): Promise<void> } {
  const sessions = new Map<string, { session: RunShell; terminal: WorkspaceTerminal }>();
  let isOver = false;
  return {
    async open(command, cwd) {
      if (sessions.size >= maxSessions) {
        const open = [...sessions].map(([id, { session }]) => `${id} (${session.command})`).join(", ");
        throw new ToolFailure(`${maxSessions} terminals are open already: ${open}.`, { suggestion: "Close one with shell_close." });
      }
      const terminal = await workspace.pty(["/bin/sh", "-c", command], { cwd, env: { TERM: "dumb" }, cols: 160, rows: 40 });
      // The run has ended, so nothing else would close it.
      if (isOver) {
        await terminal.kill();
        throw new ToolFailure("The run ended before the terminal was open.");
      }
      const id = randomBytes(4).toString("hex");
      sessions.set(id, { session: follow(command, terminal), terminal });
      return id;
    },
    get: (id) => sessions.get(id)?.session,
    async close(id) {
      const found = sessions.get(id);
      if (!found) return false;
      sessions.delete(id);
      await found.terminal.kill();
      return true;
    },
    list: () => [...sessions].map(([session_id, { session }]) => ({ session_id, command: session.command })),
    async closeAll() {
      isOver = true;
      const open = [...sessions.values()];
      sessions.clear();
      await Promise.all(open.map(({ terminal }) => terminal.kill()));
    },
  };
}

function follow(command: string, terminal: WorkspaceTerminal): RunShell {
  const decoder = new TextDecoder();
  let buffer = "";
  let ended = false;
  const waiting = new Set<() => void>();
  terminal.onData((data) => {
    buffer = (buffer + decoder.decode(data, { stream: true })).slice(-maxBufferChars);
  });
  terminal.onExit(() => {
    ended = true;
    for (const wake of waiting) wake();
  });
  return {
    command,
    write: (data) => terminal.write(data),
    drain() {
      const text = buffer;
      buffer = "";
      return text;
    },
    isEof: () => ended,
    settle(ms, signal) {
      return new Promise((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          waiting.delete(finish);
          signal.removeEventListener("abort", finish);
          resolve();
        };
        const timer = setTimeout(finish, ms);
        waiting.add(finish);
        signal.addEventListener("abort", finish);
        if (ended || signal.aborted) finish();
      });
    },
  };
}
