import type { ShellClientFrame, ShellServerFrame } from "@tesslate/contract";
import { backoffMs } from "@tesslate/client/core";

export type LinkState = "attaching" | "attached" | "reconnecting" | "ended" | "lost";

/** The part of a WebSocket that is needed here. */
export interface SocketLike {
  readyState: number;
  send: (data: string) => void;
  close: (code?: number) => void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
}

export interface TerminalLink {
  getState: () => LinkState;
  /** Why it ended or was lost, as a sentence. */
  reason: () => string | undefined;
  type: (data: string) => void;
  resize: (cols: number, rows: number) => void;
  retryNow: () => void;
  /** Closes the socket; the shell keeps running. */
  detach: () => void;
}

const pingMs = 30_000;
/** Longest input frame. */
const longestInput = 32 * 1024;
const isOpen = 1;
const exited = "The terminal process exited.";
/** Close codes after which it does not reconnect: signed out, not found or closed, idle too long, project stopped. */
const finalCodes: Record<number, string> = {
  4401: "Your session has expired. Sign in again.",
  4404: "This terminal was closed.",
  4408: "This terminal was closed after 30 minutes of inactivity.",
  4410: "This terminal was closed because the project was stopped.",
};

/**
 * The socket of a shell: attaches (the server sends the scrollback first), reconnects with growing pauses, pings. Every attach
 * starts with `onAttach`, so that the screen can be cleared before the scrollback is sent again.
 */
export function createTerminalLink({
  open,
  onAttach,
  onOutput,
  onState,
  random = Math.random,
}: {
  open: () => SocketLike;
  onAttach: () => void;
  onOutput: (data: string) => void;
  /** With the reason as a sentence, if there is one. */
  onState: (state: LinkState, reason: string | undefined) => void;
  random?: () => number;
}): TerminalLink {
  let state: LinkState = "attaching";
  let why: string | undefined;
  let socket: SocketLike | undefined;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pinger: ReturnType<typeof setInterval> | undefined;
  let size: { cols: number; rows: number } | undefined;
  let isDetached = false;

  const setState = (next: LinkState, reason?: string) => {
    state = next;
    why = reason;
    if (!isDetached) onState(next, reason);
  };
  const send = (frame: ShellClientFrame) => {
    if (socket?.readyState === isOpen) socket.send(JSON.stringify(frame));
  };

  const connect = () => {
    clearTimeout(timer);
    timer = undefined;
    const current = open();
    socket = current;
    current.onopen = () => {
      failures = 0;
      onAttach();
      if (size) send({ type: "resize", ...size });
      pinger = setInterval(() => send({ type: "ping" }), pingMs);
      setState("attached");
    };
    current.onmessage = (event: { data: unknown }) => {
      let frame: ShellServerFrame;
      try {
        frame = JSON.parse(String(event.data)) as ShellServerFrame;
      } catch {
        return;
      }
      if (frame.type === "output") onOutput(frame.data);
      else if (frame.type === "exit")
        setState("ended", frame.code === null || frame.code === 0 ? exited : `The terminal process exited with code ${frame.code}.`);
      else if (frame.type === "error") why = frame.data.message;
    };
    current.onclose = (event: { code: number }) => {
      clearInterval(pinger);
      if (socket === current) socket = undefined;
      if (isDetached || state === "ended") return;
      const final = finalCodes[event.code];
      if (final) return setState("lost", final);
      if (event.code === 1000) return setState("ended", exited);
      setState("reconnecting");
      timer = setTimeout(connect, backoffMs(failures, random()));
      failures += 1;
    };
  };
  connect();

  return {
    getState: () => state,
    reason: () => why,
    type: (data) => {
      for (let at = 0; at < data.length; at += longestInput) send({ type: "input", data: data.slice(at, at + longestInput) });
    },
    resize: (cols, rows) => {
      if (size?.cols === cols && size.rows === rows) return;
      size = { cols, rows };
      send({ type: "resize", cols, rows });
    },
    retryNow: () => {
      if (socket || isDetached || state === "ended") return;
      failures = 0;
      connect();
    },
    detach: () => {
      isDetached = true;
      clearTimeout(timer);
      clearInterval(pinger);
      socket?.close(1000);
    },
  };
}
