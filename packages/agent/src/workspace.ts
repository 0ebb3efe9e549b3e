/**
 * The project's files and processes. A runtime `Sandbox` satisfies this. Paths are relative to the tree's root, `/`-separated,
 * normalised by the tools (no `..`, no leading slash); the workspace itself must refuse symlinks out of the tree.
 *
 * Methods reject with an `Error` whose `code` is one of `not_found`, `exists`, `is_directory`, `not_directory`, `too_large`,
 * `etag_mismatch`, `outside_tree`, `storage_full`, `not_supported`, `unavailable`, `aborted`, and whose `message` may be shown to the project's owner.
 */
export interface Workspace {
  readonly files: WorkspaceFiles;
  /** Runs argv until it exits. A non-zero exit is a result, not a rejection. The whole process tree ends on abort and on timeout. */
  exec(argv: string[], options?: WorkspaceExecOptions): Promise<WorkspaceExecResult>;
  /** Starts argv on a pseudo terminal. */
  pty(argv: string[], options?: { cwd?: string; env?: Record<string, string>; cols?: number; rows?: number }): Promise<WorkspaceTerminal>;
}

export interface WorkspaceFiles {
  stat(path: string): Promise<WorkspaceEntry | undefined>;
  /** Rejects `not_found`, `is_directory`, or `too_large` when the file is larger than `maxBytes`. */
  read(path: string, options?: { maxBytes?: number }): Promise<{ data: Uint8Array; entry: WorkspaceEntry }>;
  /** Atomic; creates parents. With `ifMatch` it rejects `etag_mismatch` when the file has changed. */
  write(
    path: string,
    data: string | Uint8Array,
    options?: { ifMatch?: string; ifNoneMatch?: "*" },
  ): Promise<{ entry: WorkspaceEntry; created: boolean }>;
  /** Creates the target's parents. Rejects `not_found`, and `exists` unless `overwrite`. */
  rename(from: string, to: string, options?: { overwrite?: boolean }): Promise<void>;
  /** With `ifMatch` it rejects `etag_mismatch` when the file has changed. */
  remove(path: string, options?: { recursive?: boolean; ifMatch?: string }): Promise<void>;
  /** Files and directories below `under`, sorted by path. Directories named in `skip` are listed but not entered. */
  walk(options?: { under?: string; skip?: ReadonlySet<string> }): Promise<WorkspaceEntry[]>;
}

export interface WorkspaceEntry {
  path: string;
  isDirectory: boolean;
  size: number;
  etag: string;
  mtimeMs: number;
}

export interface WorkspaceExecOptions {
  /** Relative to the tree's root; default the root. */
  cwd?: string;
  env?: Record<string, string>;
  input?: string | Uint8Array;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Plan mode: the tree cannot be written and there is no network. Enforced by the workspace. */
  readOnly?: boolean;
  onOutput?: (chunk: string, stream: "stdout" | "stderr") => void;
  /** Output kept in the result; the middle is dropped beyond it. */
  maxOutputBytes?: number;
}

export interface WorkspaceExecResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  aborted: boolean;
  /** It was killed, and the project had reached its memory limit. */
  outOfMemory?: true;
  durationMs: number;
}

export interface WorkspaceTerminal {
  write(data: string): void;
  /** Returns the unsubscribe function. */
  onData(listener: (data: Uint8Array) => void): () => void;
  onExit(listener: (exit: { exitCode: number | null }) => void): () => void;
  /** Ends the whole process tree. */
  kill(): Promise<void>;
}
