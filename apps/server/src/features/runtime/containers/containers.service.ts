import type { ContainerContext } from "./context.ts";
import type { Container, UpdateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Queries } from "../../../platform/database.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { findService, freshEnvironment, volumesOf } from "./catalogue/index.ts";
import { presentContainer } from "./present.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { checkCredentials } from "./credentials.vault.ts";
import { parseEndpoint } from "./credentials.vault.ts";
import { nextFreePort, serviceKey } from "./names.ts";
import type { ContainerLifecycle } from "./lifecycle.ts";
import { isManaged, portOf, type Services } from "./services.ts";

/** Frameworks that deployment targets support. */
const deployable = new Set(["vite", "nextjs", "react", "vue", "svelte", "astro", "static"]);
const alive: readonly ContainerRow["status"][] = ["running", "frozen", "starting"];

type Update = Static<typeof UpdateContainer>;

/** Containers of a project: rows, names, ports, variables and credentials. */
export type Containers = ReturnType<typeof createContainers>;

export function createContainers(
  context: ContainerContext,
  {
    lifecycle,
    services,
    checkpointBefore,
    snapshotData,
  }: {
    lifecycle: ContainerLifecycle;
    services: Services;
    /** Creates a checkpoint before files are removed; null when it failed. */
    checkpointBefore: (project: ProjectRow, label: string) => Promise<string | null>;
    snapshotData: SnapshotContainerData;
  },
) {
  const { store, credentials, projects, connectionEnvironment, vault, credentialsVault, redactions, events, address } = context;
  const require = async (userId: string, ref: string, id: string): Promise<{ project: ProjectRow; row: ContainerRow }> => {
    const project = await projects.require(userId, ref);
    const row = await store.find(project.id, id);
    if (!row) throw notFound("Container");
    return { project, row };
  };
  const emitChange = (row: ContainerRow, op: "update" | "delete") =>
    events.append(row.project_id, { type: "graph_changed", data: { part: "container", op, id: row.id } });

  /** Marks the containers whose injected variables changed. */
  const changedFor = async (targets: readonly string[], row: ContainerRow) => {
    if (targets.length === 0) return;
    for (const stale of await store.markStale(row.project_id, targets)) await emitChange(stale, "update");
  };
  const offerChanged = async (row: ContainerRow) => changedFor(await connectionEnvironment.targetsOf(row.project_id, row.id), row);

  /** Columns of a new deployment mode; only services with both modes have a choice. */
  const modeChange = (row: ContainerRow, mode: ContainerRow["deployment_mode"], others: ContainerRow[]): Partial<ContainerRow> => {
    const definition = findService(row.service_slug);
    const { running, external } = definition ?? {};
    if (mode === "external") {
      if (!external) throw badRequest("Only a service with an external provider can be external.");
      return { deployment_mode: "external", status: "connected", status_message: null, needs_restart: false };
    }
    if (!running) throw badRequest(`${definition?.name ?? row.name} cannot run as a container.`);
    return {
      deployment_mode: "container",
      external_endpoint: null,
      status: "stopped",
      internal_port: nextFreePort(running.port, new Set(others.filter(isManaged).map(portOf))),
      ...(row.env_var_keys.length === 0 && vault.create(row.id, freshEnvironment(running))),
    };
  };

  /** Columns changed by a PATCH. `others`: the project's other containers, read under its lock. */
  const changeOf = (row: ContainerRow, body: Update, others: ContainerRow[]): Partial<ContainerRow> => {
    const change: Partial<ContainerRow> = {};
    if (body.deployment_mode !== undefined && body.deployment_mode !== row.deployment_mode)
      Object.assign(change, modeChange(row, body.deployment_mode, others));
    if (body.external_endpoint !== undefined) {
      const endpoint = parseEndpoint(body.external_endpoint);
      if (endpoint && (change.deployment_mode ?? row.deployment_mode) !== "external")
        throw badRequest("Only external services have an endpoint.");
      change.external_endpoint = endpoint;
    }
    if (body.deployment_provider !== undefined) {
      if (body.deployment_provider !== null && (row.container_type !== "base" || !deployable.has(row.framework ?? "")))
        throw badRequest("This container's framework is not supported by that provider.");
      change.deployment_provider = body.deployment_provider;
    }
    if (body.name !== undefined) {
      const key = serviceKey(body.name);
      if (key === "") throw badRequest("A container's name needs at least one letter or digit.");
      if (others.some((o) => o.service_key === key || serviceKey(o.name) === key))
        throw conflict("conflict", "Another container of this project has that name.");
      change.name = body.name.trim();
    }
    if (body.port !== undefined) {
      if (others.some((o) => isManaged(o) && portOf(o) === body.port))
        throw conflict("conflict", "Another container of this project uses that port.");
      // `port` and `internal_port` are the same from here on.
      change.port = change.internal_port = body.port;
    }
    if (body.position_x !== undefined) change.position_x = body.position_x;
    if (body.position_y !== undefined) change.position_y = body.position_y;
    if (hasVariables(body)) Object.assign(change, vault.change(row, body.env_vars_to_set ?? {}, body.env_vars_to_delete ?? []));
    const isStale = hasVariables(body) || (body.port !== undefined && body.port !== portOf(row));
    if (isStale && change.deployment_mode === undefined && alive.includes(row.status)) change.needs_restart = true;
    return change;
  };
  /** Locks the project and reads the row and its siblings. */
  const lock = async (tx: Queries, row: ContainerRow) => {
    await store.lockProject(tx, row.project_id);
    const all = await store.listAll(row.project_id, tx);
    const fresh = all.find((r) => r.id === row.id);
    if (!fresh) throw notFound("Container");
    return { fresh, others: all.filter((r) => r.id !== row.id) };
  };

  return {
    require,
    /** Oldest first; for other features. */
    listAll: (projectId: string): Promise<ContainerRow[]> => store.listAll(projectId),
    findByHostLabel: store.findByHostLabel,
    find: store.find,
    list: async (userId: string, ref: string, query: PageQuery) => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      const { rows, total } = await store.list(project.id, page);
      return page.envelope(
        rows.map((row) => presentContainer(row, address)),
        total,
      );
    },
    get: async (userId: string, ref: string, id: string): Promise<Container> => {
      const { project, row } = await require(userId, ref, id);
      return presentContainer(row, address, await connectionEnvironment.namesOf(project.id, row.id));
    },

    update: async (userId: string, ref: string, id: string, body: Update): Promise<Container> => {
      const { project, row } = await require(userId, ref, id);
      const isLeaving = body.deployment_mode === "external" && isManaged(row);
      if (isLeaving) {
        modeChange(row, "external", []);
        await lifecycle.stopContainer(project, row);
      }
      const updated = await store.transaction(async (tx) => {
        const { fresh, others } = await lock(tx, row);
        const change = changeOf(fresh, body, others);
        return Object.keys(change).length === 0 ? fresh : store.update(row.id, change, tx);
      });
      if (!updated) throw notFound("Container");
      if (isLeaving) await services.settleEnvironment(project);
      if (hasVariables(body) || body.deployment_mode !== undefined) await redactions.changed(project.id);
      await emitChange(updated, "update");
      const isOther =
        hasVariables(body) || body.port !== undefined || body.external_endpoint !== undefined || body.deployment_mode !== undefined;
      if (isOther) await offerChanged(updated);
      return presentContainer(updated, address);
    },
    /** Replaces all credentials of an external service. `isNew`: there were none. */
    setCredentials: async (
      userId: string,
      ref: string,
      id: string,
      body: { credentials: Record<string, string>; external_endpoint?: string | null },
    ): Promise<{ container: Container; isNew: boolean }> => {
      const { project, row } = await require(userId, ref, id);
      const definition = findService(row.service_slug);
      if (isManaged(row) || !definition) throw badRequest("Only external services have credentials.");
      const endpoint = body.external_endpoint === undefined ? row.external_endpoint : parseEndpoint(body.external_endpoint);
      const values = checkCredentials(definition, body.credentials, endpoint);
      const updated = await store.transaction(async (tx) => {
        const { fresh } = await lock(tx, row);
        if (isManaged(fresh)) throw badRequest("Only external services have credentials.");
        await credentials.put(tx, row.id, credentialsVault.seal(row.id, values));
        return { isNew: fresh.credentials_id === null, after: await store.update(row.id, { external_endpoint: endpoint }, tx) };
      });
      if (!updated.after) throw notFound("Container");
      await redactions.changed(project.id);
      await emitChange(updated.after, "update");
      await offerChanged(updated.after);
      return { container: presentContainer(updated.after, address), isNew: updated.isNew };
    },
    /**
     * Stops and deletes a container with its connections and data; a snapshot keeps the data where it can be read. Its files stay unless
     * `delete_files` is set and no other container uses them.
     */
    remove: async (userId: string, ref: string, id: string, { deleteFiles = false }: { deleteFiles?: boolean } = {}): Promise<Removal> => {
      const { project, row } = await require(userId, ref, id);
      const snapshot_id = volumesOf(row).length > 0 && row.last_started_at !== null ? await snapshotData(project, row, userId) : null;
      const others = (await store.listAll(project.id)).filter((other) => other.id !== row.id);
      const targets = await connectionEnvironment.targetsOf(project.id, row.id);
      // Delete the row first: nothing new can start, and a start in progress ends with the stop. After a crash in between, the next server
      // start stops the service.
      await store.remove(row.id);
      await lifecycle.stopContainer(project, row);
      await lifecycle.cancelSetUp(row);
      await projects.release({ project_id: project.id, container_id: row.id, reason: "deleted" });
      await removeData(project, row);
      await services.settleEnvironment(project);
      await emitChange(row, "delete");
      await changedFor(targets, row);
      await redactions.changed(project.id);
      const isOwnFolder = row.directory !== "." && !others.some((other) => sharesFolder(other.directory, row.directory));
      const isRemoved = deleteFiles && isOwnFolder;
      const { files } = await projects.sandboxOf(project);
      const hasFolder = row.directory !== "." && (await files.stat(row.directory)) !== undefined;
      const checkpoint_id =
        isRemoved && hasFolder ? await checkpointBefore(project, `Before deleting ${row.directory} with ${row.name}`) : null;
      if (isRemoved && hasFolder) await files.remove(row.directory, { recursive: true });
      return { snapshot_id, checkpoint_id, kept_directory: hasFolder && !isRemoved ? row.directory : null };
    },
  };

  async function removeData(project: ProjectRow, row: ContainerRow) {
    const volumes = volumesOf(row);
    if (volumes.length === 0) return;
    const sandbox = await projects.sandboxOf(project);
    for (const { name } of volumes) await sandbox.removeVolume(name);
  }
}

/** Snapshots a container's data; null when there is none. */
export type SnapshotContainerData = (project: ProjectRow, row: ContainerRow, userId: string) => Promise<string | null>;
/** What a deletion kept, and how to restore it. */
interface Removal {
  snapshot_id: string | null;
  checkpoint_id: string | null;
  kept_directory: string | null;
}
const sharesFolder = (one: string, other: string): boolean => one === other || one.startsWith(`${other}/`);

const hasVariables = (body: Update): boolean =>
  Object.keys(body.env_vars_to_set ?? {}).length > 0 || (body.env_vars_to_delete ?? []).length > 0;
