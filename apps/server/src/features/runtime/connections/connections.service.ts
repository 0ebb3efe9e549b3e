import type { Connection, CreateConnection, List } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ContainerRow, ConnectionRow } from "../../../db/schema/runtime.ts";
import type { ConnectionsStore } from "./connections.store.ts";
import { exportsOf, mappingOf, offeredBy } from "./exports.ts";
import { leadsTo } from "./graph.ts";

const maxConfigBytes = 16 * 1024;
const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What connections need of projects and containers. */
export interface ConnectionsAccess {
  /** The caller's project, else 404. */
  require(userId: string, ref: string): Promise<{ id: string }>;
  /** What runs has the old variables until it is restarted. Returns the rows this is new for. */
  markStale(projectId: string, ids: readonly string[], tx: Queries): Promise<ContainerRow[]>;
}

/** Who provides what to whom among a project's containers (accounts-projects 4.5). */
export type Connections = ReturnType<typeof createConnections>;

export function createConnections({ access, store, events }: { access: ConnectionsAccess; store: ConnectionsStore; events: EventLog }) {
  const tell = async (row: ConnectionRow, op: "add" | "delete", stale: ContainerRow[]) => {
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
        rows.map(({ row, source }) => wireOf(row, source)),
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
          throw badRequest(`${target.name} is not run here, so nothing can be given to it. Connect it the other way round.`);
        const edges = await store.listAll(project.id, tx);
        if (edges.some((e) => e.source_container_id === sourceId && e.target_container_id === targetId))
          throw conflict("conflict", `${source.name} is connected to ${target.name} already.`);
        if (leadsTo(edges, targetId, sourceId))
          throw badRequest(
            `${source.name} needs ${target.name} itself, directly or through others: with this connection none of them could start first.`,
            "connection_cycle",
          );
        const made = await store.insert(tx, { ...valuesOf(source, body), project_id: project.id });
        if (!made) throw conflict("conflict", `${source.name} is connected to ${target.name} already.`);
        return { row: made, source, stale: await access.markStale(project.id, [targetId], tx) };
      });
      await tell(row, "add", stale);
      return wireOf(row, source);
    },
    remove: async (userId: string, ref: string, id: string): Promise<void> => {
      const project = await access.require(userId, ref);
      const { row, stale } = await store.transaction(async (tx) => {
        const removed = await store.remove(tx, project.id, id);
        if (!removed) throw notFound("Connection");
        return { row: removed, stale: await access.markStale(project.id, [removed.target_container_id], tx) };
      });
      await tell(row, "delete", stale);
    },
  };
}

const wireOf = (row: ConnectionRow, source: ContainerRow): Connection => ({
  ...row,
  env_keys: exportsOf(source, row).map(({ key }) => key),
});

/** The columns of a new connection. A service gives its variables under their own names unless a mapping says otherwise. */
function valuesOf(source: ContainerRow, body: CreateConnection): Omit<ConnectionRow, "id" | "project_id" | "created_at"> {
  const isService = source.container_type === "service";
  const connector_type = isService ? "env_injection" : (body.connector_type ?? "env_injection");
  const config = body.config ?? null;
  if (config && Buffer.byteLength(JSON.stringify(config)) > maxConfigBytes)
    throw invalid(["body", "config"], "A connection's settings may have at most 16 KiB");
  const offered = offeredBy(source, { connector_type, config });
  checkMapping(source, config, isService ? new Set(Object.keys(offered)) : undefined);
  const mapping =
    isService && !mappingOf({ config }) ? { env_mapping: Object.fromEntries(Object.keys(offered).map((key) => [key, key])) } : {};
  return {
    source_container_id: body.source_container_id,
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
    throw invalid(["body", "config", "env_mapping"], "Give an object: variable of the target → variable of the source");
  for (const [to, from] of Object.entries(given)) {
    if (!variable.test(to) || typeof from !== "string" || !variable.test(from))
      throw invalid(["body", "config", "env_mapping", to], "A variable's name has letters, digits and _ and does not begin with a digit");
    if (offered && !offered.has(from))
      throw badRequest(`${source.name} gives no ${from}; it gives ${[...offered].join(", ")}.`, "bad_request", { key: from });
  }
}
