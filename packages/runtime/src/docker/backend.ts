import { chownSync } from "node:fs";
import { basename, join } from "node:path";
import type Docker from "dockerode";
import { connectTo, type ConnectPort } from "../connect.ts";
import { RuntimeError } from "../errors.ts";
import type { Bind, LaunchOptions, SandboxLocation } from "../host/process-isolation.ts";
import { tryLimits } from "../host/processes/cgroups.ts";
import { accounts } from "../host/files/etc.ts";
import { writeWithMode } from "../host/files/modes.ts";
import { descendants } from "../host/processes/pids.ts";
import { createPortFinder } from "../host/services/ports.ts";
import { accepts } from "../host/services/readiness.ts";
import type { SandboxBackend } from "../host/backend.ts";
import type { RuntimeLog } from "../log.ts";
import type { ServiceSpec } from "../types.ts";
import { openCommandContainer, openContainerTerminal, runInContainer, type CommandContainer } from "./command.ts";
import { removeEmptyGroups } from "../host/processes/empty-groups.ts";
import { ignoreMissing } from "./engine.ts";
import { findImageUser, type ImageUser } from "./image-user.ts";
import { createPod } from "./pod.ts";
import { ensureImage } from "./pull.ts";
import { openContainerService } from "./service.ts";
import { sandboxUsage } from "./usage.ts";
import {
  asProgram,
  groupOf,
  hostConfig,
  label,
  labelsOf,
  nameBinds,
  programContainer,
  userOf,
  type DriverContext,
} from "./container-config.ts";

/** One health check may take this long. */
const healthMs = 5_000;
/** The pod stays this long after the last program of its sandbox: the next one starts faster. */
const lingerMs = 30_000;

