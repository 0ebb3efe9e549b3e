import { deploymentOfSandbox } from "../build/build-sandbox.ts";
import { isServicesSandbox } from "./deployed-services.ts";

/** Whether a sandbox belongs to deployments instead of a project. */
export const isDeploymentSandbox = (sandboxId: string): boolean =>
  deploymentOfSandbox(sandboxId) !== undefined || isServicesSandbox(sandboxId);
