import { randomUUID } from "node:crypto";
import type { Queries } from "../../../platform/database.ts";
import type { SecretRow } from "../../../db/schema/projects.ts";
import type { ConnectionRow, ContainerRow } from "../../../db/schema/runtime.ts";
import type { BundledTemplate } from "../../projects/projects/index.ts";
import type { SecretsStore, SecretVault } from "../../projects/secrets/index.ts";
import { createTemplateInsertion, type ConnectionsStore } from "../connections/index.ts";
import {
  createContainerInsertion,
  createInsertService,
  type ContainerInsertion,
  type ProjectOfNew,
  type ServiceCatalogue,
} from "../containers/index.ts";

/** The rows of a template in a project that is not in the database yet. */
export interface TemplateRows {
  /** The one at the root of the files is the first. */
  containers: readonly ContainerRow[];
  connections: readonly ConnectionRow[];
  secrets: readonly SecretRow[];
}

/** What the database gives a container that does not say otherwise. */
const containerDefaults = {
  base_id: null,
  directory: ".",
  start_command: null,
  framework: null,
  port: null,
  internal_port: null,
  environment_vars: null,
  env_var_keys: [],
  container_type: "base",
  service_slug: null,
  deployment_mode: "container",
  external_endpoint: null,
  credentials_id: null,
  deployment_provider: null,
  position_x: 0,
  position_y: 0,
  status: "stopped",
  status_message: null,
  exit_code: null,
  needs_restart: false,
  last_started_at: null,
  is_stop_held: false,
  pending_rename: null,
} satisfies Partial<ContainerRow>;

/** Makes the rows that the insertion of a template would insert, with new secrets and passwords. */
export const createPlanTemplate =
  ({
    db,
    catalogue,
    secrets,
    vault,
  }: {
    /** Not used: what is inserted goes into lists. */
    db: Queries;
    catalogue: ServiceCatalogue;
    secrets: Parameters<typeof createContainerInsertion>[0]["secrets"];
    vault: Pick<SecretVault, "seal">;
  }) =>
  async (project: ProjectOfNew, template: BundledTemplate): Promise<TemplateRows> => {
    const rows = { containers: [] as ContainerRow[], connections: [] as ConnectionRow[], secrets: [] as SecretRow[] };
    const now = new Date().toISOString();
    const insertion = createContainerInsertion({
      store: {
        lockProject: async () => undefined,
        listAll: async () => rows.containers,
        insert: async (_tx, values) => {
          const row = { ...containerDefaults, id: randomUUID(), created_at: now, updated_at: now, ...values } as ContainerRow;
          rows.containers.push(row);
          return row;
        },
      },
      secrets,
    });
    const { insert } = createTemplateInsertion({
      setup: { ...insertion, insertService: createInsertService({ insertion, secrets, catalogue }) },
      connections: {
        insert: async (_tx, values) => {
          const row = { id: randomUUID(), created_at: now, ...values } as ConnectionRow;
          rows.connections.push(row);
          return row;
        },
      },
      secrets: {
        upsert: async (_tx, values) => {
          const row: SecretRow = { id: randomUUID(), created_at: now, updated_at: now, ...values };
          rows.secrets.push(row);
          return row;
        },
      },
      vault,
      redactions: { changed: async () => undefined },
    });
    await insert(db, project, template);
    return rows;
  };

/** Inserts such rows, with preview hosts by the slug of the project. Resolves with the container at the root. */
export async function insertRows(
  tx: Queries,
  project: ProjectOfNew,
  { containers, connections, secrets }: TemplateRows,
  to: {
    setup: Pick<ContainerInsertion, "insertHosted">;
    connections: Pick<ConnectionsStore, "insert">;
    secrets: Pick<SecretsStore, "upsert">;
  },
): Promise<{ id: string } | undefined> {
  // Without times: lists are in the order of insertion.
  for (const { host_label: _host, created_at: _created, updated_at: _updated, ...row } of containers)
    await to.setup.insertHosted(tx, project, row);
  for (const { created_at: _created, ...row } of connections) await to.connections.insert(tx, row);
  for (const { project_id, key, encrypted_value } of secrets) await to.secrets.upsert(tx, { project_id, key, encrypted_value });
  return containers[0];
}
