import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError } from "../errors.ts";
import { idPattern } from "../host/deleted-sandboxes.ts";
import { refreshOutboundRules } from "../host/network/outbound-rules.ts";
import { silentLog } from "../log.ts";
import type { ImageId, PausedSandbox, RuntimeDriver, Sandbox, SandboxInfo, SandboxSpec, ServiceState } from "../types.ts";
import { connectCluster } from "./cluster.ts";
import { startIdleChecks } from "./idle-checks.ts";
import { createImages } from "./images.ts";
import { annotations } from "./labels.ts";
import type { LivePod } from "./live.ts";
import { applyNetworkPolicies } from "./network-policies.ts";
import type { KubernetesOptions } from "./options.ts";
import { networkOf } from "./pod-template.ts";
import { countPods } from "./pod-counts.ts";
import { followPods } from "./pods.ts";
import { createPrograms } from "./programs.ts";
import { createPodSandbox } from "./sandbox.ts";
import { createServiceStates, isActive, type ServiceStates } from "./service-states.ts";
import { ensureUnit, openUnit, readKey, removeAbandoned, type Environment } from "./units.ts";
import { createWarmPods } from "./warm.ts";
import { podWorkloads, removeUnchanged, sandboxApi, sandboxWorkloads, type Workload } from "./workloads.ts";

interface OpenProject {
  name: string;
  spec: SandboxSpec;
  live: LivePod;
  states: ServiceStates;
  /** For a server that does not own it, or all of it if there is only one. */
  sandbox: Sandbox;
  /** Of a server that took it over. Its calls fail while another one owns it. */
  owned: OwnedSandbox | undefined;
  /** By this process, which stops it when it ends. */
  isOpened: boolean;
}

interface OwnedSandbox {
  sandbox: Sandbox;
  /** At the runner that is connected. */
  inside: { runner: RuntimeDriver; sandbox: Sandbox } | undefined;
}

/** Lines of a failed service that are kept while it is suspended. */
const storedLines = 5;
const notRunning: PausedSandbox = { isStill: true, wasRunning: false, resume: async () => undefined };

/** Pods that are asked at once for the states of their services. */
const askedAtOnce = 8;
/** Timeout for the answer of one pod; after it, the last known states are returned. */
const longestListMs = 2_000;
/** How often a project is created after another server that created it has failed. */
const maxAttempts = 3;
/** Another server may have applied other rules before it ended. */
const policiesAgainMs = 5 * 60_000;
const ownerMark = (spec: SandboxSpec, self: string): Record<string, string> =>
  spec.takesOver === true ? { [annotations.owner]: self } : {};

/**
 * A pod per project, suspended while nothing runs in it: the runner in the pod keeps files, histories and services on the pod's volume, and
 * this driver decides when there is a pod and calls its runner. Drivers of several servers share a namespace: what they must agree on is in
 * the cluster, as `Workloads`, and in the runners.
 */
