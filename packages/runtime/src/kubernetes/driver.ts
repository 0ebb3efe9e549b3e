import { randomInt } from "node:crypto";
import { RuntimeError } from "../errors.ts";
import { idPattern } from "../host/deleted-sandboxes.ts";
import { refreshOutboundRules } from "../host/network/outbound-rules.ts";
import { silentLog } from "../log.ts";
import type { ImageId, PausedSandbox, RuntimeDriver, Sandbox, SandboxSpec, ServiceState } from "../types.ts";
import { connectCluster } from "./cluster.ts";
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
import { createUnit, openUnit, readKey, type Environment } from "./units.ts";
import { createWarmPods } from "./warm.ts";
import { podWorkloads, sandboxApi, sandboxWorkloads, type Workload } from "./workloads.ts";

interface OpenProject {
  name: string;
  spec: SandboxSpec;
  live: LivePod;
  states: ServiceStates;
  sandbox: Sandbox;
  /** By this process, which stops it when it ends. */
  isOpened: boolean;
}

/** Lines of a failed service that are kept while it is suspended. */
const storedLines = 5;
const notRunning: PausedSandbox = { isStill: true, wasRunning: false, resume: async () => undefined };

/**
 * A pod per project, suspended while nothing runs in it: the runner in the pod keeps files, histories and services on the pod's volume, and
 * this driver decides when there is a pod and calls its runner.
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
  const pods = await followPods(cluster, { log });
  const workloads = await (hasSandboxes ? sandboxWorkloads : podWorkloads)(cluster, { log });
  const environment: Environment = { options, cluster, workloads, pods, key, log };
  const images = createImages(environment);
  const programs = createPrograms(environment);
  const warm = createWarmPods(environment);
  const projects = new Map<string, OpenProject>();
  const turns = new Map<string, Promise<unknown>>();
  let isClosed = false;

  const stored = (id: string): Workload | undefined =>
    workloads.all().find((workload) => workload.kind === "project" && workload.id === id);
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
    const states = createServiceStates(read<ServiceState[]>(workload.annotations[annotations.states]) ?? []);
    const live = openUnit(environment, name, "project", {
      spec: () => project.spec,
      async onConnect(runner) {
        if (isCreated(workloads.get(name))) await states.follow(await runner.open(withoutImage(project.spec)));
      },
      async beforeSuspend(runner): Promise<Record<string, string> | undefined> {
        const sandbox = await runner.find(id);
        if (!sandbox) return {};
        const all = await sandbox.services();
        states.learn(all);
        if (all.some(isActive)) return undefined;
        const { diskBytes } = await sandbox.stats();
        const brief = all.map(({ lastLines, ...state }) => ({ ...state, ...(lastLines && { lastLines: lastLines.slice(-storedLines) }) }));
        return { [annotations.states]: JSON.stringify(brief), [annotations.diskBytes]: String(diskBytes) };
      },
      onLost() {
        states.unfollow();
        // The next pod's runner knows what ended with this one.
        if (states.isAnyActive() && !isClosed)
          live.use(async () => undefined).catch((err: unknown) => log.error({ err, sandbox: id }, "a pod cannot be replaced"));
      },
    });
    const sandbox = createPodSandbox({
      id,
      live,
      states,
      storedDiskBytes: () => Number(workloads.get(name)?.annotations[annotations.diskBytes] ?? 0),
      async keepsHistory() {
        if (workloads.get(name)?.annotations[annotations.history] === undefined)
          await workloads.annotate(name, { [annotations.history]: "true" });
      },
    });
    const project: OpenProject = { name, spec, live, states, sandbox, isOpened: false };
    projects.set(id, project);
    live.adopt();
    return project;
  }
  const specOf = (workload: Workload): SandboxSpec => ({
    ...read<SandboxSpec>(workload.annotations[annotations.spec]),
    id: workload.id,
  });

  /** Makes the tree, or goes on with what an earlier attempt left. */
  async function create(workload: Workload, spec: SandboxSpec): Promise<OpenProject> {
    const project = attach(workload, spec);
    project.spec = spec;
    await project.live.use(async (runner) => {
      let image: ImageId | undefined;
      try {
        if (spec.image !== undefined && !(await runner.find(spec.id))) image = await images.copyTo(runner, spec.image);
        const inside = await runner.open({ ...withoutImage(spec), ...(image !== undefined && { image }) });
        await project.states.follow(inside);
      } finally {
        if (image !== undefined) await runner.removeImage(image);
      }
    });
    await workloads.annotate(workload.name, { [annotations.created]: "true", [annotations.removed]: null });
    return project;
  }

  async function open(spec: SandboxSpec): Promise<OpenProject> {
    if (spec.image !== undefined && !isCreated(stored(spec.id)) && !images.list().some(({ id }) => id === spec.image))
      throw new RuntimeError("not_found", `There is no image ${spec.image}.`);
    const known = stored(spec.id);
    const text = JSON.stringify(withoutImage(spec));
    if (!known) {
      const marks = { [annotations.spec]: text };
      const workload =
        (await warm.take(spec, marks)) ??
        workloads.get(await createUnit(environment, { id: spec.id, kind: "project", spec, annotations: marks }));
      if (!workload) throw new RuntimeError("unavailable", "The sandbox was deleted while it was created.");
      try {
        return await create(workload, spec);
      } catch (error) {
        await forget(spec.id);
        await workloads.remove(workload.name);
        throw error;
      }
    }
    if (known.annotations[annotations.spec] !== text) await workloads.annotate(known.name, { [annotations.spec]: text });
    if (!isCreated(known)) return create(known, spec);
    const project = attach(known, spec);
    if (networkOf(project.spec) !== networkOf(spec) || networkOf(specOf(known)) !== networkOf(spec))
      await workloads.setNetwork(known.name, networkOf(spec));
    project.spec = spec;
    if (project.live.current) await project.live.current.open(withoutImage(spec));
    return project;
  }

  async function forget(id: string) {
    const project = projects.get(id);
    projects.delete(id);
    await project?.live.close({ isKept: true });
  }

  function find(id: string): OpenProject | undefined {
    const workload = stored(id);
    return workload && isCreated(workload) ? attach(workload, projects.get(id)?.spec ?? specOf(workload)) : undefined;
  }

  // What ran before this start is suspended when it is idle.
  for (const workload of workloads.all())
    if (workload.kind === "project" && workload.isAwake && isCreated(workload)) attach(workload, specOf(workload));

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
      return project.sandbox;
    },
    find: (id) => inTurn(id, async () => find(id)?.sandbox),
    async list() {
      // With those whose creation was interrupted, so that they can be removed.
      const found = workloads
        .all()
        .filter(({ kind, id, annotations: marks }) => kind === "project" && id !== "" && marks[annotations.removed] === undefined);
      return Promise.all(
        found.map(async (workload) => {
          const project = find(workload.id);
          // One that runs since before this start is asked once.
          const states =
            (workload.isAwake && project && !project.live.current
              ? await project.live.use(async () => project.states.all())
              : project?.states.all()) ?? [];
          return { id: workload.id, services: states.map(({ name, status }) => ({ name, state: status })) };
        }),
      );
    },
    async pause(id) {
      const project = find(id);
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
        const workload = stored(id);
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
        await workloads.suspend(workload.name, { [annotations.created]: null, [annotations.states]: null, [annotations.diskBytes]: null });
      });
    },
    histories: async () =>
      workloads.all().flatMap((one) => (one.kind === "project" && one.annotations[annotations.history] !== undefined ? one.id : [])),
    async removeHistory(id) {
      await inTurn(id, async () => {
        const workload = stored(id);
        if (workload && !isCreated(workload)) await workloads.remove(workload.name);
      });
    },
    pods: () => countPods(pods.all(), workloads.all().filter(({ isAwake }) => !isAwake).length),
    async close({ leaveRunning = false } = {}) {
      if (isClosed) return;
      isClosed = true;
      outboundRules.stop();
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
  delete told.image;
  delete told.peers;
  return told;
}

function read<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as T);
}
