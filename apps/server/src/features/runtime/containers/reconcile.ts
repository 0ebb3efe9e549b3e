import type { RuntimeDriver } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { Services } from "./services.ts";
import type { StatusKeeper } from "./status.ts";

/** What reconciling needs to know of projects. */
export interface ProjectFacts {
  known(ids: string[]): Promise<ProjectRow[]>;
  listUnsettled(): Promise<ProjectRow[]>;
  hasAny(): Promise<boolean>;
}

/**
 * Brings rows and runtime together after a start, whatever the last process died of: running services of our projects are adopted
 * without a restart, services without a container are stopped, sandboxes without a project are removed, and rows that claim to run
 * but do not are corrected. Runs once, after interrupted tasks were reaped and before the front door opens.
 */
export async function reconcile({
  runtime,
  isElsewhere,
  projects,
  facts,
  store,
  keeper,
  services,
  processId,
  log,
}: {
  runtime: RuntimeDriver;
  /** Sandboxes that are no project's, and looked after by others. */
  isElsewhere: (sandboxId: string) => boolean;
  projects: Projects;
  facts: ProjectFacts;
  store: ContainersStore;
  keeper: StatusKeeper;
  services: Services;
  processId: number;
  log: Logger;
}): Promise<void> {
  const sandboxes = (await runtime.list()).filter(({ id }) => !isElsewhere(id));
  const known = new Map((await facts.known(sandboxes.map((s) => s.id))).map((p) => [p.id, p]));
  const strangers = sandboxes.filter((s) => !known.has(s.id));
  // A database without a single project beside a disk full of them is a wrong or lost database: files are the more precious half.
  const isSafe = strangers.length === 0 || known.size > 0 || (await facts.hasAny());
  for (const { id } of strangers)
    try {
      if (isSafe) await runtime.remove(id);
      else await (await runtime.find(id))?.stop();
      log.warn({ project_id: id, removed: isSafe }, "sandbox without a project");
    } catch (err) {
      log.error({ err, project_id: id }, "sandbox without a project not removed");
    }

  const spokenFor = new Set<string>();
  for (const { id, services: listed } of sandboxes) {
    const project = known.get(id);
    if (!project || project.environment_status === "deleting" || project.environment_status === "provisioning") continue;
    if (listed.every((s) => s.state === "stopped")) continue;
    try {
      const sandbox = await projects.sandboxOf(project);
      const keys = new Set((await store.listAll(id)).map((row) => row.service_key));
      for (const state of sandbox.services()) {
        if (state.status === "stopped") continue;
        if (state.status === "failed") {
          // It ended while nobody looked.
          if (keys.has(state.name)) spokenFor.add(`${id}/${state.name}`);
          services.adopt(id, state);
          continue;
        }
        if (!keys.has(state.name)) {
          await sandbox.stop(state.name);
          continue;
        }
        spokenFor.add(`${id}/${state.name}`);
        services.adopt(id, state);
        log.info({ project_id: id, service: state.name, status: state.status }, "service adopted");
      }
      await keeper.written(id);
      await services.settleEnvironment(project);
    } catch (err) {
      log.error({ err, project_id: id }, "project not adopted");
    }
  }

  // Another server on this database may run what this one cannot see: only what lies here is ours to correct.
  const here = (await store.isShared(processId)) ? new Set(known.keys()) : undefined;
  const isOurs = (projectId: string) => here?.has(projectId) ?? true;
  for (const row of await store.listAlive())
    if (isOurs(row.project_id) && !spokenFor.has(`${row.project_id}/${row.service_key}`)) await keeper.stopped(row);
  for (const project of await facts.listUnsettled())
    if (isOurs(project.id) && ["starting", "stopping", "active"].includes(project.environment_status))
      await services.settleEnvironment(project);
}
