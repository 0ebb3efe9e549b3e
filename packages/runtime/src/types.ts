import type { Duplex, Readable } from "node:stream";
import type { History } from "./history/types.ts";

/**
 * The runtime interface: runs a project's code, without knowledge of users, rows or HTTP. A **sandbox** has one working tree, one
 * unprivileged uid, one network namespace and one set of limits. A **service** is one long-running process inside it (a container of the
 * project). Commands and terminals are processes that end. Opening a sandbox starts nothing: the tree can be read and written while
 * everything is stopped.
 */

export type DriverName = "sandbox" | "docker" | "process" | "kubernetes" | "memory";

/** The isolation between project code and the host. `full` > `no-netns` > `process` > `none`. Shown to users; never downgraded silently. */
export type Isolation = "full" | "no-netns" | "process" | "none";

export interface RuntimeDriver {
  /** `remote`: of a runner that has not been reached yet. */
  readonly name: DriverName | "remote";
  /** `unknown`: of a runner that has not been reached yet. `can` throws `unavailable` then. */
  readonly isolation: Isolation | "unknown";
  /** Why the level is not `full`, one sentence each; empty at `full`. */
  readonly warnings: readonly string[];
  readonly can: {
    readonly pty: boolean;
    readonly freeze: boolean;
    readonly limits: boolean;
    readonly privateNetwork: boolean;
    /** A sandbox may connect to others (`SandboxSpec.peers`). */
    readonly peers: boolean;
    /** A service may name a container image (`ServiceSpec.image`); otherwise it runs `command` from programs of this host. */ readonly images: boolean;
    /** Points in time of trees (`Sandbox.history`). */
    readonly history: boolean;
  };

  /**
   * Builds an image (a template's tree with its dependencies installed) once and caches it by content hash.
   * Concurrent calls for the same content share one build: a caller that joins gets the lines so far. A failed build leaves nothing behind
   * and throws `build_failed` with the last log lines.
   */
  prepare(image: ImageSpec, options?: PrepareOptions): Promise<ImageId>;
  /** The image of this content, when it is prepared. Starts nothing. */
  findImage(image: ImageSpec): Promise<PreparedImage | undefined>;
  /** Every prepared image, including those of other content. */
  listImages(): Promise<PreparedImage[]>;
  /** Deletes an image after copies in progress; sandboxes keep what was copied. Ignores unknown ids. */
  removeImage(id: ImageId): Promise<void>;

  /**
   * Which of these files services can run as programs, by the absolute path that they see: programs of the driver's machine, or its
   * operator's (`/opt/<name>`). Where services run from images, `ServiceSpec.program` may name them. Installations may change at any time.
   */
  findPrograms(paths: readonly string[]): Promise<string[]>;

  /**
   * A TCP port that no program of the driver's machine listens on, for a service where programs share its ports (`can.privateNetwork` is
   * false). Another program can take it before the service does.
   */
  freePort(): Promise<number>;

  /**
   * Idempotent by `spec.id`: creates the tree (from `spec.image` when given and no tree exists), or attaches to the existing one and
   * adopts services that survived a crash of this process.
   */
  open(spec: SandboxSpec): Promise<Sandbox>;
  /** The existing sandbox of that id, opened or not; `undefined` when there is none. */
  find(id: string): Promise<Sandbox | undefined>;
  /**
   * Every sandbox on disk or running, including those that were not opened since the start (used by the reconciler). `isBrief`: without
   * services where these are not known.
   */
  list(options?: { isBrief?: boolean }): Promise<SandboxInfo[]>;
  /**
   * Freezes everything that runs in a sandbox, so that its folders can be copied in one state; what would start, freeze or thaw waits for
   * `resume`. Idempotent for ids that do not exist or do not run.
   */
  pause(id: string): Promise<PausedSandbox>;
  /** Stops everything and deletes the tree, its caches, network and uid; its history stays. Ignores unknown ids. */
  remove(id: string): Promise<void>;
  /** Ids with a history, including deleted sandboxes: a history outlives its sandbox. */
  histories(): Promise<string[]>;
  /** Deletes the history of a deleted sandbox. Ignores unknown ids. */
  removeHistory(id: string): Promise<void>;
  /** The runner that it calls. Absent where it runs sandboxes itself or in pods. */
  runner?(): Promise<RunnerReport>;
  /** Whether that runner is connected now. Absent as `runner` is. */
  isConnected?(): boolean;
  /** Called each time it has been connected. Absent as `runner` is. */
  onConnected?(listener: () => void): void;
  /** Pods with runners, counted, from what is known without asking the cluster. Absent where there are none. */
  pods?(): PodGroup[];
  /** `leaveRunning`: services keep running for the next process to adopt; otherwise everything is stopped. */
  close(options?: { leaveRunning?: boolean }): Promise<void>;
}

