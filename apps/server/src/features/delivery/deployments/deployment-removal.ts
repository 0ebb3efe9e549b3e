import { conflict } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import type { CancelDeployment } from "./deployment-cancellation.ts";
import type { DeploymentReporter } from "./deployment-reporter.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { RequireDeployment } from "./require-deployment.ts";
import { capabilitiesOf } from "./providers/capabilities.ts";
import type { ProviderAccess } from "./providers/provider.ts";
import type { DeployedServices } from "./release/deployed-services.ts";
import type { Cutovers } from "./release/cutover.ts";
import type { DeploymentRetention } from "./release/retention.ts";
import type { SiteCache } from "./release/site-cache.ts";

export type RemoveAtProvider = ReturnType<typeof createRemoveAtProvider>;
/** Deletes a deployment at its provider. Failures are only logged. */
export const createRemoveAtProvider =
  ({ providers: { find: findProvider, getCredential }, log }: { providers: Pick<ProviderAccess, "find" | "getCredential">; log: Logger }) =>
  async (row: DeploymentRow, isRequested: boolean | undefined): Promise<void> => {
    const adapter = findProvider(row.provider);
    // A whole site is deleted only on explicit request.
    const isWanted = isRequested ?? !capabilitiesOf(row.provider).removesWholeSite;
    if (adapter && row.remote_id !== null && isWanted)
      try {
        const credential = await getCredential(row.user_id, row.project_id, adapter.provider);
        if (credential) await adapter.remove(credential, row.remote_id, row.environment);
      } catch (err) {
        log.warn({ err, deployment_id: row.id }, "deployment not deleted at the provider");
      }
  };

export type StopUnusedServices = ReturnType<typeof createStopUnusedServices>;
/** Stops the services of a project's deployments when no version that may use them is left. Their data stays. */
export const createStopUnusedServices =
  ({ store, services }: { store: Pick<DeploymentsStore, "listOfProject">; services: Pick<DeployedServices, "stop"> }) =>
  async (projectId: string): Promise<void> => {
    const isUser = (row: DeploymentRow) => row.provider === "local" && row.program !== null && (row.is_active || row.has_artifact);
    if (!(await store.listOfProject(projectId)).some(isUser)) await services.stop(projectId);
  };

export type RemoveDeployment = ReturnType<typeof createRemoveDeployment>;
export const createRemoveDeployment =
  ({
    store,
    requireDeployment,
    removeAtProvider,
    retention,
    sites,
    stopUnusedServices,
    announce,
  }: {
    store: Pick<DeploymentsStore, "listCutovers" | "remove">;
    requireDeployment: RequireDeployment;
    removeAtProvider: RemoveAtProvider;
    retention: Pick<DeploymentRetention, "discard">;
    sites: Pick<SiteCache, "changed">;
    stopUnusedServices: StopUnusedServices;
    announce: DeploymentReporter["announce"];
  }) =>
  async (userId: string, id: string, { delete_remote }: { delete_remote?: boolean }): Promise<void> => {
    const row = await requireDeployment(userId, id);
    if (row.is_active) throw conflict("deployment_running", "This deployment is still running. Cancel it first.");
    if ((await store.listCutovers([id])).length > 0)
      throw conflict("deployment_running", "This version is being made live. Wait until that is done.");
    await removeAtProvider(row, delete_remote);
    await store.remove(row.id);
    await sites.changed(row);
    await retention.discard(row);
    await stopUnusedServices(row.project_id);
    await announce(row, { op: "delete" });
  };

export type TakeDownForContainer = ReturnType<typeof createTakeDownForContainer>;
/**
 * When a container is deleted: cancels its running deployments and takes down local versions. Without `containerId`: for the whole
 * project.
 */
export const createTakeDownForContainer =
  ({
    store,
    cancel,
    cutovers,
    retention,
    sites,
    stopUnusedServices,
  }: {
    store: Pick<DeploymentsStore, "listOfProject" | "update">;
    cancel: CancelDeployment;
    cutovers: Pick<Cutovers, "end">;
    retention: Pick<DeploymentRetention, "discard">;
    sites: Pick<SiteCache, "changed">;
    stopUnusedServices: StopUnusedServices;
  }) =>
  async (projectId: string, containerId?: string): Promise<void> => {
    const rows = (await store.listOfProject(projectId)).filter(
      (row) => containerId === undefined || row.container_id === containerId || row.container_id === null,
    );
    await cutovers.end(rows);
    await Promise.all(rows.filter(({ is_active }) => is_active).map(cancel));
    for (const row of rows) {
      await retention.discard(row);
      await store.update(row.id, { has_artifact: false, ...(row.provider === "local" && { is_live: false }) });
      await sites.changed(row);
    }
    await stopUnusedServices(projectId);
  };
