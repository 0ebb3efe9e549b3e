import type { ConnectPort } from "../connect.ts";
import type { ExecOptions, ExecResult, Pty, PtyOptions, ServiceSpec, ServiceState } from "../types.ts";
import type { LaunchOptions, SandboxLocation } from "./process-isolation.ts";
import type { RunningService } from "./services/service.ts";

/**
 * Runs the programs of one sandbox. Everything else (tree, volumes, disk limit, logs) is shared by all drivers whose trees are on this
 * host.
 */
export interface SandboxBackend {
  /** The tree's path as its programs see it. */
  readonly inside: string;
  /** The uid of programs, when it is not ours. */
  readonly owner: { uid: number; gid: number } | undefined;

  /** Prepares a command; `run` starts it. */
  command(argv: readonly string[], launch: LaunchOptions): Promise<RunnableCommand>;
  /** Starts a program on a pseudo terminal; calls `onEnd` when it has ended. */
  terminal(argv: readonly string[], launch: LaunchOptions, options: PtyOptions, onEnd: () => void): Promise<Pty>;
  /** Opens a service and adopts a running one of an earlier process. */
  service(name: string, stateDir: string, hooks: ServiceHooks): RunningService;

  /** Where other programs of its network find a port. */
  address(port: number): { host: string; port: number };
  connect: ConnectPort;
  /** Names of running programs. */
  programs(): Promise<string[]>;
  usage(): Promise<{ memoryBytes: number; cpuSeconds: number; pids: number }>;
  /** Bytes that services wrote outside of their volumes. */
  layerBytes?(): Promise<number>;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  isFrozen(): boolean;

  /** New limits, names or network for later starts. */
  update(location: SandboxLocation): void;
  /** Removes the isolation; nothing runs afterwards. */
  remove(): Promise<void>;
}

export interface RunnableCommand {
  run(options: ExecOptions): Promise<ExecResult>;
  /** Ends the whole process tree; resolves when nothing is left. */
  kill(): Promise<void>;
  /** Call after the end. */
  dispose(): void;
}

/** What a service needs from its sandbox. */
export interface ServiceHooks {
  /** Options for its program and health checks. */
  launch(spec: ServiceSpec): Promise<LaunchOptions>;
  /** Called before every start. Throws `storage_full`. */
  checkSpace(): Promise<void>;
  /** Registers a running command for the sandbox's shutdown; returns the unregister function. */
  track(kill: () => Promise<void>): () => void;
  thaw(): Promise<void>;
  /** Errors outside of any call. */
  onError(error: unknown): void;
  onChange(state: ServiceState): void;
}