/** A runner, as the process that calls it sees it. Times are milliseconds since 1970. */
export interface RunnerReport {
  address: string;
  isConnected: boolean;
  /** Since when it is connected, or not. */
  since: number;
  /** When a connection was last lost or could not be made, and why. */
  lastError?: {
    at: number;
    message: string;
    /** It stays until settings or versions are changed. */
    isPermanent: boolean;
  };
  /** The rest is as of the last connection; absent if there was none. */
  version?: string;
  /** The commit that it runs, where it knows. */
  revision?: string;
  protocol?: { major: number; minor: number };
  driver?: DriverName | "remote";
  /** Absent while it is not connected, or older than this. */
  machine?: RunnerMachine;
}
export interface RunnerMachine {
  startedAt: number;
  /** Its clock minus this process's. */
  clockOffsetMs: number;
  /** Servers that are connected to it. */
  servers: number;
  sandboxes: number;
  /** Sandboxes with a service that runs or starts. */
  awake: number;
  memoryUsedBytes?: number;
  memoryTotalBytes?: number;
  diskFreeBytes?: number;
  diskTotalBytes?: number;
}
export interface PodGroup {
  state: "running" | "starting" | "ending" | "suspended";
  /** The image that they run; undefined where there is no pod. */
  image: string | undefined;
  count: number;
}

export type ImageId = string;

export interface PrepareOptions {
  signal?: AbortSignal;
  onLog?: (line: string) => void;
  /** Nobody waits: other programs go first, until a caller joins that waits. */
  isBackground?: boolean;
  /**
   * A caller waits, and a cold image is enough, which was neither pruned nor warmed up: both are left out, for every caller that joined. A later
   * call without this option makes up for it.
   */
  isColdEnough?: boolean;
  /** Build although it is prepared. The prepared image is used until the new one replaces it. */
  isRebuilt?: boolean;
}

export interface PreparedImage {
  id: ImageId;
  /** `ImageSpec.name`, with `-` for what is not a letter, a digit, `_` or `-`. */
  name: string;
  /** Milliseconds since 1970. */
  preparedAt: number;
  /** Whether it was pruned and warmed up, as far as that belongs to it. */
  isWarm: boolean;
  /** Disk space. Absent in images of older versions. */
  bytes?: number;
}

export interface ImageSpec {
  /** For logs and folder names, e.g. `react-vite`. */
  name: string;
  /** Its id is part of the image id. Read only to build the image. */
  source: FileSource;
  /** argv lists run in order at `/app` inside a sandbox, such as `[["npm","install"]]`. Part of the hash. */
  build: string[][];
  /** One more such list, which deletes what nothing reads. Where a caller waits for a cold image (`isColdEnough`), it is left out as the warm-up. */
  prune?: string[];
  /** A server to start and a path to fetch once after the build, to warm up bundler caches. */
  warm?: { command: string[]; port: number; path: string };
}

export interface Limits {
  memoryBytes: number;
  /** 1 = one core. */
  cpus: number;
  /** Share of the CPU beside other sandboxes that need it, from 1 to 10,000. Default 100. */
  cpuWeight?: number;
  pids: number;
  /** Size limit of the working tree; enforced where the host supports it, otherwise sampled. */
  diskBytes: number;
}

