import { randomUUID } from "node:crypto";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, conflict } from "../../../platform/errors.ts";
import type { ServiceShape } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { containers, ContainerRow } from "../../../db/schema/runtime.ts";
import { findFreePosition, gridPosition, isTaken, type Position } from "./canvas-position.ts";
import { findService, freshEnvironment } from "./catalogue/index.ts";
import type { ContainerSecrets } from "./container-secrets.ts";
import type { ContainersStore } from "./containers.store.ts";
import { freeKey, hostLabel, nextFreePort, serviceKey } from "./names.ts";
import { isManaged, portOf } from "./service-state.ts";

const maxContainers = 50;
const labelAttempts = 10;

/** A container whose preview host is not chosen yet. */
export type UnhostedContainer = Omit<typeof containers.$inferInsert, "host_label">;
/** The project of a new container. */
export type ProjectOfNew = Pick<ProjectRow, "id" | "slug">;
type Values = Omit<UnhostedContainer, "project_id" | "name" | "service_key" | "directory" | "container_name">;

/** An app of a new project. */
interface NewApp {
  name: string;
  /** Default: the root. */
  directory?: string;
  service: ServiceShape;
  position?: Position;
}

export const runBy = ({ command, framework }: ServiceShape): Values => ({ start_command: command, framework });

export type ContainerInsertion = ReturnType<typeof createContainerInsertion>;
/** Inserts rows of containers. */
export function createContainerInsertion({
  store,
  secrets,
}: {
  store: Pick<ContainersStore, "lockProject" | "listAll" | "insert">;
  secrets: Pick<ContainerSecrets, "newVariables" | "copiedVariables" | "copyCredentials">;
}) {
  /** Inserts with a unique host label. */
  const insertHosted = async (tx: Queries, { slug }: ProjectOfNew, values: UnhostedContainer): Promise<ContainerRow> => {
    for (let attempt = 0; attempt < labelAttempts; attempt++) {
      const row = await store.insert(tx, { ...values, host_label: hostLabel(slug, values.service_key, attempt) });
      if (row) return row;
    }
    throw new AppError("internal_error", "No free preview host for this container. Try another name.");
  };
  /** Inserts under the project's lock, with a unique key, port and host label. */
  const insert = async (
    tx: Queries,
    project: ProjectOfNew,
    wanted: { name: string; directoryOf: (key: string, taken: ReadonlySet<string>) => string; port: number | undefined },
    values: Values,
  ): Promise<ContainerRow> => {
    await store.lockProject(tx, project.id);
    const others = await store.listAll(project.id, tx);
    if (others.length >= maxContainers) throw conflict("conflict", `A project is limited to ${maxContainers} containers.`);
    const base = serviceKey(wanted.name);
    if (base === "") throw badRequest("A container's name needs at least one letter or digit.");
    const directories = new Set(others.map((o) => o.directory));
    const { key, number } = freeKey(base, new Set(others.flatMap((o) => [o.service_key, o.directory, serviceKey(o.name)])));
    const free = findFreePosition(others);
    const { position_x = free.position_x, position_y = free.position_y } = values;
    const position = isTaken({ position_x, position_y }, others) ? free : { position_x, position_y };
    return insertHosted(tx, project, {
      ...values,
      ...position,
      project_id: project.id,
      name: number === 1 ? wanted.name : `${wanted.name} (${number})`,
      service_key: key,
      directory: wanted.directoryOf(key, directories),
      container_name: `${project.slug}-${key}`,
      internal_port: wanted.port === undefined ? null : nextFreePort(wanted.port, new Set(others.filter(isManaged).map(portOf))),
    });
  };
  const copyOf = async (tx: Queries, row: ContainerRow, to: ProjectRow, { hasSecrets }: { hasSecrets: boolean }): Promise<ContainerRow> => {
    const id = randomUUID();
    const running = isManaged(row) ? findService(row.service_slug)?.running : undefined;
    const made = await insertHosted(tx, to, {
      id,
      project_id: to.id,
      base_id: row.base_id,
      name: row.name,
      service_key: row.service_key,
      directory: row.directory,
      container_name: `${to.slug}-${row.service_key}`,
      start_command: row.start_command,
      framework: row.framework,
      port: row.port,
      internal_port: row.internal_port,
      container_type: row.container_type,
      service_slug: row.service_slug,
      deployment_mode: row.deployment_mode,
      external_endpoint: row.external_endpoint,
      status: isManaged(row) ? "stopped" : "connected",
      deployment_provider: row.deployment_provider,
      position_x: row.position_x,
      position_y: row.position_y,
      // Lists are ordered by created_at, which would be equal within one transaction.
      created_at: row.created_at,
      ...(running ? secrets.newVariables(id, freshEnvironment(running)) : hasSecrets && secrets.copiedVariables(id, row)),
    });
    if (hasSecrets) await secrets.copyCredentials(tx, row.id, made.id);
    return made;
  };

  const copyAll =
    (options: { hasSecrets: boolean }) =>
    async (tx: Queries, from: ProjectRow, to: ProjectRow): Promise<ReadonlyMap<string, string>> => {
      const copies = new Map<string, string>();
      for (const row of await store.listAll(from.id, tx)) copies.set(row.id, (await copyOf(tx, row, to, options)).id);
      return copies;
    };

  return {
    insert,
    insertHosted,
    /** An app whose files exist: at the root of a new project, or in a folder of it. */
    insertApp: (
      tx: Queries,
      project: ProjectOfNew,
      { name, directory = ".", service, position = gridPosition(0, 0) }: NewApp,
    ): Promise<ContainerRow> =>
      insert(tx, project, { name, directoryOf: () => directory, port: service.port }, { ...runBy(service), ...position }),
    /** Copies containers into a fork: stopped, with the same keys and ports; secrets are regenerated or dropped. */
    copyAll: copyAll({ hasSecrets: false }),
    /** Copies containers into a branch: as into a fork, but with variables and credentials. Services with data get new ones and begin empty. */
    copyAllWithSecrets: copyAll({ hasSecrets: true }),
  };
}
