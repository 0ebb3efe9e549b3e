import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { createHostDriver } from "../host/driver.ts";
import { probeId } from "../host/deleted-sandboxes.ts";
import { hostSandboxes } from "../host/sandbox.ts";
import { locateProgram, reachPrograms } from "../host/processes/programs.ts";
import { openState, type State } from "../host/state.ts";
import { findTools, toolBinds, type ToolPaths } from "../host/images/tools.ts";
import { silentLog, type RuntimeLog } from "../log.ts";
import type { MachineFacts, SandboxFacts } from "../machine-facts.ts";
import { run } from "../run.ts";
import type { Isolation, RuntimeDriver } from "../types.ts";
import { hasCapability, isInContainer, missingFlags } from "../host/container.ts";
import { createSandboxIsolation, type IsolationContext } from "./isolation.ts";
import { isFreePort } from "../free-port.ts";
import { findCgroups } from "../host/processes/cgroups.ts";
import { accounts, findResolvers, writeEtc, readIfThere } from "../host/files/etc.ts";
import { refreshOutboundRules } from "../host/network/outbound-rules.ts";
import { reachFolders, readHostSettings } from "../host/host-settings.ts";
import { createLauncher } from "./launch.ts";
import { endPrograms, sweepDeleted } from "../host/leftovers.ts";
import { openHub } from "./hub.ts";
import { openUserHub } from "./user-hub.ts";
import { openNetwork, type Network } from "./network.ts";
import { insideUid } from "./profile.ts";
import { seccompFilter } from "./seccomp.ts";
import { createNetworkPool } from "./network-pool.ts";

export interface SandboxDriverOptions {
  /** All state is stored below it. */
  dataDir: string;
  toolchain?: ToolPaths;
  /** Names whose public addresses sandboxes may not reach. */
  hostnamesBlocked?: string[];
  /** `host`, `host:port`, an address or a range: private addresses that sandboxes may reach. */
  outbound?: { allow: string[] };
  /** Host folders mounted read-only at `/opt/<name>`. */
  programs?: Readonly<Record<string, string>>;
  /** Known facts about this machine: nothing is tried again. */
  machine?: MachineFacts;
  log?: RuntimeLog;
  /** Parent of mounts that let projects traverse a closed home folder. Default `/run`. */
  mountDir?: string;
}

/**
 * Namespaces, control groups and a system-call filter through bubblewrap; no daemon. Throws `unavailable` when bubblewrap cannot create a
 * sandbox at all; other limitations lower `isolation` and are listed in `warnings`.
 */
export async function createSandboxDriver(options: SandboxDriverOptions): Promise<RuntimeDriver> {
  return (await open(options)).driver;
}

