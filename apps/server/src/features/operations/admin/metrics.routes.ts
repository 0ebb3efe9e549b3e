import { adminMetricsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { AdminMetricsOverview } from "./metrics.service.ts";
import type { AdminTrendsService } from "./trends.ts";

/** Routes of the admin metrics. */
export function mountAdminMetrics(
  mount: Mount,
  { metrics, trends }: { metrics: AdminMetricsOverview; trends: Pick<AdminTrendsService, "trends"> },
): void {
  mount("adminMetrics", adminMetricsRoutes, {
    overview: (_, { query }) => metrics.overview(query.days ?? 7),
    trends: (_, { query }) => trends.trends(query.days ?? 30),
  });
}
