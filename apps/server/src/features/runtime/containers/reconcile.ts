import type { RuntimeDriver } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import { isRunnerAway } from "../../../platform/when-reachable.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import { hasActive } from "./service-state.ts";
import type { Services } from "./services.ts";
import type { ContainerStatusWriter } from "./status.ts";

/** What reconciling needs from projects. */
export interface ProjectFacts {
  known(ids: string[]): Promise<ProjectRow[]>;
  listActive(): Promise<ProjectRow[]>;
  hasAny(): Promise<boolean>;
}

interface Dependencies {
  store: ContainersStore;
  projects: Pick<Projects, "sandboxOf">;
  runtime: RuntimeDriver;
  services: Pick<Services, "adopt" | "updateEnvironmentStatus">;
  statusWriter: Pick<ContainerStatusWriter, "stopped" | "written">;
  log: Logger;
}

/** Statuses of projects that claim that something of them runs. */
const activeStatuses = ["starting", "stopping", "active"];

/**
 * Makes rows and runtime consistent after a crash: adopts running services without a restart, stops services without a container, removes
 * sandboxes without a project, and corrects rows that claim to run. Runs once, after interrupted tasks have ended and before requests
 * are accepted.
 */
export async function reconcile(
  dependencies: Dependencies,
  {
    isElsewhere,
    facts,
    processId,
    isOneOfSeveral,
  }: {
    /** Sandboxes managed by other features. */
    isElsewhere: (sandboxId: string) => boolean;
    facts: ProjectFacts;
    processId: number;
    /** Each project is adopted by the server that becomes its owner. */
    isOneOfSeveral: boolean;
  },
): Promise<void> {
  const { store, runtime, services, statusWriter, log } = dependencies;
  const sandboxes = (await runtime.list({ isBrief: isOneOfSeveral })).filter(({ id }) => !isElsewhere(id));
  const known = new Map((await facts.known(sandboxes.map((s) => s.id))).map((p) => [p.id, p]));
  const strangers = sandboxes.filter((s) => !known.has(s.id));
  // A database without any project beside a disk full of them is a wrong or lost database: keep the files.
  const isSafe = strangers.length === 0 || known.size > 0 || (await facts.hasAny());
  for (const { id } of strangers)
    try {
      if (isSafe) await runtime.remove(id);
      else await (await runtime.find(id))?.stop();
      log.warn({ project_id: id, removed: isSafe }, "sandbox without a project");
    } catch (err) {
      log.error({ err, project_id: id }, "sandbox without a project not removed");
    }
  if (isOneOfSeveral) return;

  const adopted = new Set<string>();
  for (const { id, services: listed } of sandboxes) {
    const project = known.get(id);
    if (!project || listed.every((s) => s.state === "stopped")) continue;
    for (const service of await adopt(dependencies, project)) adopted.add(service);
  }

  // On a shared database another server may run what this one cannot see: correct only what is stored here.
  const here = (await store.isShared(processId)) ? new Set(known.keys()) : undefined;
  const isManaged = (projectId: string) => here?.has(projectId) ?? true;
  for (const row of await store.listAlive())
    if (isManaged(row.project_id) && !adopted.has(`${row.project_id}/${row.service_key}`)) await statusWriter.stopped(row);
  for (const project of await facts.listActive())
    if (isManaged(project.id) && activeStatuses.includes(project.environment_status)) await services.updateEnvironmentStatus(project);
}

/** The same for projects whose owner this server has become. */
export async function adoptProjects(dependencies: Dependencies, projectIds: string[], facts: Pick<ProjectFacts, "known">): Promise<void> {
  const { store, services, statusWriter } = dependencies;
  for (const project of await facts.known(projectIds)) {
    const rows = await store.listAll(project.id);
    const alive = rows.filter(({ status }) => ["starting", "running", "frozen"].includes(status));
    const isActive = activeStatuses.includes(project.environment_status);
    // Nothing of it runs, so its sandbox is opened when it is needed.
    if (alive.length === 0 && !isActive) continue;
    const adopted = new Set(await adopt(dependencies, project));
    for (const row of alive) if (!adopted.has(`${project.id}/${row.service_key}`)) await statusWriter.stopped(row);
    if (isActive) await services.updateEnvironmentStatus(project);
  }
}

/** Adopts the running services of a project. Returns the keys of those that have a row. */
async function adopt({ store, projects, runtime, services, statusWriter, log }: Dependencies, project: ProjectRow): Promise<string[]> {
  const { id, environment_status: status } = project;
  const adopted: string[] = [];
  if (status === "deleting" || status === "provisioning") return adopted;
  try {
    const sandbox = await projects.sandboxOf(project);
    // Services of a spare project that became this one and was not started yet.
    if (status === "stopped" && (await hasActive(sandbox))) {
      await sandbox.stop();
      return adopted;
    }
    const keys = new Set((await store.listAll(id)).map((row) => row.service_key));
    for (const state of await sandbox.services()) {
      if (state.status === "stopped") continue;
      if (state.status === "failed") {
        // It ended while no server was running.
        if (keys.has(state.name)) adopted.push(`${id}/${state.name}`);
        services.adopt(id, state);
        continue;
      }
      if (!keys.has(state.name)) {
        await sandbox.stop(state.name);
        continue;
      }
      adopted.push(`${id}/${state.name}`);
      services.adopt(id, state);
      log.info({ project_id: id, service: state.name, status: state.status }, "service adopted");
    }
    await statusWriter.written(id);
    await services.updateEnvironmentStatus(project);
  } catch (err) {
    // What cannot be seen is not known to be stopped.
    if (isRunnerAway(runtime, err)) throw err;
    log.error({ err, project_id: id }, "project not adopted");
  }
  return adopted;
}
