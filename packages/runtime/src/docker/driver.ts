import { existsSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { findCgroups } from "../host/processes/cgroups.ts";
import { createHostDriver } from "../host/driver.ts";
import { probeId } from "../host/deleted-sandboxes.ts";
import { accounts, findResolvers, writeEtc, readIfThere } from "../host/files/etc.ts";
import { refreshOutboundRules } from "../host/network/outbound-rules.ts";
import { isInContainer } from "../host/container.ts";
import { reachFolders, readHostSettings } from "../host/host-settings.ts";
import { makeFolder } from "../host/files/modes.ts";
import { openSandbox } from "../host/sandbox.ts";
import { openState, type State } from "../host/state.ts";
import { locateProgram, reachPrograms } from "../host/processes/programs.ts";
import { findTools, toolBinds, type ToolPaths } from "../host/images/tools.ts";
import type { Bind } from "../host/process-isolation.ts";
import { silentLog, type RuntimeLog } from "../log.ts";
import type { MachineFacts } from "../machine-facts.ts";
import { sweepDeleted } from "../host/leftovers.ts";
import type { RuntimeDriver } from "../types.ts";
import { findBaseImage } from "./base-image.ts";
import { removeEmptyGroups } from "../host/processes/empty-groups.ts";
import { connectEngine, reasonOf, type Engine, type EngineOptions } from "./engine.ts";
import { ownLabels, removeOrphans } from "./leftovers.ts";
import { containerAdmin, directAdmin, type NetAdmin } from "./net-admin.ts";
import { createMount } from "./mounts.ts";
import { openNetworks } from "./networks.ts";
import { copiesIn, findOwnContainer } from "./own-container.ts";
import { probeEngine } from "./probe.ts";
import { seccompProfile } from "./seccomp-profile.ts";
import { label, type DriverContext } from "./container-config.ts";
import { openDockerBackend } from "./backend.ts";

export interface DockerDriverOptions extends EngineOptions {
  /** All state is stored below it. */
  dataDir: string;
  /** The image that project code runs in. Default: an empty one with the programs of the engine's machine. */
  image?: string | undefined;
  toolchain?: ToolPaths;
  /** Host folders mounted read-only at `/opt/<name>`; only in our own image. */
  programs?: Readonly<Record<string, string>>;
  /** Names whose public addresses sandboxes may not reach. */
  hostnamesBlocked?: string[];
  /** `host`, `host:port`, an address or a range: private addresses that sandboxes may reach. */
  outbound?: { allow: string[] };
  /** Known facts about this machine. */
  machine?: MachineFacts;
  log?: RuntimeLog;
  /** Do not access the engine's processes or the machine's packet filter directly, as when the server is not root. For tests. */
  isIndirect?: boolean;
}

/**
 * Runs sandboxes as containers of a Docker engine on this machine. Throws `unavailable` when no engine responds or it cannot run what
 * projects need; other limitations lower `isolation` and are listed in `warnings`.
 */
export async function createDockerDriver(options: DockerDriverOptions): Promise<RuntimeDriver> {
  if (process.platform !== "linux") throw new RuntimeError("unavailable", "the docker driver needs Linux");
  const engine = await connectEngine(options);
  const state = await openState(options.dataDir, undefined, options.log ?? silentLog);
  let driver: RuntimeDriver | undefined;
  try {
    driver = await start(options, engine, state);
    await probe(driver);
    return driver;
  } catch (error) {
    // A failed start must not affect services of an earlier process.
    await (driver ? driver.close({ leaveRunning: true }) : state.release({ isLeftRunning: true }));
    throw error;
  }
}

async function start(options: DockerDriverOptions, engine: Engine, state: State): Promise<RuntimeDriver> {
  const { docker, isRootless, cgroupDriver } = engine;
  const { key, slots } = state;
  const log = options.log ?? silentLog;
  const isRoot = process.getuid?.() === 0;
  const warnings: string[] = [];
  const labels = ownLabels(key, state.dir);
  const home = join(state.dir, "docker");
  makeFolder(home, 0o711);

  await removeOrphans(docker, key, (id) => existsSync(join(state.dir, "sandboxes", id, "files")) || id.startsWith("build-"), log);
  const container = isInContainer() ? await findOwnContainer(docker) : undefined;
  const mount = createMount(container);
  const base = await findBaseImage(docker, options.image, { dir: home, own: container });
  const hasOwnUid = isRoot && !isRootless;
  const probeSlot = slots.allocate(probeId);
  const user = isRootless
    ? { uid: 0, gid: 0 }
    : hasOwnUid
      ? { uid: probeSlot.uid, gid: probeSlot.uid }
      : { uid: process.getuid?.() ?? 1000, gid: process.getgid?.() ?? 1000 };
  const seen = await probeEngine({ docker, base, mount, labels, dir: home, user });
  const isDirect = seen.isDirect && !options.isIndirect && !container;
  if (!hasOwnUid) warnings.push("All projects share one user id: the server does not run as root.");

  if (isDirect) await sweepDeleted(log);
  const settings = readHostSettings({ env: process.env, home: homedir(), read: readIfThere });
  warnings.push(...settings.warnings);
  const resolvers = findResolvers();
  const admin = await findAdmin();
  const networks = await openNetworks({ docker, key, labels, admin, isDirect, ranges: slots.ranges, resolvers });
  const outboundRules = refreshOutboundRules(
    networks,
    { targets: settings.targets, allow: options.outbound?.allow ?? [], blocked: options.hostnamesBlocked ?? [] },
    log,
  );
  await outboundRules.refresh();

  /** Tries to create an empty table. */
  async function findAdmin(): Promise<NetAdmin | undefined> {
    const image = base.programs === "image" ? await findBaseImage(docker, undefined, { dir: home, own: container }) : base;
    const found = isDirect ? directAdmin : containerAdmin({ docker, base: image, mount, labels });
    try {
      await found.host(`add table inet tesslate_${key}\n`);
      return found;
    } catch (error) {
      warnings.push(
        `Projects can reach services of this machine and its networks, and previews only work for servers that listen on all addresses: no packet filter can be set (${reasonOf(error)}).`,
      );
      return undefined;
    }
  }

  // Services that keep running still need the filter and networks.
  const isAnythingLeft = (await docker.listContainers({ filters: { label: [`${label.key}=${key}`] } })).length > 0;
  if (!isAnythingLeft) for (const name of readdirSync(home)) rmSync(join(home, name), { recursive: true, force: true });
  const runDir = join(home, `laid-${process.pid}-${Date.now().toString(36)}`);
  const reach = container
    ? copiesIn(join(state.dir, "docker-programs"), container, { mayRemove: !isAnythingLeft })
    : async (folder: string) => folder;
  const tools = await findTools(reach, options.toolchain, options.machine?.programs);
  const etc = join(runDir, "etc");
  const own = [
    ...accounts(user.uid),
    { to: "/etc/hostname", content: "" },
    { to: "/etc/resolv.conf", content: resolvers.map((ip) => `nameserver ${ip}\n`).join("") },
    ...settings.files,
  ];
  makeFolder(runDir, 0o711);
  await writeEtc(etc, own);
  const readOnly = (binds: readonly { from: string; to: string }[]): Bind[] => binds.map((each) => ({ ...each, isWritable: false }));
  const generated = ["/etc/resolv.conf", ...new Set(settings.files.map(({ to }) => to))].map((to) => ({
    from: join(etc, to.slice("/etc/".length)),
    to,
  }));
  const folders = await reachFolders(settings.folders, reach);

  const wanted = isDirect && cgroupDriver === "cgroupfs";
  const { cgroups } = findCgroups(`tesslate-${key}`, wanted ? "/sys/fs/cgroup" : "/nonexistent");
  if (cgroups.kind === "none") log.info({}, "limits apply to each container; the containers of a project are not limited together");
  const hasServerPrograms = base.programs !== "image";
  const programs = await reachPrograms(hasServerPrograms ? (options.programs ?? {}) : {}, reach);
  const context: DriverContext = {
    docker,
    key,
    labels,
    base,
    mount,
    networks,
    admin,
    seccomp: seccompProfile(),
    cgroups,
    isDirect,
    hasOwnUid,
    isRootless,
    binds: readOnly([
      ...(base.programs === "host" ? [{ from: "/usr", to: "/usr" }, { from: etc, to: "/etc" }, generated[0]!] : generated),
      ...folders,
      ...toolBinds(tools, join(runDir, "bin")),
    ]),
    env: settings.env,
  };
  const isolation = warnings.length === 0 ? "full" : "no-netns";
  for (const warning of warnings) log.warn({ isolation }, warning);
  const can = { pty: true, freeze: true, limits: true, privateNetwork: admin !== undefined, peers: false, images: true, history: true };
  return createHostDriver({
    name: "docker",
    isolation,
    warnings,
    can,
    dir: state.dir,
    root: state.dir,
    slots,
    // The same programs at the same paths as in the sandbox driver, unless an image brings others.
    versions: hasServerPrograms ? tools.versions : { ...tools.versions, image: base.id },
    async openSandbox(location) {
      const backend = await openDockerBackend(location, context, log);
      const opened = await openSandbox({ location, backend, programs, can, log });
      await backend.adopted();
      return opened;
    },
    // Programs of this machine need its libraries.
    locate: (path) => (hasServerPrograms ? locateProgram(path, programs) : undefined),
    // `removeOrphans` removed its containers.
    endOrphan: (_, slot) => networks.remove(slot),
    log,
    async onClose({ isLeftRunning }) {
      outboundRules.stop();
      if (!isLeftRunning) {
        await networks.close();
        for (const name of cgroups.names()) await cgroups.group(name).remove();
        removeEmptyGroups(`tesslate-${key}`);
        rmSync(home, { recursive: true, force: true });
      }
      await state.release({ isLeftRunning });
    },
  });
}

/** Runs one program in a temporary sandbox to prove that the driver works. */
async function probe(driver: RuntimeDriver): Promise<void> {
  const sandbox = await driver.open({ id: probeId });
  try {
    const { exitCode, stderr } = await sandbox.exec(["node", "--version"], { timeoutMs: 60_000 });
    if (exitCode !== 0)
      throw new RuntimeError("unavailable", `a container cannot run Node here: ${stderr.trim() || `exit code ${exitCode}`}`);
  } finally {
    await driver.remove(probeId);
  }
}
