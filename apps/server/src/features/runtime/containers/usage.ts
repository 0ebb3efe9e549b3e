import { setTimeout as sleep } from "node:timers/promises";
import type { ProjectUsage } from "@tesslate/contract";
import type { Logger } from "../../../platform/logger.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainersStore } from "./containers.store.ts";

/** How often a project is measured while someone watches; the second time sooner, because it is the first with CPU. */
const measureEveryMs = 2_000;
const secondAfterMs = 500;
/** Measurements that a new watcher gets: two minutes. */
const keptMeasurements = 60;

interface Watcher {
  receive(usage: ProjectUsage): void;
  /** Another server measures the project from now on. */
  onMoved(): void;
}
interface Watched {
  watchers: Set<Watcher>;
  kept: ProjectUsage[];
  ended: AbortController;
}

/** Memory and CPU of the containers of a project, measured only while someone watches it. */
export type ContainerUsageMeter = ReturnType<typeof createContainerUsageMeter>;
export function createContainerUsageMeter({
  store,
  projects,
  log,
}: {
  store: Pick<ContainersStore, "listAll">;
  projects: Pick<Projects, "peekSandbox">;
  log: Logger;
}) {
  const watched = new Map<string, Watched>();

  /** A function that measures the project, and compares with its measurement before. */
  const createMeasure = (projectId: string) => {
    let idOf = new Map<string, string>();
    let before = new Map<string, { at: number; cpuSeconds: number }>();
    return async (): Promise<ProjectUsage> => {
      // A sandbox that is not open has no running service, and watching must not open it.
      const sandbox = await projects.peekSandbox(projectId)?.catch(() => undefined);
      const { services, limits } = (await sandbox?.serviceUsage()) ?? { services: [] };
      const at = performance.now();
      if (services.some(({ name }) => !idOf.has(name)))
        idOf = new Map((await store.listAll(projectId)).map((row) => [row.service_key, row.id]));
      const containers = services.flatMap(({ name, memoryBytes, cpuSeconds, pids }) => {
        const id = idOf.get(name);
        if (id === undefined) return [];
        const last = before.get(name);
        // The sum is lower after a restart, and when a process ended and took its time along.
        const cpuPercent = last ? Math.max(0, Math.round(((cpuSeconds - last.cpuSeconds) / (at - last.at)) * 1e6) / 10) : null;
        return [{ container_id: id, memory_bytes: memoryBytes, cpu_percent: cpuPercent, processes: pids }];
      });
      before = new Map(services.map(({ name, cpuSeconds }) => [name, { at, cpuSeconds }]));
      return {
        measured_at: new Date().toISOString(),
        containers,
        limits: limits ? { memory_bytes: limits.memoryBytes, cpus: limits.cpus } : null,
      };
    };
  };

  const run = async (projectId: string, { watchers, kept, ended: { signal } }: Watched): Promise<void> => {
    const measure = createMeasure(projectId);
    for (let count = 0; !signal.aborted; count++) {
      try {
        const usage = await measure();
        kept.splice(0, kept.length - keptMeasurements + 1);
        kept.push(usage);
        for (const { receive } of watchers) receive(usage);
      } catch (err) {
        // The sandbox may be closing, or its runner is not reachable now.
        log.debug({ err, project_id: projectId }, "containers not measured");
      }
      await sleep(count === 0 ? secondAfterMs : measureEveryMs, undefined, { signal }).catch(() => undefined);
    }
  };

  return {
    /** Calls the watcher with what is known and with each measurement. Returns what ends that. */
    watch(projectId: string, watcher: Watcher): () => void {
      let project = watched.get(projectId);
      if (!project) {
        project = { watchers: new Set(), kept: [], ended: new AbortController() };
        watched.set(projectId, project);
        void run(projectId, project);
      }
      const { watchers, kept, ended } = project;
      for (const usage of kept) watcher.receive(usage);
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
        if (watchers.size > 0) return;
        ended.abort();
        if (watched.get(projectId)?.ended === ended) watched.delete(projectId);
      };
    },
    release(projectIds: readonly string[]): void {
      for (const id of projectIds) for (const { onMoved } of watched.get(id)?.watchers ?? []) onMoved();
    },
    close(): void {
      for (const { ended } of watched.values()) ended.abort();
    },
  };
}
