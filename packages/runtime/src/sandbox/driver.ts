import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { createFifos } from "../fifos.ts";
import { silentLog, type RuntimeLog } from "../log.ts";
import { reachable, releaseReachable } from "../reachable.ts";
import { run } from "../run.ts";
import type { Isolation, Limits, RuntimeDriver, SandboxInfo, SandboxSpec } from "../types.ts";
import { findCgroups, type Cgroups } from "./cgroups.ts";
import { keepExceptions } from "./exceptions.ts";
import { readHostSettings } from "./host-settings.ts";
import { createImages } from "./images.ts";
import { createLauncher } from "./launch.ts";
import { holdLock } from "./lock.ts";
import { openNetwork, type Network } from "./network.ts";
import { insideUid } from "./profile.ts";
import { defaultLimits, makeSandboxDirs, openSandbox, type OpenSandbox, type Place, type Shared } from "./sandbox.ts";
import { seccompFilter } from "./seccomp.ts";
import { openSlots } from "./slots.ts";
import { findToolchain, type ToolchainPaths } from "./toolchain.ts";

export interface SandboxDriverOptions {
  /** Every byte of state lies below it. */
  dataDir: string;
  toolchain?: ToolchainPaths;
  /** Names whose addresses stay closed although they are public. */
  hostnamesBlocked?: string[];
  /** `host`, `host:port` or an address: reachable from sandboxes although private. */
  outbound?: { allow: string[] };
  log?: RuntimeLog;
  /** For mounts that let projects pass a closed home folder. Default `/run`. */
  runDir?: string;
}

/**
 * Namespaces, control groups and a system-call filter by way of bubblewrap; no daemon. Throws `unavailable` when bubblewrap
 * cannot make a sandbox at all; what else is missing lowers `isolation` and is named in `warnings`.
 */