export interface SandboxSpec {
  /** Project id; the sandbox's identity. `[a-z0-9-]{1,64}`. */
  id: string;
  image?: ImageId;
  limits?: Partial<Limits>;
  /** Names that resolve to this sandbox's loopback, such as service keys. */
  hostnames?: string[];
  /** Block all outgoing connections. */
  offline?: boolean;
  /**
   * Ids of sandboxes whose TCP ports this one may connect to, at their `Sandbox.peerAddress`; only where `can.peers`. The peers may not
   * connect back.
   */
  peers?: string[];
  /** Of several servers: calls on it by servers that opened it before are refused from now on. */
  takesOver?: boolean;
}

export interface PausedSandbox {
  /** Nothing of the sandbox runs: false where programs run and the driver cannot freeze (`can.freeze`). */
  isStill: boolean;
  /** Something ran in it. */
  wasRunning: boolean;
  /** Thaws what `pause` froze. Can be called again. */
  resume(): Promise<void>;
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
  /** The port it should listen on. When it listens on another one, `ServiceState.port` reports that. */
  port: number;
  /**
   * A container image, such as `postgres:18`; only where `can.images`. An empty `command` is the image's own; a `cwd` other than "."
   * mounts the tree read-only at `/app`. Without an image it runs with the sandbox's tools and tree.
   */
  image?: string;
  /**
   * How it runs with the sandbox's tools and programs that `findPrograms` finds, where its image is not available. The driver notes that in the
   * service's log.
   */
  program?: { command: string[]; health?: string[] };
  /**
   * Folders outside the tree that outlive the service: `name` is unique in the sandbox (`[a-z0-9-]{1,63}`), `path` absolute as the service
   * sees it. Deleted with the sandbox.
   */
  volumes?: { name: string; path: string }[];
  /**
   * argv that exits 0 inside the service when it is ready: it is `starting` until then. Repeated after the port opened; not after an
   * adoption.
   */
  health?: string[];
  /** Signal and grace before SIGKILL. Default SIGTERM, 5000 ms. */
  stopSignal?: "SIGTERM" | "SIGINT";
  stopGraceMs?: number;
}

export interface ServiceState {
  name: string;
  status: "stopped" | "starting" | "running" | "frozen" | "failed";
  /** Detected listening port; undefined until there is one. */
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

