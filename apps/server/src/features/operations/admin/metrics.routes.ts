import { adminMetricsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { Metrics } from "./metrics.service.ts";

/** marketplace-billing-admin 6.1. */
export function mountAdminMetrics(mount: Mount, { metrics }: { metrics: Metrics }): void {
  mount("adminMetrics", adminMetricsRoutes, { overview: (_, { query }) => metrics.overview(query.days ?? 7) });
}
