import type { DeployProvider, Deployment, DeploymentStatus, List } from "@tesslate/contract";
import { conflict } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { emitDeploymentChanged, type DeploymentContext } from "./context.ts";
import type { DeploymentCreation } from "./create-deployment.ts";
import type { CancelDeployment } from "./deployment-cancellation.ts";
import type { createDeploymentStatus } from "./deployment-status.ts";
import type { createDeploymentStream } from "./deployment-stream.ts";
import type { RequireDeployment } from "./own-deployment.ts";
import { presentDeployment } from "./present.ts";
import type { Activation } from "./release/activation.ts";
import { bundleOf } from "./release/bundle.ts";
import type { Cutovers } from "./release/cutover.ts";
import type { LocalSites } from "./release/local-sites.ts";
import type { Promotions } from "./release/promotions.ts";
import type { Rollbacks } from "./release/rollbacks.ts";

/** Creates, inspects, cancels and deletes deployments. */
export interface Deployments extends Pick<DeploymentCreation, "begin" | "deployAll" | "plan">, VersionSwitches, StoredDeployments {
  status: ReturnType<typeof createDeploymentStatus>;
  stream: ReturnType<typeof createDeploymentStream>;
}

export type VersionSwitches = ReturnType<typeof createVersionSwitches>;
/** Makes another version of a container live. */
export const createVersionSwitches = (
  { projects }: Pick<DeploymentContext, "projects">,
  { requireRow, rollbacks, promotions }: { requireRow: RequireDeployment; rollbacks: Rollbacks; promotions: Promotions },
) => ({
  /** Makes an earlier version live again. */
  rollback: async (userId: string, id: string) => {
    const row = await requireRow(userId, id);
    return rollbacks.begin(userId, await projects.require(userId, row.project_id), row);
  },
  /** Makes a preview the live version. */
  promote: async (userId: string, id: string, options: Parameters<Promotions["begin"]>[3]) => {
    const row = await requireRow(userId, id);
    return promotions.begin(userId, await projects.require(userId, row.project_id), row, options);
  },
});

export type StoredDeployments = ReturnType<typeof createStoredDeployments>;
/** Reads, cancels and deletes deployments. */
export function createStoredDeployments(
  context: DeploymentContext,
  {
    requireRow,
    cancel,
    activation,
    cutovers,
    sites,
  }: {
    requireRow: RequireDeployment;
    cancel: CancelDeployment;
    activation: Activation;
    cutovers: Pick<Cutovers, "end">;
    sites: LocalSites;
  },
) {
  const { store, artifacts, projects, findProvider, getCredential, log } = context;
  return {
    list: async (
      userId: string,
      ref: string,
      query: PageQuery & { provider?: DeployProvider; status?: DeploymentStatus; container_id?: string; include_logs?: boolean },
    ): Promise<List<Deployment>> => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      const { provider, status, container_id } = query;
      const { rows, total } = await store.list(
        {
          project_id: project.id,
          ...(provider && { provider }),
          ...(status && { status }),
          ...(container_id !== undefined && { container_id }),
        },
        page,
      );
      const lines = query.include_logs ? await store.linesOfAll(rows.map(({ id }) => id)) : undefined;
      return page.envelope(
        rows.map((row) => presentDeployment(row, lines ? (lines.get(row.id) ?? []) : null)),
        total,
      );
    },
    get: async (userId: string, id: string): Promise<Deployment> => presentDeployment(await requireRow(userId, id)),
    bundle: async (userId: string, id: string) => bundleOf(artifacts, await requireRow(userId, id)),
    lastLines: async (userId: string, id: string, lines: number): Promise<string[]> => {
      const row = await requireRow(userId, id);
      const { lines: total } = await store.countLines(row.id);
      return store.pageOfLines(row.id, { offset: Math.max(0, total - lines), limit: lines });
    },
    logs: async (userId: string, id: string, query: PageQuery): Promise<List<string>> => {
      const row = await requireRow(userId, id);
      const page = pageOf(query);
      const size = await store.countLines(row.id);
      return page.envelope(await store.pageOfLines(row.id, page), size.lines);
    },
    cancel: async (userId: string, id: string): Promise<Deployment> => {
      const row = await requireRow(userId, id);
      await cancel(row);
      return presentDeployment((await store.find(row.id)) ?? row);
    },
    /**
     * When a container is deleted: cancels its running deployments and takes down local versions. Without `containerId`: for the whole
     * project.
     */
    release: async (projectId: string, containerId?: string): Promise<void> => {
      const rows = (await store.listOfProject(projectId)).filter(
        (row) => containerId === undefined || row.container_id === containerId || row.container_id === null,
      );
      await cutovers.end(rows);
      await Promise.all(rows.filter(({ is_active }) => is_active).map(cancel));
      for (const row of rows) {
        await activation.discard(row);
        await store.update(row.id, { has_artefact: false, ...(row.provider === "local" && { is_live: false }) });
        await sites.changed(row);
      }
    },
    remove: async (userId: string, id: string, { delete_remote }: { delete_remote?: boolean }): Promise<void> => {
      const row = await requireRow(userId, id);
      if (row.is_active) throw conflict("deployment_running", "This deployment is still running. Cancel it first.");
      if ((await store.listCutovers([id])).length > 0)
        throw conflict("deployment_running", "This version is being made live. Wait until that is done.");
      const target = findProvider(row.provider);
      // At Cloudflare a script is the whole site, so it is deleted only on explicit request.
      const isWanted = delete_remote ?? row.provider !== "cloudflare";
      if (target && row.remote_id !== null && isWanted)
        try {
          const credential = await getCredential(row.user_id, row.project_id, target.provider);
          if (credential) await target.remove(credential, row.remote_id, row.environment);
        } catch (err) {
          log.warn({ err, deployment_id: id }, "deployment not deleted at the provider");
        }
      await store.remove(row.id);
      await sites.changed(row);
      await activation.discard(row);
      await emitDeploymentChanged(context, row, { op: "delete" });
    },
  };
}