/** Containers of one sandbox. `adopted`: resolves when the state of everything that was found is known. */
export async function openDockerBackend(
  first: SandboxLocation,
  context: DriverContext,
  log: RuntimeLog,
): Promise<SandboxBackend & { adopted(): Promise<void> }> {
  const { docker, key } = context;
  let location = first;
  const { dir } = location;
  const { uid, gid } = userOf(context, location);
  const owner = context.hasOwnUid ? { uid: location.slot.uid, gid: location.slot.uid } : undefined;
  const group = () => context.cgroups.group(groupOf(location));
  writeNames();

  const left = await inspectAll(docker, [`${label.key}=${key}`, `${label.sandbox}=${location.spec.id}`]);
  const ofRole = (role: string) => left.filter(({ Config }) => Config.Labels[label.role] === role);
  // Commands and terminals end with their server; what is left of one is on its way.
  await Promise.all(ofRole("command").map(({ Id }) => docker.getContainer(Id).remove({ force: true }).catch(ignoreMissing)));
  const found = new Map(ofRole("service").map((info) => [info.Config.Labels[label.service] ?? "", info]));
  const pod = createPod(location, context, ofRole("pod")[0]);
  let isFrozen = [...found.values()].some(({ State }) => State.Paused);
  let hasGroupLimits = false;
  /** What runs, by container. */
  const active = new Set<string>(found.keys());
  const commands = new Set<CommandContainer>();
  /** Services that may write into their container. */
  const imageServices = new Set([...found].filter(([, { HostConfig }]) => HostConfig.ReadonlyRootfs !== true).map(([name]) => name));
  const adoptions: Promise<void>[] = [];
  let closeTimer: NodeJS.Timeout | undefined;
  let count = 0;
  const addressOf = (port: number) => ({ host: location.slot.ip, port });
  const connect: ConnectPort = async (port, options) => {
    if (!pod.exists() && !options?.signal?.aborted) throw new RuntimeError("unavailable", `no program accepts connections on port ${port}`);
    return await connectTo(addressOf(port), options);
  };

  function writeNames() {
    const names = ["localhost", location.spec.id, ...(location.spec.hostnames ?? [])];
    writeWithMode(join(dir, "hosts"), `127.0.0.1 ${[...new Set(names)].join(" ")}\n`, 0o644);
    for (const { to, content } of accounts(uid)) writeWithMode(join(dir, basename(to)), content, 0o644);
  }
  function prepareGroup() {
    if (hasGroupLimits) return;
    group().setLimits(location.limits);
    hasGroupLimits = true;
  }
  function enter(name: string) {
    clearTimeout(closeTimer);
    active.add(name);
  }
  function exit(name: string) {
    active.delete(name);
    if (active.size > 0) return;
    clearTimeout(closeTimer);
    closeTimer = setTimeout(() => {
      if (active.size === 0)
        pod.remove().catch((err: unknown) => log.error({ err, sandbox: location.spec.id }, "a sandbox's network cannot be taken down"));
    }, lingerMs);
    closeTimer.unref();
  }

  async function openCommand(launch: LaunchOptions): Promise<{ container: CommandContainer; end(): Promise<void> }> {
    prepareGroup();
    const name = `command ${++count}`;
    enter(name);
    try {
      const container = await openCommandContainer(context, location, launch, launch.isReadOnly ? "none" : await pod.join());
      commands.add(container);
      const end = () =>
        container.end().finally(() => {
          if (commands.delete(container)) exit(name);
        });
      return { container: { exec: (options) => container.exec(options), end }, end };
    } catch (error) {
      exit(name);
      throw error;
    }
  }

  const containerName = (name: string) => `tesslate-${key}-${groupOf(location)}-s-${name}`;
  async function createService(
    spec: ServiceSpec,
    launch: LaunchOptions,
    image: Docker.ImageInspectInfo | undefined,
  ): Promise<Docker.Container> {
    prepareGroup();
    const labels = labelsOf(context, location, "service", { [label.service]: spec.name });
    await docker.getContainer(containerName(spec.name)).remove({ force: true, v: true }).catch(ignoreMissing);
    if (image === undefined) {
      const container = programContainer(context, location, launch, await pod.join(), "service");
      const { HostConfig } = container;
      return docker.createContainer({
        ...container,
        name: containerName(spec.name),
        Cmd: asProgram(spec.command),
        StopTimeout: stopSeconds(spec),
        Labels: labels,
        HostConfig: { ...HostConfig, Init: true },
      });
    }
    imageServices.add(spec.name);
    const tree: Bind = { from: join(dir, "files"), to: "/app", isWritable: false };
    const user = await findImageUser({
      docker,
      image,
      labels: labelsOf(context, location, "command"),
      volumePaths: (spec.volumes ?? []).map(({ path }) => path),
      fallback: { uid, gid },
      isFallbackOnly: !context.hasOwnUid,
    });
    give(launch, user);
    const passwd = join(dir, "services", spec.name, "passwd");
    if (user.passwd !== undefined) writeWithMode(passwd, user.passwd, 0o644);
    return docker.createContainer({
      name: containerName(spec.name),
      Image: image.Id,
      User: `${user.uid}:${user.gid}`,
      ...(spec.command.length > 0 && { Cmd: [...spec.command] }),
      ...(launch.cwd !== "" && { WorkingDir: `/app/${launch.cwd}` }),
      Env: Object.entries(launch.env).map(([name, value]) => `${name}=${value}`),
      StopTimeout: stopSeconds(spec),
      Labels: labels,
      Healthcheck: { Test: ["NONE"] },
      HostConfig: hostConfig(context, location, {
        NetworkMode: await pod.join(),
        // Images write beside their volumes too; what they write there goes with the container.
        ReadonlyRootfs: false,
        Init: true,
        Mounts: [
          ...nameBinds(location),
          ...context.binds.filter(({ to }) => to === "/etc/resolv.conf"),
          ...(user.passwd === undefined ? [] : [{ from: passwd, to: "/etc/passwd", isWritable: false }]),
          ...(launch.cwd === "" ? [] : [tree]),
          ...(launch.binds ?? []),
        ].map(context.mount),
        Tmpfs: { "/tmp": `rw,exec,nosuid,nodev,size=${512 * 2 ** 20},mode=1777` },
      }),
    });
  }
  /** Volumes belong to the user that the image's program runs as. */
  function give(launch: LaunchOptions, user: ImageUser) {
    if (process.getuid?.() !== 0 || context.isRootless) return;
    for (const { from, isWritable } of launch.binds ?? []) if (isWritable) chownSync(from, user.uid, user.gid);
  }

  const each = async (work: (container: Docker.Container) => Promise<unknown>) => {
    const running = await docker.listContainers({ filters: { label: [`${label.key}=${key}`, `${label.sandbox}=${location.spec.id}`] } });
    await Promise.all(
      running.filter(({ Labels }) => Labels[label.role] !== "pod").map(({ Id }) => work(docker.getContainer(Id)).catch(ignoreNotRunning)),
    );
  };

  return {
    inside: "/app",
    owner,
    async command(argv, launch) {
      const { container, end } = await openCommand(launch);
      return { run: (options) => runInContainer(container, argv, launch, options), kill: end, dispose: () => {} };
    },
    async terminal(argv, launch, options, onEnd) {
      const { container } = await openCommand(launch);
      return openContainerTerminal(container, argv, launch, options, {
        onEnd,
        onError: (err) => log.error({ err, sandbox: location.spec.id }, "a terminal cannot be looked after"),
      });
    },
    service(name, stateDir, hooks) {
      const launch = new Map<ServiceSpec, LaunchOptions>();
      const finder = createPortFinder();
      return openContainerService(name, {
        dir: stateDir,
        found: found.get(name),
        container: (id) => docker.getContainer(id),
        async check(spec) {
          if (spec.image === undefined && spec.command.length === 0)
            throw new RuntimeError("not_supported", "an empty command cannot be run");
          launch.clear();
          launch.set(spec, await hooks.launch(spec));
        },
        async create(spec, options) {
          enter(name);
          const known = launch.get(spec) ?? (await hooks.launch(spec));
          if (spec.image === undefined) return { container: await createService(spec, known, undefined), health: spec.health };
          try {
            const image = await ensureImage(docker, spec.image, options);
            return { container: await createService(spec, known, image), health: spec.health };
          } catch (error) {
            if (!spec.program || !(error instanceof RuntimeError) || error.code !== "unavailable") throw error;
            options.onProgress(`${error.message}; it runs from programs of this machine instead`);
            const { image: _image, health: _health, ...rest } = spec;
            const instead: ServiceSpec = { ...rest, ...spec.program };
            return { container: await createService(instead, await hooks.launch(instead), undefined), health: instead.health };
          }
        },
        async isHealthy(container, argv) {
          const exec = await container.exec({ Cmd: [...argv], AttachStdout: true, AttachStderr: true });
          const stream = await exec.start({ hijack: true, stdin: false });
          stream.resume();
          const ended = new Promise<void>((resolve) => {
            stream.once("end", resolve);
            stream.once("error", () => resolve());
          });
          await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, healthMs).unref())]);
          stream.destroy();
          return (await exec.inspect()).ExitCode === 0;
        },
        async listening(pid, wanted) {
          if (!context.isDirect) {
            // The container's processes are not visible: any response at the port counts as the service.
            const port = wanted.find((candidate) => candidate !== undefined && candidate !== 0);
            const isOpen = port !== undefined && (await accepts(connect, port));
            return isOpen ? port : undefined;
          }
          const ports = await finder.find(descendants(pid));
          return wanted.find((port) => port !== undefined && ports.includes(port)) ?? ports[0];
        },
        connect,
        isFrozen: () => isFrozen,
        onEnd() {
          imageServices.delete(name);
          exit(name);
        },
        openAfter: (work) => void adoptions.push(work),
        hooks,
      });
    },
    address: addressOf,
    connect,
    async programs() {
      const names: string[] = [];
      await each(async (container) => {
        const { Processes } = (await container.top({ ps_args: "-eo pid,comm" })) as { Processes: string[][] };
        for (const [, name] of Processes) if (name !== undefined) names.push(name);
      });
      return names;
    },
    usage: () => sandboxUsage(context, location),
    async layerBytes() {
      if (imageServices.size === 0) return 0;
      const each = await Promise.all(
        [...imageServices].map((name) =>
          docker
            .getContainer(containerName(name))
            // Missing in the client's types.
            .inspect({ size: true } as object)
            .catch(ignoreMissing),
        ),
      );
      return each.reduce((sum, info) => sum + ((info as { SizeRw?: number } | undefined)?.SizeRw ?? 0), 0);
    },
    async freeze() {
      isFrozen = true;
      await each((container) => container.pause());
    },
    async thaw() {
      // First, so that a container that is starting is not paused afterwards.
      isFrozen = false;
      try {
        await each((container) => container.unpause());
      } catch (error) {
        isFrozen = true;
        throw error;
      }
    },
    isFrozen: () => isFrozen,
    update(next) {
      location = next;
      pod.update(next);
      writeNames();
      // Lowering below current use may be rejected; it applies at the next start.
      if (hasGroupLimits) hasGroupLimits = tryLimits(group(), location.limits);
      const { Memory, MemorySwap, NanoCpus, PidsLimit } = hostConfig(context, location, {});
      each((container) => container.update({ Memory, MemorySwap, NanoCpus, PidsLimit })).catch((err: unknown) =>
        // Lowering a limit below current use may be rejected; it applies at the next start.
        log.warn({ err, sandbox: location.spec.id }, "new limits do not apply to running programs"),
      );
    },
    async remove() {
      clearTimeout(closeTimer);
      await Promise.all([...commands].map((container) => container.end()));
      const rest = await inspectAll(docker, [`${label.key}=${key}`, `${label.sandbox}=${location.spec.id}`]);
      const others = rest.filter(({ Config }) => Config.Labels[label.role] !== "pod");
      await Promise.all(others.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreMissing)));
      await pod.remove();
      if (context.cgroups.names().includes(groupOf(location))) await group().remove();
      removeEmptyGroups(`tesslate-${key}/${groupOf(location)}`);
      hasGroupLimits = false;
    },
    async adopted() {
      await Promise.all(adoptions.splice(0));
    },
  };
}

/** For stops that the engine performs. */
const stopSeconds = ({ stopGraceMs = 5_000 }: ServiceSpec) => Math.ceil(stopGraceMs / 1000);

/** Every container with the labels, whatever its state. */
export async function inspectAll(docker: Docker, labels: string[]): Promise<Docker.ContainerInspectInfo[]> {
  const listed = await docker.listContainers({ all: true, filters: { label: labels } });
  const infos = await Promise.all(listed.map(({ Id }) => docker.getContainer(Id).inspect().catch(ignoreMissing)));
  return infos.filter((info) => info !== undefined);
}

/** It has already ended, or is already in the requested state. */
const ignoreNotRunning = (error: unknown) => {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode === 404 || statusCode === 409 || /not running|not paused|already paused|stopped container/.test(message ?? "")) return;
  throw error;
};
