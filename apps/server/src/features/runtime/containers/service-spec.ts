import type { Sandbox, ServiceSpec, Tree } from "@tesslate/runtime";
import { AppError } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { workingDirOf, type ServiceCatalogue } from "./catalogue/index.ts";
import type { EnvironmentOf } from "./container-environment.ts";
import type { ListeningPortOf } from "./service-state.ts";

export type SpecOf = ReturnType<typeof createSpecOf>;
/** How a container runs: a template's start command in its folder, or the catalog's definition of a service. */
export const createSpecOf =
  ({
    environmentOf,
    listeningPortOf,
    catalogue,
    commandOf,
  }: {
    environmentOf: EnvironmentOf;
    listeningPortOf: ListeningPortOf;
    catalogue: ServiceCatalogue;
    /** The start command, resolved at each start. */
    commandOf: (tree: Tree, row: Pick<ContainerRow, "directory" | "start_command">) => Promise<string[] | null>;
  }) =>
  async (project: Pick<ProjectRow, "id">, row: ContainerRow, sandbox: Sandbox): Promise<ServiceSpec> => {
    const port = await listeningPortOf(row);
    const env = await environmentOf(project, row);
    if (row.container_type === "base") {
      const command = await commandOf(sandbox.files, row);
      if (!command)
        throw new AppError("start_failed", `No start command for ${row.name}. Add one to TESSLATE.md, or a dev script to package.json.`);
      return { name: row.service_key, command, cwd: row.directory, env, port };
    }
    const { env: own, ...run } = await catalogue.runOf(row, port);
    const files = Object.entries(catalogue.filesOf(row));
    for (const [path, text] of files)
      if (!(await sandbox.files.stat(`${row.directory}/${path}`))) await sandbox.files.write(`${row.directory}/${path}`, text);
    return { ...run, name: row.service_key, cwd: workingDirOf(row), env: { ...env, ...own }, port };
  };
