import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { runCommand } from "../exec.ts";
import type { Fifos } from "../fifos.ts";
import type { RuntimeLog } from "../log.ts";
import { openService, type Service } from "../service.ts";
import { openTerminal } from "../terminal.ts";
import { ownBytes } from "../tree/entry.ts";
import { partsOf } from "../tree/pin.ts";
import { createHostTree } from "../tree/tree.ts";
import type { Limits, Sandbox, SandboxSpec, ServiceState, Tree } from "../types.ts";
import type { Cgroups, Group, Leaf } from "./cgroups.ts";
import type { Launch, Launcher } from "./launch.ts";
import type { Network } from "./network.ts";
import { baseEnv, bwrapArgs } from "./profile.ts";
import type { Slot } from "./slots.ts";

/** What all sandboxes of a driver share. */
export interface Shared {
  launcher: Launcher;
  cgroups: Cgroups;
  network: Network | undefined;
  fifos: Fifos;
  /** Private scratch of this process. */
  runDir: string;
  /** Whether programs run under the slot's uid (we are root) or ours. */
  hasOwnUid: boolean;
  /** Read-only files every sandbox sees, and variables every program gets. */
  binds: readonly { from: string; to: string }[];
  env: Readonly<Record<string, string>>;
  log: RuntimeLog;
}

export interface Place {
  /** `files`, `home`, `tmp`, `services`, `hosts`. */
  dir: string;
  slot: Slot;
  spec: SandboxSpec;
  limits: Limits;
}

export const defaultLimits: Limits = { memoryBytes: 1 << 30, cpus: 2, pids: 512, diskBytes: 2 * (1 << 30) };

/** A sandbox as the driver sees it: what others get, and how to end it. */
export interface OpenSandbox {
  sandbox: Sandbox;
  /** New names, limits or network for what is started from now on. */
  update(place: Place): void;
  /** Ends commands and terminals; services too unless they are left running. */
  close(options: { leaveRunning: boolean }): Promise<void>;
}

