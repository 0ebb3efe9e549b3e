import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { DeploymentContext } from "./context.ts";

export type RequireDeployment = ReturnType<typeof createRequireDeployment>;
/** The deployment of a person's project. Throws 404. */
export const createRequireDeployment =
  ({ store, projects }: Pick<DeploymentContext, "store" | "projects">) =>
  async (userId: string, id: string): Promise<DeploymentRow> => {
    const row = await store.find(id);
    if (!row) throw notFound("Deployment");
    // Access follows the project's current owner, not the user who deployed.
    await projects.require(userId, row.project_id).catch((error: unknown) => {
      throw error instanceof AppError && error.code === "not_found" ? notFound("Deployment") : error;
    });
    return row;
  };
