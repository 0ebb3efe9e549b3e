import type { DeployProvider } from "@tesslate/contract";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { badRequest, conflict } from "../../../platform/errors.ts";
import { capabilitiesOf, providerTitle } from "./providers/capabilities.ts";

/** No account is connected. */
export const notConnected = (provider: DeployProvider) =>
  badRequest(`Connect a ${providerTitle(provider)} account first.`, "deployment_credentials_missing", { provider });

/** A deployment or cutover of the container to the provider is running. */
export const alreadyDeploying = (container: ContainerRow, provider: DeployProvider) =>
  conflict("deployment_running", `${container.name} is already being deployed to ${providerTitle(provider)}.`);

/** Why an app in a folder of another one cannot be deployed separately. */
export const deployedWith = (container: Pick<ContainerRow, "name">, outer: Pick<ContainerRow, "name">): string =>
  `${container.name} is deployed with ${outer.name}.`;

/** Error of a deployment whose container was deleted while it ran. */
export const containerRemoved = "The container was deleted during the deployment.";

/** The pipeline stopped waiting for the provider. The deployment is completed when its status is next requested. */
export const isLeftToProvider = ({ status, is_active }: DeploymentRow): boolean => status === "deploying" && !is_active;

/** Where the provider keeps no versions, the stored files are needed. */
export const canRollBack = (row: DeploymentRow): boolean =>
  row.status === "success" &&
  row.environment === "production" &&
  !row.is_live &&
  row.container_id !== null &&
  (row.has_artifact || (row.remote_id !== null && capabilitiesOf(row.provider).keepsVersions));

/** The launch gate runs again, so the files must be stored. */
export const canPromote = (row: DeploymentRow): boolean =>
  row.status === "success" &&
  row.environment === "preview" &&
  row.container_id !== null &&
  row.has_artifact &&
  (row.provider === "local" || (row.remote_id !== null && row.site_id !== null));
