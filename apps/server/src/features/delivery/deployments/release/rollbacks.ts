import { emitDeploymentChanged, type DeploymentContext } from "../context.ts";
import { AppError, conflict } from "../../../../platform/errors.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { Activation } from "./activation.ts";
import type { DeploymentCreation, PreparedDeployment } from "../create-deployment.ts";
import { deploymentMs } from "./deployment-task.ts";
import { canRollBack } from "../present.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { Pipeline } from "./pipeline.ts";
import type { CutoverInput, Cutovers, CutoverRun } from "./cutover.ts";

/** Makes an earlier version live again: from local files, with the provider's own rollback, or by deploying the stored files again. */
export type Rollbacks = ReturnType<typeof createRollbacks>;
export function createRollbacks(
  context: DeploymentContext,
  {
    activation,
    creation,
    pipeline,
    cutovers,
  }: {
    activation: Activation;
    creation: Pick<DeploymentCreation, "insert" | "missing">;
    pipeline: Pick<Pipeline, "run">;
    cutovers: Cutovers;
  },
) {
  const { store, vault, artifacts, findProvider, getCredential, log } = context;
  const restoreLocally = async ({ row, signal }: CutoverRun<CutoverInput>): Promise<DeploymentRow> => {
    try {
      return await activation.makeLive(row, signal);
    } catch (error) {
      // Stop a server that failed its check.
      if (row.program && !(await store.find(row.id))?.is_live) await activation.stop(row.id);
      throw error;
    }
  };
  /** Uses the provider's rollback. Undefined when the provider has no versions, or no longer this one. */
  const restoreAtProvider = async ({ row, project }: CutoverRun<CutoverInput>): Promise<DeploymentRow | undefined> => {
    const target = findProvider(row.provider);
    if (!target?.promote || row.remote_id === null || row.site_id === null) return undefined;
    const credential = await getCredential(project.owner_id, project.id, target.provider);
    if (!credential) throw creation.missing(row.provider);
    try {
      const done = await target.promote(credential, { id: row.site_id, name: row.site_name ?? "" }, row.remote_id);
      return done ? await store.makeLive(row, {}) : undefined;
    } catch (err) {
      // Without stored files only the provider can restore it.
      if (!row.has_artefact) throw err;
      log.info({ err, deployment_id: row.id }, "provider rollback failed");
      return undefined;
    }
  };
  /** Deploys the stored files as a new version. */
  const redeploy = async (run: CutoverRun<CutoverInput>): Promise<DeploymentRow | undefined> => {
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
        creation.insert(tx, task.user_id, project, prepared, {
          id,
          task_id: task.id,
          sealed_request: vault.seal(id, kept),
          rollback_of: row.version,
          has_artefact: true,
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
    await emitDeploymentChanged(context, made, { op: "add" });
    const end = await pipeline.run(id, { signal, progress });
    if (end?.status === "failed") throw new AppError("not_deployable", end.error ?? "The deployment failed.");
    return end;
  };

  const begin = cutovers.define<CutoverInput>({
    type: "deployment_rollback",
    timeoutMs: deploymentMs,
    waiting: ({ version }) => `Waiting to roll back to version ${version}`,
    run: async (run) => {
      await run.progress(5, `Rolling back to version ${run.row.version}`);
      return run.row.provider === "local" ? restoreLocally(run) : ((await restoreAtProvider(run)) ?? redeploy(run));
    },
    done: (live, { id, version }) => `Version ${version} was made live again${live.id === id ? "" : ` as version ${live.version}`}`,
    failed: "The rollback failed.",
  });

  return {
    /** Makes a version live again, as the fastest of the three ways allows. */
    begin: async (userId: string, project: ProjectRow, row: DeploymentRow) => {
      if (!canRollBack(row))
        throw conflict("not_deployable", row.is_live ? "This version is already live." : "The files of this version were pruned.");
      return begin(userId, project, row, { id: row.id });
    },
  };
}
