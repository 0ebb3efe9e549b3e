import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { DeploymentsStore } from "./deployments.store.ts";

export type RequireDeployment = ReturnType<typeof createRequireDeployment>;
/** The deployment of a person's project. Throws 404. */
export const createRequireDeployment =
  ({ store, projects }: { store: Pick<DeploymentsStore, "find">; projects: Pick<Projects, "require"> }) =>
  async (userId: string, id: string): Promise<DeploymentRow> => {
    const row = await store.find(id);
    if (!row) throw notFound("Deployment");
    // Access follows the project's current owner, not the user who deployed.
    await projects.require(userId, row.project_id).catch((error: unknown) => {
      throw error instanceof AppError && error.code === "not_found" ? notFound("Deployment") : error;
    });
    return row;
  };
