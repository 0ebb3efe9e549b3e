import { join } from "node:path";
import { connectTo } from "../connect.ts";
import { RuntimeError } from "../errors.ts";
import { killPid, type ProcessIsolation, type LaunchOptions, type SandboxLocation } from "../host/process-isolation.ts";
import { writeWithMode } from "../host/files/modes.ts";
import { descendants } from "../host/processes/pids.ts";
import { tryLimits, type Cgroups, type Group, type Leaf } from "../host/processes/cgroups.ts";
import type { Launch, Launcher } from "./launch.ts";
import type { Network } from "./network.ts";
import { baseEnv, bwrapArgs } from "./profile.ts";

/** Shared by all sandboxes of a driver. */
export interface IsolationContext {
  launcher: Launcher;
  cgroups: Cgroups;
  network: Network | undefined;
  /** The address of a sandbox, which may be opened later. */
  addressOf(id: string): string;
  /** Whether programs run under the slot's uid (as root) or ours. */
  hasOwnUid: boolean;
  /** Read-only files every sandbox sees, and variables every program gets. */
  binds: readonly { from: string; to: string }[];
  env: Readonly<Record<string, string>>;
}

/** Without a control group. The supervisor, if its program has started, lives on to store the exit status. */
function killProgram(supervisor: number) {
  const members = descendants(supervisor);
  if (members.length === 0) killPid(-supervisor);
  else members.forEach(killPid);
}

