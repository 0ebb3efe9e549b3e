import type { EnvironmentOf } from "./container-environment.ts";
import type { StatusOf } from "./project-status.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ServiceReach } from "./service-reach.ts";
import type { StartService } from "./service-start.ts";
import type { StopServices } from "./service-stop.ts";
import type { ServiceTracking } from "./service-tracking.ts";

/** Operates containers as services in their sandboxes, without tasks or permission checks. */
export interface Services extends ServiceTracking, ServiceReach {
  environmentOf: EnvironmentOf;
  start: StartService;
  stop: StopServices;
  status: StatusOf;
  /** Whether it starts only once the containers it is connected to run. */
  waitsForSources(project: ProjectRow, row: ContainerRow): Promise<boolean>;
}
