import { writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { createHostDriver } from "../host/driver.ts";
import { hostSandboxes } from "../host/sandbox.ts";
import { locate, reachPrograms } from "../host/programs.ts";
import { claimsDir, openState, type State } from "../host/state.ts";
import { findTools, toolBinds, type ToolPaths } from "../host/tools.ts";
import { silentLog, type RuntimeLog } from "../log.ts";
import { run } from "../run.ts";
import type { Isolation, RuntimeDriver } from "../types.ts";
import { createCell, type Walls } from "./cell.ts";
import { findCgroups } from "../host/cgroups.ts";
import { accounts, findResolvers, layEtc, readIfThere } from "../host/etc.ts";
import { keepExceptions } from "../host/exceptions.ts";
import { reachFolders, readHostSettings } from "../host/host-settings.ts";
import { createLauncher } from "./launch.ts";
import { forgetKey, rememberKey, sweepDeleted } from "../host/leftovers.ts";
import { openNetwork, type Network } from "./network.ts";
import { insideUid } from "./profile.ts";
import { seccompFilter } from "./seccomp.ts";
import { keepSpares } from "./spares.ts";

export interface SandboxDriverOptions {
  /** Every byte of state lies below it. */
  dataDir: string;
  toolchain?: ToolPaths;
  /** Names whose addresses stay closed although they are public. */
  hostnamesBlocked?: string[];
  /** `host`, `host:port`, an address or a range: reachable from sandboxes although private. */
  outbound?: { allow: string[] };
  /** Folders of this host that services see read-only at `/opt/<name>`. */
  programs?: Readonly<Record<string, string>>;
  log?: RuntimeLog;
  /** For mounts that let projects pass a closed home folder. Default `/run`. */
  mountDir?: string;
}

/**
 * Namespaces, control groups and a system-call filter by way of bubblewrap; no daemon. Throws `unavailable` when bubblewrap
 * cannot make a sandbox at all; what else is missing lowers `isolation` and is named in `warnings`.
 */
export async function createSandboxDriver(options: SandboxDriverOptions): Promise<RuntimeDriver> {
  if (process.platform !== "linux") throw new RuntimeError("unavailable", "the sandbox driver needs Linux");
  const arch = process.arch;
  if (arch !== "x64" && arch !== "arm64")
    throw new RuntimeError("unavailable", `the sandbox driver knows no system-call filter for ${arch}`);
  await run(["bwrap", "--version"]).catch((cause: unknown) => {
    throw new RuntimeError("unavailable", "bubblewrap (bwrap) is not installed", { cause });
  });
  if (process.getuid?.() === 0) await sweepDeleted(claimsDir, options.log ?? silentLog);
  const state = await openState(options.dataDir, options.mountDir);
  let driver: RuntimeDriver | undefined;
  try {
    driver = await start(options, state, seccompFilter(arch));
    await probe(driver);
    return driver;
  } catch (error) {
    // Services of an earlier process are not to suffer from a failed start.
    await (driver ? driver.close({ leaveRunning: true }) : state.release({ isLeftRunning: true }));
    throw error;
  }
}

async function start(options: SandboxDriverOptions, state: State, filter: Uint8Array): Promise<RuntimeDriver> {
  const { key, root, runDir, slots, reach } = state;
  const log = options.log ?? silentLog;
  const isRoot = process.getuid?.() === 0;
  const warnings: string[] = [];
  if (isRoot) rememberKey(claimsDir, key, state.dir);
  const seccompFile = join(runDir, "seccomp.bpf");
  writeFileSync(seccompFile, filter, { mode: 0o600 });
  const tools = await findTools(reach, options.toolchain);
  const settings = readHostSettings({ env: process.env, home: homedir(), read: readIfThere });
  warnings.push(...settings.warnings);

  const { cgroups, reason } = findCgroups(`tesslate-${key}`, isRoot ? "/sys/fs/cgroup" : "/nonexistent");
  if (reason) warnings.push(`Memory, CPU and process limits are not enforced: ${isRoot ? reason : "the server does not run as root"}.`);
  const resolvers = findResolvers();
  let network: Network | undefined;
  if (isRoot)
    network = await openTriedNetwork(state, resolvers).catch((error: unknown) => {
      warnings.push(
        `Sandboxes share the host's network and reach its services: ${error instanceof Error ? error.message : String(error)}.`,
      );
      return undefined;
    });
  else warnings.push("Sandboxes share the host's network and one user id: the server does not run as root.");
  if (network && resolvers.length === 0)
    warnings.push("Names cannot be looked up in sandboxes: every DNS server of this host listens on its loopback.");
  const exceptions =
    network &&
    keepExceptions(
      network,
      { targets: settings.targets, allow: options.outbound?.allow ?? [], blocked: options.hostnamesBlocked ?? [] },
      log,
    );
  await exceptions?.refresh();

  const programs = await reachPrograms(options.programs ?? {}, reach);
  const etc = join(runDir, "etc");
  await layEtc(etc, [...accounts(insideUid), { to: "/etc/resolv.conf", content: resolverFile(network, resolvers) }, ...settings.files]);
  const walls: Walls = {
    launcher: createLauncher({ dir: runDir, seccompFile }),
    cgroups,
    network,
    hasOwnUid: isRoot,
    binds: [{ from: etc, to: "/etc" }, ...(await reachFolders(settings.folders, reach)), ...toolBinds(tools, join(runDir, "bin"))],
    env: settings.env,
  };
  const spares = network && keepSpares(network, slots, log);
  const hasGroups = cgroups.kind !== "none";
  const isolation: Isolation = network && hasGroups ? "full" : "no-netns";
  for (const warning of warnings) log.warn({ isolation }, warning);
  const can = { pty: true, freeze: hasGroups, limits: hasGroups, privateNetwork: network !== undefined, images: false, history: true };
  return createHostDriver({
    name: "sandbox",
    isolation,
    warnings,
    can,
    root,
    slots,
    versions: tools.versions,
    openSandbox: hostSandboxes({ createCell: (place) => createCell(place, walls), programs, runDir, can, log }),
    locate: (path) => locate(path, programs),
    beforeSlot: (id) => spares?.hand(id),
    async onClose({ isLeftRunning }) {
      exceptions?.stop();
      await spares?.stop({ isLeftRunning });
      if (!isLeftRunning) {
        await network?.close();
        for (const name of cgroups.names()) await cgroups.group(name).remove();
        cgroups.remove();
        if (isRoot) forgetKey(claimsDir, key);
      }
      await state.release({ isLeftRunning });
    },
  });
}

const probeId = "probe";
/** No sandbox has this id: the addresses between the host and the sandboxes' hub come from a slot, as theirs do. */
const hubId = "@hub";

/** A network that has been laid once: the filter alone proves little. The probe sandbox uses what was laid. */
async function openTriedNetwork({ key, slots }: State, resolvers: string[]): Promise<Network> {
  const network = await openNetwork({ key, hubSlot: slots.take(hubId), ranges: slots.ranges, resolvers });
  try {
    await network.ensure(slots.take(probeId), { offline: false });
    return network;
  } catch (error) {
    await network.close();
    throw error;
  }
}

/** The proof: one program run in one sandbox, which is gone afterwards. */
async function probe(driver: RuntimeDriver): Promise<void> {
  const sandbox = await driver.open({ id: probeId });
  try {
    const { exitCode, stderr } = await sandbox.exec(["true"], { timeoutMs: 20_000 });
    if (exitCode !== 0)
      throw new RuntimeError("unavailable", `bubblewrap cannot make a sandbox here: ${stderr.trim() || `exit code ${exitCode}`}`);
  } catch (error) {
    const hint = kernelHint();
    if (!(error instanceof RuntimeError) || hint === undefined) throw error;
    throw new RuntimeError(error.code, `${error.message}. ${hint}`, { cause: error });
  } finally {
    await driver.remove(probeId);
  }
}

/** Why a kernel may refuse user namespaces, and what to do about it. */
function kernelHint(): string | undefined {
  const settings: [file: string, refusing: string, hint: string][] = [
    ["kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"],
    ["kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"],
    ["user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=10000"],
  ];
  const found = settings.find(([file, refusing]) => readIfThere(`/proc/sys/${file}`)?.trim() === refusing);
  return found && `This kernel is set to refuse user namespaces; as root: ${found[2]}`;
}

const resolverFile = (network: Network | undefined, resolvers: readonly string[]) =>
  network ? resolvers.map((ip) => `nameserver ${ip}\n`).join("") : (readIfThere("/etc/resolv.conf") ?? "");
