import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { SecretVault } from "../../projects/secrets/index.ts";
import type { ConnectionEnvironment, EnvironmentVault } from "../../runtime/containers/index.ts";
import { composeEnv, type Variable } from "./deployment-request.ts";

export type VariablesOf = ReturnType<typeof createVariablesOf>;
/** The variables of a deployment: the project's secrets, and those of the container and its connections. */
export const createVariablesOf =
  ({
    secrets,
    variables,
    connectionEnvironment,
  }: {
    secrets: Pick<SecretVault, "open">;
    /** The variables of containers. */
    variables: Pick<EnvironmentVault, "open">;
    connectionEnvironment: Pick<ConnectionEnvironment, "variablesOf">;
  }) =>
  async (project: ProjectRow, container: ContainerRow, exclude: readonly string[] | undefined): Promise<Variable[]> =>
    composeEnv(
      {
        secrets: await secrets.open(project.id),
        container: variables.open(container),
        connections: await connectionEnvironment.variablesOf(project.id, container.id),
      },
      { exclude },
    );