export async function createSandboxDriver(options: SandboxDriverOptions): Promise<RuntimeDriver> {
  const log = options.log ?? silentLog;
  if (process.platform !== "linux") throw new RuntimeError("unavailable", "the sandbox driver needs Linux");
  if (process.arch !== "x64" && process.arch !== "arm64")
    throw new RuntimeError("unavailable", `the sandbox driver knows no system-call filter for ${process.arch}`);
  const state = join(options.dataDir, "runtime");
  mkdirSync(state, { recursive: true });
  chmodSync(state, 0o711);
  const unlock = await holdLock(join(state, "lock"));
  try {
    return await start({ ...options, log }, realpathSync(state), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function start(options: SandboxDriverOptions & { log: RuntimeLog }, state: string, unlock: () => void): Promise<RuntimeDriver> {
  const { log } = options;
  const isRoot = process.getuid?.() === 0;
  const key = createHash("sha256").update(state).digest("hex").slice(0, 8);
  const warnings: string[] = [];
  const reached = new Set<string>();
  const reach = async (dir: string) => {
    reached.add(dir);
    return reachable(dir, { runDir: options.runDir });
  };

  await run(["bwrap", "--version"]).catch((cause: unknown) => {
    throw new RuntimeError("unavailable", "bubblewrap (bwrap) is not installed", { cause });
  });
  const root = await reach(state);
  const runDir = join(root, "run");
  rmSync(runDir, { recursive: true, force: true });
  mkdirSync(runDir, { mode: 0o711 });
  mkdirSync(join(root, "sandboxes"), { recursive: true, mode: 0o711 });
  chmodSync(join(root, "sandboxes"), 0o711);

  const toolchain = await findToolchain(runDir, reach, options.toolchain);
  const seccompFile = join(runDir, "seccomp.bpf");
  writeFileSync(seccompFile, seccompFilter(process.arch as "x64" | "arm64"), { mode: 0o600 });
  const slots = openSlots(state, isRoot ? "/run/tesslate-slots" : join(state, "claims"));
  const { cgroups, reason } = isRoot
    ? findCgroups(`tesslate-${key}`)
    : { cgroups: findCgroups("", "/nonexistent").cgroups, reason: "the server does not run as root" };
  if (reason) warnings.push(`Memory, CPU and process limits are not enforced: ${reason}.`);
  let network: Network | undefined;
  const resolvers = findResolvers();
  if (isRoot)
    network = await openNetwork({ key, ranges: slots.ranges, resolvers }).catch((error: unknown) => {
      warnings.push(
        `Sandboxes share the host's network and reach its services: ${error instanceof Error ? error.message : String(error)}.`,
      );
      return undefined;
    });
  else warnings.push("Sandboxes share the host's network, and one user id: the server does not run as root.");

  const settings = readHostSettings({ env: process.env, home: homedir(), read: readIfThere });
  warnings.push(...settings.warnings);
  const exceptions =
    network &&
    keepExceptions(
      network,
      { targets: settings.targets, allow: options.outbound?.allow ?? [], blocked: options.hostnamesBlocked ?? [] },
      log,
    );
  await exceptions?.refresh();

  const etc = join(runDir, "etc");
  mkdirSync(etc, { mode: 0o711 });
  const generated = {
    passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\napp:x:${insideUid}:${insideUid}:app:/home/app:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\napp:x:${insideUid}:\nnogroup:x:65534:\n`,
    "resolv.conf": network ? resolvers.map((ip) => `nameserver ${ip}\n`).join("") : readFileSync("/etc/resolv.conf", "utf8"),
  };
  const files = [...Object.entries(generated).map(([name, content]) => ({ to: `/etc/${name}`, content })), ...settings.files];
  const fileBinds = files.map(({ to, content }, i) => {
    writeFileSync(join(etc, String(i)), content, { mode: 0o644 });
    return { from: join(etc, String(i)), to };
  });
  const folderBinds = [];
  for (const to of settings.folders) if (existsSync(to)) folderBinds.push({ from: await reach(to), to });
  const shared: Shared = {
    launcher: createLauncher({ dir: runDir, seccompFile }),
    cgroups,
    network,
    fifos: createFifos(runDir),
    runDir,
    hasOwnUid: isRoot,
    binds: [...fileBinds, ...folderBinds, ...toolchain.binds],
    env: settings.env,
    log,
  };
  const isolation: Isolation = network && cgroups.kind !== "none" ? "full" : "no-netns";
  const opened = new Map<string, OpenSandbox>();
  const opening = new Map<string, Promise<OpenSandbox>>();
  const dirOf = (id: string) => join(root, "sandboxes", id);
  const exists = (id: string) => existsSync(join(dirOf(id), "spec.json"));
  const chown = (path: string, uid: number) => chownSync(path, uid, uid);

  const placeOf = (spec: SandboxSpec): Place => ({
    dir: dirOf(spec.id),
    slot: slots.take(spec.id),
    spec,
    limits: { ...defaultLimits, ...spec.limits },
  });

  async function openOnce(spec: SandboxSpec): Promise<OpenSandbox> {
    const place = placeOf(spec);
    const known = opened.get(spec.id);
    const owner = isRoot ? place.slot.uid : undefined;
    if (!exists(spec.id)) {
      const fresh = join(root, "sandboxes", `.new-${spec.id}`);
      rmSync(fresh, { recursive: true, force: true });
      mkdirSync(fresh, { mode: 0o711 });
      makeSandboxDirs(fresh, owner, chown);
      if (spec.image !== undefined) await images.copyTo(spec.image, join(fresh, "files"), owner);
      rmSync(dirOf(spec.id), { recursive: true, force: true });
      writeSpec(fresh, spec);
      renameSync(fresh, dirOf(spec.id));
    } else writeSpec(dirOf(spec.id), spec);
    if (known) {
      known.update(place);
      return known;
    }
    await reapCommands(cgroups, place);
    rmSync(join(place.dir, "tmp"), { recursive: true, force: true });
    makeSandboxDirs(place.dir, owner, chown);
    const sandbox = openSandbox(place, shared);
    opened.set(spec.id, sandbox);
    return sandbox;
  }

  /** One after the other per sandbox. */
  function open(spec: SandboxSpec): Promise<OpenSandbox> {
    const turn = (opening.get(spec.id) ?? Promise.resolve()).then(
      () => openOnce(spec),
      () => openOnce(spec),
    );
    opening.set(spec.id, turn);
    const done = () => {
      if (opening.get(spec.id) === turn) opening.delete(spec.id);
    };
    turn.then(done, done);
    return turn;
  }

  const images = createImages({
    dir: join(root, "images"),
    versions: toolchain.versions,
    ownerUid: isRoot ? slots.take("@images").uid : undefined,
    async withSandbox(name, dir, build) {
      const place: Place = { dir, slot: slots.take(`@${name}`), spec: { id: name }, limits: buildLimits };
      makeSandboxDirs(dir, isRoot ? place.slot.uid : undefined, chown);
      const { sandbox, close } = openSandbox(place, shared);
      try {
        return await build(sandbox, join(dir, "files"));
      } finally {
        await close({ leaveRunning: false });
        await network?.remove(place.slot);
        slots.release(`@${name}`);
      }
    },
  });

  const savedSpec = (id: string) => JSON.parse(readFileSync(join(dirOf(id), "spec.json"), "utf8")) as SandboxSpec;
  const ids = () => readdirSync(join(root, "sandboxes")).filter((id) => !id.startsWith(".") && exists(id));

  const driver: RuntimeDriver = {
    name: "sandbox",
    isolation,
    warnings,
    can: { pty: true, freeze: cgroups.kind !== "none", limits: cgroups.kind !== "none", privateNetwork: network !== undefined },
    prepare: (image, how = {}) => images.prepare(image, how),
    async open(spec) {
      if (!/^[a-z0-9-]{1,64}$/.test(spec.id)) throw new RuntimeError("not_supported", `${spec.id} is not an id for a sandbox`);
      return (await open(spec)).sandbox;
    },
    async find(id) {
      if (opened.has(id)) return opened.get(id)?.sandbox;
      if (!/^[a-z0-9-]{1,64}$/.test(id) || !exists(id)) return undefined;
      return (await open(savedSpec(id))).sandbox;
    },
    async list() {
      const found: SandboxInfo[] = [];
      for (const id of ids()) {
        const sandbox = await driver.find(id);
        found.push({ id, services: sandbox?.services().map(({ name, status }) => ({ name, state: status })) ?? [] });
      }
      return found;
    },
    async remove(id) {
      if (!/^[a-z0-9-]{1,64}$/.test(id)) return;
      await opening.get(id)?.catch(() => {}); // its caller hears of it
      const slot = slots.find(id);
      const known = opened.get(id) ?? (exists(id) ? await open(savedSpec(id)) : undefined);
      opened.delete(id);
      await known?.close({ leaveRunning: false });
      if (slot) {
        await cgroups.group(slot.number.toString(36)).remove();
        await network?.remove(slot);
      }
      await rm(dirOf(id), { recursive: true, force: true });
      slots.release(id);
    },
    async close({ leaveRunning = false } = {}) {
      exceptions?.stop();
      await Promise.allSettled(opening.values());
      if (!leaveRunning) {
        // Also those that nobody opened since the start.
        for (const id of ids()) await driver.find(id);
      }
      await Promise.all([...opened.values()].map((sandbox) => sandbox.close({ leaveRunning })));
      opened.clear();
      if (!leaveRunning) {
        await network?.close();
        for (const name of cgroups.names()) await cgroups.group(name).remove();
        cgroups.remove();
        for (const dir of reached) await releaseReachable(dir, { runDir: options.runDir });
      }
      unlock();
    },
  };
  try {
    await probe(driver, slots);
  } catch (error) {
    await driver.close();
    throw error;
  }
  for (const warning of warnings) log.warn({ isolation }, warning);
  return driver;
}

/** Installing takes more than running. */
const buildLimits: Limits = { memoryBytes: 3 * 2 ** 30, cpus: availableParallelism(), pids: 1024, diskBytes: 4 * 2 ** 30 };

/** The proof: one program run in one sandbox, which is gone afterwards. */
async function probe(driver: RuntimeDriver, slots: { find(id: string): unknown }): Promise<void> {
  const id = `probe-${process.pid}`;
  const isOld = slots.find(id) !== undefined;
  const sandbox = await driver.open({ id });
  try {
    const { exitCode, stderr } = await sandbox.exec(["true"], { timeoutMs: 20_000 });
    if (exitCode !== 0)
      throw new RuntimeError("unavailable", `bubblewrap cannot make a sandbox here: ${stderr.trim() || `exit code ${exitCode}`}`);
  } finally {
    if (!isOld) await driver.remove(id);
  }
}

/** Commands and terminals of a process before this one: they should be dead with it; whatever is not is ended now. */
async function reapCommands(cgroups: Cgroups, place: Place): Promise<void> {
  const name = place.slot.number.toString(36);
  if (!cgroups.names().includes(name)) return;
  const group = cgroups.group(name);
  for (const leaf of group.leaves())
    if (!leaf.startsWith("s-")) {
      await group.leaf(leaf).kill();
      group.leaf(leaf).remove();
    }
}

function writeSpec(dir: string, spec: SandboxSpec) {
  writeFileSync(join(dir, "spec.json.tmp"), JSON.stringify(spec), { mode: 0o600 });
  renameSync(join(dir, "spec.json.tmp"), join(dir, "spec.json"));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The host's DNS servers; behind a local stub, those it asks. */
function findResolvers(): string[] {
  for (const file of ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]) {
    if (!existsSync(file)) continue;
    const found = [...readFileSync(file, "utf8").matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map((m) => m[1] as string);
    const usable = found.filter((ip) => !ip.startsWith("127."));
    if (usable.length > 0) return usable;
  }
  return [];
}