/** Namespaces, a control group and a network for one sandbox, created with the first program. */
export function createSandboxIsolation(
  first: SandboxLocation,
  { launcher, cgroups, network, addressOf, hasOwnUid, binds, env }: IsolationContext,
): ProcessIsolation {
  let location = first;
  const { dir, slot } = location;
  const owner = hasOwnUid ? { uid: slot.uid, gid: slot.uid } : undefined;
  const hosts = join(dir, "hosts");
  const hasGroups = cgroups.kind !== "none";
  /** Without root, an earlier server may have had its groups elsewhere. */
  const isGrouped = hasGroups && hasOwnUid;
  const groupName = slot.number.toString(36);
  let known: Group | undefined = cgroups.names().includes(groupName) ? cgroups.group(groupName) : undefined;
  let entry: Promise<string[]> | undefined;
  let count = 0;
  const addressOfPort = (port: number) => ({ host: network ? slot.ip : "127.0.0.1", port });
  writeHosts();
  enterForPeers();

  function writeHosts() {
    const names = ["localhost", location.spec.id, ...(location.spec.hostnames ?? [])];
    writeWithMode(hosts, `127.0.0.1 ${[...new Set(names)].join(" ")}\n`, 0o644);
  }
  function group(): Group {
    known ??= cgroups.group(groupName);
    return known;
  }
  let hasLimits = false;
  function newLeaf(name: string): Leaf {
    if (!hasLimits) group().setLimits(location.limits);
    hasLimits = true;
    return group().leaf(name);
  }
  /** The sandbox's network, entered by every program that starts. */
  function enterNetwork(): Promise<string[]> {
    const { offline = false, peers = [] } = location.spec;
    // The network may have ended since.
    if (network && !network.isOpen()) entry = undefined;
    entry ??= (network?.ensure(slot, { offline, peers: peers.map(addressOf) }) ?? Promise.resolve([])).catch((error: unknown) => {
      entry = undefined;
      throw new RuntimeError("unavailable", "the sandbox's network cannot be set up", { cause: error });
    });
    return entry;
  }

  /** Programs that an earlier process started keep their peers. The next program reports a failure. */
  function enterForPeers() {
    if (location.spec.peers) enterNetwork().catch(() => {});
  }

  async function launchOf(
    argv: readonly string[],
    leaf: Leaf,
    launch: LaunchOptions,
    kind: "command" | "terminal" | "service",
  ): Promise<Launch> {
    return {
      argv,
      bwrapArgs: bwrapArgs({
        hostname: location.spec.id.slice(0, 63),
        tree: join(dir, "files"),
        home: join(dir, "home"),
        binds: [...binds, { from: hosts, to: "/etc/hosts" }, ...(launch.binds ?? [])],
        cwd: launch.cwd,
        env: { ...baseEnv, ...env, ...launch.env },
        isReadOnly: launch.isReadOnly ?? false,
        hasTerminal: kind === "terminal",
        network: launch.isReadOnly || (!network && location.spec.offline) ? "none" : "shared",
      }),
      uid: owner?.uid,
      entry: launch.isReadOnly ? [] : await enterNetwork(),
      joinFiles: leaf.joinFiles,
      maxFileBytes: location.limits.diskBytes,
      diesWithUs: kind !== "service",
    };
  }

  return {
    inside: "/app",
    owner,
    async command(argv, options) {
      const leaf = newLeaf(`x-${process.pid}-${++count}`);
      const launch = await launchOf(argv, leaf, options, "command");
      let pid: number | undefined;
      let hasStarted = () => false;
      return {
        start(stdio) {
          const started = launcher.start(launch, stdio);
          const { child } = started;
          hasStarted = started.hasStarted;
          pid = child.pid;
          child.once("exit", () => (pid = undefined));
          return child;
        },
        async kill() {
          // Without control groups the pid namespace ends with the process that created it.
          if (hasGroups) await leaf.kill();
          else if (pid !== undefined) killPid(pid);
        },
        hasStarted: () => hasStarted(),
        dispose: () => leaf.remove(),
      };
    },
    async terminal(argv, options) {
      const leaf = newLeaf(`t-${process.pid}-${++count}`);
      return {
        ...launcher.forTerminal(await launchOf(argv, leaf, options, "terminal")),
        cwd: "/",
        async kill(pid) {
          if (hasGroups) await leaf.kill();
          else killPid(pid);
        },
        dispose: () => leaf.remove(),
      };
    },
    service(name) {
      const leafName = `s-${name}`;
      const leaf = () => (known ? known.leaf(leafName) : undefined);
      return {
        start: async (argv, options, stateDir, stdio) =>
          launcher.supervise(await launchOf(argv, newLeaf(leafName), options, "service"), stateDir, stdio),
        pids(supervisor) {
          const members = leaf()?.pids() ?? [];
          return members.length > 0 || isGrouped || supervisor === undefined ? members : descendants(supervisor);
        },
        async kill(supervisor) {
          const members = leaf()?.pids() ?? [];
          await leaf()?.kill();
          if (members.length === 0 && !isGrouped && supervisor !== undefined) killProgram(supervisor);
        },
      };
    },
    // Without control groups processes cannot be attributed to a sandbox.
    pids: () => (hasGroups ? (known?.leaves() ?? []).flatMap((name) => known?.leaf(name).pids() ?? []) : descendants(process.pid)),
    address: addressOfPort,
    connect: (port, options) => (network?.connect ?? connectTo)(addressOfPort(port), options),
    usage: () => known?.usage() ?? { memoryBytes: 0, cpuSeconds: 0, pids: 0 },
    oomKills: () => known?.oomKills() ?? 0,
    freeze: () => known?.freeze(),
    thaw: () => known?.thaw(),
    isFrozen: () => known?.isFrozen() ?? false,
    update(next) {
      location = next;
      writeHosts();
      // Lowering below current use may be rejected; it applies at the next start.
      if (hasLimits) hasLimits = tryLimits(group(), location.limits);
      entry = undefined;
      enterForPeers();
    },
    async killLeftovers() {
      for (const name of known?.leaves() ?? []) {
        if (name.startsWith("s-")) continue;
        await known?.leaf(name).kill();
        known?.leaf(name).remove();
      }
    },
    async remove() {
      await known?.remove();
      known = undefined;
      hasLimits = false;
      await network?.remove(slot);
      entry = undefined;
    },
  };
}
