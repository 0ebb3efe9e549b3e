import { setTimeout as sleep } from "node:timers/promises";
import type { ShellClientFrame, ShellServerFrame } from "@tesslate/contract";
import type { Pty } from "@tesslate/runtime";
import { frameProblem, type FrameProblem } from "../../../http/frames.ts";
import { createOutputFilter, type LiveRedactor } from "../../projects/secrets/index.ts";
import { createScrollback } from "./scrollback.ts";

/** The part of a socket that a terminal uses. */
export interface TerminalSocket {
  readonly frames: AsyncIterable<unknown>;
  send(frame: ShellServerFrame): boolean;
  /** Resolves when everything sent has been flushed. */
  drained(): Promise<void>;
  close(code: number, reason?: string): void;
  readonly signal: AbortSignal;
}
/** Limits of terminals. */
export interface ShellLimits {
  /** Open sessions per user and per project. */
  maxOpen: number;
  /** Without input, resize or attach. */
  idleMs: number;
  maxLifeMs: number;
  /** Interval of the limit check. */
  sweepMs: number;
  scrollbackBytes: number;
  /** How long the output of an exited program is kept. */
  keptMs: number;
  /** How long a viewer may be stalled before it is disconnected. */
  stalledMs: number;
}
export const closed = { normal: 1000, restarting: 1001, tooBig: 1009, tooSlow: 1013, notFound: 4404, idle: 4408, stopped: 4410 } as const;

const maxInputBytes = 64 * 1024;
const longestFrame = 64 * 1024;
const replayFrame = 256 * 1024;
/** A key's echo is sent at once; floods are batched. Together with the redaction delay this stays below 50 ms. */
const [echoMs, gatherMs] = [1, 16];
/** After this much output every viewer must have received it before the program continues. */
const paceChars = 512 * 1024;

interface Viewer {
  socket: TerminalSocket;
  /** Output that arrived while the scrollback was being sent. */
  queue: string[] | undefined;
  joined: Promise<void>;
}

/** One program on a pseudo terminal and its viewers. */
export type ShellTerminal = ReturnType<typeof createTerminal>;

