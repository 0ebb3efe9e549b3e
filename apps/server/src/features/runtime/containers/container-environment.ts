import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { ConnectionEnvironment, EnvironmentVault } from "./environment.ts";
import type { ListeningPortOf } from "./service-state.ts";

export type EnvironmentOf = ReturnType<typeof createEnvironmentOf>;
/** The environment of a container. Later values win: secrets of the project, its own variables, connection variables, reserved ones. */
export const createEnvironmentOf =
  ({
    secrets,
    vault,
    connectionEnvironment,
    listeningPortOf,
    previewDomain,
  }: {
    /** The project's own variables, injected into every container. */
    secrets: { open(projectId: string): Promise<Record<string, string>> };
    vault: Pick<EnvironmentVault, "open">;
    connectionEnvironment: Pick<ConnectionEnvironment, "variablesOf">;
    listeningPortOf: ListeningPortOf;
    previewDomain: string;
  }) =>
  async (project: Pick<ProjectRow, "id">, row: ContainerRow): Promise<Record<string, string>> => ({
    // Vite rejects unknown host names; allow preview hosts.
    __VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS: `.${previewDomain}`,
    ...(await secrets.open(project.id)),
    ...vault.open(row),
    ...(await connectionEnvironment.variablesOf(project.id, row.id)),
    PROJECT_ID: project.id,
    CONTAINER_ID: row.id,
    CONTAINER_NAME: row.container_name,
    PORT: String(await listeningPortOf(row)),
    HOST: "0.0.0.0",
  });