/** Tries the driver on a temporary folder. */
export async function inspectSandboxes({ log }: Pick<SandboxDriverOptions, "log"> = {}): Promise<SandboxFacts> {
  const dataDir = await mkdtemp(join(tmpdir(), "tesslate-machine-"));
  try {
    const { driver, networkReason } = await open({ dataDir, ...(log && { log }) });
    await driver.close();
    return { ...(networkReason !== undefined && { networkReason }) };
  } catch (error) {
    if (error instanceof RuntimeError && error.code === "unavailable") return { reason: error.message };
    throw error;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Opened {
  driver: RuntimeDriver;
  networkReason: string | undefined;
}

async function open(options: SandboxDriverOptions): Promise<Opened> {
  if (process.platform !== "linux") throw new RuntimeError("unavailable", "the sandbox driver needs Linux");
  const arch = process.arch;
  if (arch !== "x64" && arch !== "arm64")
    throw new RuntimeError("unavailable", `the sandbox driver knows no system-call filter for ${arch}`);
  const known = options.machine?.sandbox;
  if (known?.reason !== undefined) throw new RuntimeError("unavailable", known.reason);
  if (!known)
    await run(["bwrap", "--version"]).catch((cause: unknown) => {
      throw new RuntimeError("unavailable", "bubblewrap (bwrap) is not installed", { cause });
    });
  await sweepDeleted(options.log ?? silentLog);
  const state = await openState(options.dataDir, options.mountDir, options.log ?? silentLog);
  let opened: Opened | undefined;
  try {
    opened = await start(options, state, seccompFilter(arch));
    if (!known) await probe(opened.driver);
    return opened;
  } catch (error) {
    // A failed start must not affect services of an earlier process.
    await (opened ? opened.driver.close({ leaveRunning: true }) : state.release({ isLeftRunning: true }));
    throw error;
  }
}

async function start(options: SandboxDriverOptions, state: State, filter: Uint8Array): Promise<Opened> {
  const { key, root, runDir, slots, reach } = state;
  const log = options.log ?? silentLog;
  const isRoot = process.getuid?.() === 0;
  const warnings: string[] = [];
  const seccompFile = join(runDir, "seccomp.bpf");
  writeFileSync(seccompFile, filter, { mode: 0o600 });
  const tools = await findTools(reach, options.toolchain, options.machine?.programs);
  const settings = readHostSettings({ env: process.env, home: homedir(), read: readIfThere });
  warnings.push(...settings.warnings);

  const { cgroups, reason } = findCgroups(`tesslate-${key}`);
  if (reason) warnings.push(`Memory, CPU and process limits are not enforced: ${reason}.`);
  const resolvers = findResolvers();
  let network: Network | undefined;
  let networkReason = options.machine?.sandbox.networkReason;
  if (networkReason === undefined)
    network = await openNetworkOf(state, resolvers, { isTried: options.machine !== undefined, log }).catch((error: unknown) => {
      networkReason = error instanceof Error ? error.message : String(error);
      return undefined;
    });
  if (isRoot && !hasCapability(19, readIfThere("/proc/self/status")))
    warnings.push("Projects may not start, because their ports cannot be found: the server lacks the capability SYS_PTRACE.");
  if (!isRoot) warnings.push("Sandboxes share one user ID: the server does not run as root.");
  if (!network) warnings.push(`Sandboxes share the host's network and reach its services and each other's ports: ${networkReason}.`);
  if (network && resolvers.length === 0)
    warnings.push("Host names cannot be resolved in sandboxes: every DNS server of this host listens on its loopback.");
  const outboundRules =
    network &&
    refreshOutboundRules(
      network,
      { targets: settings.targets, allow: options.outbound?.allow ?? [], blocked: options.hostnamesBlocked ?? [] },
      log,
    );
  await outboundRules?.refresh();

  const programs = await reachPrograms(options.programs ?? {}, reach);
  const etc = join(runDir, "etc");
  await writeEtc(etc, [...accounts(insideUid), { to: "/etc/resolv.conf", content: resolverFile(network, resolvers) }, ...settings.files]);
  const context: IsolationContext = {
    launcher: createLauncher({ dir: runDir, seccompFile }),
    cgroups,
    network,
    addressOf: (id) => slots.allocate(id).ip,
    hasOwnUid: isRoot,
    binds: [{ from: etc, to: "/etc" }, ...(await reachFolders(settings.folders, reach)), ...toolBinds(tools, join(runDir, "bin"))],
    env: settings.env,
  };
  const networkPool = network && createNetworkPool(network, slots, log);
  const hasGroups = cgroups.kind !== "none";
  const isolation: Isolation = network && hasGroups ? "full" : "no-netns";
  for (const warning of warnings) log.warn({ isolation }, warning);
  const can = {
    pty: true,
    freeze: hasGroups,
    limits: hasGroups,
    privateNetwork: network !== undefined,
    peers: true,
    images: false,
    history: true,
  };
  const driver = await createHostDriver({
    name: "sandbox",
    isolation,
    warnings,
    can,
    dir: state.dir,
    root,
    slots,
    versions: tools.versions,
    openSandbox: hostSandboxes({
      createSandboxIsolation: (location) => createSandboxIsolation(location, context),
      programs,
      runDir,
      can,
      assignPort: network ? undefined : (id, port) => slots.portFor(id, port, isFreePort),
      log,
    }),
    locate: (path) => locateProgram(path, programs),
    beforeSlot: (id) => networkPool?.assign(id),
    async endOrphan(id, slot) {
      const group = slot.number.toString(36);
      if (cgroups.names().includes(group)) await cgroups.group(group).remove();
      if (!hasGroups) await endPrograms({ below: [join(root, "sandboxes", id)] });
      await network?.remove(slot);
    },
    log,
    async onClose({ isLeftRunning, isDeleted }) {
      outboundRules?.stop();
      try {
        // When the state folder was deleted there are no slots to return.
        await networkPool?.stop({ isLeftRunning: isLeftRunning || isDeleted });
        if (isLeftRunning) return network?.leave();
        for (const name of cgroups.names()) await cgroups.group(name).remove();
        cgroups.remove();
        await network?.close();
      } finally {
        await state.release({ isLeftRunning });
      }
    },
  });
  return { driver, networkReason };
}

/** Not a valid sandbox id: the addresses between host and hub use a slot too. */
const hubId = "@hub";

/** A network that was set up once: the filter alone is not sufficient proof. The probe sandbox uses it. */
async function openNetworkOf(
  { key, dir, slots }: State,
  resolvers: string[],
  { isTried, log }: { isTried: boolean; log: RuntimeLog },
): Promise<Network> {
  const slot = slots.allocate(hubId);
  const hub =
    process.getuid?.() === 0
      ? await openHub({ key, slot })
      : await openUserHub({ dir, slot, endAll: () => endPrograms({ below: ["sandboxes", "images"].map((name) => join(dir, name)) }), log });
  const network = await openNetwork({ key, hub, ranges: slots.ranges, resolvers });
  if (isTried) return network;
  try {
    await network.ensure(slots.allocate(probeId), { offline: false, peers: [] });
    return network;
  } catch (error) {
    await network.close();
    throw error;
  }
}

/** Runs one program in a temporary sandbox to prove that the driver works. */
async function probe(driver: RuntimeDriver): Promise<void> {
  const sandbox = await driver.open({ id: probeId });
  try {
    const { exitCode, stderr } = await sandbox.exec(["true"], { timeoutMs: 20_000 });
    if (exitCode !== 0)
      throw new RuntimeError("unavailable", `bubblewrap cannot make a sandbox here: ${stderr.trim() || `exit code ${exitCode}`}`);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const { missingOptions, hint } = await findRefusal();
    if (missingOptions.length > 0) throw withoutOptions(missingOptions, error);
    throw hint === undefined ? error : new RuntimeError(error.code, `${error.message}. ${hint}`, { cause: error });
  } finally {
    await driver.remove(probeId);
  }
}

const withoutOptions = (missing: string[], cause: RuntimeError) =>
  new RuntimeError(
    cause.code,
    `this container may not create sandboxes; start it also with ${missing.join(" ")} (docs/operations/docker-image.md#start)`,
    { cause, details: { missingOptions: missing } },
  );

/** Why a kernel or a container may deny user namespaces: options that the container lacks, or a setting of the kernel and how to change it. */
async function findRefusal(): Promise<{ missingOptions: string[]; hint: string | undefined }> {
  const settings: [file: string, refusing: string, hint: string][] = [
    ["kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"],
    ["kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"],
    ["user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=10000"],
  ];
  const found = settings.find(([file, refusing]) => readIfThere(`/proc/sys/${file}`)?.trim() === refusing);
  const isContainer = isInContainer();
  const hint = found && `This kernel is set to refuse user namespaces; as root${isContainer ? " on the host" : ""}: ${found[2]}`;
  if (!isContainer) return { missingOptions: [], hint };
  const canUnshare = await run(["unshare", "--user", "true"]).then(
    () => true,
    () => false,
  );
  return { missingOptions: missingFlags(readIfThere, { allowsUserNamespaces: canUnshare || found !== undefined }), hint };
}

const resolverFile = (network: Network | undefined, resolvers: readonly string[]) =>
  network ? resolvers.map((ip) => `nameserver ${ip}\n`).join("") : (readIfThere("/etc/resolv.conf") ?? "");
