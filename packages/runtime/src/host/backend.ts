import type { ExecOptions, ExecResult, Pty, PtyOptions, ServiceSpec, ServiceState } from "../types.ts";
import type { How, Place } from "./process-isolation.ts";
import type { Service } from "./service.ts";

/**
 * How the programs of one sandbox are run. Everything else a sandbox is (tree, volumes, disk watch, logs) is the same for
 * every driver whose trees lie on this host.
 */
export interface World {
  /** The tree's path as its programs see it. */
  readonly inside: string;
  /** The uid programs run as, when it is not ours. */
  readonly owner: { uid: number; gid: number } | undefined;

  /** Prepares a command; `run` starts it. */
  command(argv: readonly string[], how: How): Promise<RunnableCommand>;
  /** Starts a program on a pseudo terminal; `onEnd` once it is over. */
  terminal(argv: readonly string[], how: How, options: PtyOptions, onEnd: () => void): Promise<Pty>;
  /** Opens a service, taking over what an earlier process of ours left running. */
  service(name: string, stateDir: string, hooks: ServiceHooks): Service;

  address(port: number): { host: string; port: number };
  /** Names of the programs that run inside. */
  programs(): Promise<string[]>;
  usage(): Promise<{ memoryBytes: number; cpuSeconds: number; pids: number }>;
  /** What services wrote beside their volumes, on the disk of whatever runs them. */
  layerBytes?(): Promise<number>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  isFrozen(): boolean;

  /** New limits, names or network for what is started from now on. */
  update(place: Place): void;
  /** Takes the walls down; nothing runs any more. */
  remove(): Promise<void>;
}

export interface RunnableCommand {
  run(options: ExecOptions): Promise<ExecResult>;
  /** Ends the whole process tree; resolves when nothing is left. */
  kill(): Promise<void>;
  /** After the end. */
  dispose(): void;
}

/** What a service asks of its sandbox. */
export interface ServiceHooks {
  /** How its program and its health checks are to be started. */
  how(spec: ServiceSpec): Promise<How>;
  /** Before every start. Throws `storage_full`. */
  checkSpace(): Promise<void>;
  /** Keeps a running command in sight of the sandbox's end; returns the release. */
  track(kill: () => Promise<void>): () => void;
  thaw(): Promise<void>;
  /** What goes wrong while nobody waits for an answer. */
  onTrouble(error: unknown): void;
  onChange(state: ServiceState): void;
}
