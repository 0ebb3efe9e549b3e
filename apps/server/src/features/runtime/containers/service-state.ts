import type { Sandbox, ServiceState } from "@tesslate/runtime";
import type { ContainerRow } from "../../../db/schema/runtime.ts";

export const isServiceUp = (state: Pick<ServiceState, "status"> | undefined): boolean =>
  state?.status === "running" || state?.status === "frozen";
export const isActive = (state: Pick<ServiceState, "status"> | undefined): boolean => isServiceUp(state) || state?.status === "starting";
/** The port that a container gets as `PORT`. */
export const portOf = (row: Pick<ContainerRow, "internal_port" | "port">): number => row.internal_port ?? row.port ?? 3000;
/** Runs here, in contrast to an external service. */
export const isManaged = (row: ContainerRow): boolean => row.deployment_mode === "container";

/** The state of a container's service in the runtime. */
export const stateOf = (sandbox: Sandbox, row: ContainerRow): ServiceState | undefined =>
  sandbox.services().find((s) => s.name === row.service_key);
