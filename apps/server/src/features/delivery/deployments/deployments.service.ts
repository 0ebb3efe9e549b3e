import type { DeployProvider, Deployment, DeploymentStatus, List } from "@tesslate/contract";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ArtifactStore } from "./build/artifacts.ts";
import type { DeployAll, DeploymentCreation } from "./create-deployment.ts";
import type { CancelDeployment } from "./deployment-cancellation.ts";
import type { PlanDeployment } from "./deployment-plan.ts";
import type { TakeDownForContainer, RemoveDeployment } from "./deployment-removal.ts";
import type { createDeploymentStatus } from "./deployment-status.ts";
import type { createDeploymentStream } from "./deployment-stream.ts";
import type { DeploymentsStore } from "./deployments.store.ts";
import type { RequireDeployment } from "./require-deployment.ts";
import { presentDeployment } from "./present.ts";
import { bundleOf } from "./release/bundle.ts";
import type { Promotions } from "./release/promotions.ts";
import type { Rollbacks } from "./release/rollbacks.ts";

/** Creates, inspects, cancels and deletes deployments. */
export interface Deployments extends Pick<DeploymentCreation, "create">, CutoverRequests, StoredDeployments {
  deployAll: DeployAll;
  plan: PlanDeployment;
  takeDownForContainer: TakeDownForContainer;
  remove: RemoveDeployment;
  status: ReturnType<typeof createDeploymentStatus>;
  stream: ReturnType<typeof createDeploymentStream>;
}

export type CutoverRequests = ReturnType<typeof createCutoverRequests>;
/** Makes another version of a container live. */
export const createCutoverRequests = ({
  projects,
  requireDeployment,
  rollbacks,
  promotions,
}: {
  projects: Pick<Projects, "require">;
  requireDeployment: RequireDeployment;
  rollbacks: Rollbacks;
  promotions: Promotions;
}) => ({
  /** Makes an earlier version live again. */
  startRollback: async (userId: string, id: string) => {
    const row = await requireDeployment(userId, id);
    return rollbacks.start(userId, await projects.require(userId, row.project_id), row);
  },
  /** Makes a preview deployment the live version. */
  startPromotion: async (userId: string, id: string, options: Parameters<Promotions["start"]>[3]) => {
    const row = await requireDeployment(userId, id);
    return promotions.start(userId, await projects.require(userId, row.project_id), row, options);
  },
});

export type StoredDeployments = ReturnType<typeof createStoredDeployments>;
/** Reads deployments and cancels them. */
export function createStoredDeployments({
  store,
  projects,
  artifacts,
  requireDeployment,
  cancel,
}: {
  store: DeploymentsStore;
  projects: Pick<Projects, "require">;
  artifacts: ArtifactStore;
  requireDeployment: RequireDeployment;
  cancel: CancelDeployment;
}) {
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
    get: async (userId: string, id: string): Promise<Deployment> => presentDeployment(await requireDeployment(userId, id)),
    bundle: async (userId: string, id: string) => bundleOf(artifacts, await requireDeployment(userId, id)),
    lastLines: async (userId: string, id: string, lines: number): Promise<string[]> => {
      const row = await requireDeployment(userId, id);
      const { lines: total } = await store.countLines(row.id);
      return store.pageOfLines(row.id, { offset: Math.max(0, total - lines), limit: lines });
    },
    logs: async (userId: string, id: string, query: PageQuery): Promise<List<string>> => {
      const row = await requireDeployment(userId, id);
      const page = pageOf(query);
      const size = await store.countLines(row.id);
      return page.envelope(await store.pageOfLines(row.id, page), size.lines);
    },
    cancel: async (userId: string, id: string): Promise<Deployment> => {
      const row = await requireDeployment(userId, id);
      await cancel(row);
      return presentDeployment((await store.find(row.id)) ?? row);
    },
  };
}
