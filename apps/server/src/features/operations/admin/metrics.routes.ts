import { adminMetricsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { AdminMetricsOverview } from "./metrics.service.ts";

/** Route of the admin metrics. */
export function mountAdminMetrics(mount: Mount, { metrics }: { metrics: AdminMetricsOverview }): void {
  mount("adminMetrics", adminMetricsRoutes, { overview: (_, { query }) => metrics.overview(query.days ?? 7) });
}
