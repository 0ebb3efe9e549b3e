import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { openHistory } from "../history/history.ts";
import type { RuntimeLog } from "../log.ts";
import { pathParts } from "../tree/pin.ts";
import { createHostTree } from "../tree/tree.ts";
import type { PausedSandbox, Sandbox, ServiceState } from "../types.ts";
import type { Bind, ProcessIsolation, SandboxLocation } from "./process-isolation.ts";
import { createProcessBackend } from "./process-backend.ts";
import { watchDisk } from "./files/disk.ts";
import { createFifos } from "./commands/fifos.ts";
import type { RunningService } from "./services/service.ts";
import { compileCacheFolder } from "./images/compile-cache.ts";
import { namePattern, openVolumes } from "./files/volumes.ts";
import type { SandboxBackend } from "./backend.ts";

/** A sandbox as its driver sees it, with the methods to end it. */
export interface OpenSandbox {
  sandbox: Sandbox;
  update(location: SandboxLocation): void;
  /** See `RuntimeDriver.pause`. */
  pause(): Promise<PausedSandbox>;
  /** Ends commands and terminals, and services unless they are left running. */
  close(options: { leaveRunning: boolean }): Promise<void>;
  /** Ends everything at once and removes the isolation: its folder was deleted. */
  abandon(): Promise<void>;
}

interface Options {
  createSandboxIsolation(location: SandboxLocation): ProcessIsolation;
  /** Mounts for services besides the tree and their volumes. */
  programs: readonly Bind[];
  /** Private temporary folder of this process. */
  runDir: string;
  can: { freeze: boolean; limits: boolean };
  /** See `Sandbox.assignPort`; unset where every sandbox has ports of its own. */
  assignPort?: ((id: string, port: number) => Promise<number>) | undefined;
  log: RuntimeLog;
}

/** Opens sandboxes whose programs are processes of this host. */
export function hostSandboxes({
  createSandboxIsolation,
  programs,
  runDir,
  can,
  assignPort,
  log,
}: Options): (location: SandboxLocation) => Promise<OpenSandbox> {
  const fifos = createFifos(runDir);
  return async (location) => {
    const isolation = createSandboxIsolation(location);
    await isolation.killLeftovers();
    return openSandbox({
      location,
      backend: createProcessBackend({ id: location.spec.id, isolation, fifos, runDir, log }),
      programs,
      can,
      assignPort: assignPort && ((port) => assignPort(location.spec.id, port)),
      log,
    });
  };
}

interface Opening {
  location: SandboxLocation;
  backend: SandboxBackend;
  programs: readonly Bind[];
  can: { freeze: boolean; limits: boolean };
  assignPort?: ((port: number) => Promise<number>) | undefined;
  log: RuntimeLog;
}

