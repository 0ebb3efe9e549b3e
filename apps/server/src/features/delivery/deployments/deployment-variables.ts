import type { DeployProvider } from "@tesslate/contract";
import type { RuntimeDriver } from "@tesslate/runtime";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { SecretVault } from "../../projects/secrets/index.ts";
import { findService, type ConnectionEnvironment, type EnvironmentVault } from "../../runtime/containers/index.ts";
import { findIncludedApps, findOuterApp } from "./build/included-apps.ts";
import { composeEnv, type DeployedService, type Variable } from "./deployment-request.ts";
import type { DeploymentsStore } from "./deployments.store.ts";

/** What a deployed app gets. */
export interface DeploymentEnvironment {
  variables: Variable[];
  /** Services that run for it on this server; the values of their variables follow when they are started. */
  services: DeployedService[];
  /** The app that this one is deployed with, if it cannot be deployed separately. */
  outer: ContainerRow | undefined;
}

export type EnvironmentOfDeployment = ReturnType<typeof createEnvironmentOfDeployment>;
/**
 * The environment of a deployment: the project's secrets, and the variables of the container, of the apps that are deployed with it, and
 * of their connections. On this server, services that the app uses run again for its deployments.
 */
export const createEnvironmentOfDeployment =
  ({
    store,
    projects,
    runtime,
    secrets,
    variables,
    connectionEnvironment,
  }: {
    store: Pick<DeploymentsStore, "baseContainers">;
    projects: Pick<Projects, "sandboxOf">;
    runtime: Pick<RuntimeDriver, "can">;
    secrets: Pick<SecretVault, "open">;
    /** The variables of containers. */
    variables: Pick<EnvironmentVault, "open">;
    connectionEnvironment: Pick<ConnectionEnvironment, "variablesOf" | "exportsInto">;
  }) =>
  async (
    project: ProjectRow,
    container: ContainerRow,
    { provider, exclude = [] }: { provider: DeployProvider; exclude?: readonly string[] | undefined },
  ): Promise<DeploymentEnvironment> => {
    const { files } = await projects.sandboxOf(project);
    const all = await store.baseContainers(project.id);
    const apps = [...(await findIncludedApps(files, container, all)), container];
    const own: Record<string, string> = {};
    const connected: Record<string, string> = {};
    const services = new Map<string, DeployedService>();
    for (const app of apps) {
      Object.assign(own, variables.open(app));
      const values = await connectionEnvironment.variablesOf(project.id, app.id);
      for (const { key, template, source } of await connectionEnvironment.exportsInto(project.id, app.id)) {
        // They run in one program.
        if (apps.some(({ id }) => id === source.id) || exclude.includes(key)) continue;
        if (provider === "local" && runtime.can.peers && isRunAgain(source)) {
          const service = services.get(source.id) ?? {
            container_id: source.id,
            name: source.name,
            slug: source.service_slug ?? "",
            variables: {},
          };
          service.variables[key] = template;
          services.set(source.id, service);
        } else if (values[key] !== undefined) connected[key] = values[key];
      }
    }
    return {
      variables: composeEnv({ secrets: await secrets.open(project.id), container: own, connections: connected }, { exclude }),
      services: [...services.values()],
      outer: await findOuterApp(files, container, all),
    };
  };

/** A service with its own data and without configuration files in the project. */
const isRunAgain = (source: ContainerRow): boolean => {
  if (source.container_type !== "service" || source.deployment_mode !== "container") return false;
  const running = findService(source.service_slug)?.running;
  return running !== undefined && running.files === undefined;
};
