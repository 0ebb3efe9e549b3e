import type { Container, UpdateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { findService, freshEnvironment } from "./catalogue/index.ts";
import type { ContainerSecrets } from "./container-secrets.ts";
import type { ContainerView } from "./container-view.ts";
import type { RunningContainers } from "./running-containers.ts";
import type { ContainerReads } from "./containers.read.ts";
import type { ContainersStore } from "./containers.store.ts";
import { checkCredentials, parseEndpoint } from "./credentials.vault.ts";
import type { Dependents } from "./dependents.ts";
import { nextFreePort, serviceKey } from "./names.ts";
import { isManaged, portOf } from "./service-state.ts";

/** Frameworks that deployment targets support. */
const deployable = new Set(["vite", "nextjs", "react", "vue", "svelte", "astro", "static"]);
const alive: readonly ContainerRow["status"][] = ["running", "frozen", "starting"];

type Update = Static<typeof UpdateContainer>;

export type ContainerUpdates = ReturnType<typeof createContainerUpdates>;
/** Changes of names, ports, variables, credentials and deployment modes. */
export function createContainerUpdates({
  store,
  reads,
  secrets,
  view,
  dependents,
  running,
}: {
  store: ContainersStore;
  reads: Pick<ContainerReads, "require">;
  secrets: ContainerSecrets;
  view: ContainerView;
  dependents: Dependents;
  running: RunningContainers;
}) {
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
      ...(row.env_var_keys.length === 0 && secrets.newVariables(row.id, freshEnvironment(running))),
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
    if (hasVariables(body)) Object.assign(change, secrets.changedVariables(row, body.env_vars_to_set ?? {}, body.env_vars_to_delete ?? []));
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
    update: async (userId: string, ref: string, id: string, body: Update): Promise<Container> => {
      const { project, row } = await reads.require(userId, ref, id);
      const isLeaving = body.deployment_mode === "external" && isManaged(row);
      if (isLeaving) {
        modeChange(row, "external", []);
        await running.stop(project, row);
      }
      const updated = await store.transaction(async (tx) => {
        const { fresh, others } = await lock(tx, row);
        const change = changeOf(fresh, body, others);
        return Object.keys(change).length === 0 ? fresh : store.update(row.id, change, tx);
      });
      if (!updated) throw notFound("Container");
      if (isLeaving) await running.updateStatus(project);
      if (hasVariables(body) || body.deployment_mode !== undefined) await secrets.changed(project.id);
      await view.emitChange(updated, "update");
      const isOther =
        hasVariables(body) || body.port !== undefined || body.external_endpoint !== undefined || body.deployment_mode !== undefined;
      if (isOther) await dependents.markStale(updated);
      return view.present(updated);
    },
    /** Replaces all credentials of an external service. `isNew`: there were none. */
    setCredentials: async (
      userId: string,
      ref: string,
      id: string,
      body: { credentials: Record<string, string>; external_endpoint?: string | null },
    ): Promise<{ container: Container; isNew: boolean }> => {
      const { project, row } = await reads.require(userId, ref, id);
      const definition = findService(row.service_slug);
      if (isManaged(row) || !definition) throw badRequest("Only external services have credentials.");
      const endpoint = body.external_endpoint === undefined ? row.external_endpoint : parseEndpoint(body.external_endpoint);
      const values = checkCredentials(definition, body.credentials, endpoint);
      const updated = await store.transaction(async (tx) => {
        const { fresh } = await lock(tx, row);
        if (isManaged(fresh)) throw badRequest("Only external services have credentials.");
        await secrets.putCredentials(tx, row.id, values);
        return { isNew: fresh.credentials_id === null, after: await store.update(row.id, { external_endpoint: endpoint }, tx) };
      });
      if (!updated.after) throw notFound("Container");
      await secrets.changed(project.id);
      await view.emitChange(updated.after, "update");
      await dependents.markStale(updated.after);
      return { container: view.present(updated.after), isNew: updated.isNew };
    },
  };
}

const hasVariables = (body: Update): boolean =>
  Object.keys(body.env_vars_to_set ?? {}).length > 0 || (body.env_vars_to_delete ?? []).length > 0;
