import { spawn, type ChildProcess } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  RuntimeError,
  type Entry,
  type LogLine,
  type RuntimeDriver,
  type Sandbox,
  type SandboxSpec,
  type ServiceState,
  type Tree,
} from "@tesslate/runtime";

/**
 * Plain processes in a folder, for tests of what stands above the seam: real programs, real ports, no isolation, nothing kept over a restart.
 * What the real drivers promise is tested by their own conformance suite.
 */
export async function scratchRuntime(root: string, options: { onPrepare?: () => Promise<void> } = {}): Promise<RuntimeDriver> {
  const sandboxes = new Map<string, ReturnType<typeof createSandbox>>();
  const images = new Map<string, string>();
  await mkdir(root, { recursive: true });
  const dirOf = (id: string) => join(root, id);
  return {
    name: "memory",
    isolation: "none",
    warnings: [],
    can: { pty: false, freeze: true, limits: false, privateNetwork: false },
    prepare: async (image, { onLog } = {}) => {
      onLog?.(`copying ${image.name}`);
      await options.onPrepare?.();
      const dir = images.get(image.name) ?? (await mkdtemp(join(root, "image-")));
      images.set(image.name, dir);
      await cp(image.sourceDir, dir, { recursive: true });
      return dir;
    },
    open: async (spec: SandboxSpec) => {
      const known = sandboxes.get(spec.id);
      if (known) return known;
      const dir = dirOf(spec.id);
      const isThere = await stat(dir).then(
        () => true,
        () => false,
      );
      if (!isThere) {
        await mkdir(dir);
        if (spec.image) await cp(spec.image, dir, { recursive: true });
      }
      const sandbox = createSandbox(spec.id, dir);
      sandboxes.set(spec.id, sandbox);
      return sandbox;
    },
    find: async (id) => sandboxes.get(id),
    list: async () => {
      const onDisk = (await readdir(root)).filter((name) => !name.startsWith("image-"));
      return onDisk.map((id) => ({
        id,
        services: (sandboxes.get(id)?.services() ?? []).map(({ name, status }) => ({ name, state: status })),
      }));
    },
    remove: async (id) => {
      await sandboxes.get(id)?.stop();
      sandboxes.delete(id);
      await rm(dirOf(id), { recursive: true, force: true });
    },
    // Nothing is left running: the next start finds stopped services.
    close: async () => {
      for (const sandbox of sandboxes.values()) await sandbox.stop();
    },
  };
}

interface Running {
  child: ChildProcess;
  state: ServiceState;
  lines: LogLine[];
  changed: Set<() => void>;
}

