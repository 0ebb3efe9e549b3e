import { randomBytes } from "node:crypto";
import { stripVTControlCharacters } from "node:util";
import { ToolFailure } from "./tool.ts";
import type { AgentEvent } from "./events.ts";
import type { BackgroundCommand, CommandEnding, RunCommands } from "./run-commands.ts";
import type { Workspace, WorkspaceTerminal } from "./workspace.ts";

/** Background commands of one run at a time; far below the hundred that a project may have. */
const maxCommands = 16;
/** Output of a background command that is kept until it is read; the oldest is dropped first. */
const maxUnreadChars = 256 * 1024;
/** Output of a command in events: after this much only its end is sent. */
const maxEventChars = 64 * 1024;
/** Output is collected for this long before it is sent. */
const eventIntervalMs = 300;
/** A command in the foreground that ends sooner sends nothing: its result comes at once. */
const foregroundDelayMs = 1_000;
/** After its processes were ended, the exit of a command is reported within this time. */
const exitMs = 2_000;
/** What is sent at once. */
const maxChunkChars = 8 * 1024;

type CommandEvent = Extract<AgentEvent, { type: "command_started" | "command_output" | "command_ended" }>;

interface CommandsOptions {
  workspace: Workspace;
  /** Resolves when the event is committed. Rejections are the caller's to handle: they do not stop a command. */
  emit(event: CommandEvent): Promise<void>;
}

/** The commands of a run, in the foreground and in the background. `close` stops those that still run and resolves when their last events are sent. */
export function createCommands({ workspace, emit }: CommandsOptions): RunCommands & { close(): Promise<void> } {
  const running = new Map<string, RunningCommand>();
  /** Commands in the foreground, with what stops them. */
  const foreground = new Map<string, (by: "person" | "agent") => void>();
  /** Background commands whose state the model has not been told. */
  const untold = new Set<RunningCommand>();
  let isOver = false;
  const newId = (): string => {
    for (;;) {
      const id = randomBytes(4).toString("hex");
      if (!running.has(id) && !foreground.has(id)) return id;
    }
  };
  const findRunning = (): RunningCommand[] => [...running.values()].filter((one) => one.ending === undefined);

  return {
    follow(command, call) {
      const id = newId();
      const stopped = new AbortController();
      let by: "person" | "agent" | undefined;
      const report = createReport(emit, { command_id: id, command, is_background: false, call });
      foreground.set(id, (who) => {
        by = who;
        stopped.abort();
      });
      return {
        signal: stopped.signal,
        output: report.output,
        async end(exit) {
          foreground.delete(id);
          await report.end(by === undefined ? exit : { ...exit, reason: by === "person" ? "stopped_by_person" : "stopped" });
          return by;
        },
      };
    },
    async start(command, { cwd, call }) {
      const open = findRunning();
      if (open.length >= maxCommands)
        throw new ToolFailure(`${maxCommands} commands are running in the background already: ${list(open)}.`, {
          suggestion: "Stop one with stop_command.",
        });
      const env = { TERM: "xterm-256color", PAGER: "cat", GIT_PAGER: "cat" };
      const terminal = await workspace.pty(["/bin/sh", "-c", command], { cwd, env, cols: 160, rows: 40 });
      // The run has ended, so nothing else would stop it.
      if (isOver) {
        await terminal.kill();
        throw new ToolFailure("The run ended before the command was started.");
      }
      const id = newId();
      const report = createReport(emit, { command_id: id, command, is_background: true, call });
      const one = createRunningCommand(id, command, terminal, report, {
        onEnd: () => untold.add(one),
        // What reads the output reads the state with it.
        onRead: () => untold.delete(one),
      });
      running.set(id, one);
      await report.start();
      return id;
    },
    get: (id) => running.get(id),
    async stop(id, by) {
      const stop = foreground.get(id);
      if (stop) {
        stop(by);
        return true;
      }
      const one = running.get(id);
      if (!one || one.ending) return false;
      await one.stop(by === "person" ? "stopped_by_person" : "stopped");
      // The agent knows what it stopped itself.
      if (by === "agent") untold.delete(one);
      return true;
    },
    list: () => findRunning().map(({ id, command }) => ({ command_id: id, command })),
    remind() {
      for (const one of findRunning()) untold.add(one);
    },
    takeNote() {
      if (untold.size === 0) return undefined;
      const lines = [...untold].map((one) => `${one.id} (${short(one.command)}) ${stateOf(one)}`);
      untold.clear();
      return `Background commands: ${lines.join("; ")}. command_output reads what they print.`;
    },
    async close() {
      isOver = true;
      for (const stop of foreground.values()) stop("agent");
      await Promise.all([...running.values()].map((one) => one.stop("run_ended")));
    },
  };
}

