import { randomToken } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { serviceOf, type BundledTemplate, type TemplateInsertion } from "../../projects/projects/index.ts";
import type { Redactions, SecretsStore, SecretVault } from "../../projects/secrets/index.ts";
import { gridPosition, type ContainerSetup, type ProjectOfNew } from "../containers/index.ts";
import { newConnection } from "./connections.service.ts";
import type { ConnectionsStore } from "./connections.store.ts";
import { columnsOf } from "./graph.ts";

/** Inserts the containers of a template, what they provide to each other, and secrets with random values. */
export function createTemplateInsertion({
  setup,
  connections,
  secrets,
  vault,
  redactions,
}: {
  setup: Pick<ContainerSetup, "insertApp" | "insertService">;
  connections: Pick<ConnectionsStore, "insert">;
  secrets: Pick<SecretsStore, "upsert">;
  vault: Pick<SecretVault, "seal">;
  redactions: Pick<Redactions, "changed">;
}): TemplateInsertion {
  const insertContainers = async (tx: Queries, project: ProjectOfNew, template: BundledTemplate): Promise<Map<string, ContainerRow>> => {
    const containers = [{ ...template.service, directory: "." }, ...template.containers];
    // Those that use something are to the left of those that provide it, as on the canvas after "Tidy".
    const columns = columnsOf(
      containers.map(({ name }) => name),
      template.connections.map(({ from, to }) => ({ from: to, to: from })),
    );
    const filled = new Map<number, number>();
    const rows = new Map<string, ContainerRow>();
    for (const container of containers) {
      const { name } = container;
      const column = columns.get(name) ?? 0;
      const inColumn = filled.get(column) ?? 0;
      filled.set(column, inColumn + 1);
      const position = gridPosition(column, inColumn);
      rows.set(
        name,
        "service" in container
          ? await setup.insertService(tx, project, { slug: container.service, name, ...position })
          : await setup.insertApp(tx, project, {
              name,
              directory: container.directory,
              service: serviceOf(container),
              position,
            }),
      );
    }
    return rows;
  };

  return {
    insert: async (tx, project, template) => {
      const rows = await insertContainers(tx, project, template);
      const rowOf = (name: string): ContainerRow => {
        const row = rows.get(name);
        if (!row) throw new Error(`the template ${template.api.slug} has no container ${name}`);
        return row;
      };
      for (const { from, to } of template.connections)
        await connections.insert(tx, newConnection(rowOf(from), { target_container_id: rowOf(to).id }));
      for (const key of template.secrets) {
        const secret = { project_id: project.id, key };
        await secrets.upsert(tx, { ...secret, encrypted_value: vault.seal(secret, randomToken()) });
      }
      return rowOf(template.service.name);
    },
    inserted: (projectId) => redactions.changed(projectId),
  };
}
