import type { ChildProcess } from "node:child_process";
import type { ConnectPort } from "../connect.ts";
import type { Limits, SandboxSpec } from "../types.ts";
import type { Slot } from "./slots/slots.ts";

/** A sandbox's folders and resources on this host. */
export interface SandboxLocation {
  /** Contains `files`, `home`, `tmp`, `services`. */
  dir: string;
  /** Folder of its history; outlives `dir`. Created on demand. */
  historyDir: string;
  slot: Slot;
  spec: SandboxSpec;
  limits: Limits;
  /** Its files were just created. */
  isNew?: boolean;
}

/** Options for starting a program. */
export interface LaunchOptions {
  /** Relative to the tree; "" is its root. */
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** The tree is read-only and there is no network. */
  isReadOnly?: boolean;
  /** Additional mounts. */
  binds?: readonly Bind[];
}

/** A host folder (`from`) as a program sees it (`to`, absolute). */
export interface Bind {
  from: string;
  to: string;
  isWritable: boolean;
}

/**
 * The isolation of one sandbox: how its programs are started, found, frozen and ended. Everything else (tree, services, logs, images) is
 * shared by all drivers on this host.
 */
export interface ProcessIsolation {
  /** The tree's path as its programs see it. */
  readonly inside: string;
  /** The uid of programs, when it is not ours. */
  readonly owner: { uid: number; gid: number } | undefined;

  /** A command: ends with our process. */
  command(argv: readonly string[], launch: LaunchOptions): Promise<Command>;
  /** A program on a pseudo terminal; also ends with our process. */
  terminal(argv: readonly string[], launch: LaunchOptions): Promise<IsolatedTerminal>;
  /** A service: outlives our process. */
  service(name: string): ServiceProcess;

  /** Every process inside. */
  pids(): number[];
  /** Where other programs of its network find a port. */
  address(port: number): { host: string; port: number };
  connect: ConnectPort;
  usage(): { memoryBytes: number; cpuSeconds: number; pids: number };
  /** Processes killed for memory so far. */
  oomKills(): number;
  freeze(): void;
  thaw(): void;
  isFrozen(): boolean;

  /** New limits, names or network for later starts. */
  update(location: SandboxLocation): void;
  /** Ends commands and terminals that an earlier process left. */
  killLeftovers(): Promise<void>;
  /** Removes the isolation; nothing runs afterwards. */
  remove(): Promise<void>;
}

export interface Command {
  start(stdio: readonly [number | "ignore", number, number]): ChildProcess;
  /** Ends the whole process tree; resolves when nothing is left. */
  kill(): Promise<void>;
  /** After it ended: whether the program was started, or setting up the isolation failed. */
  hasStarted(): boolean;
  /** Call after the end. */
  dispose(): void;
}

export interface IsolatedTerminal {
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  kill(pid: number): Promise<void>;
  dispose(): void;
}

export interface ServiceProcess {
  /** A detached supervisor that stores its pid and the exit status in `stateDir`. */
  start(
    argv: readonly string[],
    launch: LaunchOptions,
    stateDir: string,
    stdio: readonly ["ignore", number, number],
  ): Promise<ChildProcess>;
  /** Members, without the supervisor. */
  pids(supervisor: number | undefined): number[];
  kill(supervisor: number | undefined): Promise<void>;
}

/**
 * Stores a service's exit status for the next process. Arguments: state folder, program. Without the service's record no server
 * waits for the program: our process was killed while starting it.
 */
export const superviseScript = `dir=$1; shift
echo $$ > "$dir/pid"
[ -e "$dir/service.json" ] || exit 0
"$@"
echo $? > "$dir/exit"`;
/** `$0` of the supervisor's shell. */
export const supervisorName = "studio-service";
/**
 * `$0` of the process that keeps the network of an ordinary user's sandboxes. Its arguments: a file below the state folder, and the mount
 * namespace in which that path is valid.
 */
export const networkHolderName = "studio-network";

export function killPid(pid: number) {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
