import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import { openHistory, type OpenHistory } from "../history/history.ts";
import type { RuntimeLog } from "../log.ts";
import { partsOf } from "../tree/pin.ts";
import { createHostTree } from "../tree/tree.ts";
import type { Sandbox, ServiceSpec, ServiceState } from "../types.ts";
import type { Bind, Cell, How, Place } from "./cell.ts";
import { watchDisk } from "./disk.ts";
import { runCommand } from "./exec.ts";
import { createFifos, type Fifos } from "./fifos.ts";
import { openService, type Service } from "./service.ts";
import { openTerminal } from "./terminal.ts";
import { namePattern, openVolumes } from "./volumes.ts";

/** One health check may take this long. */
const healthMs = 5_000;

/** A sandbox as its driver sees it: what others get, and how to end it. */
export interface OpenSandbox {
  sandbox: Sandbox;
  update(place: Place): void;
  /** Ends commands and terminals; services too unless they are left running. */
  close(options: { leaveRunning: boolean }): Promise<void>;
}

interface Options {
  createCell(place: Place): Cell;
  /** What services see beside the tree and their volumes. */
  programs: readonly Bind[];
  /** Private scratch of this process. */
  runDir: string;
  can: { freeze: boolean };
  log: RuntimeLog;
}

/** Opens sandboxes whose programs are processes of this host. */
export function hostSandboxes({ createCell, programs, runDir, can, log }: Options): (place: Place) => Promise<OpenSandbox> {
  const fifos = createFifos(runDir);
  return async (place) => {
    const cell = createCell(place);
    await cell.reap();
    const tree = { host: join(place.dir, "files"), tmp: join(place.dir, "tmp"), owner: cell.owner };
    const history = openHistory({ dir: place.historyDir, tree, log });
    await history.recover();
    return openSandbox({ place, cell, history, programs, fifos, runDir, can, log });
  };
}

interface Opening extends Omit<Options, "createCell"> {
  place: Place;
  cell: Cell;
  history: OpenHistory;
  fifos: Fifos;
}

function openSandbox({ place: first, cell, history, programs, fifos, runDir, can, log }: Opening): OpenSandbox {
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
  const services = new Map<string, Service>();
  const running = new Map<symbol, () => Promise<void>>();
  const listeners = new Set<(state: ServiceState) => void>();

  const disk = watchDisk({
    folders: [paths.files, paths.home, paths.volumes],
    incoming: paths.tmp,
    owner: cell.owner?.uid,
    limitBytes: () => place.limits.diskBytes,
    isActive: () => running.size > 0 || [...services.values()].some((service) => isUp(service.state())),
    async onGrowing() {
      for (const service of services.values()) if (isUp(service.state())) service.log.note("ended: the project uses more disk than it may");
      await Promise.all([...[...running.values()].map((kill) => kill()), sandbox.stop()]);
    },
    onTrouble: (err) => log.error({ err, sandbox: id }, "the size of a project cannot be watched"),
  });
  const { checkSpace, keepWatching } = disk;
  const files = createHostTree({ host: paths.files, tmp: paths.tmp, inside: cell.inside, owner: cell.owner, checkSpace });

  /** What every start has in common. */
  async function prepare(argv: readonly string[], cwd: string): Promise<string> {
    if (argv.length === 0) throw new RuntimeError("not_supported", "an empty command cannot be run");
    const path = partsOf(cwd).join("/");
    if (path !== "" && !(await files.stat(path))) throw new RuntimeError("not_found", `${path} does not exist`);
    if (cell.isFrozen()) await sandbox.thaw();
    return path;
  }

  const volumes = openVolumes(paths.volumes, cell.owner);
  /** How a service and its health check are started. */
  const howOf = async (spec: ServiceSpec, argv: readonly string[]): Promise<How> => ({
    cwd: await prepare(argv, spec.cwd),
    env: spec.env,
    binds: [...programs, ...volumes.lay(spec.volumes)],
  });

  function serviceOf(name: string): Service {
    const known = services.get(name);
    if (known) return known;
    const walls = cell.service(name);
    const stateDir = join(paths.services, name);
    const service = openService(name, {
      dir: stateDir,
      owner: cell.owner,
      async launch(spec, stdio) {
        await checkSpace();
        if (spec.image !== undefined) throw new RuntimeError("not_supported", "this driver runs no images");
        return walls.start(spec.command, await howOf(spec, spec.command), stateDir, stdio);
      },
      async check(spec, argv) {
        const command = await cell.command(argv, await howOf(spec, argv));
        const key = Symbol(argv[0]);
        running.set(key, () => command.kill());
        try {
          const { exitCode } = await runCommand(
            { start: command.start, kill: () => command.kill(), fifos, tmpDir: runDir },
            { timeoutMs: healthMs, maxOutputBytes: 4096 },
          );
          return exitCode === 0;
        } finally {
          running.delete(key);
          command.dispose();
        }
      },
      pids: walls.pids,
      kill: walls.kill,
      oomKills: cell.oomKills,
      address: cell.address,
      isFrozen: cell.isFrozen,
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
      const command = await cell.command(argv, { cwd, env: options.env ?? {}, isReadOnly: options.readOnly });
      const key = Symbol(argv[0]);
      running.set(key, () => command.kill());
      keepWatching();
      try {
        const result = await runCommand({ start: command.start, kill: () => command.kill(), fifos, tmpDir: runDir }, options);
        if (result.exitCode !== null && !command.hasEntered())
          throw new RuntimeError("unavailable", `the sandbox could not be entered: ${result.stderr.trim() || "no reason given"}`);
        return result;
      } finally {
        running.delete(key);
        command.dispose();
      }
    },

    async pty(argv, options = {}) {
      const cwd = await prepare(argv, options.cwd ?? ".");
      const terminal = await cell.terminal(argv, { cwd, env: options.env ?? {} });
      const key = Symbol(argv[0]);
      const pty = await openTerminal(
        {
          ...terminal,
          kill: () => terminal.kill(pty.pid),
          onTrouble: (err) => log.error({ err, sandbox: id }, "a terminal cannot be ended"),
          onEnd() {
            running.delete(key);
            terminal.dispose();
          },
        },
        options,
      );
      running.set(key, () => pty.kill());
      keepWatching();
      return pty;
    },

    async *logs(name, options = {}) {
      yield* requireService(name).log.follow(options);
    },
    address: async (port) => cell.address(port),
    async stats() {
      return { ...cell.usage(), diskBytes: await disk.measure() };
    },
    async freeze() {
      if (!can.freeze || cell.isFrozen()) return;
      cell.freeze();
      for (const service of services.values()) service.refresh();
    },
    async thaw() {
      if (!cell.isFrozen()) return;
      cell.thaw();
      for (const service of services.values()) service.refresh();
    },
  };

  // Services that an earlier process left running.
  for (const name of readdirSync(paths.services)) serviceOf(name);
  keepWatching();

  return {
    sandbox,
    update(next) {
      place = next;
      cell.update(next);
    },
    async close({ leaveRunning }) {
      disk.stop();
      await Promise.all([...running.values()].map((kill) => kill()));
      if (!leaveRunning) await sandbox.stop();
      const isLeftRunning = [...services.values()].some((service) => isUp(service.state()));
      for (const service of services.values()) service.leave();
      if (!isLeftRunning) await cell.remove();
    },
  };
}

export const isUp = (state: ServiceState) => state.status === "starting" || state.status === "running" || state.status === "frozen";