function createSandbox(id: string, dir: string): Sandbox {
  const running = new Map<string, Running>();
  const listeners = new Set<(state: ServiceState) => void>();
  const refuse = async (): Promise<never> => {
    throw new RuntimeError("not_supported", "Not part of the scratch runtime.");
  };
  const set = (service: Running, change: Partial<ServiceState>) => {
    service.state = { ...service.state, ...change };
    for (const listener of listeners) listener(service.state);
    for (const changed of service.changed) changed();
  };
  const watchPort = async (service: Running, wanted: number) => {
    while (service.state.status === "starting") {
      const port = await listeningPort(service.child.pid ?? 0, wanted);
      if (port !== undefined && service.state.status === "starting") set(service, { status: "running", port });
      await sleep(20);
    }
  };
  const sandbox: Sandbox = {
    id,
    files: createTree(dir),
    start: async (spec) => {
      const known = running.get(spec.name);
      if (known && ["starting", "running", "frozen"].includes(known.state.status)) return known.state;
      const [command = "", ...args] = spec.command;
      const child = spawn(command, args, {
        cwd: join(dir, spec.cwd),
        env: { PATH: `${process.execPath.replace(/\/node$/, "")}:/usr/bin:/bin`, ...spec.env },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const service: Running = {
        child,
        state: { name: spec.name, status: "starting", startedAt: Date.now(), ...(child.pid !== undefined && { pid: child.pid }) },
        lines: known?.lines ?? [],
        changed: known?.changed ?? new Set(),
      };
      running.set(spec.name, service);
      for (const stream of ["stdout", "stderr"] as const)
        child[stream]?.setEncoding("utf8").on("data", (text: string) => {
          for (const line of text.split("\n").filter(Boolean))
            service.lines.push({ seq: service.lines.length + 1, ts: new Date().toISOString(), stream, line });
          for (const changed of service.changed) changed();
        });
      child.once("error", () => set(service, { status: "failed", exitCode: 127 }));
      child.once("close", (exitCode, exitSignal) => {
        if (service.state.status === "stopped") return;
        set(service, { status: "failed", exitCode, exitSignal, lastLines: service.lines.slice(-20).map((l) => l.line) });
      });
      set(service, {});
      void watchPort(service, spec.port);
      return service.state;
    },
    ready: async (name, { timeoutMs = 10_000, signal } = {}) => {
      const service = running.get(name);
      if (!service) throw new RuntimeError("not_running", `${name} is not running.`);
      const until = Date.now() + timeoutMs;
      for (;;) {
        const { status, lastLines } = service.state;
        if (status === "running" || status === "frozen") return service.state;
        if (status === "failed") throw new RuntimeError("service_failed", `${name} ended: ${(lastLines ?? []).join("\n")}`);
        if (signal?.aborted || status === "stopped") throw new RuntimeError("aborted", "Aborted.");
        if (Date.now() > until) throw new RuntimeError("start_timeout", "Nothing listened in time.");
        await sleep(20);
      }
    },
    stop: async (name) => {
      for (const [key, service] of running) {
        if ((name !== undefined && key !== name) || service.child.exitCode !== null || service.child.signalCode !== null) continue;
        const ended = new Promise((resolve) => service.child.once("close", resolve));
        set(service, { status: "stopped", port: undefined });
        signalGroup(service.child, "SIGKILL");
        await ended;
      }
    },
    services: () => [...running.values()].map((s) => s.state),
    onState: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exec: refuse,
    pty: refuse,
    async *logs(name, { tail = 100, follow = false, signal } = {}) {
      const service = running.get(name);
      if (!service) return;
      let at = Math.max(0, service.lines.length - tail);
      for (;;) {
        const line = service.lines[at];
        if (line) {
          at++;
          yield line;
          continue;
        }
        if (!follow || signal?.aborted) return;
        await new Promise<void>((resolve) => {
          const done = () => {
            service.changed.delete(done);
            resolve();
          };
          service.changed.add(done);
          signal?.addEventListener("abort", done, { once: true });
        });
      }
    },
    address: async (port) => ({ host: "127.0.0.1", port }),
    stats: refuse,
    freeze: async () => {
      for (const service of running.values())
        if (service.state.status === "running") {
          signalGroup(service.child, "SIGSTOP");
          set(service, { status: "frozen" });
        }
    },
    thaw: async () => {
      for (const service of running.values())
        if (service.state.status === "frozen") {
          signalGroup(service.child, "SIGCONT");
          set(service, { status: "running" });
        }
    },
  };
  return sandbox;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // Gone already.
  }
}

/** The port the process listens on: the wanted one when it accepts, else any that /proc knows of. */
async function listeningPort(pid: number, wanted: number): Promise<number | undefined> {
  const inodes = new Set<string>();
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const link = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    if (inode) inodes.add(inode);
  }
  for (const table of ["tcp", "tcp6"])
    for (const row of (await readFile(`/proc/net/${table}`, "utf8").catch(() => "")).split("\n").slice(1)) {
      const cells = row.trim().split(/\s+/);
      if (cells[3] === "0A" && inodes.has(cells[9] ?? "")) return Number.parseInt(cells[1]?.split(":")[1] ?? "", 16);
    }
  const isOpen = await new Promise<boolean>((resolve) => {
    const socket = connect(wanted, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
  return isOpen && inodes.size > 0 ? wanted : undefined;
}

function createTree(dir: string): Tree {
  const refuse = async (): Promise<never> => {
    throw new RuntimeError("not_supported", "Not part of the scratch runtime.");
  };
  const entry = async (path: string): Promise<Entry | undefined> => {
    const s = await stat(join(dir, path)).catch(() => undefined);
    return s && { path, isDirectory: s.isDirectory(), size: s.size, etag: String(s.mtimeMs), mtimeMs: s.mtimeMs };
  };
  return {
    stat: entry,
    read: async (path) => ({ data: await readFile(join(dir, path)), entry: (await entry(path)) as Entry }),
    write: async (path, data) => {
      const created = (await entry(path)) === undefined;
      await mkdir(join(dir, path, ".."), { recursive: true });
      await writeFile(join(dir, path), data);
      return { entry: (await entry(path)) as Entry, created };
    },
    mkdir: async (path) => {
      const created = (await entry(path)) === undefined;
      await mkdir(join(dir, path), { recursive: true });
      return { entry: (await entry(path)) as Entry, created };
    },
    rename: refuse,
    remove: refuse,
    walk: async ({ under = "" } = {}) => {
      const found = (await readdir(join(dir, under), { recursive: true })).map((p) => join(under, p));
      return (await Promise.all(found.map(entry))).filter((e) => e !== undefined);
    },
    async *watch() {},
    copyIn: async (hostDir, to = ".") => cp(hostDir, join(dir, to), { recursive: true }),
  };
}