export function createTerminal({
  pty,
  redactor,
  limits,
  onTouched,
}: {
  pty: Pty;
  redactor: LiveRedactor;
  limits: Pick<ShellLimits, "scrollbackBytes" | "stalledMs">;
  /** Called on input, resize and attach. */
  onTouched: () => void;
}) {
  const scrollback = createScrollback(limits.scrollbackBytes);
  const viewers = new Set<Viewer>();
  let outgoing = "";
  let flushTimer: NodeJS.Timeout | undefined;
  let unpaced = 0;
  let isPacing = false;
  let isOver = false;
  let [bytesOut, bytesIn, reads] = [0, 0, 0];
  let lastActivity = Date.now();
  let isDirty = false;

  const touched = () => {
    lastActivity = Date.now();
    isDirty = true;
    onTouched();
  };
  const say = (frame: ShellServerFrame) => {
    for (const { socket } of viewers) socket.send(frame);
  };
  const flush = () => {
    clearTimeout(flushTimer);
    flushTimer = undefined;
    const data = outgoing;
    outgoing = "";
    if (data === "") return;
    for (const viewer of viewers)
      if (viewer.queue) viewer.queue.push(data);
      else viewer.socket.send({ type: "output", data });
    unpaced += data.length;
    if (unpaced > paceChars && !isPacing) void pace();
  };
  /** The program waits for its viewers; a stalled viewer is disconnected, so that one broken connection does not block the others. */
  const pace = async () => {
    isPacing = true;
    unpaced = 0;
    pty.pause();
    await Promise.all(
      [...viewers].map(async ({ socket, joined }) => {
        const patience = new AbortController();
        const isTaken = await Promise.race([
          Promise.all([joined, socket.drained()]).then(() => true),
          sleep(limits.stalledMs, false, { signal: patience.signal, ref: false }).catch(() => true),
        ]);
        patience.abort();
        if (!isTaken) socket.close(closed.tooSlow, "client too slow");
      }),
    );
    isPacing = false;
    if (!isOver) pty.resume();
  };
  const filter = createOutputFilter({
    redactor,
    keepsWidth: true,
    emit: (text) => {
      scrollback.push(Buffer.from(text));
      if (viewers.size === 0) return;
      outgoing += text;
      if (outgoing.length > longestFrame) flush();
      else flushTimer ??= setTimeout(flush, outgoing.length < 512 ? echoMs : gatherMs);
    },
  });
  pty.onData((data) => {
    bytesOut += data.byteLength;
    isDirty = true;
    filter.push(data);
  });

  /** Sends the scrollback in frames that a slow connection can take, then the queued output. */
  const replay = async (viewer: Viewer): Promise<void> => {
    // Redact again: some values may have become known after they were written.
    const history = redactor.current.redactScreen(Buffer.from(scrollback.read()).toString("utf8"));
    for (let at = 0; at < history.length && !viewer.socket.signal.aborted;) {
      let next = Math.min(history.length, at + replayFrame);
      // Never split a surrogate pair.
      if (next < history.length && (history.charCodeAt(next - 1) & 0xfc00) === 0xd800) next -= 1;
      viewer.socket.send({ type: "output", data: history.slice(at, next) });
      at = next;
      await viewer.socket.drained();
    }
    const missed = viewer.queue?.join("") ?? "";
    viewer.queue = undefined;
    if (missed !== "") viewer.socket.send({ type: "output", data: missed });
  };

  const clamp = (value: unknown, fallback: number, min: number, max: number) =>
    Math.min(max, Math.max(min, typeof value === "number" && Number.isFinite(value) ? Math.round(value) : fallback));

  return {
    get lastActivity() {
      return lastActivity;
    },
    counts: () => ({
      bytes_read: bytesOut,
      bytes_written: bytesIn,
      total_reads: reads,
      last_activity_at: new Date(lastActivity).toISOString(),
    }),
    /** Whether the counts changed since the last call. */
    takeDirty: (): boolean => {
      const was = isDirty;
      isDirty = false;
      return was;
    },
    viewers: (): number => viewers.size,
    /** For a client that attaches after the exit: all output and the exit. */
    recount: async (socket: TerminalSocket, last: ShellServerFrame): Promise<void> => {
      socket.send({ type: "status", message: "attached" });
      await replay({ socket, queue: undefined, joined: Promise.resolve() });
      socket.send(last);
      socket.close(closed.normal, "exited");
    },
    /** Sends the scrollback, then live output. Returns the detach function. */
    join: (socket: TerminalSocket): (() => void) => {
      flush();
      const viewer: Viewer = { socket, queue: [], joined: Promise.resolve() };
      socket.send({ type: "status", message: "attached" });
      viewers.add(viewer);
      reads += 1;
      touched();
      viewer.joined = replay(viewer);
      return () => void viewers.delete(viewer);
    },
    /** Handles a client frame. Returns what is wrong with it, or `"end"` when the session should end. */
    handle: (socket: TerminalSocket, given: unknown): FrameProblem | "end" | undefined => {
      const frame = given as Partial<ShellClientFrame> | undefined | null;
      if (typeof frame !== "object" || frame === null) return frameProblem("A frame must be a JSON object.");
      switch (frame.type) {
        case "input": {
          const { data } = frame as { data?: unknown };
          if (typeof data !== "string") return frameProblem("`data` must be a string.", "data");
          if (Buffer.byteLength(data) > maxInputBytes) return void socket.close(closed.tooBig, "frame too big");
          bytesIn += Buffer.byteLength(data);
          touched();
          pty.write(data);
          return undefined;
        }
        case "resize": {
          const { cols, rows } = frame as { cols?: unknown; rows?: unknown };
          pty.resize(clamp(cols, 80, 2, 500), clamp(rows, 24, 1, 200));
          touched();
          return undefined;
        }
        case "ping":
          socket.send({ type: "pong" });
          return undefined;
        case "close":
          return "end";
        default:
          // Authentication by first frame is handled earlier; a repeated one is not an error.
          return (frame as { type?: string }).type === "auth"
            ? undefined
            : frameProblem("`type` must be one of: input, resize, ping, close.", "type");
      }
    },
    /** Stops reading the program's output and flushes it; counts are final then. */
    finish: (): void => {
      isOver = true;
      filter.end();
      flush();
    },
    /** Closes every socket and leaves the program running for another server. */
    leave: async (): Promise<void> => {
      isOver = true;
      filter.end();
      flush();
      for (const { socket } of viewers) socket.close(closed.restarting, "restarting");
      viewers.clear();
      await pty.detach?.();
    },
    /** Flushes, closes every socket and ends the process tree. */
    end: async (code: number, reason: string, last?: ShellServerFrame): Promise<void> => {
      await Promise.race([Promise.all([...viewers].map((v) => v.joined)), sleep(limits.stalledMs, undefined, { ref: false })]);
      if (last) say(last);
      for (const { socket } of viewers) socket.close(code, reason);
      viewers.clear();
      await pty.kill();
    },
  };
}
