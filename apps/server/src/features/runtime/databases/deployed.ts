import type { DataEnvironment } from "@tesslate/contract";
import type { SandboxPort } from "@tesslate/runtime";

export type DeployedEnvironment = Exclude<DataEnvironment, "development">;
export const deployedEnvironments: readonly DeployedEnvironment[] = ["production", "preview"];

/** A service that runs for deployments: its variables, and where it is or why it cannot be reached. */
export type DeployedServiceAt = { env: Record<string, string> } & (
  | { at: SandboxPort }
  | { status: "starting" | "stopped" | "failed"; message: string }
);
/** Undefined: it never ran for deployments of that kind. */
export type FindDeployedService = (
  projectId: string,
  service: { container_id: string; slug: string },
  environment: DeployedEnvironment,
) => Promise<DeployedServiceAt | undefined>;

const ids = /^deployed-(production|preview)-(.+)$/;
export const deployedId = (environment: DeployedEnvironment, containerId: string): string => `deployed-${environment}-${containerId}`;
/** Undefined for the id of another database. */
export function parseDeployedId(id: string): { environment: DeployedEnvironment; containerId: string } | undefined {
  const [, environment, containerId] = ids.exec(id) ?? [];
  return environment === undefined || containerId === undefined
    ? undefined
    : { environment: environment as DeployedEnvironment, containerId };
}
