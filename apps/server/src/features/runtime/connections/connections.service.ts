import type { Connection, CreateConnection, List } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ContainerRow, ConnectionRow } from "../../../db/schema/runtime.ts";
import type { ConnectionsStore } from "./connections.store.ts";
import { exportsOf, mappingOf, offeredBy } from "./exports.ts";
import { isReachable } from "./graph.ts";

const maxConfigBytes = 16 * 1024;
const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What this feature needs from projects and containers. */
export interface ConnectionsAccess {
  /** The caller's project; otherwise 404. */
  require(userId: string, ref: string): Promise<{ id: string }>;
  /** Marks running containers whose variables changed. Returns the rows that were not marked before. */
  markStale(projectId: string, ids: readonly string[], tx: Queries): Promise<ContainerRow[]>;
}

/** Connections between a project's containers: who provides variables to whom. */
export type Connections = ReturnType<typeof createConnections>;

export function createConnections({ access, store, events }: { access: ConnectionsAccess; store: ConnectionsStore; events: EventLog }) {
  const announce = async (row: ConnectionRow, op: "add" | "delete", stale: ContainerRow[]) => {
    await events.append(row.project_id, { type: "graph_changed", data: { part: "connection", op, id: row.id } });
    for (const { id } of stale)
      await events.append(row.project_id, { type: "graph_changed", data: { part: "container", op: "update", id } });
  };

  return {
    list: async (userId: string, ref: string, query: PageQuery): Promise<List<Connection>> => {
      const project = await access.require(userId, ref);
      const page = pageOf(query);
      const { rows, total } = await store.list(project.id, page);
      return page.envelope(
        rows.map(({ row, source }) => presentConnection(row, source)),
        total,
      );
    },
    create: async (userId: string, ref: string, body: CreateConnection): Promise<Connection> => {
      const project = await access.require(userId, ref);
      const { source_container_id: sourceId, target_container_id: targetId } = body;
      const { row, source, stale } = await store.transaction(async (tx) => {
        await store.lockProject(tx, project.id);
        const held = await store.holdContainers(tx, project.id, [sourceId, targetId]);
        const source = held.find((c) => c.id === sourceId);
        const target = held.find((c) => c.id === targetId);
        if (!source || !target) throw notFound("Container");
        if (sourceId === targetId) throw badRequest("A container cannot be connected to itself.", "connection_cycle");
        if (target.deployment_mode === "external")
          throw badRequest(`${target.name} is an external service and cannot receive variables. Connect it in the other direction.`);
        const edges = await store.listAll(project.id, tx);
        if (edges.some((e) => e.source_container_id === sourceId && e.target_container_id === targetId))
          throw conflict("conflict", `${source.name} is already connected to ${target.name}.`);
        if (isReachable(edges, targetId, sourceId))
          throw badRequest(
            `${source.name} depends on ${target.name}, directly or indirectly. This connection would create a cycle.`,
            "connection_cycle",
          );
        const made = await store.insert(tx, newConnection(source, body));
        if (!made) throw conflict("conflict", `${source.name} is already connected to ${target.name}.`);
        return { row: made, source, stale: await access.markStale(project.id, [targetId], tx) };
      });
      await announce(row, "add", stale);
      return presentConnection(row, source);
    },
    remove: async (userId: string, ref: string, id: string): Promise<void> => {
      const project = await access.require(userId, ref);
      const { row, stale } = await store.transaction(async (tx) => {
        const removed = await store.remove(tx, project.id, id);
        if (!removed) throw notFound("Connection");
        return { row: removed, stale: await access.markStale(project.id, [removed.target_container_id], tx) };
      });
      await announce(row, "delete", stale);
    },
  };
}

const presentConnection = (row: ConnectionRow, source: ContainerRow): Connection => ({
  ...row,
  env_keys: exportsOf(source, row).map(({ key }) => key),
});

/** The columns of a new connection. Without a mapping a service provides its variables under their own names. Throws 422. */
export function newConnection(
  source: ContainerRow,
  body: Omit<CreateConnection, "source_container_id">,
): Omit<ConnectionRow, "id" | "created_at"> {
  const isService = source.container_type === "service";
  const connector_type = isService ? "env_injection" : (body.connector_type ?? "env_injection");
  const config = body.config ?? null;
  if (config && Buffer.byteLength(JSON.stringify(config)) > maxConfigBytes)
    throw invalid(["body", "config"], "A connection's settings are limited to 16 KiB");
  const offered = offeredBy(source, { connector_type, config });
  checkMapping(source, config, isService ? new Set(Object.keys(offered)) : undefined);
  const mapping =
    isService && !mappingOf({ config }) ? { env_mapping: Object.fromEntries(Object.keys(offered).map((key) => [key, key])) } : {};
  return {
    project_id: source.project_id,
    source_container_id: source.id,
    target_container_id: body.target_container_id,
    connection_type: body.connection_type ?? "depends_on",
    connector_type,
    config: config || isService ? { ...config, ...mapping } : null,
    label: body.label?.trim() || null,
  };
}

function checkMapping(source: ContainerRow, config: Record<string, unknown> | null, offered: ReadonlySet<string> | undefined) {
  const given = config?.["env_mapping"];
  if (given === undefined || given === null) return;
  if (typeof given !== "object" || Array.isArray(given))
    throw invalid(["body", "config", "env_mapping"], "An object that maps target variable names to source variable names");
  for (const [to, from] of Object.entries(given)) {
    if (!variable.test(to) || typeof from !== "string" || !variable.test(from))
      throw invalid(
        ["body", "config", "env_mapping", to],
        "A variable name consists of letters, digits and _ and does not start with a digit",
      );
    if (offered && !offered.has(from))
      throw badRequest(`${source.name} does not provide ${from}. It provides ${[...offered].join(", ")}.`, "bad_request", { key: from });
  }
}
