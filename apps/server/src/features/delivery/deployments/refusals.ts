import type { DeployProvider } from "@tesslate/contract";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { badRequest, conflict } from "../../../platform/errors.ts";

/** No account is connected. */
export const notConnected = (provider: DeployProvider) =>
  badRequest(`Connect a ${provider} account first.`, "deployment_credentials_missing", { provider });

/** A deployment or cutover of the container to the provider is running. */
export const alreadyDeploying = (container: ContainerRow, provider: DeployProvider) =>
  conflict("deployment_running", `${container.name} is already being deployed to ${provider}.`);
