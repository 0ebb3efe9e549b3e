import type { AdminDeployment, AdminDeploymentFilter, AdminRun, AdminRunFilter, List } from "@tesslate/contract";
import { pagesOf } from "../../../platform/csv.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { AdminRunsStore } from "./runs.store.ts";

const exportedAtOnce = 500;
type Sorted = PageQuery & { sort_order?: "asc" | "desc" };

/** Runs and deployments of all projects, as administrators see them. */
export type AdminRuns = ReturnType<typeof createAdminRuns>;
export function createAdminRuns({ store }: { store: AdminRunsStore }) {
  return {
    runs: async ({ sort_order, ...query }: Sorted & AdminRunFilter): Promise<List<AdminRun>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listRuns(query, sort_order, page);
      return page.envelope(rows, total);
    },
    /** All matching rows, page by page, newest first. */
    runPages: (filter: AdminRunFilter): AsyncIterable<AdminRun[]> =>
      pagesOf<AdminRun>((after) => store.runsAfter(filter, after, exportedAtOnce)),
    deployments: async ({ sort_order, ...query }: Sorted & AdminDeploymentFilter): Promise<List<AdminDeployment>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listDeployments(query, sort_order, page);
      return page.envelope(rows, total);
    },
    deploymentPages: (filter: AdminDeploymentFilter): AsyncIterable<AdminDeployment[]> =>
      pagesOf<AdminDeployment>((after) => store.deploymentsAfter(filter, after, exportedAtOnce)),
  };
}
