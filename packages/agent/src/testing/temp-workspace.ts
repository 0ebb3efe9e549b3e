import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Workspace, WorkspaceEntry, WorkspaceExecOptions, WorkspaceExecResult, WorkspaceTerminal } from "../workspace.ts";

class WorkspaceError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface TempWorkspace extends Workspace, AsyncDisposable {
  readonly dir: string;
  put(path: string, text: string): Promise<void>;
  get(path: string): Promise<string>;
  /** Every file's path and text, to compare before and after. */
  snapshot(): Promise<Record<string, string>>;
}

/** A real folder with real processes; read-only commands run in a bubblewrap with the folder bound read-only. For tests of this package only. */
export async function tempWorkspace(files: Record<string, string> = {}): Promise<TempWorkspace> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "agent-ws-")));
  const children = new Set<() => void>();
  const host = async (path: string): Promise<string> => {
    const full = join(dir, path);
    let existing = full;
    for (;;) {
      const real = await realpath(existing).catch(() => undefined);
      if (real !== undefined) {
        if (real !== dir && !real.startsWith(`${dir}/`)) throw new WorkspaceError("outside_tree", `${path} leaves the project.`);
        return full;
      }
      existing = dirname(existing);
    }
  };
  const entryOf = async (path: string): Promise<WorkspaceEntry | undefined> => {
    const full = await host(path);
    const info = await stat(full).catch(() => undefined);
    if (!info) return undefined;
    const etag = info.isDirectory()
      ? "dir"
      : createHash("sha1")
          .update(await readFile(full))
          .digest("hex");
    return { path, isDirectory: info.isDirectory(), size: info.size, etag, mtimeMs: info.mtimeMs };
  };
  const workspace: TempWorkspace = {
    dir,
    files: {
      stat: entryOf,
      async read(path, options) {
        const entry = await entryOf(path);
        if (!entry) throw new WorkspaceError("not_found", `${path} does not exist.`);
        if (entry.isDirectory) throw new WorkspaceError("is_directory", `${path} is a folder.`);
        if (entry.size > (options?.maxBytes ?? Infinity)) throw new WorkspaceError("too_large", `${path} is too large.`);
        return { data: await readFile(await host(path)), entry };
      },
      async write(path, data, options) {
        const before = await entryOf(path);
        if (before?.isDirectory) throw new WorkspaceError("is_directory", `${path} is a folder.`);
        if (options?.ifNoneMatch && before) throw new WorkspaceError("exists", `${path} exists.`);
        if (options?.ifMatch !== undefined && options.ifMatch !== before?.etag) throw new WorkspaceError("etag_mismatch", "changed");
        const full = await host(path);
        await mkdir(dirname(full), { recursive: true });
        await writeFile(full, data);
        return { entry: (await entryOf(path))!, created: !before };
      },
      async rename(from, to, options) {
        if (!(await entryOf(from))) throw new WorkspaceError("not_found", `${from} does not exist.`);
        if (!options?.overwrite && (await entryOf(to))) throw new WorkspaceError("exists", `${to} exists.`);
        await mkdir(dirname(await host(to)), { recursive: true });
        await rename(await host(from), await host(to));
      },
      async remove(path, options) {
        const before = await entryOf(path);
        if (!before) throw new WorkspaceError("not_found", `${path} does not exist.`);
        if (options?.ifMatch !== undefined && options.ifMatch !== before.etag) throw new WorkspaceError("etag_mismatch", "changed");
        await rm(await host(path), { recursive: options?.recursive ?? false });
      },
      async walk(options = {}) {
        const found: WorkspaceEntry[] = [];
        const enter = async (path: string): Promise<void> => {
          for (const name of (await readdir(join(dir, path))).toSorted()) {
            const inner = path === "." ? name : `${path}/${name}`;
            const entry = await entryOf(inner).catch(() => undefined);
            if (!entry) continue;
            found.push(entry);
            if (entry.isDirectory && !options.skip?.has(name)) await enter(inner);
          }
        };
        await enter(options.under ?? ".");
        return found;
      },
    },
    exec: (argv, options = {}) => execIn(dir, argv, options, children),
    async pty(argv, options = {}) {
      return pipeTerminal(dir, argv, options.cwd, children);
    },
    async put(path, text) {
      await workspace.files.write(path, text);
    },
    get: (path) => readFile(join(dir, path), "utf8"),
    async snapshot() {
      const entries = await workspace.files.walk();
      const texts = await Promise.all(
        entries.filter((one) => !one.isDirectory).map(async (one) => [one.path, await workspace.get(one.path)] as const),
      );
      return Object.fromEntries(texts);
    },
    async [Symbol.asyncDispose]() {
      for (const kill of children) kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
  for (const [path, text] of Object.entries(files)) await workspace.put(path, text);
  return workspace;
}

function execIn(dir: string, argv: string[], options: WorkspaceExecOptions, children: Set<() => void>): Promise<WorkspaceExecResult> {
  const cwd = join(dir, options.cwd ?? ".");
  const readOnly = [
    "bwrap",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "--ro-bind",
    dir,
    dir,
    "--unshare-net",
    "--die-with-parent",
    "--chdir",
    cwd,
    "--",
  ];
  const [command = "", ...args] = options.readOnly ? [...readOnly, ...argv] : argv;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(command, args, { cwd, env: { ...process.env, ...options.env }, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    const result: WorkspaceExecResult = {
      exitCode: null,
      signal: null,
      stdout: "",
      stderr: "",
      timedOut: false,
      aborted: false,
      durationMs: 0,
    };
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It no longer exists.
      }
    };
    const abort = (): void => {
      result.aborted = true;
      kill();
    };
    const timer = setTimeout(() => {
      result.timedOut = true;
      kill();
    }, options.timeoutMs ?? 60_000);
    children.add(kill);
    options.signal?.addEventListener("abort", abort);
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (chunk: string) => {
        result[stream] += chunk;
        options.onOutput?.(chunk, stream);
      });
    }
    // The program may end without reading its input.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input);
    child.on("error", reject);
    child.on("close", (exitCode, signal) => {
      clearTimeout(timer);
      children.delete(kill);
      options.signal?.removeEventListener("abort", abort);
      resolve({ ...result, exitCode, signal, durationMs: performance.now() - started });
    });
    if (options.signal?.aborted) abort();
  });
}

/** Pipes in place of a terminal: enough for sh, which echoes nothing then. */
function pipeTerminal(dir: string, argv: string[], cwd: string | undefined, children: Set<() => void>): WorkspaceTerminal {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { cwd: join(dir, cwd ?? "."), detached: true, stdio: "pipe" });
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It no longer exists.
    }
  };
  children.add(kill);
  const closed = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
  return {
    write: (data) => void child.stdin.write(data),
    onData(listener) {
      child.stdout.on("data", listener);
      child.stderr.on("data", listener);
      return () => {
        child.stdout.off("data", listener);
        child.stderr.off("data", listener);
      };
    },
    onExit(listener) {
      void closed.then((exitCode) => listener({ exitCode }));
      return () => undefined;
    },
    async kill() {
      kill();
      await closed;
      children.delete(kill);
    },
  };
}
