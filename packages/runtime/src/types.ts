import type { Readable } from "node:stream";
import type { History } from "./history/types.ts";

/**
 * The runtime seam: a place to run a project's code, described without users, rows or HTTP.
 *
 * A **sandbox** is one project's world: one working tree, one unprivileged uid, one network namespace, one set of limits.
 * A **service** is one long-running process inside it (a container of the project). Commands and terminals are
 * processes inside it that end. Opening a sandbox starts nothing: the tree can be read and written while everything is stopped.
 */

export type DriverName = "sandbox" | "docker" | "process" | "memory";

/** What stands between project code and the host. `full` > `no-netns` > `process` > `none`. Shown to people; never upgraded silently. */
export type Isolation = "full" | "no-netns" | "process" | "none";

export interface RuntimeDriver {
  readonly name: DriverName;
  readonly isolation: Isolation;
  /** Why the level is not `full`, one sentence each; empty at `full`. */
  readonly warnings: readonly string[];
  readonly can: {
    readonly pty: boolean;
    readonly freeze: boolean;
    readonly limits: boolean;
    readonly privateNetwork: boolean;
    /** A service may name a container image (`ServiceSpec.image`); where false it runs `command` from programs of this host. */ readonly images: boolean;
    /** Points in time of trees (`Sandbox.history`). */
    readonly history: boolean;
  };

  /**
   * Builds an image (a template's tree with its dependencies installed) once and caches it by content hash.
   * Concurrent calls for the same content share one build. A failed build leaves nothing behind and throws `build_failed` with the last log lines.
   */
  prepare(image: ImageSpec, options?: { signal?: AbortSignal; onLog?: (line: string) => void }): Promise<ImageId>;

  /**
   * Whether a service sees a file at this absolute path: a program of this host, or of `RuntimeOptions.programs` (at `/opt/<name>`).
   * Where services run from images this is what their `ServiceSpec.program` may name.
   */
  has(path: string): Promise<boolean>;

  /** Idempotent by `spec.id`: creates the tree (from `spec.image` when given and no tree exists), or attaches to what is there, adopting services that survived a crash of this process. */
  open(spec: SandboxSpec): Promise<Sandbox>;
  /** The already created sandbox of that id, opened or not; `undefined` when there is none. */
  find(id: string): Promise<Sandbox | undefined>;
  /** Every sandbox the driver knows on disk or running, also those nobody opened since the start (the reconciler's input). */
  list(): Promise<SandboxInfo[]>;
  /** Stops everything and deletes the tree, its caches, network and uid; its history stays. Unknown ids are fine. */
  remove(id: string): Promise<void>;
  /** Ids with a history, also those whose sandbox is gone: a history outlives it. */
  histories(): Promise<string[]>;
  /** Deletes the history of a sandbox that is gone. Unknown ids are fine. */
  removeHistory(id: string): Promise<void>;
  /** `leaveRunning`: services stay up for the next process to adopt; otherwise everything is stopped. */
  close(options?: { leaveRunning?: boolean }): Promise<void>;
}

export type ImageId = string;

export interface ImageSpec {
  /** For logs and folder names, e.g. `react-vite`. */
  name: string;
  /** Folder with the sources; its content is hashed into the image id. */
  sourceDir: string;
  /** argv lists run in order at `/app` inside a sandbox, e.g. `[["npm","install"]]`. Hashed too. */
  build: string[][];
  /** A server to start and a path to fetch once after the build, so that bundler caches are warm. */
  warm?: { command: string[]; port: number; path: string };
}

export interface Limits {
  memoryBytes: number;
  /** 1 = one core. */
  cpus: number;
  pids: number;
  /** Size cap of the working tree; hard where the host allows it, else sampled. */
  diskBytes: number;
}

export interface SandboxSpec {
  /** Project id; the sandbox's identity. `[a-z0-9-]{1,64}`. */
  id: string;
  image?: ImageId;
  limits?: Partial<Limits>;
  /** Names that resolve to this sandbox's loopback, e.g. service keys. */
  hostnames?: string[];
  /** Refuse all outgoing connections. */
  offline?: boolean;
}

export interface SandboxInfo {
  id: string;
  services: { name: string; state: ServiceState["status"] }[];
}

