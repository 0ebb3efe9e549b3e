import type { CallPosition } from "./tool-call.ts";

/** The commands of this run. Those in the background end with it. */
export interface RunCommands {
  /**
   * Shows a command in the foreground: its output goes to events, and `signal` aborts when a person stops it. `end` resolves when its last event is
   * sent, with who stopped it.
   */
  follow(
    command: string,
    call: CallPosition,
  ): { signal: AbortSignal; output(text: string): void; end(ending: CommandEnding): Promise<"person" | "agent" | undefined> };
  /** Starts `command` with /bin/sh in the background, on a terminal. Returns its id. */
  start(command: string, options: { cwd: string; call: CallPosition }): Promise<string>;
  /** A command in the background, also when it has ended. */
  get(id: string): BackgroundCommand | undefined;
  /** Ends its processes. False when it does not run. */
  stop(id: string, by: "agent" | "person"): Promise<boolean>;
  /** Those that run in the background. */
  list(): { command_id: string; command: string }[];
  /** Names those that run in the next note, because the model may have forgotten them. */
  remind(): void;
  /** What the model must be told of commands in the background, once: which of them ended since the last note. */
  takeNote(): string | undefined;
}

export interface BackgroundCommand {
  command: string;
  /** Undefined while it runs. */
  ending: CommandEnding | undefined;
  write(text: string): void;
  /** Output since the last `read`, at most the newest 256 KiB of it; `dropped` characters before it are lost. */
  read(): { text: string; dropped: number };
  /** Resolves after `ms`, when `until` is in the unread output (without colors), at the command's end, or on abort: whether `until` is there. */
  wait(options: { ms: number; until?: string | undefined; signal: AbortSignal }): Promise<boolean>;
}

export interface CommandEnding {
  /** Null when the command was stopped. */
  exit_code: number | null;
  reason: "exited" | "timed_out" | "stopped" | "stopped_by_person" | "run_ended";
}
