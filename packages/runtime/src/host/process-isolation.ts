import type { ChildProcess } from "node:child_process";
import type { Limits, SandboxSpec } from "../types.ts";
import type { Slot } from "./slots.ts";

/** Where one sandbox lives on this host. */
export interface Place {
  /** Holds `files`, `home`, `tmp`, `services`. */
  dir: string;
  /** Holds its history; outlives `dir`. Made when there is something to keep. */
  historyDir: string;
  slot: Slot;
  spec: SandboxSpec;
  limits: Limits;
}

/** How a program is to be started. */
export interface How {
  /** Relative to the tree; "" is its root. */
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** The tree cannot be written and there is no network. */
  isReadOnly?: boolean;
  /** Folders of the host that it sees elsewhere, beside what every program sees. */
  binds?: readonly Bind[];
}

/** A folder of the host (`from`) as a program sees it (`to`, absolute). */
export interface Bind {
  from: string;
  to: string;
  isWritable: boolean;
}

/**
 * The walls around one sandbox: how its programs are started, found, frozen and ended. What a sandbox is beyond that
 * (tree, services, logs, images) is the same for every driver on this host.
 */
export interface Cell {
  /** The tree's path as its programs see it. */
  readonly inside: string;
  /** The uid programs run as, when it is not ours. */
  readonly owner: { uid: number; gid: number } | undefined;

  /** A command: it ends with our process. */
  command(argv: readonly string[], how: How): Promise<Command>;
  /** A program on a pseudo terminal; ends with our process too. */
  terminal(argv: readonly string[], how: How): Promise<Terminal>;
  /** A service: it outlives our process. */
  service(name: string): ServiceCell;

  /** Every process inside. */
  pids(): number[];
  address(port: number): { host: string; port: number };
  usage(): { memoryBytes: number; cpuSeconds: number; pids: number };
  /** Processes killed for memory so far. */
  oomKills(): number;
  freeze(): void;
  thaw(): void;
  isFrozen(): boolean;

  /** New limits, names or network for what is started from now on. */
  update(place: Place): void;
  /** Ends commands and terminals that an earlier process of ours left. */
  reap(): Promise<void>;
  /** Takes the walls down; nothing runs any more. */
  remove(): Promise<void>;
}

export interface Command {
  start(stdio: readonly [number | "ignore", number, number]): ChildProcess;
  /** Ends the whole process tree; resolves when nothing is left. */
  kill(): Promise<void>;
  /** After an end of its own: whether the program was reached at all, or the walls could not be put up. */
  hasEntered(): boolean;
  /** After the end. */
  dispose(): void;
}

export interface Terminal {
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  kill(pid: number): Promise<void>;
  dispose(): void;
}

export interface ServiceCell {
  /** A detached supervisor that leaves its pid and the exit status in `stateDir`. */
  start(argv: readonly string[], how: How, stateDir: string, stdio: readonly ["ignore", number, number]): Promise<ChildProcess>;
  /** Members, the supervisor not among them. */
  pids(supervisor: number | undefined): number[];
  kill(supervisor: number | undefined): Promise<void>;
}

/**
 * Keeps the exit status of a service where the next process of ours can read it. Arguments: state folder, program. Without the
 * service's note nobody waits for the program any more: our process was killed while it started this one, and the next one found nothing.
 */
export const superviseScript = `dir=$1; shift
echo $$ > "$dir/pid"
[ -e "$dir/service.json" ] || exit 0
"$@"
echo $? > "$dir/exit"`;
/** `$0` of the supervisor's shell. */
export const supervisorName = "studio-service";

export function killPid(pid: number) {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
