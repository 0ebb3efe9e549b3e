import { ToolFailure, type Tool, type ToolOutput } from "@tesslate/agent";
import { Type, type Container } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import { isUuid } from "../../../platform/uuid.ts";
import type { Connections } from "../../runtime/connections/index.ts";
import type { Containers, ContainerSetup, ContainerLifecycle } from "../../runtime/containers/index.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { RunDetails } from "../runs/index.ts";
import type { Previews } from "../../runtime/previews/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Shell } from "../../runtime/shell/index.ts";

export interface GraphServices {
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  containers: Pick<Containers, "list" | "find" | "update" | "remove"> & Pick<ContainerSetup, "create">;
  lifecycle: Pick<ContainerLifecycle, "startContainer" | "stopContainer" | "startProject" | "stopProject">;
  connections: Pick<Connections, "create" | "remove">;
  previews: Pick<Previews, "create" | "remove">;
  shell: Pick<Shell, "create" | "get" | "remove">;
}

export type GraphAccess = ReturnType<typeof createGraphAccess>;
/**
 * The canvas of a run's project, with the services of the canvas and as the run's owner: ids of other projects are not found. `runOf` is called when
 * a tool runs.
 */
export const createGraphAccess = (services: GraphServices, runOf: () => Pick<RunDetails, "user_id" | "project" | "workspace">) => {
  const project = async (): Promise<ProjectRow> => services.projects.require(runOf().user_id, runOf().project.id);
  return {
    services,
    runOf,
    project,
    rowOf: async (id: string): Promise<{ project: ProjectRow; row: ContainerRow }> => {
      const own = await project();
      const row = isUuid(id) ? await services.containers.find(own.id, id) : undefined;
      if (!row || row.project_id !== own.id)
        throw new ToolFailure(`There is no container ${id} in this project.`, { suggestion: "graph_container_status lists them." });
      return { project: own, row };
    },
    list: async (): Promise<Container[]> => (await services.containers.list(runOf().user_id, runOf().project.id, { limit: 500 })).items,
  };
};

export const category = "graph" as const;
export const mutatingGate = { approval: true, plan_blocked: true, read_only: false };
export const ItemId = Type.String({ minLength: 1, maxLength: 100 });

/** Turns client errors of services into failed results that the model reads. */
export function reportingErrors<P>(
  run: (params: P, context: Parameters<Tool["run"]>[1]) => Promise<ToolOutput>,
): (params: P, context: Parameters<Tool["run"]>[1]) => Promise<ToolOutput> {
  return async (params, context) => {
    try {
      return await run(params, context);
    } catch (error) {
      if (error instanceof AppError && error.status < 500) throw new ToolFailure(error.message, { code: error.code });
      throw error;
    }
  };
}
