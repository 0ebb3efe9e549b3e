import { RuntimeError } from "../../errors.ts";
import type { Pty } from "../../types.ts";

/** A client's hold on a kept terminal. */
interface Attached {
  pty: Pty;
  /** Sends the last output, then what follows. */
  begin(): void;
  detach(): void;
  /** The program's exit, or that this client is no longer attached. */
  ended: Promise<{ exitCode: number | null }>;
}

/** Terminals that outlive the server that opened them, so that the next owner of their project attaches to them. */
export interface KeptTerminals {
  keep(sandbox: string, id: string, pty: Pty): void;
  /** Detaches whoever was attached. Throws `not_found`. */
  attach(sandbox: string, id: string, onData: (data: Uint8Array) => void): Attached;
  /** Whether there are any. */
  hasAny(): boolean;
}

interface Terminal {
  pty: Pty;
  output: Uint8Array[];
  size: number;
  exit: { exitCode: number | null } | undefined;
  attached: { onData: (data: Uint8Array) => void; end: (exit: { exitCode: number | null }) => void } | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Output that is kept for the next server. */
const maxOutputBytes = 1_048_576;

/** `abandonedMs`: how long a terminal is kept without a server. */
export function createKeptTerminals(abandonedMs = 5 * 60_000): KeptTerminals {
  const terminals = new Map<string, Terminal>();
  const keyOf = (sandbox: string, id: string) => `${sandbox}/${id}`;

  const wait = (key: string, terminal: Terminal) => {
    clearTimeout(terminal.timer);
    terminal.timer = setTimeout(() => {
      terminals.delete(key);
      void terminal.pty.kill().catch(() => {});
    }, abandonedMs);
    terminal.timer.unref();
  };
  return {
    hasAny: () => terminals.size > 0,
    keep(sandbox, id, pty) {
      const key = keyOf(sandbox, id);
      const terminal: Terminal = { pty, output: [], size: 0, exit: undefined, attached: undefined, timer: undefined };
      terminals.set(key, terminal);
      wait(key, terminal);
      pty.onData((data) => {
        terminal.output.push(data);
        terminal.size += data.length;
        while (terminal.size > maxOutputBytes) terminal.size -= terminal.output.shift()?.length ?? 0;
        terminal.attached?.onData(data);
      });
      pty.onExit((exit) => {
        terminal.exit = exit;
        if (!terminal.attached) return;
        terminals.delete(key);
        clearTimeout(terminal.timer);
        terminal.attached.end(exit);
      });
    },
    attach(sandbox, id, onData) {
      const key = keyOf(sandbox, id);
      const terminal = terminals.get(key);
      if (!terminal) throw new RuntimeError("not_found", "The terminal has ended.");
      terminal.attached?.end({ exitCode: null });
      terminal.pty.resume();
      clearTimeout(terminal.timer);
      const { promise, resolve } = Promise.withResolvers<{ exitCode: number | null }>();
      const mine = { onData, end: resolve };
      terminal.attached = mine;
      return {
        pty: terminal.pty,
        ended: promise,
        begin() {
          for (const data of terminal.output) onData(data);
          if (!terminal.exit) return;
          terminals.delete(key);
          resolve(terminal.exit);
        },
        detach() {
          resolve({ exitCode: null });
          if (terminal.attached !== mine) return;
          terminal.attached = undefined;
          terminal.pty.resume();
          wait(key, terminal);
        },
      };
    },
  };
}
