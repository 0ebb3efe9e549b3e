import type { Container, UpdateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import { badRequest, conflict, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Queries } from "../../../platform/database.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import { findService, freshEnvironment, volumesOf } from "./catalogue/index.ts";
import { wireOf, type PreviewAddress } from "./present.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { CredentialsStore } from "./credentials.store.ts";
import { checkCredentials, type CredentialsVault } from "./credentials.vault.ts";
import { endpointOf } from "./endpoints.ts";
import type { EnvironmentVault } from "./environment.ts";
import { freePort, serviceKey } from "./names.ts";
import type { Power } from "./lifecycle.ts";
import { isOurs, portOf, type Services } from "./services.ts";
import type { Wiring } from "./wiring.ts";

/** Frameworks whose builds the deployment targets take. */
const deployable = new Set(["vite", "nextjs", "react", "vue", "svelte", "astro", "static"]);
const alive: readonly ContainerRow["status"][] = ["running", "frozen", "starting"];

type Update = Static<typeof UpdateContainer>;

/** The containers of projects: rows, names, ports, variables and credentials (accounts-projects 4.2 and 9). */
export type Containers = ReturnType<typeof createContainers>;

export function createContainers({
  store,
  credentials,
  projects,
  power,
  services,
  wiring,
  vault,
  credentialsVault,
  redactions,
  events,
  address,
  keepBefore,
}: {
  store: ContainersStore;
  credentials: CredentialsStore;
  projects: Projects;
  power: Power;
  services: Services;
  wiring: Wiring;
  vault: EnvironmentVault;
  credentialsVault: CredentialsVault;
  redactions: Redactions;
  events: EventLog;
  address: PreviewAddress;
  /** A checkpoint before files are removed; null when none could be kept. */
  keepBefore: (project: ProjectRow, label: string) => Promise<string | null>;
}) {
  let keepData: KeepData = async () => null;
  const require = async (userId: string, ref: string, id: string): Promise<{ project: ProjectRow; row: ContainerRow }> => {
    const project = await projects.require(userId, ref);
    const row = await store.find(project.id, id);
    if (!row) throw notFound("Container");
    return { project, row };
  };
  const tell = (row: ContainerRow, op: "update" | "delete") =>
    events.append(row.project_id, { type: "graph_changed", data: { part: "container", op, id: row.id } });

  /** What others get from it is another from now on. */
  const changedFor = async (targets: readonly string[], row: ContainerRow) => {
    if (targets.length === 0) return;
    for (const stale of await store.markStale(row.project_id, targets)) await tell(stale, "update");
  };
  const offerChanged = async (row: ContainerRow) => changedFor(await wiring.targetsOf(row.project_id, row.id), row);

  /** The columns of a new deployment mode (only services that are offered both ways have a choice). */
  const modeChange = (row: ContainerRow, mode: ContainerRow["deployment_mode"], others: ContainerRow[]): Partial<ContainerRow> => {
    const definition = findService(row.service_slug);
    const { running, external } = definition ?? {};
    if (mode === "external") {
      if (!external) throw badRequest("Only a service that others host can be external.");
      return { deployment_mode: "external", status: "connected", status_message: null, needs_restart: false };
    }
    if (!running) throw badRequest(`${definition?.name ?? row.name} does not run as a container.`);
    return {
      deployment_mode: "container",
      external_endpoint: null,
      status: "stopped",
      internal_port: freePort(running.port, new Set(others.filter(isOurs).map(portOf))),
      ...(row.env_var_keys.length === 0 && vault.create(row.id, freshEnvironment(running))),
    };
  };

  /** The columns that a PATCH changes. `others`: the rest of the project, read under its lock. */
  const changeOf = (row: ContainerRow, body: Update, others: ContainerRow[]): Partial<ContainerRow> => {
    const change: Partial<ContainerRow> = {};
    if (body.deployment_mode !== undefined && body.deployment_mode !== row.deployment_mode)
      Object.assign(change, modeChange(row, body.deployment_mode, others));
    if (body.external_endpoint !== undefined) {
      const endpoint = endpointOf(body.external_endpoint);
      if (endpoint && (change.deployment_mode ?? row.deployment_mode) !== "external")
        throw badRequest("Only an external service has an endpoint of its own.");
      change.external_endpoint = endpoint;
    }
    if (body.deployment_provider !== undefined) {
      if (body.deployment_provider !== null && (row.container_type !== "base" || !deployable.has(row.framework ?? "")))
        throw badRequest("This container's framework cannot be deployed there.");
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
      if (others.some((o) => isOurs(o) && portOf(o) === body.port))
        throw conflict("conflict", "Another container of this project listens on that port.");
      // The port it is told to listen on is the internal one; both say the same from here on.
      change.port = change.internal_port = body.port;
    }
    if (body.position_x !== undefined) change.position_x = body.position_x;
    if (body.position_y !== undefined) change.position_y = body.position_y;
    if (hasVariables(body)) Object.assign(change, vault.change(row, body.env_vars_to_set ?? {}, body.env_vars_to_delete ?? []));
    const isStale = hasVariables(body) || (body.port !== undefined && body.port !== portOf(row));
    if (isStale && change.deployment_mode === undefined && alive.includes(row.status)) change.needs_restart = true;
    return change;
  };
  /** The row and the others of its project, nobody else changing them meanwhile. */
  const lock = async (tx: Queries, row: ContainerRow) => {
    await store.lockProject(tx, row.project_id);
    const all = await store.listAll(row.project_id, tx);
    const fresh = all.find((r) => r.id === row.id);
    if (!fresh) throw notFound("Container");
    return { fresh, others: all.filter((r) => r.id !== row.id) };
  };

  return {
    require,
    /** All rows of a project, the oldest first, for other features. */
    listAll: (projectId: string): Promise<ContainerRow[]> => store.listAll(projectId),
    findByHostLabel: store.findByHostLabel,
    find: store.find,
    list: async (userId: string, ref: string, query: PageQuery) => {
      const project = await projects.require(userId, ref);
      const page = pageOf(query);
      const { rows, total } = await store.list(project.id, page);
      return page.envelope(
        rows.map((row) => wireOf(row, address)),
        total,
      );
    },
    get: async (userId: string, ref: string, id: string): Promise<Container> => {
      const { project, row } = await require(userId, ref, id);
      return wireOf(row, address, await wiring.namesOf(project.id, row.id));
    },

    update: async (userId: string, ref: string, id: string, body: Update): Promise<Container> => {
      const { project, row } = await require(userId, ref, id);
      const isLeaving = body.deployment_mode === "external" && isOurs(row);
      if (isLeaving) {
        modeChange(row, "external", []);
        await power.stopContainer(project, row);
      }
      const updated = await store.transaction(async (tx) => {
        const { fresh, others } = await lock(tx, row);
        const change = changeOf(fresh, body, others);
        return Object.keys(change).length === 0 ? fresh : store.update(row.id, change, tx);
      });
      if (!updated) throw notFound("Container");
      if (isLeaving) await services.settleEnvironment(project);
      if (hasVariables(body) || body.deployment_mode !== undefined) await redactions.changed(project.id);
      await tell(updated, "update");
      const isOther =
        hasVariables(body) || body.port !== undefined || body.external_endpoint !== undefined || body.deployment_mode !== undefined;
      if (isOther) await offerChanged(updated);
      return wireOf(updated, address);
    },
    /** Enters the credentials of an external service, all of them anew. `isNew`: there were none. */
    setCredentials: async (
      userId: string,
      ref: string,
      id: string,
      body: { credentials: Record<string, string>; external_endpoint?: string | null },
    ): Promise<{ container: Container; isNew: boolean }> => {
      const { project, row } = await require(userId, ref, id);
      const definition = findService(row.service_slug);
      if (isOurs(row) || !definition) throw badRequest("Only an external service has credentials.");
      const endpoint = body.external_endpoint === undefined ? row.external_endpoint : endpointOf(body.external_endpoint);
      const values = checkCredentials(definition, body.credentials, endpoint);
      const updated = await store.transaction(async (tx) => {
        const { fresh } = await lock(tx, row);
        if (isOurs(fresh)) throw badRequest("Only an external service has credentials.");
        await credentials.put(tx, row.id, credentialsVault.seal(row.id, values));
        return { isNew: fresh.credentials_id === null, after: await store.update(row.id, { external_endpoint: endpoint }, tx) };
      });
      if (!updated.after) throw notFound("Container");
      await redactions.changed(project.id);
      await tell(updated.after, "update");
      await offerChanged(updated.after);
      return { container: wireOf(updated.after, address), isNew: updated.isNew };
    },
    /** What keeps the data of a container that is about to be removed. */
    keepDataWith: (keep: KeepData): void => void (keepData = keep),
    /**
     * Stops it and removes it with its connections and its data, which a snapshot keeps where it can be read. Its files stay unless they are
     * asked to go, and go only where no other container has them (accounts-projects 4.2).
     */
    remove: async (userId: string, ref: string, id: string, { deleteFiles = false }: { deleteFiles?: boolean } = {}): Promise<Removal> => {
      const { project, row } = await require(userId, ref, id);
      const snapshot_id = volumesOf(row).length > 0 && row.last_started_at !== null ? await keepData(project, row, userId) : null;
      const others = (await store.listAll(project.id)).filter((other) => other.id !== row.id);
      const targets = await wiring.targetsOf(project.id, row.id);
      // First the row: nothing can begin to start it any more, and what had begun ends with the stop. A crash in between leaves a service
      // without a row, which the next start of the server ends.
      await store.remove(row.id);
      await power.stopContainer(project, row);
      await power.cancelSetUp(row);
      await projects.release({ project_id: project.id, container_id: row.id, reason: "deleted" });
      await removeData(project, row);
      await services.settleEnvironment(project);
      await tell(row, "delete");
      await changedFor(targets, row);
      await redactions.changed(project.id);
      const isOwnFolder = row.directory !== "." && !others.some((other) => sharesFolder(other.directory, row.directory));
      const isRemoved = deleteFiles && isOwnFolder;
      const { files } = await projects.sandboxOf(project);
      const hasFolder = row.directory !== "." && (await files.stat(row.directory)) !== undefined;
      const checkpoint_id = isRemoved && hasFolder ? await keepBefore(project, `Before deleting ${row.directory} with ${row.name}`) : null;
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

/** Before a container's data goes: the snapshot that has it, null when there is nothing to keep. */
type KeepData = (project: ProjectRow, row: ContainerRow, userId: string) => Promise<string | null>;
/** What a removal left, and the ways back. */
interface Removal {
  snapshot_id: string | null;
  checkpoint_id: string | null;
  kept_directory: string | null;
}
const sharesFolder = (one: string, other: string): boolean => one === other || one.startsWith(`${other}/`);

const hasVariables = (body: Update): boolean =>
  Object.keys(body.env_vars_to_set ?? {}).length > 0 || (body.env_vars_to_delete ?? []).length > 0;
