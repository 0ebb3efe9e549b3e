import type { RuntimeDriver, Sandbox, ServiceState } from "@tesslate/runtime";
import type { ContainerRow } from "../../../db/schema/runtime.ts";

export const isServiceUp = (state: Pick<ServiceState, "status"> | undefined): boolean =>
  state?.status === "running" || state?.status === "frozen";
export const isActive = (state: Pick<ServiceState, "status"> | undefined): boolean => isServiceUp(state) || state?.status === "starting";
/** The port that a container is configured with. */
export const portOf = (row: Pick<ContainerRow, "internal_port" | "port">): number => row.internal_port ?? row.port ?? 3000;
/** The port that a container gets as `PORT`, and at which others of its project find it. */
export type ListeningPortOf = (row: Pick<ContainerRow, "project_id" | "internal_port" | "port">) => Promise<number>;
/** Where projects share the ports of the machine, each gets others than it is configured with. */
export const createListeningPortOf =
  (runtime: Pick<RuntimeDriver, "can" | "find">): ListeningPortOf =>
  async (row) => {
    const port = portOf(row);
    if (runtime.can.privateNetwork) return port;
    return (await (await runtime.find(row.project_id))?.assignPort(port)) ?? port;
  };
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