export interface ServiceSpec {
  /** Service key, unique in the sandbox. `[a-z0-9-]{1,63}`. */
  name: string;
  command: string[];
  /** Relative to the tree root; "." is the root itself. */
  cwd: string;
  env: Record<string, string>;
  /** The port it is told to listen on. When it binds another one, `ServiceState.port` reports the truth. */
  port: number;
  /** A container image, e.g. `postgres:18`; only where `can.images`. An empty `command` is the image's own; a `cwd` other than "." shows it the tree, read-only, at `/app`. Without an image it runs with the sandbox's tools and tree. */
  image?: string;
  /**
   * How it runs with the sandbox's own tools, and programs that `has` knows, where its image cannot be had. The driver says so in the
   * service's log.
   */
  program?: { command: string[]; health?: string[] };
  /** Folders outside the tree that outlive the service: `name` is unique in the sandbox (`[a-z0-9-]{1,63}`), `path` absolute as the service sees it. Gone with the sandbox. */
  volumes?: { name: string; path: string }[];
  /** argv that exits 0 inside the service once it can be used: it is `starting` until then. Asked again and again after the port opened; not after an adoption. */
  health?: string[];
  /** Signal and grace before SIGKILL. Default SIGTERM, 5000 ms. */
  stopSignal?: "SIGTERM" | "SIGINT";
  stopGraceMs?: number;
}

export interface ServiceState {
  name: string;
  status: "stopped" | "starting" | "running" | "frozen" | "failed";
  pid?: number;
  /** Port seen listening; undefined until one is. */
  port?: number;
  exitCode?: number | null;
  exitSignal?: string | null;
  startedAt?: number;
  /** The last log lines of a failed service (at most 20). */
  lastLines?: string[];
  oomKilled?: boolean;
}

export interface Sandbox {
  readonly id: string;
  readonly files: Tree;
  /** Every call throws `not_supported` where `can.history` is false. */
  readonly history: History;

