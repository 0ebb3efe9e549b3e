import type { ProjectStatus } from "@tesslate/contract";
import { RuntimeError, type ServiceState } from "@tesslate/runtime";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { runStatusOf, type Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { ContainerView } from "./container-view.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { EarlyServices } from "./early-services.ts";
import type { Restarts } from "./restarts.ts";
import { isManaged } from "./service-state.ts";
import { describeFailure } from "./status.ts";

export type StatusOf = ReturnType<typeof createStatusOf>;
/** Live status from the runtime. A runtime error is part of the response. */
export const createStatusOf =
  ({
    store,
    projects,
    redactions,
    restarts,
    early,
    view,
    log,
  }: {
    store: Pick<ContainersStore, "listAll">;
    projects: Pick<Projects, "sandboxOf">;
    redactions: Pick<Redactions, "of">;
    restarts: Pick<Restarts, "planOf">;
    early: Pick<EarlyServices, "has">;
    view: Pick<ContainerView, "urlOf">;
    log: Logger;
  }) =>
  async (project: ProjectRow): Promise<Omit<ProjectStatus, "deployment_mode">> => {
    const rows = await store.listAll(project.id);
    const hasTree = project.environment_status !== "provisioning" && project.environment_status !== "setup_failed";
    let states: ServiceState[] = [];
    let error: string | undefined;
    let environment = project.environment_status;
    if (hasTree && !early.has(project.id))
      try {
        states = await (await projects.sandboxOf(project)).services();
      } catch (err) {
        if (err instanceof AppError && err.code === "files_missing") environment = "files_missing";
        else log.warn({ err, project_id: project.id }, "runtime did not respond");
        error =
          err instanceof AppError || err instanceof RuntimeError
            ? err.message
            : "The sandbox runtime is not responding. Check the server's log.";
      }
    const { redact } = await redactions.of(project.id);
    const stateIn = (row: ContainerRow) => (isManaged(row) ? states.find((s) => s.name === row.service_key) : undefined);
    const live = (row: ContainerRow) => (isManaged(row) ? (stateIn(row)?.status ?? "stopped") : row.status);
    return {
      project_id: project.id,
      project_slug: project.slug,
      status: error === undefined ? runStatusOf(project.environment_status, rows.filter(isManaged).map(live)) : "error",
      environment_status: environment,
      stop_reason: project.stop_reason,
      namespace: null,
      hibernated_at: project.hibernated_at,
      last_activity: project.last_activity,
      ...(error !== undefined && { error }),
      containers: Object.fromEntries(
        rows.map((row) => {
          const status = live(row);
          const isRunning = status === "running" || status === "frozen";
          const failed = status === "failed" ? stateIn(row) : undefined;
          const { restarts: count, at } = restarts.planOf(project.id, row.service_key);
          return [
            row.service_key,
            {
              container_id: row.id,
              name: row.name,
              status,
              running: isRunning || status === "starting",
              ready: isRunning || status === "connected",
              url: view.urlOf(row),
              service: row.container_type === "service",
              message: isRunning
                ? null
                : ((row.status === "failed" ? row.status_message : null) ?? (failed ? describeFailure(failed) : null)),
              last_lines: (failed?.lastLines ?? []).map(redact),
              restarts: count,
              restart_at: at === undefined ? null : new Date(at).toISOString(),
            },
          ];
        }),
      ),
    };
  };
