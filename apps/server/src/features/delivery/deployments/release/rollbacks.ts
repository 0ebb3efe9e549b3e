import { AppError, conflict } from "../../../../platform/errors.ts";
import type { EventLog } from "../../../../platform/events.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { ProjectRow } from "../../../../db/schema/projects.ts";
import type { Activation } from "./activation.ts";
import type { Artefacts } from "../build/artifacts.ts";
import type { Beginning, Prepared } from "../create-deployment.ts";
import { deploymentMs } from "./deployment-task.ts";
import type { RequestVault } from "../deployment-request.ts";
import { canRollBack } from "../present.ts";
import type { DeploymentsStore } from "../deployments.store.ts";
import type { DeploymentRow } from "../../../../db/schema/delivery.ts";
import type { CredentialFor, FindTarget } from "../providers/lookup.ts";
import type { Pipeline } from "./pipeline.ts";
import type { SwitchInput, Switching, SwitchRun } from "./cutover.ts";

/** How a former version becomes the live one: as it lies here, by the provider's own verb, or by deploying its kept files once more. */
export type Rollbacks = ReturnType<typeof createRollbacks>;
export function createRollbacks({
  store,
  vault,
  artefacts,
  activation,
  beginning,
  pipeline,
  switching,
  findTarget,
  credentialFor,
  events,
  log,
}: {
  store: DeploymentsStore;
  vault: RequestVault;
  artefacts: Artefacts;
  activation: Activation;
  beginning: Pick<Beginning, "insert" | "missing">;
  pipeline: Pick<Pipeline, "run">;
  switching: Switching;
  findTarget: FindTarget;
  credentialFor: CredentialFor;
  events: EventLog;
  log: Logger;
}) {
  const here = async ({ row, signal }: SwitchRun<SwitchInput>): Promise<DeploymentRow> => {
    try {
      return await activation.switchTo(row, signal);
    } catch (error) {
      // One that does not answer any more is not left running unseen.
      if (row.program && !(await store.find(row.id))?.is_live) await activation.stop(row.id);
      throw error;
    }
  };
  /** By the provider's own verb. Undefined where the site keeps no versions, or not this one any more. */
  const there = async ({ row, project }: SwitchRun<SwitchInput>): Promise<DeploymentRow | undefined> => {
    const target = findTarget(row.provider);
    if (!target?.promote || row.remote_id === null || row.site_id === null) return undefined;
    const credential = await credentialFor(project.owner_id, project.id, target.provider);
    if (!credential) throw beginning.missing(row.provider);
    try {
      const done = await target.promote(credential, { id: row.site_id, name: row.site_name ?? "" }, row.remote_id);
      return done ? await store.makeLive(row, {}) : undefined;
    } catch (err) {
      // Only the provider can bring it back without its files.
      if (!row.has_artefact) throw err;
      log.info({ err, deployment_id: row.id }, "version not promoted");
      return undefined;
    }
  };
  /** As a version of its own, which is the same again. */
  const onceMore = async (run: SwitchRun<SwitchInput>): Promise<DeploymentRow | undefined> => {
    const { task, row, project, signal, progress } = run;
    const container = (await store.containersOf(project.id)).find((each) => each.id === row.container_id);
    if (!container) throw conflict("not_deployable", "The container of this version was removed.");
    const kept = vault.open(row);
    const id = crypto.randomUUID();
    const prepared: Prepared = {
      container,
      provider: row.provider,
      mode: row.mode,
      request: kept,
      env_names: row.env_names,
      environment: "production",
      custom_domain: row.custom_domain,
    };
    const made = await (async () => {
      if (!(await artefacts.copy(row, { project_id: project.id, id })))
        throw conflict("not_deployable", "The files of this version are not kept any more.");
      return store.transaction((tx) =>
        beginning.insert(tx, task.user_id, project, prepared, {
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
      await artefacts.remove({ project_id: project.id, id });
      throw error;
    });
    await events.append(project.id, { type: "deployment_changed", data: { id, op: "add", status: made.status } });
    const end = await pipeline.run(id, { signal, progress });
    if (end?.status === "failed") throw new AppError("not_deployable", end.error ?? "It could not be deployed.");
    return end;
  };

  const begin = switching.define<SwitchInput>({
    type: "deployment_rollback",
    timeoutMs: deploymentMs,
    waiting: ({ version }) => `Waiting to bring version ${version} back`,
    run: async (run) => {
      await run.progress(5, `Bringing version ${run.row.version} back`);
      return run.row.provider === "local" ? here(run) : ((await there(run)) ?? onceMore(run));
    },
    done: (live, { id, version }) => `Version ${version} was made live again${live.id === id ? "" : ` as version ${live.version}`}`,
    failed: "It was not made live again.",
  });

  return {
    /** Makes a version live again: as it lies here, by the provider's own verb, or by deploying the kept files once more. */
    begin: async (userId: string, project: ProjectRow, row: DeploymentRow) => {
      if (!canRollBack(row))
        throw conflict(
          "not_deployable",
          row.is_live ? "This version is live already." : "Nothing is left of this version that could be made live again.",
        );
      return begin(userId, project, row, { id: row.id });
    },
  };
}