  /** Starts a service and returns at once with `starting`. Already running under the same name: the same state, nothing started. */
  start(spec: ServiceSpec): Promise<ServiceState>;
  /**
   * Resolves when the service accepts connections on a port (its own or another one: see `ServiceState.port`).
   * Rejects `service_failed` (exited; message has the last log lines) or `start_timeout`.
   */
  ready(name: string, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<ServiceState>;
  /** Graceful stop of one service, or of all. Resolves when nothing of it is left, descendants included. Idempotent. */
  stop(name?: string): Promise<void>;
  /** Deletes a volume with what is in it. Stop the services that mount it first. Unknown names are fine. */
  removeVolume(name: string): Promise<void>;
  services(): ServiceState[];
  /** Called on every change of any service's state. Returns the unsubscribe function. */
  onState(listener: (state: ServiceState) => void): () => void;

  /** Runs argv to its end. Output is interleaved; the child's whole process tree is killed on abort or timeout. Never throws for a non-zero exit. */
  exec(argv: string[], options?: ExecOptions): Promise<ExecResult>;
  /** Starts argv on a pseudo terminal. */
  pty(argv: string[], options?: PtyOptions): Promise<Pty>;

  /** The last `tail` lines, then live ones until aborted. */
  logs(name: string, options?: { tail?: number; follow?: boolean; signal?: AbortSignal }): AsyncIterable<LogLine>;
  /** Where this process can dial a port that something inside listens on (loopback binds included). */
  address(port: number): Promise<{ host: string; port: number }>;
  stats(): Promise<SandboxStats>;
  /** Names of the programs that run inside now, one per process, as the kernel knows them: at most 15 bytes. */
  programs(): Promise<string[]>;
  /** The part of `stats` that costs nothing to ask for: without a look at the disk. Zeros where the host keeps no account (`can.limits` is false). */
  usage(): Promise<SandboxUsage>;

  /** Suspend and resume every process. No-ops where `can.freeze` is false. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

export interface ExecOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** All of it, or as it comes: the program's input ends when the iterable does, and nothing more is asked of that once the program has ended. */
  input?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** The tree is mounted read-only (plan mode) and there is no network. */
  readOnly?: boolean;
  onOutput?: (chunk: string, stream: "stdout" | "stderr") => void;
  /** Output kept in the result; more is dropped from the middle. Default 1 MiB. */
  maxOutputBytes?: number;
  /** Of the result's texts. `latin1`: one character per byte, for output that need not be text. Default `utf8`. */
  encoding?: "utf8" | "latin1";
}
export interface ExecResult {
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  aborted: boolean;
  durationMs: number;
}

export interface PtyOptions {
  cwd?: string;
  env?: Record<string, string>;
  cols?: number;
  rows?: number;
}
export interface Pty {
  readonly pid: number;
  write(data: string): void;
  resize(cols: number, rows: number): void;
  /** Flow control towards the program. */
  pause(): void;
  resume(): void;
  /** Bytes as they come; not aligned to characters. */
  onData(listener: (data: Uint8Array) => void): () => void;
  /** After the last data. */
  onExit(listener: (exit: { exitCode: number | null }) => void): () => void;
  /** Ends the whole process tree. */
  kill(): Promise<void>;
}

export interface LogLine {
  /** Grows by one per line and service. */
  seq: number;
  ts: string;
  stream: "stdout" | "stderr" | "system";
  line: string;
}

export interface SandboxUsage {
  memoryBytes: number;
  cpuSeconds: number;
  pids: number;
}
export interface SandboxStats extends SandboxUsage {
  /** Tree, home folder and volumes. */
  diskBytes: number;
}

/**
 * The working tree. Paths are relative, `/`-separated, already normalised by the caller (no `..`, no leading slash);
 * the driver still refuses anything that leaves the tree through a symlink (`outside_tree`), race-free.
 * Writes appear atomically and belong to the project's uid.
 */
export interface Tree {
  stat(path: string): Promise<Entry | undefined>;
  /** Throws `not_found`, `is_directory`, or `too_large` when the file is larger than `maxBytes`. */
  read(path: string, options?: { maxBytes?: number }): Promise<{ data: Uint8Array; entry: Entry }>;
  /** The file as it comes, from byte `start` to byte `end` (both included). Throws as `read`, before the first byte. The caller reads to the end or destroys it. */
  stream(path: string, options?: { start?: number; end?: number }): Promise<{ data: Readable; entry: Entry }>;
  /** Creates parents. Throws `etag_mismatch` (with the current etag as `details.etag`), `exists`, `is_directory`, `storage_full`. */
  write(
    path: string,
    data: string | Uint8Array,
    options?: { ifMatch?: string; ifNoneMatch?: "*"; mode?: number },
  ): Promise<{ entry: Entry; created: boolean }>;
  /**
   * Takes a file as it comes, outside the tree: nothing shows before `place`. Throws `too_large` as soon as more than `maxBytes` came,
   * and `storage_full`; then nothing is left of it. `isDurable: false` spares the wait for the disk, for what can be made again.
   */
  stage(data: AsyncIterable<Uint8Array>, options?: { maxBytes?: number; mode?: number; isDurable?: boolean }): Promise<StagedFile>;
  mkdir(path: string): Promise<{ entry: Entry; created: boolean }>;
  /** Creates the target's parents. Throws `not_found`, `exists`. */
  rename(from: string, to: string, options?: { overwrite?: boolean }): Promise<void>;
  remove(path: string, options?: { recursive?: boolean; ifMatch?: string }): Promise<void>;
  /** Every file and directory below `under`, sorted by path, without descending into `skip` names. Symlinks are listed as files and never followed. */
  walk(options?: { under?: string; skip?: ReadonlySet<string> }): Promise<Entry[]>;
  /** Changes made by anybody inside or outside, in bursts, until aborted. Nothing is lost in a burst of 500 files. */
  watch(options: { signal: AbortSignal; skip?: ReadonlySet<string> }): AsyncIterable<Change[]>;
  /** What the symbolic link at `path` says; `undefined` when there is none. */
  readLink(path: string): Promise<string | undefined>;
  /** Makes a symbolic link; creates parents. Throws `exists`, and `not_supported` where there are none. Wherever it points, the tree never follows it outside. */
  link(path: string, target: string): Promise<void>;
  /** Copies a host folder into the tree (template sources, imports). Owned by the project's uid; links and devices are left out. */
  copyIn(hostDir: string, to?: string): Promise<void>;
}
/** A file that waits outside the tree. Placed or discarded, once. */
export interface StagedFile {
  readonly size: number;
  /** Appears at `path` in one step; creates parents. Throws `exists` (unless `overwrite`) and `is_directory`; it can then still be placed elsewhere. */
  place(path: string, options?: { overwrite?: boolean }): Promise<{ entry: Entry; created: boolean }>;
  /** Forgets it. Fine after `place`. */
  discard(): Promise<void>;
}
export interface Entry {
  path: string;
  isDirectory: boolean;
  size: number;
  /** Changes whenever the content may have changed; opaque. */
  etag: string;
  mtimeMs: number;
  /** Permission bits, where files have them. */
  mode?: number;
  /** A symbolic link: `read` and `stream` follow it as long as it stays in the tree. */
  isLink?: true;
}
export interface Change {
  path: string;
  op: "add" | "update" | "delete";
  isDirectory: boolean;
  etag?: string;
}
