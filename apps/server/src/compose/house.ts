import { createMetrics, createMetricsStore, mountAdminMetrics } from "../features/admin/index.ts";
import { readHostLoad } from "../platform/host-load.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";

/** The installation itself, for those who look after it. */
export function composeHouse({ db, dataDir, log }: Platform, { templates }: ProjectsArea): Area {
  const metrics = createMetrics({ store: createMetricsStore(db), templates, hostLoad: () => readHostLoad(dataDir), log });
  return {
    mount(mount) {
      mountAdminMetrics(mount, { metrics });
    },
  };
}
