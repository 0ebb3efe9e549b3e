import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import type { RequestVault } from "./deployment-request.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { PreparedDeployment } from "./prepare-deployment.ts";
import { alreadyDeploying } from "./deployment-rules.ts";

export type InsertDeployment = ReturnType<typeof createInsertDeployment>;
/** Inserts the row of a deployment. Throws `deployment_running`. */
export const createInsertDeployment =
  ({ store, vault }: { store: DeploymentsStore; vault: Pick<RequestVault, "seal"> }) =>
  async (
    tx: Parameters<DeploymentsStore["insert"]>[0],
    userId: string,
    project: ProjectRow,
    { container, provider, environment, mode, request, env_names, custom_domain, target_id }: PreparedDeployment,
    more: Partial<DeploymentRow> = {},
  ): Promise<DeploymentRow> => {
    const key = { container_id: container.id, provider };
    await store.lock(tx, key);
    if (await store.isBusy(tx, key, { except: more.task_id ?? null })) throw alreadyDeploying(container, provider);
    const id = crypto.randomUUID();
    return store.insert(tx, {
      id,
      project_id: project.id,
      user_id: userId,
      ...key,
      environment,
      container_name: container.name,
      version: await store.nextVersion(tx, key),
      mode,
      env_names,
      custom_domain,
      sealed_request: vault.seal(id, request),
      ...(target_id !== undefined && { target_id }),
      ...more,
    });
  };