export async function createKubernetesDriver(options: KubernetesOptions): Promise<RuntimeDriver> {
  const log = options.log ?? silentLog;
  const cluster = await connectCluster(options);
  const hasSandboxes = options.workloads !== "pods" && (await cluster.knows(sandboxApi.apiVersion, sandboxApi.kind));
  if (options.workloads === "sandboxes" && !hasSandboxes)
    throw new RuntimeError(
      "unavailable",
      "the cluster has no Sandbox objects (agents.x-k8s.io/v1beta1), or this account may not list them: install kubernetes-sigs/agent-sandbox",
    );
  const key = await readKey(cluster);
  const outboundRules = refreshOutboundRules(
    { setOutboundRules: (rules) => applyNetworkPolicies(cluster, { allowFrom: options.allowFrom, rules }) },
    { targets: [], allow: options.outbound?.allow ?? [], blocked: options.hostnamesBlocked ?? [] },
    log,
  );
  // Before any pod: project code never runs without them.
  await outboundRules.refresh();
  const policies = setInterval(() => {
    outboundRules.refresh().catch((err: unknown) => log.error({ err }, "network policies cannot be applied"));
  }, policiesAgainMs);
  policies.unref();
  const pods = await followPods(cluster, { log });
  const workloads = await (hasSandboxes ? sandboxWorkloads : podWorkloads)(cluster, { log });
  const environment: Environment = { options, cluster, workloads, pods, key, log };
  const images = createImages(environment);
  const programs = createPrograms(environment);
  const warm = createWarmPods(environment);
  const projects = new Map<string, OpenProject>();
  const turns = new Map<string, Promise<unknown>>();
  /** This server, among those of the namespace. */
  const self = randomUUID();
  let isClosed = false;

  const stored = (id: string): Workload | undefined => workloads.find("project", id);
  /** Also one that another server has created just now. */
  async function lookUp(id: string): Promise<Workload | undefined> {
    if (!isCreated(stored(id))) await workloads.read("project", id);
    return stored(id);
  }
  const isCreated = (workload: Workload | undefined): boolean =>
    workload?.annotations[annotations.created] !== undefined && workload.annotations[annotations.removed] === undefined;
  function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    if (isClosed) return Promise.reject(new RuntimeError("unavailable", "the runtime is closed"));
    const turn = (turns.get(id) ?? Promise.resolve()).then(work, work);
    turns.set(id, turn);
    const done = () => {
      if (turns.get(id) === turn) turns.delete(id);
    };
    turn.then(done, done);
    return turn;
  }

  /** The project of a workload. Starts nothing. */
  function attach(workload: Workload, spec: SandboxSpec): OpenProject {
    const { name, id } = workload;
    const known = projects.get(id);
    if (known?.name === name) return known;
    void known?.live.close({ isKept: true });
    const states = createServiceStates(storedStates(workload));
    const live = openUnit(environment, name, "project", {
      spec: () => project.spec,
      async onConnect(runner) {
        if (!isCreated(workloads.get(name))) return;
        await states.follow(await openAt(project, runner));
      },
      async beforeSuspend(runner): Promise<Record<string, string> | undefined> {
        const sandbox = await runner.find(id);
        if (!sandbox) return {};
        const all = states.learn(await sandbox.services());
        if (all.some(isActive)) return undefined;
        const { diskBytes } = await sandbox.stats();
        const brief = all.map(({ lastLines, ...state }) => ({ ...state, ...(lastLines && { lastLines: lastLines.slice(-storedLines) }) }));
        return { [annotations.states]: JSON.stringify(brief), [annotations.diskBytes]: String(diskBytes) };
      },
      onLost() {
        states.unfollow();
        states.lose();
        // The next pod's runner knows what ended with this one.
        if (states.isAnyActive() && !isClosed)
          live.use(async () => undefined).catch((err: unknown) => log.error({ err, sandbox: id }, "a pod cannot be replaced"));
      },
      onSuspended() {
        states.unfollow();
        states.update(storedStates(workloads.get(name)));
      },
      isFollowed: () => isOwner(project) || states.hasListeners(),
    });
    const sandbox = createPodSandbox({
      ...storedFacts(name),
      id,
      live,
      states,
      async inPod(runner) {
        const found = await runner.find(id);
        if (!found) throw new RuntimeError("not_found", "The sandbox was deleted.");
        return found;
      },
    });
    const project: OpenProject = { name, spec, live, states, sandbox, owned: undefined, isOpened: false };
    projects.set(id, project);
    return project;
  }
  const storedFacts = (name: string) => ({
    storedDiskBytes: () => Number(workloads.get(name)?.annotations[annotations.diskBytes] ?? 0),
    async keepsHistory() {
      if (workloads.get(name)?.annotations[annotations.history] === undefined)
        await workloads.annotate(name, { [annotations.history]: "true" });
    },
  });
  const storedStates = (workload: Workload | undefined) => read<ServiceState[]>(workload?.annotations[annotations.states]) ?? [];
  /** Whether this server took it over, and no other one since. */
  const isOwner = ({ name, owned }: OpenProject) => owned !== undefined && workloads.get(name)?.annotations[annotations.owner] === self;

  /** Opens it at its runner, as the server's own if it has taken it over. */
  async function openAt(project: OpenProject, runner: RuntimeDriver): Promise<Sandbox> {
    const { owned } = project;
    if (!owned || !isOwner(project)) return runner.open(withoutImage(project.spec));
    const sandbox = await runner.open({ ...withoutImage(project.spec), takesOver: true });
    owned.inside = { runner, sandbox };
    return sandbox;
  }
  /** A handle of the server that takes over. */
  function takeOver(project: OpenProject) {
    if (project.owned) return;
    const { live, states, spec } = project;
    const owned: OwnedSandbox = {
      inside: undefined,
      sandbox: createPodSandbox({
        ...storedFacts(project.name),
        id: spec.id,
        live,
        states,
        async inPod(runner) {
          if (!isOwner(project)) throw new RuntimeError("unavailable", "Another server took over this project.");
          return owned.inside?.runner === runner ? owned.inside.sandbox : openAt(project, runner);
        },
        isLostOwnership(error) {
          // A former owner that did not know of the change yet opened it last.
          const isTaken = error instanceof RuntimeError && error.details?.["epoch"] !== undefined && isOwner(project);
          if (isTaken) owned.inside = undefined;
          return isTaken;
        },
      }),
    };
    project.owned = owned;
  }
  const stopFollowing = workloads.onChange((name) => {
    if (workloads.get(name)) return;
    for (const project of projects.values()) if (project.name === name) void forget(project.spec.id);
  });
  const specOf = (workload: Workload): SandboxSpec => ({
    ...read<SandboxSpec>(workload.annotations[annotations.spec]),
    id: workload.id,
  });

  /** Makes the tree, or goes on with what an earlier attempt left. */
  async function create(workload: Workload, spec: SandboxSpec): Promise<OpenProject> {
    const project = attach(workload, spec);
    project.spec = spec;
    if (spec.takesOver === true) takeOver(project);
    await project.live.use(async (runner) => {
      let image: ImageId | undefined;
      try {
        if (spec.image !== undefined && !(await runner.find(spec.id))) image = await images.copyTo(runner, spec.image);
        if (image !== undefined)
          await runner.open({ ...withoutImage(spec), image }).catch(async (error: unknown) => {
            // Another server created it meanwhile, and removed its image.
            if (!(await runner.find(spec.id))) throw error;
          });
        await project.states.follow(await openAt(project, runner));
      } finally {
        if (image !== undefined) await runner.removeImage(image);
      }
    });
    await workloads.annotate(workload.name, { [annotations.created]: "true", [annotations.removed]: null });
    return project;
  }

  async function open(spec: SandboxSpec, attempt = 1): Promise<OpenProject> {
    const known = await lookUp(spec.id);
    if (spec.image !== undefined && !isCreated(known) && !(await images.has(spec.image)))
      throw new RuntimeError("not_found", `There is no image ${spec.image}.`);
    const text = JSON.stringify(withoutImage(spec));
    if (!known) {
      const marks = { [annotations.spec]: text, ...ownerMark(spec, self) };
      const taken = await warm.take(spec, marks);
      const { workload, isNew } = taken
        ? { workload: taken, isNew: true }
        : await ensureUnit(environment, { id: spec.id, kind: "project", spec, annotations: marks });
      if (!isNew)
        return openKnown(workload, spec, text).catch((error: unknown) => {
          // Another server could not create it, and removed it.
          if (workloads.get(workload.name) || attempt === maxAttempts) throw error;
          return open(spec, attempt + 1);
        });
      try {
        return await create(workload, spec);
      } catch (error) {
        await removeFailed(workload.name, spec.id);
        throw error;
      }
    }
    return openKnown(known, spec, text);
  }
  /** What could not be created, unless another server has created it meanwhile. */
  async function removeFailed(name: string, id: string) {
    const workload = workloads.get(name);
    if (!workload || isCreated(workload)) return;
    await forget(id);
    await removeUnchanged(workloads, workload);
  }

  async function openKnown(known: Workload, spec: SandboxSpec, text: string): Promise<OpenProject> {
    const changes: Record<string, string> = { [annotations.spec]: text, ...ownerMark(spec, self) };
    if (Object.entries(changes).some(([key, value]) => known.annotations[key] !== value)) await workloads.annotate(known.name, changes);
    if (!isCreated(known)) return create(known, spec);
    const project = attach(known, spec);
    if (networkOf(project.spec) !== networkOf(spec) || networkOf(specOf(known)) !== networkOf(spec))
      await workloads.setNetwork(known.name, networkOf(spec));
    project.spec = spec;
    if (spec.takesOver === true) takeOver(project);
    // The owner before is refused from now on.
    const isTaken = spec.takesOver === true && known.isAwake && pods.of(known.name)?.isRunning === true;
    if (project.live.current || isTaken) await project.live.use((runner) => openAt(project, runner));
    return project;
  }

  async function forget(id: string) {
    const project = projects.get(id);
    projects.delete(id);
    await project?.live.close({ isKept: true });
  }

  function find(workload: Workload | undefined): OpenProject | undefined {
    if (!workload || !isCreated(workload)) return undefined;
    const project = attach(workload, specOf(workload));
    // The one that owns it may have changed it.
    if (!isOwner(project)) project.spec = specOf(workload);
    return project;
  }

  const idleChecks = startIdleChecks({
    workloads,
    suspendAfterMs: options.suspendAfterMs,
    isUsedHere: (name) => {
      const project = projects.get(workloads.get(name)?.id ?? "");
      return project?.name === name && project.live.current !== undefined;
    },
    check: (workload) =>
      workload.kind === "project"
        ? attach(workload, specOf(workload)).live.suspend(options.suspendAfterMs)
        : images.suspend(workload.id, options.suspendAfterMs),
    async sweep() {
      await removeAbandoned(workloads);
      await images.removeOutdated();
      await programs.removeOutdated();
    },
    log,
  });

  return {
    name: "kubernetes",
    isolation: "full",
    warnings: [],
    can: { pty: true, freeze: false, limits: false, privateNetwork: false, peers: false, images: false, history: true },
    prepare: images.prepare,
    findImage: images.find,
    listImages: async () => images.list(),
    removeImage: images.remove,
    findPrograms: programs.find,
    // Each pod has ports of its own; below those that the kernel gives to clients.
    freePort: async () => randomInt(10_000, 32_768),
    async open(spec) {
      if (!idPattern.test(spec.id)) throw new RuntimeError("not_supported", `${spec.id} is not a valid sandbox id`);
      const project = await inTurn(spec.id, () => open(spec));
      project.isOpened = true;
      return spec.takesOver === true && project.owned ? project.owned.sandbox : project.sandbox;
    },
    find: (id) =>
      inTurn(id, async () => {
        const project = find(await lookUp(id));
        return project?.owned && isOwner(project) ? project.owned.sandbox : project?.sandbox;
      }),
    async list({ isBrief = false } = {}) {
      // With those whose creation was interrupted, so that they can be removed.
      const found = workloads
        .all()
        .filter(({ kind, id, annotations: marks }) => kind === "project" && id !== "" && marks[annotations.removed] === undefined);
      const statesOf = async (workload: Workload): Promise<ServiceState[]> => {
        if (isBrief || !isCreated(workload)) return [];
        if (!workload.isAwake) return projects.get(workload.id)?.states.all() ?? storedStates(workload);
        const project = find(workload);
        if (!project) return [];
        // Without a connection the runner is asked, unless the pod is still starting: an unschedulable pod would block the list.
        if (project.live.current || pods.of(workload.name)?.isRunning !== true) return project.states.all();
        const asked = project.live.use(async () => project.states.all()).catch(() => undefined);
        return (await Promise.race([asked, sleep(longestListMs, undefined, { ref: false })])) ?? project.states.all();
      };
      const all: SandboxInfo[] = [];
      const next = async (): Promise<void> => {
        for (let workload = found.shift(); workload; workload = found.shift()) {
          const states = await statesOf(workload);
          all.push({ id: workload.id, services: states.map(({ name, status }) => ({ name, state: status })) });
        }
      };
      await Promise.all(Array.from({ length: askedAtOnce }, next));
      return all;
    },
    async pause(id) {
      const project = find(await lookUp(id));
      if (!project || !workloads.get(project.name)?.isAwake) return notRunning;
      const release = project.live.hold();
      try {
        const paused = await project.live.use((runner) => runner.pause(id));
        return { ...paused, resume: () => paused.resume().finally(release) };
      } catch (error) {
        release();
        throw error;
      }
    },
    async remove(id) {
      if (!idPattern.test(id)) return;
      await inTurn(id, async () => {
        const workload = await lookUp(id);
        if (!workload) return;
        if (workload.annotations[annotations.history] === undefined) {
          await forget(id);
          await workloads.remove(workload.name);
          return;
        }
        if (workload.annotations[annotations.removed] !== undefined) return;
        const project = attach(workload, specOf(workload));
        await workloads.annotate(workload.name, { [annotations.removed]: "true" });
        const isKept = await project.live.use(async (runner) => {
          await runner.remove(id);
          return (await runner.histories()).includes(id);
        });
        await forget(id);
        if (!isKept) return workloads.remove(workload.name);
        await workloads.suspend(workload.name, {
          changes: { [annotations.created]: null, [annotations.states]: null, [annotations.diskBytes]: null },
          pod: pods.of(workload.name)?.uid,
        });
      });
    },
    histories: async () =>
      workloads.all().flatMap((one) => (one.kind === "project" && one.annotations[annotations.history] !== undefined ? one.id : [])),
    async removeHistory(id) {
      await inTurn(id, async () => {
        const workload = stored(id);
        if (!workload || isCreated(workload)) return;
        await removeUnchanged(workloads, workload);
      });
    },
    pods: () => countPods(pods.all(), workloads.all().filter(({ isAwake }) => !isAwake).length),
    async close({ leaveRunning = false } = {}) {
      if (isClosed) return;
      isClosed = true;
      outboundRules.stop();
      clearInterval(policies);
      idleChecks.stop();
      stopFollowing();
      await Promise.allSettled(turns.values());
      if (!leaveRunning)
        await Promise.all(
          Array.from(projects.values(), async ({ name, live, sandbox, isOpened }) => {
            if (!isOpened || !workloads.get(name)?.isAwake) return;
            await sandbox.stop();
            await live.suspend();
          }),
        ).catch((err: unknown) => log.error({ err }, "pods cannot be suspended"));
      await Promise.all([images.close({ isKept: true }), programs.close(), warm.close()]);
      await Promise.all([...projects.values()].map(({ live }) => live.close({ isKept: true })));
      workloads.close();
      pods.close();
    },
  };
}

/** What a runner is told: the image is made of another one there, and there are no peers. */
function withoutImage(spec: SandboxSpec): SandboxSpec {
  const told = { ...spec };
  delete told.takesOver;
  delete told.image;
  delete told.peers;
  return told;
}

function read<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as T);
}
