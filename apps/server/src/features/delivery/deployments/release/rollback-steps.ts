import { AppError, conflict } from "../../../../platform/errors.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { ArtifactStore } from "../build/artifacts.ts";
import type { DeploymentReporter } from "../deployment-reporter.ts";
import type { RequestVault } from "../deployment-request.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { InsertDeployment } from "../create-deployment.ts";
import type { PreparedDeployment } from "../prepare-deployment.ts";
import type { ProviderAccess } from "../providers/provider.ts";
import { notConnected } from "../deployment-rules.ts";
import type { LocalVersions } from "./local-versions.ts";
import type { CutoverInput, CutoverRun } from "./cutover.ts";
import type { Pipeline } from "./pipeline.ts";

export type RestoreLocally = ReturnType<typeof createRestoreLocally>;
/** Makes stored files on this server live again. */
export const createRestoreLocally =
  ({ store, localVersions }: { store: Pick<DeploymentsStore, "find">; localVersions: Pick<LocalVersions, "makeLive" | "stop"> }) =>
  async ({ row, signal }: CutoverRun<CutoverInput>): Promise<DeploymentRow> => {
    try {
      return await localVersions.makeLive(row, signal);
    } catch (error) {
      // Stop a server that failed its check.
      if (row.program && !(await store.find(row.id))?.is_live) await localVersions.stop(row.id);
      throw error;
    }
  };

export type RestoreAtProvider = ReturnType<typeof createRestoreAtProvider>;
/** Uses the provider's rollback. Undefined when the provider has no versions, or no longer this one. */
export const createRestoreAtProvider =
  ({
    store,
    providers: { find: findProvider, getCredential },
    log,
  }: {
    store: Pick<DeploymentsStore, "makeLive">;
    providers: Pick<ProviderAccess, "find" | "getCredential">;
    log: Logger;
  }) =>
  async ({ row, project }: CutoverRun<CutoverInput>): Promise<DeploymentRow | undefined> => {
    const adapter = findProvider(row.provider);
    if (!adapter?.promote || row.remote_id === null || row.site_id === null) return undefined;
    const credential = await getCredential(project.owner_id, project.id, adapter.provider);
    if (!credential) throw notConnected(row.provider);
    try {
      const done = await adapter.promote(credential, { id: row.site_id, name: row.site_name ?? "" }, row.remote_id);
      return done ? await store.makeLive(row, {}) : undefined;
    } catch (err) {
      // Without stored files only the provider can restore it.
      if (!row.has_artifact) throw err;
      log.info({ err, deployment_id: row.id }, "provider rollback failed");
      return undefined;
    }
  };

export type Redeploy = ReturnType<typeof createRedeploy>;
/** Deploys the stored files as a new version. */
export const createRedeploy =
  ({
    store,
    vault,
    artifacts,
    insert,
    announce,
    pipeline,
  }: {
    store: Pick<DeploymentsStore, "containersOf" | "transaction">;
    vault: RequestVault;
    artifacts: Pick<ArtifactStore, "copy" | "remove">;
    insert: InsertDeployment;
    announce: DeploymentReporter["announce"];
    pipeline: Pick<Pipeline, "run">;
  }) =>
  async (run: CutoverRun<CutoverInput>): Promise<DeploymentRow | undefined> => {
    const { task, row, project, signal, progress } = run;
    const container = (await store.containersOf(project.id)).find((each) => each.id === row.container_id);
    if (!container) throw conflict("not_deployable", "The container of this version was deleted.");
    const kept = vault.open(row);
    const id = crypto.randomUUID();
    const prepared: PreparedDeployment = {
      container,
      provider: row.provider,
      mode: row.mode,
      request: kept,
      env_names: row.env_names,
      environment: "production",
      custom_domain: row.custom_domain,
    };
    const made = await (async () => {
      if (!(await artifacts.copy(row, { project_id: project.id, id })))
        throw conflict("not_deployable", "The files of this version were pruned.");
      return store.transaction((tx) =>
        insert(tx, task.user_id, project, prepared, {
          id,
          task_id: task.id,
          encrypted_request: vault.seal(id, kept),
          rollback_of: row.version,
          has_artifact: true,
          framework: row.framework,
          spa_fallback: row.spa_fallback,
          files: row.files,
          bytes: row.bytes,
          report: row.report,
        }),
      );
    })().catch(async (error: unknown) => {
      await artifacts.remove({ project_id: project.id, id });
      throw error;
    });
    await announce(made, { op: "add" });
    const end = await pipeline.run(id, { signal, progress });
    if (end?.status === "failed") throw new AppError("not_deployable", end.error ?? "The deployment failed.");
    return end;
  };
