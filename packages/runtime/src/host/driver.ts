import { chownSync, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { freePort } from "../free-port.ts";
import type { RuntimeLog } from "../log.ts";
import type { Isolation, Limits, PausedSandbox, RuntimeDriver, SandboxInfo, SandboxSpec } from "../types.ts";
import { rememberFolder } from "./files/folder.ts";
import { readJsonFile, writeJson } from "./files/json-file.ts";
import type { SandboxLocation } from "./process-isolation.ts";
import { buildFolder, createImages, type BuildPriority } from "./images/images.ts";
import { makeFolder } from "./files/modes.ts";
import type { OpenSandbox } from "./sandbox.ts";
import { serviceNote } from "./services/service.ts";
import type { Slot, Slots } from "./slots/slots.ts";
import { findDeletedSandboxes, hasTree, idPattern } from "./deleted-sandboxes.ts";

export const defaultSandboxLimits: Limits = { memoryBytes: 2 ** 30, cpus: 2, pids: 512, diskBytes: 2 * 2 ** 30 };
/** How often to check that the folders of running services exist. Moving or unmounting causes no file event. */
const folderCheckMs = 1_000;
/** Installing needs more than running. */
const buildLimits: Limits = { memoryBytes: 3 * 2 ** 30, cpus: availableParallelism(), pids: 1024, diskBytes: 4 * 2 ** 30 };
/** Half of the cores, and only what other programs leave. */
const backgroundLimits: Limits = { ...buildLimits, cpus: Math.max(1, Math.floor(buildLimits.cpus / 2)), cpuWeight: 1 };

interface Options {
  name: "sandbox" | "process" | "docker";
  isolation: Isolation;
  warnings: readonly string[];
  can: RuntimeDriver["can"];
  /** The state folder, at its own path. */
  dir: string;
  /** The same, at a path that projects can traverse. */
  root: string;
  slots: Slots;
  /** Tools of the sandboxes, hashed into images. */
  versions: Record<string, string>;
  /** Sets up the isolation of a sandbox whose folders exist, ends what an earlier process left, and adopts its services. */
  openSandbox(location: SandboxLocation): Promise<OpenSandbox>;
  /** Maps a path as services see it to the host; undefined when services do not see it. */
  locate(path: string): string | undefined;
  /** Called before a new sandbox gets a slot, so that a prepared one can be used. */
  beforeSlot?(id: string): void;
  /**
   * Called before anything is opened, for a sandbox whose folder was deleted while no server ran: ends its programs and removes its
   * isolation.
   */
  endOrphan?(id: string, slot: Slot): Promise<void>;
  /** Called after everything is closed; `isLeftRunning` when services continue, `isDeleted` when the state folder was deleted. */
  onClose(options: { isLeftRunning: boolean; isDeleted: boolean }): Promise<void>;
  log: RuntimeLog;
}

/** A driver whose sandboxes are folders and processes of this host. */
export async function createHostDriver({
  name,
  isolation,
  warnings,
  can,
  dir: stateDir,
  root,
  slots,
  versions,
  openSandbox,
  locate,
  beforeSlot,
  endOrphan,
  onClose,
  log,
}: Options): Promise<RuntimeDriver> {
  const home = join(root, "sandboxes");
  makeFolder(home, 0o711);
  const histories = join(root, "history");
  makeFolder(histories, 0o700);
  for (const leftover of readdirSync(home)) if (leftover.startsWith(".")) rmSync(join(home, leftover), { recursive: true, force: true });
  const isRoot = process.getuid?.() === 0;
  const opened = new Map<string, OpenSandbox>();
  const building = new Set<OpenSandbox>();
  const turns = new Map<string, Promise<unknown>>();
  let isClosed = false;

  const dirOf = (id: string) => join(home, id);
  const exists = (id: string) => idPattern.test(id) && existsSync(join(dirOf(id), "files"));
  /** A service's record exists while it runs. */
  const hasServices = (id: string) => {
    const dir = join(dirOf(id), "services");
    return namesIn(dir).some((service) => existsSync(join(dir, service, serviceNote)));
  };
  const ids = () => namesIn(home).filter(exists);
  for (const id of findDeletedSandboxes(stateDir)) {
    await endOrphan?.(id, slots.allocate(id));
    slots.release(id);
  }

  const imagesDir = join(root, "images");
  const buildSlot = (key: string) => `@build-${key}`;
  const openBuild = async (key: string, dir: string, priority: BuildPriority = { isBackground: false }) => {
    const location: SandboxLocation = {
      dir,
      historyDir: join(dir, "history"),
      slot: slots.allocate(buildSlot(key)),
      spec: { id: `build-${key}` },
      limits: priority.isBackground ? backgroundLimits : buildLimits,
    };
    makeFolders(dir, isRoot ? location.slot.uid : undefined);
    const opening = await openSandbox(location);
    // It may have become urgent in the meantime.
    if (!priority.isBackground) opening.update({ ...location, limits: buildLimits });
    priority.onRaise = () => opening.update({ ...location, limits: buildLimits });
    return opening;
  };
  // Builds interrupted by the end of an earlier process; a server being warmed up may still run.
  for (const slot of slots.ids(buildSlot(""))) {
    const key = slot.slice(buildSlot("").length);
    const dir = join(imagesDir, buildFolder(key));
    await (await openBuild(key, dir)).close({ leaveRunning: false });
    rmSync(dir, { recursive: true, force: true });
    slots.release(slot);
  }
  const images = createImages({
    dir: imagesDir,
    versions,
    backgroundPrefix: can.limits ? [] : ["nice", "-n", "10"],
    ownerUid: isRoot ? slots.allocate("@images").uid : undefined,
    async withSandbox(key, dir, priority, build) {
      const opening = await openBuild(key, dir, priority);
      building.add(opening);
      try {
        return await build(opening.sandbox, isRoot ? slots.allocate(buildSlot(key)).uid : undefined);
      } finally {
        delete priority.onRaise;
        building.delete(opening);
        if (!isDeleted()) await opening.close({ leaveRunning: false });
        if (!isDeleted()) slots.release(buildSlot(key));
      }
    },
  });

  /** Serialized per sandbox. */
  function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    checkStateFolder();
    if (isClosed) return Promise.reject(new RuntimeError("unavailable", ending ? "the data folder was deleted" : "the runtime is closed"));
    const turn = (turns.get(id) ?? Promise.resolve()).then(work, work);
    turns.set(id, turn);
    const done = () => {
      if (turns.get(id) === turn) turns.delete(id);
    };
    turn.then(done, done);
    return turn;
  }

  async function open(spec: SandboxSpec): Promise<OpenSandbox> {
    await abandon(spec.id);
    if (!slots.find(spec.id)) beforeSlot?.(spec.id);
    const location: SandboxLocation = {
      dir: dirOf(spec.id),
      historyDir: join(histories, spec.id),
      slot: slots.allocate(spec.id),
      spec,
      limits: { ...defaultSandboxLimits, ...spec.limits },
    };
    const owner = isRoot ? location.slot.uid : undefined;
    if (!exists(spec.id)) {
      location.isNew = true;
      // Created under another name and renamed, so that a crash leaves no partial sandbox.
      const fresh = join(home, `.new-${spec.id}`);
      rmSync(fresh, { recursive: true, force: true });
      makeFolder(fresh, 0o711);
      try {
        makeFolders(fresh, owner);
        if (spec.image !== undefined) await images.copyTo(spec.image, join(fresh, "files"), owner);
        saveSpec(fresh, spec);
        // Without a tree: left by a crash of an older version.
        rmSync(location.dir, { recursive: true, force: true });
        renameSync(fresh, location.dir);
      } catch (error) {
        rmSync(fresh, { recursive: true, force: true });
        slots.release(spec.id);
        throw error;
      }
    } else saveSpec(location.dir, spec);
    const known = opened.get(spec.id);
    if (known) {
      known.update(location);
      return known;
    }
    rmSync(join(location.dir, "tmp"), { recursive: true, force: true });
    makeFolders(location.dir, owner);
    const sandbox = await openSandbox(location);
    opened.set(spec.id, sandbox);
    return sandbox;
  }

  /** Set when the state folder was deleted: everything is ended and removed. */
  let ending: Promise<void> | undefined;
  const isStateKept = rememberFolder(stateDir);
  const isDeleted = () => ending !== undefined || !isStateKept();
  function checkStateFolder() {
    if (isClosed || isStateKept()) return;
    isClosed = true;
    ending = endAll();
  }
  function checkFolders() {
    checkStateFolder();
    if (isClosed) return;
    for (const id of opened.keys()) if (!hasTree(stateDir, id) && !turns.has(id)) void inTurn(id, () => abandon(id)).catch(logFailure(id));
  }
  const folderTimer = setInterval(checkFolders, folderCheckMs);
  folderTimer.unref();
  const logFailure = (sandbox: string) => (err: unknown) => log.error({ err, sandbox }, "programs of a deleted project cannot be ended");

  async function abandon(id: string): Promise<void> {
    const sandbox = opened.get(id);
    if (!sandbox || hasTree(stateDir, id)) return;
    log.warn({ sandbox: id }, "a project's folder was deleted: its programs are ended");
    opened.delete(id);
    await sandbox.abandon();
  }
  async function endAll(): Promise<void> {
    clearInterval(folderTimer);
    log.error({ dir: stateDir }, "the data folder was deleted: all of its programs are ended");
    const endOpened = async () => {
      const ends = [...opened].map(([id, sandbox]) => sandbox.abandon().catch(logFailure(id)));
      opened.clear();
      await Promise.all([...ends, ...[...building].map((sandbox) => sandbox.abandon().catch(logFailure("build")))]);
    };
    // Operations in progress fail now or complete.
    await endOpened();
    await Promise.allSettled([...turns.values(), images.close()]);
    await endOpened();
    await onClose({ isLeftRunning: false, isDeleted: true }).catch(logFailure("all"));
  }

  const find = (id: string) =>
    exists(id)
      ? inTurn(id, async () => (exists(id) ? (opened.get(id) ?? (await open(readSpec(dirOf(id), id)))) : undefined))
      : Promise.resolve(undefined);

  return {
    name,
    isolation,
    warnings,
    can,
    findPrograms: async (paths) =>
      paths.filter((path) => {
        const at = locate(path);
        return at !== undefined && existsSync(at);
      }),
    freePort,
    prepare: (image, options = {}) => images.prepare(image, options),
    findImage: images.find,
    listImages: async () => images.list(),
    removeImage: images.remove,
    async open(spec) {
      if (!idPattern.test(spec.id)) throw new RuntimeError("not_supported", `${spec.id} is not a valid sandbox id`);
      return (await inTurn(spec.id, () => open(spec))).sandbox;
    },
    find: async (id) => (await find(id))?.sandbox,
    async list() {
      const found: SandboxInfo[] = [];
      for (const id of ids()) {
        // Nothing runs, so opening it is not necessary.
        if (!opened.has(id) && !hasServices(id)) {
          found.push({ id, services: namesIn(join(dirOf(id), "services")).map((service) => ({ name: service, state: "stopped" })) });
          continue;
        }
        const sandbox = (await find(id))?.sandbox;
        if (sandbox)
          found.push({ id, services: (await sandbox.services()).map(({ name: service, status }) => ({ name: service, state: status })) });
      }
      return found;
    },
    pause: (id) =>
      idPattern.test(id) && exists(id)
        ? inTurn(id, async () => {
            // One that is not open runs no commands, and nothing at all without records of services.
            const known = opened.get(id) ?? (hasServices(id) ? await open(readSpec(dirOf(id), id)) : undefined);
            return known?.pause() ?? notRunning;
          })
        : Promise.resolve(notRunning),
    async remove(id) {
      if (!idPattern.test(id)) return;
      await inTurn(id, async () => {
        await abandon(id);
        const known = opened.get(id) ?? (exists(id) ? await open(readSpec(dirOf(id), id)) : undefined);
        opened.delete(id);
        await known?.close({ leaveRunning: false });
        await rm(dirOf(id), { recursive: true, force: true });
        slots.release(id);
      });
    },
    histories: async () => namesIn(histories),
    async removeHistory(id) {
      if (idPattern.test(id) && !exists(id)) await rm(join(histories, id), { recursive: true, force: true });
    },
    async close({ leaveRunning = false } = {}) {
      checkStateFolder();
      if (isClosed) return ending;
      clearInterval(folderTimer);
      // Including those that were not opened since the start.
      if (!leaveRunning) for (const id of ids()) await find(id);
      isClosed = true;
      await Promise.allSettled([...turns.values(), images.close()]);
      await Promise.all([...opened].map(([id, sandbox]) => (hasTree(stateDir, id) ? sandbox.close({ leaveRunning }) : sandbox.abandon())));
      opened.clear();
      await onClose({ isLeftRunning: ids().some(hasServices), isDeleted: false });
    },
  };
}

const notRunning: PausedSandbox = { isStill: true, wasRunning: false, resume: async () => undefined };

const namesIn = (dir: string) => (existsSync(dir) ? readdirSync(dir) : []);

function makeFolders(dir: string, owner: number | undefined) {
  for (const name of ["files", "home", "tmp", "services", "volumes"] as const) {
    const path = join(dir, name);
    // Programs traverse this folder to reach their volume.
    makeFolder(path, name === "volumes" ? 0o711 : 0o700);
    if (owner !== undefined && (name === "files" || name === "home")) chownSync(path, owner, owner);
  }
}

/** Stored limits and names; a lost file must not cost the tree. */
function readSpec(dir: string, id: string): SandboxSpec {
  return readJsonFile<SandboxSpec>(join(dir, "spec.json")) ?? { id };
}

function saveSpec(dir: string, spec: SandboxSpec) {
  writeJson(join(dir, "spec.json"), spec);
}