  /** Starts a service and returns at once with `starting`. When it already runs, returns its state and starts nothing. */
  start(spec: ServiceSpec): Promise<ServiceState>;
  /**
   * Resolves when the service accepts connections on a port (its own or another one: see `ServiceState.port`).
   * Rejects `service_failed` (exited; message has the last log lines) or `start_timeout`.
   */
  ready(name: string, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<ServiceState>;
  /** Graceful stop of one service, or of all. Resolves when no process is left, including descendants. Idempotent. */
  stop(name?: string): Promise<void>;
  /** Deletes a volume and its content. Stop the services that mount it first. Ignores unknown names. */
  removeVolume(name: string): Promise<void>;
  /** Every service that was started since the sandbox was created, in its current state. */
  services(): Promise<ServiceState[]>;
  /**
   * Called on every change of any service's state, in their order and not before the function returned. Returns the unsubscribe function.
   */
  onState(listener: (state: ServiceState) => void): () => void;

  /** Runs argv to its end. Output is interleaved; the child's whole process tree is killed on abort or timeout. Never throws for a non-zero exit. */
  exec(argv: string[], options?: ExecOptions): Promise<ExecResult>;
  /** Starts argv on a pseudo terminal. */
  pty(argv: string[], options?: PtyOptions): Promise<Pty>;
  /** On a runner and in a pod: continues a terminal that was started with `keepAs`, with its last output. Throws `not_found` when it has ended. */
  attachPty?(keptAs: string): Promise<Pty>;

  /** The last `tail` lines (default and maximum `keptLogLines`), then live ones until aborted. */
  logs(name: string, options?: { tail?: number; follow?: boolean; signal?: AbortSignal }): AsyncIterable<LogLine>;
  /**
   * Connects to a TCP port inside (loopback listeners included). Rejects `unavailable` when no program accepts it, and `aborted` when
   * `signal` aborts first; a signal has no effect on an open connection. The stream ends as a socket does: `end` half-closes, so that the
   * program's last output can still be read; when the program ends its side, ours ends too; `destroy` closes both at once.
   */
  connect(port: number, options?: { signal?: AbortSignal }): Promise<Duplex>;
  /**
   * Where programs of the sandboxes that have this one as a peer connect to a port of it. Without private networks (`can.privateNetwork`),
   * where every program of its machine does. Nothing has to listen there yet.
   */
  peerAddress(port: number): Promise<{ host: string; port: number }>;
  /**
   * The port for a service that would listen on `port`, for its `PORT` and `ServiceSpec.port`. The same one where every sandbox has ports of
   * its own. Where programs share those of the machine (`can.privateNetwork` is false), one that is kept for this sandbox and `port`: the same one unless something else uses it.
   */
  assignPort(port: number): Promise<number>;
  stats(): Promise<SandboxStats>;
  /** Names of running programs, one per process, as the kernel knows them: at most 15 bytes. */
  programs(): Promise<string[]>;
  /** The cheap part of `stats`, without disk usage. Zeros where the host has no accounting (`can.limits` is false). */
  usage(): Promise<SandboxUsage>;
  /** What each running service uses, also where the host has no accounting. */
  serviceUsage(): Promise<ServicesUsage>;

  /** Suspend and resume every process. No-ops where `can.freeze` is false. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

export interface ExecOptions {
  cwd?: string;
  env?: Record<string, string>;
  /**
   * All at once or streamed: the program's input ends when the iterable ends, and the iterable is not read further once the program has
   * ended.
   */
  input?: string | Uint8Array | AsyncIterable<string | Uint8Array>;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** The tree is mounted read-only (plan mode) and there is no network. */
  readOnly?: boolean;
  /**
   * In the order of the output, as far as the driver knows it; not after `exec` returned. A program's output is held back while a returned
   * promise is pending.
   */
  onOutput?: (chunk: string, stream: "stdout" | "stderr") => unknown;
  /** Output kept in the result; the middle is dropped. Default 1 MiB. */
  maxOutputBytes?: number;
  /** Encoding of the result's texts. `latin1`: one character per byte, for output that may not be text. Default `utf8`. */
  encoding?: "utf8" | "latin1";
}
export interface ExecResult {
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  aborted: boolean;
  /** It was killed, and its sandbox had reached its memory limit. Absent where the host does not tell. */
  outOfMemory?: true;
  durationMs: number;
}

export interface PtyOptions {
  cwd?: string;
  env?: Record<string, string>;
  cols?: number;
  rows?: number;
  /** On a runner and in a pod: the terminal outlives this server for some minutes, and another one can attach to it by this id. */
  keepAs?: string;
}
/** A listener that is added as soon as `pty` returned misses nothing. Writing, resizing and flow control are not acknowledged. */
export interface Pty {
  /** Ignored after the exit. */
  write(data: string): void;
  resize(cols: number, rows: number): void;
  /** Flow control towards the program. */
  pause(): void;
  resume(): void;
  /** Raw bytes; not aligned to characters. */
  onData(listener: (data: Uint8Array) => void): () => void;
  /** After the last data. */
  onExit(listener: (exit: { exitCode: number | null }) => void): () => void;
  /** Ends the whole process tree. */
  kill(): Promise<void>;
  /** Of a kept one: leaves it running for another server. */
  detach?(): Promise<void>;
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
export interface ServicesUsage {
  /** Without services that don't run, or that cannot be measured. */
  services: ({ name: string } & SandboxUsage)[];
  /** Of the whole sandbox. Missing where the host enforces none. */
  limits?: Pick<Limits, "memoryBytes" | "cpus">;
}
export interface SandboxStats extends SandboxUsage {
  /** Tree, home folder and volumes. */
  diskBytes: number;
}

/**
 * The working tree. Paths are relative, `/`-separated and normalized by the caller (no `..`, no leading slash); the driver still rejects
 * anything that leaves the tree through a symlink (`outside_tree`), race-free. Writes are atomic and belong to the project's uid.
 */
export interface Tree {
  stat(path: string): Promise<Entry | undefined>;
  /** Throws `not_found`, `is_directory`, or `too_large` when the file is larger than `maxBytes`. */
  read(path: string, options?: { maxBytes?: number }): Promise<{ data: Uint8Array; entry: Entry }>;
  /**
   * Streams the file, from byte `start` to byte `end` (inclusive). Throws as `read`, before the first byte. The caller reads to the end or
   * destroys it.
   */
  stream(path: string, options?: { start?: number; end?: number }): Promise<{ data: Readable; entry: Entry }>;
  /** Creates parents. Throws `etag_mismatch` (with the current etag as `details.etag`), `exists`, `is_directory`, `storage_full`. */
  write(
    path: string,
    data: string | Uint8Array,
    options?: { ifMatch?: string; ifNoneMatch?: "*"; mode?: number },
  ): Promise<{ entry: Entry; created: boolean }>;
  /**
   * Receives a file outside of the tree: nothing is visible before `place`. Throws `too_large` as soon as more than `maxBytes` arrived,
   * and `storage_full`; then nothing is left. `isDurable: false` skips the disk sync, for content that can be recreated.
   */
  stage(data: AsyncIterable<Uint8Array>, options?: { maxBytes?: number; mode?: number; isDurable?: boolean }): Promise<StagedFile>;
  mkdir(path: string): Promise<{ entry: Entry; created: boolean }>;
  /** Creates the target's parents. Throws `not_found`, `exists`. */
  rename(from: string, to: string, options?: { overwrite?: boolean }): Promise<void>;
  remove(path: string, options?: { recursive?: boolean; ifMatch?: string }): Promise<void>;
  /** Every file and directory below `under`, sorted by path, without descending into `skip` names. Symlinks are listed as files and never followed. */
  walk(options?: { under?: string; skip?: ReadonlySet<string> }): Promise<Entry[]>;
  /** Changes made by anyone inside or outside, in batches, until aborted. Bursts of 500 files are not lost. */
  watch(options: { signal: AbortSignal; skip?: ReadonlySet<string> }): AsyncIterable<Change[]>;
  /** The target of the symbolic link at `path`; `undefined` when there is none. */
  readLink(path: string): Promise<string | undefined>;
  /**
   * Creates a symbolic link and its parents. Throws `exists`, and `not_supported` where there are none. The tree never follows a link
   * outside.
   */
  link(path: string, target: string): Promise<void>;
  /**
   * Copies files into the folder `to` (default: the root), which is created. They belong to the project's uid and replace files of the same
   * path. Throws `exists` (a file where a folder goes), `is_directory`, `not_directory`, `outside_tree` and `storage_full`; what was copied until then stays.
   */
  copyIn(source: FileSource, to?: string): Promise<void>;
}
/** Files from outside of the sandbox, such as a template's. `folderSource` makes one of a folder of this machine. */
export interface FileSource {
  /** Hash of all paths, contents and modes, in hex: a driver that has files of this id need not read them again. */
  id(): Promise<string>;
  /** Files and folders, a folder before what is in it. The content of one is read before the next is asked for, or not at all. */
  files(): AsyncIterable<SourceFile>;
}
/** `path` is relative and `/`-separated. There are no links. */
export type SourceFile =
  | { path: string; isDirectory: true }
  | {
      path: string;
      isDirectory: false;
      /** Permission bits. */
      mode: number;
      size: number;
      data(): AsyncIterable<Uint8Array>;
    };
/** A file staged outside of the tree. Placed or discarded, once. */
export interface StagedFile {
  readonly size: number;
  /**
   * Appears at `path` in one step; creates parents. Throws `exists` (unless `overwrite`) and `is_directory`; it can then still be placed
   * elsewhere.
   */
  place(path: string, options?: { overwrite?: boolean }): Promise<{ entry: Entry; created: boolean }>;
  /** Discards it. Does nothing after `place`. */
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
