import type { Sandbox, ServiceState } from "@tesslate/runtime";
import type { ContainerRow } from "../../../db/schema/runtime.ts";

export const isServiceUp = (state: Pick<ServiceState, "status"> | undefined): boolean =>
  state?.status === "running" || state?.status === "frozen";
export const isActive = (state: Pick<ServiceState, "status"> | undefined): boolean => isServiceUp(state) || state?.status === "starting";
/** The port that a container gets as `PORT`. */
export const portOf = (row: Pick<ContainerRow, "internal_port" | "port">): number => row.internal_port ?? row.port ?? 3000;
/** Runs here, in contrast to an external service. */
export const isManaged = (row: ContainerRow): boolean => row.deployment_mode === "container";

/** The states of containers' services in the runtime, as they are now. */
export async function readStates(sandbox: Sandbox): Promise<(row: ContainerRow) => ServiceState | undefined> {
  const states = new Map((await sandbox.services()).map((state) => [state.name, state]));
  return (row) => states.get(row.service_key);
}
/** The state of a container's service in the runtime. */
export const stateOf = async (sandbox: Sandbox, row: ContainerRow): Promise<ServiceState | undefined> => (await readStates(sandbox))(row);
/** Whether a service of the sandbox runs or starts. */
export const hasActive = async (sandbox: Sandbox): Promise<boolean> => (await sandbox.services()).some(isActive);
