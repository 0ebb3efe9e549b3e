import { conflict, notFound } from "../../platform/errors.ts";
import type { EventLog } from "../../platform/events.ts";
import type { Logger } from "../../platform/logger.ts";
import type { ProjectRow } from "../projects/projects.table.ts";
import { taskLinks, type Tasks } from "../tasks/index.ts";
import type { Activation } from "./activation.ts";
import type { Artefacts } from "./artefacts.ts";
import type { Beginning, Prepared } from "./beginning.ts";
import type { DeploymentLogs } from "./deployment-log.ts";
import type { RequestVault } from "./deployment-request.ts";
import { canRollBack, wireOf } from "./deployment-shape.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { DeploymentRow } from "./deployments.table.ts";
import type { Deploying } from "./deploying.ts";
import type { CredentialFor, FindTarget } from "./outside.ts";

const rollbackType = "deployment_rollback";
const rollbackMs = 2 * 60_000;

/** How a former version becomes the live one: as it lies here, by the provider's own verb, or by deploying its kept files once more. */
export type Rollbacks = ReturnType<typeof createRollbacks>;
export function createRollbacks({
  store,
  vault,
  logs,
  artefacts,
  activation,
  beginning,
  deploying,
  findTarget,
  credentialFor,
  events,
  tasks,
  log,
}: {
  store: DeploymentsStore;
  vault: RequestVault;
  logs: DeploymentLogs;
  artefacts: Artefacts;
  activation: Activation;
  beginning: Beginning;
  deploying: Deploying;
  findTarget: FindTarget;
  credentialFor: CredentialFor;
  events: EventLog;
  tasks: Pick<Tasks, "define" | "createOnce">;
  log: Logger;
}) {
  const { insert, isConnected, missing, busy } = beginning;
  tasks.define<{ id: string }>(rollbackType, {
    timeoutMs: rollbackMs,
    run: async ({ input, signal, progress }) => {
      const row = await store.find(input.id);
      if (!row) throw notFound("Deployment");
      await progress(20, `Bringing version ${row.version} back`);
      // The provider did its part before the task was made.
      const live = row.provider === "local" ? await activation.switchTo(row, signal) : await store.makeLive(row, {});
      const lines = await logs.open(row.id, (text) => text);
      lines.line(`Version ${row.version} was made live again`);
      await lines.settle();
      await changed(live ?? row, "update");
      return { deployment_id: row.id, version: row.version, deployment_url: row.deployment_url };
    },
    interrupted: async (task) => {
      const { user_id, project_id, type, unique_key, input, metadata } = task;
      await tasks.createOnce({
        user_id,
        type,
        unique_key: unique_key ?? type,
        input,
        metadata,
        ...(project_id !== null && { project_id }),
      });
    },
  });

  const changed = (row: DeploymentRow, op: "add" | "update" | "delete") =>
    events.append(row.project_id, { type: "deployment_changed", data: { id: row.id, op, status: row.status } });

  async function promoted(row: DeploymentRow): Promise<boolean> {
    const target = findTarget(row.provider);
    if (!target?.promote || row.deployment_id === null || row.site_id === null) return false;
    const credential = await credentialFor(row.user_id, row.project_id, target.provider);
    if (!credential) throw missing(row.provider);
    try {
      return (await target.promote(credential, { id: row.site_id, name: row.site_name ?? "" }, row.deployment_id)) !== false;
    } catch (err) {
      // Gone there: the kept files are deployed once more.
      log.info({ err, deployment_id: row.id }, "version not promoted");
      return false;
    }
  }

  return {
    /** Makes a version live again: as it lies here, by the provider's own verb, or by deploying the kept files once more. */
    begin: async (userId: string, project: ProjectRow, row: DeploymentRow) => {
      if (!canRollBack(row))
        throw conflict(
          "not_deployable",
          row.is_live ? "This version is live already." : "Nothing is left of this version that could be made live again.",
        );
      const container = (await store.containersOf(project.id)).find((each) => each.id === row.container_id);
      if (!container) throw conflict("not_deployable", "The container of this version was removed.");
      if (!(await isConnected(userId, project.id, row.provider))) throw missing(row.provider);
      const place = { container_id: container.id, provider: row.provider };
      await store.transaction(async (tx) => {
        await store.lock(tx, place);
        if (await store.isBusy(tx, place)) throw busy(container, row.provider);
      });
      const target = findTarget(row.provider);
      const mayPromote = target?.promote !== undefined && row.deployment_id !== null && row.site_id !== null;
      // Without its files only the provider can bring it back.
      if (row.provider === "local" || (mayPromote && (await promoted(row)))) {
        const task = await tasks.createOnce({
          user_id: userId,
          project_id: project.id,
          type: rollbackType,
          unique_key: `${rollbackType}:${container.id}:${row.provider}`,
          metadata: {
            project_id: project.id,
            project_slug: project.slug,
            deployment_id: row.id,
            version: row.version,
            provider: row.provider,
          },
          input: { id: row.id },
          message: `Waiting to bring version ${row.version} back`,
        });
        if ((task.row.input as { id: string }).id !== row.id) throw busy(container, row.provider);
        return { ...taskLinks(task.row), deployment: wireOf(row) };
      }
      const kept = vault.open(row);
      const again = crypto.randomUUID();
      if (!(await artefacts.copy(row, { project_id: project.id, id: again })))
        throw conflict("not_deployable", "The files of this version are not kept any more.");
      const prepared: Prepared = {
        container,
        provider: row.provider,
        mode: row.mode,
        request: kept,
        env_names: row.env_names,
        environment: "production",
        custom_domain: row.custom_domain,
      };
      const { made, task } = await store
        .transaction(async (tx) => {
          const inserted = await insert(tx, userId, project, prepared, {
            id: again,
            sealed_request: vault.seal(again, kept),
            rollback_of: row.version,
            has_artefact: true,
            framework: row.framework,
            spa_fallback: row.spa_fallback,
            files: row.files,
            bytes: row.bytes,
            report: row.report,
          });
          return { made: inserted, task: await deploying.create(tx, [inserted], { project, userId }) };
        })
        .catch(async (error: unknown) => {
          await artefacts.remove({ project_id: project.id, id: again });
          throw error;
        });
      await changed(made, "add");
      return { ...taskLinks(task), deployment: wireOf({ ...made, task_id: task.id }) };
    },
  };
}
