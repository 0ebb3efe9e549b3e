import type { StopReason } from "@tesslate/contract";
import { badRequest } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { EarlyServices } from "./early-services.ts";
import type { ProjectHolds } from "./project-holds.ts";
import { hasActive, isManaged, isServiceUp, readStates } from "./service-state.ts";
import type { StopServices } from "./service-stop.ts";
import { nothingToDo, startKeysOf, type StartResult, type StartRequests } from "./start-requests.ts";
import { containerTask, projectTask, urlsOf } from "./start-tasks.ts";

/** A project stopped by a person stays stopped until a person or the agent starts it. */
export const isHeld = (project: ProjectRow, row?: ContainerRow): boolean =>
  (project.environment_status === "stopped" && (project.stop_reason === "user" || project.stop_reason === "admin")) ||
  row?.is_stop_held === true;

export type ProjectOperations = ReturnType<typeof createProjectOperations>;
/** Starts, stops and restarts whole projects. */
export function createProjectOperations({
  store,
  projects,
  stop,
  requests,
  holds,
  early,
  urlOf,
}: {
  store: Pick<ContainersStore, "listAll" | "holdStops">;
  projects: Pick<Projects, "sandboxOf" | "setEnvironment" | "release">;
  stop: StopServices;
  requests: StartRequests;
  holds: ProjectHolds;
  early: Pick<EarlyServices, "has">;
  urlOf: (row: ContainerRow) => string | null;
}) {
  const areUp = async (project: ProjectRow, rows: readonly ContainerRow[]): Promise<boolean> => {
    if (early.has(project.id)) return false;
    const stateOf = await readStates(await projects.sandboxOf(project));
    return rows.every((row) => isServiceUp(stateOf(row)));
  };
  /** Started by a person or the agent: includes containers they stopped before. */
  const startProject = async (project: ProjectRow): Promise<StartResult & { containers: Record<string, string | null> }> => {
    const rows = (await store.listAll(project.id)).filter(isManaged);
    const containers = urlsOf(rows, urlOf);
    await requests.refuseIfBusy(project);
    if (rows.length === 0) throw badRequest("This project has no containers to start.", "no_containers");
    const held = rows.filter((row) => row.is_stop_held);
    await store.holdStops(
      held.map(({ id }) => id),
      false,
    );
    const pending = await requests.findUnfinished([`project_restart:${project.id}`, `project_start:${project.id}`]);
    if (pending) {
      // A wake in progress skips them.
      for (const row of held) await requests.begin(project, containerTask("container_start", project, row), row.service_key);
      return { ...pending, containers };
    }
    if (await areUp(project, rows)) {
      await holds.awake(project.id);
      return { ...nothingToDo, containers };
    }
    return { ...(await requests.begin(project, projectTask("project_start", project))), containers };
  };

  /** Starts what was stopped because of idleness or limits, and nothing that was stopped by hand. */
  const wakeProject = async (project: ProjectRow): Promise<void> => {
    const rows = (await store.listAll(project.id)).filter((row) => isManaged(row) && !row.is_stop_held);
    if (isHeld(project) || rows.length === 0) return;
    await requests.refuseIfBusy(project);
    if (await requests.findUnfinished([`project_restart:${project.id}`, `project_start:${project.id}`])) return;
    if (await areUp(project, rows)) await holds.awake(project.id);
    else await requests.begin(project, { ...projectTask("project_start", project), input: { is_wake: true } });
  };

  /** `reason`: stored with the project. */
  const stopProject = async (project: ProjectRow, reason: StopReason = "user"): Promise<void> => {
    // Nothing can run.
    if (["provisioning", "setup_failed", "files_missing"].includes(project.environment_status)) return;
    const rows = await store.listAll(project.id);
    await requests.cancel(startKeysOf(project, rows));
    const isNeeded =
      (await hasActive(await projects.sandboxOf(project))) ||
      project.environment_status !== "stopped" ||
      rows.some((r) => isManaged(r) && r.status !== "stopped") ||
      // So far only idle: from now on previews must not wake it.
      ((reason === "user" || reason === "admin") && project.stop_reason !== reason);
    if (isNeeded) await projects.setEnvironment(project.id, "stopping");
    const work = async () => {
      await stop(project);
      await projects.release({ project_id: project.id, reason: "stopped" });
    };
    await holds.during(project, work, { reason });
  };

  return {
    startProject,
    wakeProject,
    isHeld,
    stopProject,
    /** Stops a project while its files are replaced, keeping its stop reason. */
    stopForExchange: (project: ProjectRow): Promise<void> => stopProject(project, project.stop_reason ?? "idle"),
    restartProject: async (project: ProjectRow): Promise<StartResult> => {
      const rows = (await store.listAll(project.id)).filter(isManaged);
      await requests.refuseIfBusy(project);
      if (rows.length === 0) throw badRequest("This project has no containers to start.", "no_containers");
      // A start in progress already read the configuration; a restart must use the current one.
      await requests.cancel(startKeysOf(project, rows).filter((key) => !key.startsWith("project_restart:")));
      await store.holdStops(
        rows.map(({ id }) => id),
        false,
      );
      return requests.begin(project, projectTask("project_restart", project));
    },
  };
}
