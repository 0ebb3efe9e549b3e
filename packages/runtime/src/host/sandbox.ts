import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { openHistory } from "../history/history.ts";
import type { RuntimeLog } from "../log.ts";
import { partsOf } from "../tree/pin.ts";
import { createHostTree } from "../tree/tree.ts";
import type { Sandbox, ServiceState } from "../types.ts";
import type { Bind, Cell, Place } from "./process-isolation.ts";
import { cellWorld } from "./process-backend.ts";
import { watchDisk } from "./disk.ts";
import { createFifos } from "./fifos.ts";
import type { Service } from "./service.ts";
import { namePattern, openVolumes } from "./volumes.ts";
import type { World } from "./backend.ts";

/** A sandbox as its driver sees it: what others get, and how to end it. */
export interface OpenSandbox {
  sandbox: Sandbox;
  update(place: Place): void;
  /** Ends commands and terminals; services too unless they are left running. */
  close(options: { leaveRunning: boolean }): Promise<void>;
  /** Ends everything at once and takes the walls down: its folder is gone. */
  abandon(): Promise<void>;
}

interface Options {
  createCell(place: Place): Cell;
  /** What services see beside the tree and their volumes. */
  programs: readonly Bind[];
  /** Private scratch of this process. */
  runDir: string;
  can: { freeze: boolean; limits: boolean };
  log: RuntimeLog;
}

/** Opens sandboxes whose programs are processes of this host. */
export function hostSandboxes({ createCell, programs, runDir, can, log }: Options): (place: Place) => Promise<OpenSandbox> {
  const fifos = createFifos(runDir);
  return async (place) => {
    const cell = createCell(place);
    await cell.reap();
    return openSandbox({ place, world: cellWorld({ id: place.spec.id, cell, fifos, runDir, log }), programs, can, log });
  };
}

interface Opening {
  place: Place;
  world: World;
  programs: readonly Bind[];
  can: { freeze: boolean; limits: boolean };
  log: RuntimeLog;
}

/** A sandbox whose tree and volumes lie on this host, wherever its programs run. */
export async function openSandbox({ place: first, world, programs, can, log }: Opening): Promise<OpenSandbox> {
  let place = first;
  const { dir } = place;
  const { id } = place.spec;
  const paths = {
    files: join(dir, "files"),
    home: join(dir, "home"),
    tmp: join(dir, "tmp"),
    services: join(dir, "services"),
    volumes: join(dir, "volumes"),
  };
  const history = openHistory({ dir: place.historyDir, tree: { host: paths.files, tmp: paths.tmp, owner: world.owner }, log });
  await history.recover();
  const services = new Map<string, Service>();
  const running = new Map<symbol, () => Promise<void>>();
  let isAbandoned = false;
  const listeners = new Set<(state: ServiceState) => void>();

  const disk = watchDisk({
    folders: [paths.files, paths.home],
    whole: [paths.tmp, paths.volumes],
    more: world.layerBytes,
    owner: world.owner?.uid,
    limitBytes: () => place.limits.diskBytes,
    isActive: () => !world.isFrozen() && (running.size > 0 || [...services.values()].some((service) => isUp(service.state()))),
    cpuSeconds: async () => (can.limits ? (await world.usage()).cpuSeconds : undefined),
    async onGrowing() {
      for (const service of services.values()) if (isUp(service.state())) service.log.note("ended: the project uses more disk than it may");
      await Promise.all([...[...running.values()].map((kill) => kill()), sandbox.stop()]);
    },
    onTrouble: (err) => log.error({ err, sandbox: id }, "the size of a project cannot be watched"),
  });
  const { checkSpace, keepWatching } = disk;
  const files = createHostTree({ host: paths.files, tmp: paths.tmp, inside: world.inside, owner: world.owner, checkSpace });

  function refuseAbandoned() {
    if (isAbandoned) throw new RuntimeError("not_found", "the project's folder was deleted");
  }
  /** What every start has in common. */
  async function prepare(argv: readonly string[], cwd: string): Promise<string> {
    refuseAbandoned();
    if (argv.length === 0) throw new RuntimeError("not_supported", "an empty command cannot be run");
    const path = partsOf(cwd).join("/");
    if (path !== "" && !(await files.stat(path))) throw new RuntimeError("not_found", `${path} does not exist`);
    if (world.isFrozen()) await sandbox.thaw();
    return path;
  }
  /** Keeps what runs in sight until it is released. */
  function track(kill: () => Promise<void>): () => void {
    const key = Symbol("running");
    running.set(key, kill);
    keepWatching();
    return () => running.delete(key);
  }

  const volumes = openVolumes(paths.volumes, world.owner);
  function serviceOf(name: string): Service {
    const known = services.get(name);
    if (known) return known;
    const service = world.service(name, join(paths.services, name), {
      how: async (spec) => ({
        // An image has its own folders, and its own command where none is given.
        cwd: await prepare(spec.image === undefined ? spec.command : [spec.image], spec.cwd),
        env: spec.env,
        binds: [...programs, ...volumes.lay(spec.volumes)],
      }),
      checkSpace,
      track,
      thaw: () => sandbox.thaw(),
      onTrouble: (err) => log.error({ err, sandbox: id, service: name }, "a service cannot be looked after"),
      onChange: (state) => listeners.forEach((listener) => listener(state)),
    });
    services.set(name, service);
    return service;
  }
  function requireService(name: string): Service {
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
      refuseAbandoned();
      const state = await serviceOf(spec.name).start(spec);
      keepWatching();
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
    services: () => [...services.values()].map((service) => service.state()),
    onState(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async exec(argv, options = {}) {
      const cwd = await prepare(argv, options.cwd ?? ".");
      const command = await world.command(argv, { cwd, env: options.env ?? {}, isReadOnly: options.readOnly });
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
      const pty = await world.terminal(argv, { cwd, env: options.env ?? {} }, options, () => {
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
    address: async (port) => world.address(port),
    async stats() {
      return { ...(await world.usage()), diskBytes: await disk.measure() };
    },
    programs: () => world.programs(),
    usage: () => world.usage(),
    async freeze() {
      if (!can.freeze || world.isFrozen()) return;
      await world.freeze();
      for (const service of services.values()) service.refresh();
    },
    async thaw() {
      if (!world.isFrozen()) return;
      await world.thaw();
      keepWatching();
      for (const service of services.values()) service.refresh();
    },
  };

  // Services that an earlier process left running.
  for (const name of readdirSync(paths.services)) serviceOf(name);
  await Promise.all([...services.values()].map((service) => service.settled()));
  keepWatching();

  return {
    sandbox,
    update(next) {
      place = next;
      world.update(next);
    },
    async close({ leaveRunning }) {
      disk.stop();
      await Promise.all([...running.values()].map((kill) => kill()));
      if (!leaveRunning) await sandbox.stop();
      const isLeftRunning = [...services.values()].some((service) => isUp(service.state()));
      for (const service of services.values()) service.leave();
      if (!isLeftRunning) await world.remove();
    },
    async abandon() {
      isAbandoned = true;
      disk.stop();
      const ends = [...[...running.values()].map((kill) => kill()), ...[...services.values()].map((service) => service.abandon())];
      const failed = (await Promise.allSettled(ends)).filter((end) => end.status === "rejected");
      for (const { reason: err } of failed) log.error({ err, sandbox: id }, "a program of a deleted project cannot be ended by itself");
      // With the walls goes what is left inside.
      await world.remove();
    },
  };
}

export const isUp = (state: ServiceState) => state.status === "starting" || state.status === "running" || state.status === "frozen";