interface RunningCommand extends BackgroundCommand {
  id: string;
  /** Ends its processes and sends its end. Does nothing when it has ended. */
  stop(reason: CommandEnding["reason"]): Promise<void>;
}

const list = (commands: readonly RunningCommand[]): string => commands.map((one) => `${one.id} (${short(one.command)})`).join(", ");
const short = (command: string): string => (command.length > 80 ? `${command.slice(0, 80)}…` : command);

function stateOf({ ending }: RunningCommand): string {
  if (!ending) return "is running";
  if (ending.reason === "stopped_by_person") return "was stopped by the person";
  return ending.exit_code === null ? "was ended" : `ended with exit code ${ending.exit_code}`;
}

function createRunningCommand(
  id: string,
  command: string,
  terminal: WorkspaceTerminal,
  report: Report,
  { onEnd, onRead }: { onEnd(): void; onRead(): void },
): RunningCommand {
  const decoder = new TextDecoder();
  let unread = "";
  let dropped = 0;
  let stopReason: CommandEnding["reason"] | undefined;
  let reported: Promise<void> = Promise.resolve();
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const watch of watchers) watch();
  };
  const self: RunningCommand = {
    id,
    command,
    ending: undefined,
    write: (text) => terminal.write(text),
    read() {
      const found = { text: unread, dropped };
      unread = "";
      dropped = 0;
      onRead();
      return found;
    },
    wait({ ms, until, signal }) {
      return new Promise((resolve) => {
        const hasText = (): boolean => until !== undefined && stripVTControlCharacters(unread).includes(until);
        const finish = (): void => {
          clearTimeout(timer);
          watchers.delete(check);
          signal.removeEventListener("abort", finish);
          resolve(hasText());
        };
        const check = (): void => {
          if (self.ending || signal.aborted || hasText()) finish();
        };
        const timer = setTimeout(finish, ms);
        watchers.add(check);
        signal.addEventListener("abort", finish);
        check();
      });
    },
    async stop(reason) {
      if (self.ending) return reported;
      stopReason ??= reason;
      await terminal.kill();
      await self.wait({ ms: exitMs, signal: new AbortController().signal });
      await reported;
    },
  };
  terminal.onData((data) => {
    const text = decoder.decode(data, { stream: true });
    report.output(text);
    unread += text;
    if (unread.length > maxUnreadChars) {
      dropped += unread.length - maxUnreadChars;
      unread = unread.slice(-maxUnreadChars);
    }
    notify();
  });
  terminal.onExit(({ exitCode }) => {
    self.ending = { exit_code: stopReason === undefined ? exitCode : null, reason: stopReason ?? "exited" };
    reported = report.end(self.ending);
    onEnd();
    notify();
  });
  return self;
}

interface Report {
  /** Sends `command_started` now, instead of with the first output. */
  start(): Promise<void>;
  output(text: string): void;
  /** Sends the rest of the output and the end, if the start was sent. */
  end(ending: CommandEnding): Promise<void>;
}

/** Sends the events of a command: its output in pieces, one at a time, up to a total. */
function createReport(emit: CommandsOptions["emit"], started: Extract<CommandEvent, { type: "command_started" }>["data"]): Report {
  const { command_id } = started;
  const startedAt = performance.now();
  let pending = "";
  let total = 0;
  let hasStarted = false;
  let hasEnded = false;
  let tail = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const send = (event: CommandEvent): Promise<void> => (tail = tail.then(() => emit(event)).catch(() => undefined));
  const sendStart = (): void => {
    if (hasStarted) return;
    hasStarted = true;
    void send({ type: "command_started", data: started });
  };
  const sendPiece = (): void => {
    const content = pending.slice(0, maxChunkChars);
    pending = pending.slice(content.length);
    if (content !== "") void send({ type: "command_output", data: { command_id, content } });
  };
  /** The next piece is sent after the one before it, so that a slow receiver gets fewer, longer ones. */
  const schedule = (ms: number): void => {
    if (hasEnded) return;
    timer ??= setTimeout(() => {
      sendStart();
      sendPiece();
      void tail.then(() => {
        timer = undefined;
        if (pending !== "") schedule(eventIntervalMs);
      });
    }, ms);
  };
  schedule(started.is_background ? eventIntervalMs : foregroundDelayMs);
  return {
    async start() {
      sendStart();
      await tail;
    },
    output(text) {
      pending += text.slice(0, Math.max(0, maxEventChars - total));
      total += text.length;
      if (pending !== "") schedule(eventIntervalMs);
    },
    async end(ending) {
      hasEnded = true;
      clearTimeout(timer);
      if (!hasStarted) return;
      while (pending !== "") sendPiece();
      const facts = { duration_ms: Math.round(performance.now() - startedAt), is_output_cut: total > maxEventChars };
      await send({ type: "command_ended", data: { command_id, ...ending, ...facts } });
    },
  };
}