export function openSandbox(first: Place, shared: Shared): OpenSandbox {
  let place = first;
  const { dir, slot } = place;
  const { id } = place.spec;
  const owner = shared.hasOwnUid ? { uid: slot.uid, gid: slot.uid } : undefined;
  const paths = {
    files: join(dir, "files"),
    home: join(dir, "home"),
    tmp: join(dir, "tmp"),
    services: join(dir, "services"),
    hosts: join(dir, "hosts"),
  };
  const services = new Map<string, Service>();
  const running = new Map<string, () => Promise<void>>();
  const listeners = new Set<(state: ServiceState) => void>();
  let group: Group | undefined;
  let netns: Promise<string | undefined> | undefined;
  let count = 0;
  let isFull = false;
  let diskBytes = 0;

  const files: Tree = createHostTree({
    host: paths.files,
    tmp: paths.tmp,
    inside: "/app",
    owner,
    checkSpace() {
      if (isFull) throw new RuntimeError("storage_full", `the project uses its ${mib(place.limits.diskBytes)} of disk`);
    },
  });
  writeHosts();

  function writeHosts() {
    const names = ["localhost", id, ...(place.spec.hostnames ?? [])];
    writeFileSync(paths.hosts, `127.0.0.1 ${names.join(" ")}\n`, { mode: 0o644 });
  }
  function groupOf(): Group {
    if (!group) {
      group = shared.cgroups.group(slot.number.toString(36));
      group.setLimits(place.limits);
    }
    return group;
  }
  const leafOf = (name: string): Leaf => groupOf().leaf(name);
  const isFrozen = () => group?.isFrozen() ?? false;

  /** The sandbox's own network, entered anew by everything that starts. */
  async function enterNetwork(): Promise<string | undefined> {
    netns ??= (shared.network?.ensure(slot, { offline: place.spec.offline ?? false }) ?? Promise.resolve(undefined)).catch(
      (error: unknown) => {
        netns = undefined;
        throw new RuntimeError("unavailable", "the sandbox's network cannot be set up", { cause: error });
      },
    );
    return netns;
  }

  async function prepare(
    argv: readonly string[],
    leaf: Leaf,
    how: { cwd?: string; env?: Record<string, string>; isReadOnly?: boolean; hasTerminal?: boolean; diesWithUs: boolean },
  ): Promise<Launch> {
    if (argv.length === 0) throw new RuntimeError("not_supported", "an empty command cannot be run");
    const cwd = partsOf(how.cwd ?? ".").join("/");
    if (cwd !== "") {
      const entry = await files.stat(cwd);
      if (!entry) throw new RuntimeError("not_found", `${cwd} does not exist`);
    }
    const netns = how.isReadOnly ? undefined : await enterNetwork();
    if (isFrozen()) await sandbox.thaw();
    return {
      argv,
      bwrapArgs: bwrapArgs({
        hostname: id.slice(0, 63),
        tree: paths.files,
        home: paths.home,
        binds: [...shared.binds, { from: paths.hosts, to: "/etc/hosts" }],
        cwd,
        env: { ...baseEnv, ...shared.env, ...how.env },
        isReadOnly: how.isReadOnly ?? false,
        hasTerminal: how.hasTerminal ?? false,
        network: how.isReadOnly || (!shared.network && place.spec.offline) ? "none" : "shared",
      }),
      uid: owner?.uid,
      netns,
      joinFiles: leaf.joinFiles,
      maxFileBytes: place.limits.diskBytes,
      diesWithUs: how.diesWithUs,
    };
  }

  function openOne(name: string): Service {
    const known = services.get(name);
    if (known) return known;
    const leaf = () => leafOf(`s-${name}`);
    const service = openService(name, {
      dir: join(paths.services, name),
      owner,
      async launch(spec, stdio) {
        const launch = await prepare(spec.command, leaf(), { cwd: spec.cwd, env: spec.env, diesWithUs: false });
        return shared.launcher.supervise(launch, join(paths.services, name), stdio);
      },
      ...(shared.cgroups.kind !== "none" && { pids: () => leaf().pids() }),
      async kill(supervisor) {
        // Without control groups the pid namespace does it: it ends with the process that made it.
        if (shared.cgroups.kind === "none" && supervisor !== undefined) killGroup(supervisor);
        else await leaf().kill();
      },
      oomKills: () => groupOf().oomKills(),
      address,
      isFrozen,
      thaw: () => sandbox.thaw(),
      onChange: (state) => listeners.forEach((listener) => listener(state)),
    });
    services.set(name, service);
    return service;
  }

  function address(port: number) {
    return { host: shared.network ? slot.ip : "127.0.0.1", port };
  }

  function requireService(name: string): Service {
    const service = services.get(name);
    if (!service) throw new RuntimeError("not_found", `there is no service ${name}`);
    return service;
  }

  const sandbox: Sandbox = {
    id,
    files,
    async start(spec) {
      if (!/^[a-z0-9-]{1,63}$/.test(spec.name)) throw new RuntimeError("not_supported", `${spec.name} is not a name for a service`);
      return openOne(spec.name).start(spec);
    },
    async ready(name, options = {}) {
      return requireService(name).ready(options);
    },
    async stop(name) {
      const stopped = name === undefined ? [...services.values()] : [services.get(name)].filter((s) => s !== undefined);
      await Promise.all(stopped.map((service) => service.stop()));
    },
    services: () => [...services.values()].map((service) => service.state()),
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async exec(argv, options = {}) {
      const name = `x-${process.pid}-${++count}`;
      const leaf = leafOf(name);
      try {
        const launch = await prepare(argv, leaf, { cwd: options.cwd, env: options.env, isReadOnly: options.readOnly, diesWithUs: true });
        let pid: number | undefined;
        const kill = async () => {
          if (shared.cgroups.kind === "none" && pid !== undefined) killOne(pid);
          else await leaf.kill();
        };
        running.set(name, kill);
        const result = await runCommand(
          {
            start(stdio) {
              const child = shared.launcher.start(launch, stdio);
              pid = child.pid;
              child.once("exit", () => (pid = undefined));
              return child;
            },
            kill,
            fifos: shared.fifos,
            tmpDir: shared.runDir,
          },
          options,
        );
        if (result.exitCode === 125 || (result.exitCode === 1 && result.stderr.startsWith("bwrap: ")))
          throw new RuntimeError("unavailable", `the sandbox could not be entered: ${result.stderr.trim() || "no reason given"}`);
        return result;
      } finally {
        running.delete(name);
        leaf.remove();
      }
    },

    async pty(argv, options = {}) {
      const name = `t-${process.pid}-${++count}`;
      const leaf = leafOf(name);
      const launch = await prepare(argv, leaf, { cwd: options.cwd, env: options.env, hasTerminal: true, diesWithUs: true });
      const pty = await openTerminal(
        {
          ...shared.launcher.forTerminal(launch),
          cwd: "/",
          kill: async () => {
            if (shared.cgroups.kind === "none") killOne(pty.pid);
            else await leaf.kill();
          },
          onEnd() {
            running.delete(name);
            leaf.remove();
          },
        },
        options,
      );
      running.set(name, () => pty.kill());
      return pty;
    },

    async *logs(name, options = {}) {
      yield* requireService(name).log.follow(options);
    },
    address: async (port) => address(port),
    async stats() {
      diskBytes = ownBytes(paths.files, owner?.uid) + ownBytes(paths.home, owner?.uid);
      isFull = diskBytes > place.limits.diskBytes;
      return { ...groupOf().usage(), diskBytes };
    },
    async freeze() {
      if (shared.cgroups.kind === "none" || isFrozen()) return;
      groupOf().freeze();
      for (const service of services.values()) service.refresh();
    },
    async thaw() {
      if (!isFrozen()) return;
      groupOf().thaw();
      for (const service of services.values()) service.refresh();
    },
  };

  // Services that an earlier process left running.
  for (const name of readdirSync(paths.services)) openOne(name);

  return {
    sandbox,
    update(next) {
      place = next;
      writeHosts();
      group?.setLimits(place.limits);
      netns = undefined;
    },
    async close({ leaveRunning }) {
      await Promise.all([...running.values()].map((kill) => kill()));
      if (!leaveRunning) await sandbox.stop();
      for (const service of services.values()) service.leave();
      if (!leaveRunning) await group?.remove();
    },
  };
}

const mib = (bytes: number) => `${Math.round(bytes / (1 << 20))} MiB`;

/** The folders of a new sandbox. */
export function makeSandboxDirs(dir: string, owner: number | undefined, chown: (path: string, uid: number) => void): void {
  for (const [name, mode] of [
    ["files", 0o700],
    ["home", 0o700],
    ["tmp", 0o700],
    ["services", 0o700],
  ] as const) {
    const path = join(dir, name);
    if (!existsSync(path)) mkdirSync(path, { mode, recursive: true });
    if (owner !== undefined && (name === "files" || name === "home")) chown(path, owner);
  }
}

function killOne(pid: number) {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
const killGroup = (leader: number) => killOne(-leader);