/** A sandbox whose tree and volumes are on this host, wherever its programs run. */
export async function openSandbox({ location: first, backend, programs, can, assignPort, log }: Opening): Promise<OpenSandbox> {
  let location = first;
  const { dir } = location;
  const { id } = location.spec;
  const paths = {
    files: join(dir, "files"),
    home: join(dir, "home"),
    tmp: join(dir, "tmp"),
    services: join(dir, "services"),
    volumes: join(dir, "volumes"),
  };
  const history = openHistory({ dir: location.historyDir, tree: { host: paths.files, tmp: paths.tmp, owner: backend.owner }, log });
  await history.recover();
  const services = new Map<string, RunningService>();
  const running = new Map<symbol, () => Promise<void>>();
  let isAbandoned = false;
  const listeners = new Set<(state: ServiceState) => void>();
  /** Resolves when the sandbox is no longer paused. */
  let pausing: Promise<void> | undefined;
  let endPause = async (): Promise<void> => undefined;
  let isFrozenByPause = false;
  /** A pause is no state that others should see. */
  const shownState = (state: ServiceState): ServiceState =>
    isFrozenByPause && state.status === "frozen" ? { ...state, status: "running" } : state;

  const disk = watchDisk({
    folders: [paths.files, paths.home],
    whole: [paths.tmp, paths.volumes],
    more: backend.layerBytes,
    owner: backend.owner?.uid,
    limitBytes: () => location.limits.diskBytes,
    isNew: location.isNew ?? false,
    isActive: () => !backend.isFrozen() && (running.size > 0 || [...services.values()].some((service) => isUp(service.state()))),
    cpuSeconds: async () => (can.limits ? (await backend.usage()).cpuSeconds : undefined),
    async onGrowing() {
      for (const service of services.values()) if (isUp(service.state())) service.log.note("ended: the project exceeds its disk limit");
      await Promise.all([...[...running.values()].map((kill) => kill()), sandbox.stop()]);
    },
    onError: (err) => log.error({ err, sandbox: id }, "a project's disk usage cannot be measured"),
  });
  const { checkSpace, ensureWatching } = disk;
  const files = createHostTree({ host: paths.files, tmp: paths.tmp, inside: backend.inside, owner: backend.owner, checkSpace });

  function requireNotAbandoned() {
    if (isAbandoned) throw new RuntimeError("not_found", "the project's folder was deleted");
  }
  /** Common to every start. */
  async function prepare(argv: readonly string[], cwd: string): Promise<string> {
    requireNotAbandoned();
    if (argv.length === 0) throw new RuntimeError("not_supported", "an empty command cannot be run");
    await pausing;
    const path = pathParts(cwd).join("/");
    if (path !== "" && !(await files.stat(path))) throw new RuntimeError("not_found", `${path} does not exist`);
    if (backend.isFrozen()) await sandbox.thaw();
    return path;
  }
  /** Tracks running programs until they are released. */
  function track(kill: () => Promise<void>): () => void {
    const key = Symbol("running");
    running.set(key, kill);
    ensureWatching();
    return () => running.delete(key);
  }

  /** Of the image, while its packages are there. */
  const compileCache = async (): Promise<Record<string, string>> =>
    (await files.stat(compileCacheFolder))?.isDirectory ? { NODE_COMPILE_CACHE: `${backend.inside}/${compileCacheFolder}` } : {};

  const volumes = openVolumes(paths.volumes, backend.owner);
  function serviceOf(name: string): RunningService {
    const known = services.get(name);
    if (known) return known;
    const service = backend.service(name, join(paths.services, name), {
      launch: async (spec) => ({
        // An image has its own folders, and its own command when none is given.
        cwd: await prepare(spec.image === undefined ? spec.command : [spec.image], spec.cwd),
        env: { ...(await compileCache()), ...spec.env },
        binds: [...programs, ...volumes.lay(spec.volumes)],
      }),
      checkSpace,
      track,
      thaw: () => sandbox.thaw(),
      onError: (err) => log.error({ err, sandbox: id, service: name }, "a service cannot be supervised"),
      onChange: (state) => listeners.forEach((listener) => listener(shownState(state))),
    });
    services.set(name, service);
    return service;
  }
  function requireService(name: string): RunningService {
    const service = services.get(name);
    if (!service) throw new RuntimeError("not_found", `there is no service ${name}`);
    return service;
  }

  const sandbox: Sandbox = {
    id,
    files,
    history,
    async start(spec) {
      if (!namePattern.test(spec.name)) throw new RuntimeError("not_supported", `${spec.name} is not a name for a service`);
      requireNotAbandoned();
      const state = await serviceOf(spec.name).start(spec);
      ensureWatching();
      return state;
    },
    async ready(name, options = {}) {
      return requireService(name).ready(options);
    },
    async stop(name) {
      const stopped = name === undefined ? [...services.values()] : [services.get(name)].filter((s) => s !== undefined);
      await Promise.all(stopped.map((service) => service.stop()));
    },
    async removeVolume(name) {
      volumes.remove(name);
    },
    services: async () => [...services.values()].map((service) => shownState(service.state())),
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async exec(argv, options = {}) {
      const cwd = await prepare(argv, options.cwd ?? ".");
      const command = await backend.command(argv, { cwd, env: options.env ?? {}, isReadOnly: options.readOnly });
      const release = track(() => command.kill());
      try {
        return await command.run(options);
      } finally {
        release();
        command.dispose();
      }
    },

    async pty(argv, options = {}) {
      const cwd = await prepare(argv, options.cwd ?? ".");
      let release = () => {};
      let isOver = false;
      const pty = await backend.terminal(argv, { cwd, env: options.env ?? {} }, options, () => {
        isOver = true;
        release();
      });
      release = track(() => pty.kill());
      if (isOver) release();
      return pty;
    },

    async *logs(name, options = {}) {
      yield* requireService(name).log.follow(options);
    },
    connect: backend.connect,
    peerAddress: async (port) => backend.address(port),
    assignPort: assignPort ?? (async (port) => port),
    async stats() {
      return { ...(await backend.usage()), diskBytes: await disk.measure() };
    },
    programs: () => backend.programs(),
    usage: () => backend.usage(),
    async serviceUsage() {
      const each = await Promise.all([...services].map(async ([name, service]) => ({ name, usage: await service.usage() })));
      const { memoryBytes, cpus } = location.limits;
      return {
        services: each.flatMap(({ name, usage }) => (usage ? [{ name, ...usage }] : [])),
        ...(can.limits && { limits: { memoryBytes, cpus } }),
      };
    },
    async freeze() {
      await pausing;
      if (!can.freeze || backend.isFrozen()) return;
      await backend.freeze();
      for (const service of services.values()) service.refresh();
    },
    async thaw() {
      await pausing;
      if (!backend.isFrozen()) return;
      await backend.thaw();
      ensureWatching();
      for (const service of services.values()) service.refresh();
    },
  };

  async function pause(): Promise<PausedSandbox> {
    while (pausing) await pausing;
    const { promise, resolve } = Promise.withResolvers<void>();
    pausing = promise;
    const isRunning = running.size > 0 || [...services.values()].some((service) => isUp(service.state()));
    const isOurs = isRunning && can.freeze && !backend.isFrozen();
    let ending: Promise<void> | undefined;
    const resume = () =>
      (ending ??= (async () => {
        try {
          // Without `refresh`: for everyone else nothing has changed.
          if (isOurs && backend.isFrozen()) await backend.thaw();
        } finally {
          pausing = undefined;
          isFrozenByPause = false;
          endPause = async () => undefined;
          resolve();
        }
      })());
    endPause = resume;
    try {
      isFrozenByPause = isOurs;
      if (isOurs) await backend.freeze();
    } catch (error) {
      await resume();
      throw error;
    }
    return { isStill: !isRunning || backend.isFrozen(), wasRunning: isRunning, resume };
  }

  // Services that an earlier process left running.
  for (const name of readdirSync(paths.services)) serviceOf(name);
  await Promise.all([...services.values()].map((service) => service.adopted()));
  ensureWatching();

  return {
    sandbox,
    update(next) {
      location = next;
      backend.update(next);
    },
    pause,
    async close({ leaveRunning }) {
      await endPause();
      disk.stop();
      await Promise.all([...running.values()].map((kill) => kill()));
      if (!leaveRunning) await sandbox.stop();
      const isLeftRunning = [...services.values()].some((service) => isUp(service.state()));
      for (const service of services.values()) service.leave();
      if (!isLeftRunning) await backend.remove();
    },
    async abandon() {
      isAbandoned = true;
      await endPause();
      disk.stop();
      const ends = [...[...running.values()].map((kill) => kill()), ...[...services.values()].map((service) => service.abandon())];
      const failed = (await Promise.allSettled(ends)).filter((end) => end.status === "rejected");
      for (const { reason: err } of failed) log.error({ err, sandbox: id }, "a program of a deleted project cannot be ended");
      // Removing the isolation ends what is left inside.
      await backend.remove();
    },
  };
}

export const isUp = (state: ServiceState) => state.status === "starting" || state.status === "running" || state.status === "frozen";
