import type { ContainerContext } from "./context.ts";
import { randomUUID } from "node:crypto";
import type { Container, CreateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, conflict, notFound } from "../../../platform/errors.ts";
import { serviceOf, type ServiceShape, type Templates } from "../../projects/projects/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { refuseDuringExclusiveTask, taskLinks, type TaskContext, type TaskRow } from "../../core/tasks/index.ts";
import { findService, freshEnvironment, type ServiceCatalogue } from "./catalogue/index.ts";
import { presentContainer } from "./present.ts";
import type { containers, ContainerRow } from "../../../db/schema/runtime.ts";
import { checkCredentials } from "./credentials.vault.ts";
import { parseEndpoint } from "./credentials.vault.ts";
import { freeKey, nextFreePort, hostLabel, serviceKey } from "./names.ts";
import { findFreePosition, positionOf } from "./canvas-position.ts";
import { isManaged, portOf } from "./services.ts";
import type { ContainerStatusWriter } from "./status.ts";

/** Unique key of the task that copies a container's files. */
export const setupTaskKey = (containerId: string): string => `container_initialization:${containerId}`;

const buildMs = 10 * 60_000;
const maxContainers = 50;
const labelAttempts = 10;

type Body = Static<typeof CreateContainer>;
type Created = Container & { task_id: string | null; status_url: string | null };
type Values = Omit<typeof containers.$inferInsert, "project_id" | "name" | "service_key" | "host_label" | "directory" | "container_name">;

/** Creates containers from a template or from the service catalog. */
export type ContainerSetup = ReturnType<typeof createContainerSetup>;

export function createContainerSetup(
  context: ContainerContext,
  {
    statusWriter,
    templates,
    catalogue,
  }: {
    statusWriter: ContainerStatusWriter;
    templates: Templates;
    catalogue: ServiceCatalogue;
  },
) {
  const { store, credentials, projects, tasks, vault, credentialsVault, redactions, events, address } = context;
  /** Inserts under the project's lock, with a unique key, port and host label. */
  const insert = async (
    tx: Queries,
    project: ProjectRow,
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
    for (let attempt = 0; attempt < labelAttempts; attempt++) {
      const row = await store.insert(tx, {
        ...findFreePosition(others),
        ...values,
        project_id: project.id,
        name: number === 1 ? wanted.name : `${wanted.name} (${number})`,
        service_key: key,
        host_label: hostLabel(project.slug, key, attempt),
        directory: wanted.directoryOf(key, directories),
        container_name: `${project.slug}-${key}`,
        internal_port: wanted.port === undefined ? null : nextFreePort(wanted.port, new Set(others.filter(isManaged).map(portOf))),
      });
      if (row) return row;
    }
    throw new AppError("internal_error", "No free preview host for this container. Try another name.");
  };
  const runBy = ({ command, framework }: ServiceShape): Values => ({ start_command: command, framework });

  const requireSettled = (project: ProjectRow) => {
    if (project.environment_status === "provisioning" || project.environment_status === "setup_failed")
      throw conflict("project_busy", "This project is still being set up. Try again in a moment.");
    if (project.environment_status === "deleting") throw conflict("project_busy", "This project is being deleted.");
  };
  const created = async (row: ContainerRow) => {
    await events.append(row.project_id, { type: "graph_changed", data: { part: "container", op: "add", id: row.id } });
    return row;
  };

  // --- from a template ---

  /** Copies a template's files and dependencies into the container's folder, unless it already has files. */
  const initialise = async ({ task, input, signal, progress, note }: TaskContext<{ container_id: string; template_slug: string }>) => {
    const project = await projects.find(task.project_id ?? "");
    const row = project && (await store.find(project.id, input.container_id));
    const template = templates.find(input.template_slug);
    if (!project || !row || !template) throw notFound("Container");
    const sandbox = await projects.sandboxOf(project);
    await progress(20, `Creating folder ${row.directory}`);
    const { created: isNew } = await sandbox.files.mkdir(row.directory);
    const isEmpty = isNew || (await sandbox.files.walk({ under: row.directory })).length === 0;
    await progress(40, isEmpty ? "Copying files" : "Files already exist");
    if (isEmpty) {
      await sandbox.files.copyIn(template.image.sourceDir, row.directory);
      for (const argv of template.image.build) {
        await note(argv.join(" "));
        const result = await sandbox.exec(argv, { cwd: row.directory, timeoutMs: buildMs, signal });
        signal.throwIfAborted();
        if (result.exitCode !== 0) {
          const tail = (result.stderr || result.stdout).trimEnd().split("\n").slice(-20);
          for (const line of tail) await note(line);
          throw new AppError("start_failed", `${argv.join(" ")} failed: ${tail.at(-1) ?? "no output"}`);
        }
      }
    }
    await progress(80, "Configuring the container");
    await projects.refreshSandbox(project.id);
    await projects.touch(project.id);
    return { container_id: row.id };
  };
  /** A container without files cannot run; store the reason. */
  const markUnfinished = async (task: TaskRow) => {
    const { container_id } = task.input as { container_id: string };
    const row = task.status === "completed" ? undefined : await store.find(task.project_id ?? "", container_id);
    if (row) await statusWriter.fail(row, `Setup failed: ${task.error ?? "it was interrupted."}`);
  };
  tasks.define("container_initialization", {
    timeoutMs: buildMs + 60_000,
    run: initialise,
    ended: markUnfinished,
    interrupted: markUnfinished,
  });

  const createBase = async (userId: string, project: ProjectRow, body: Body): Promise<Created> => {
    if (body.deployment_mode === "external") throw badRequest("Only a service can be external.");
    const template = body.base_id ? templates.find(body.base_id) : templates.getDefault();
    if (!template) throw notFound("Base");
    const { row, task } = await store.transaction(async (tx) => {
      const made = await insert(
        tx,
        project,
        { name: body.name?.trim() || template.wire.name, directoryOf: (key) => key, port: template.service.port },
        { ...runBy(serviceOf(template)), ...positionOf(body) },
      );
      return {
        row: made,
        task: await tasks.create(tx, {
          user_id: userId,
          project_id: project.id,
          type: "container_initialization",
          unique_key: setupTaskKey(made.id),
          metadata: { container_id: made.id, project_id: project.id, container_name: made.container_name, base_name: template.wire.name },
          input: { container_id: made.id, template_slug: template.wire.slug },
        }),
      };
    });
    return { ...presentContainer(await created(row), address), ...taskLinks(task) };
  };

  // --- from the service catalog ---

  const createService = async (project: ProjectRow, body: Body): Promise<Created> => {
    if (!body.service_slug) throw badRequest("service_slug is required for a service.");
    const definition = catalogue.get(body.service_slug);
    const { running, external, slug } = definition;
    const isExternal = body.deployment_mode === "external" || !running;
    if (isExternal && !external) throw badRequest(`${definition.name} only runs as a container and cannot be external.`);
    if (!isExternal && (body.credentials || body.external_endpoint))
      throw badRequest("Only external services have credentials and an endpoint.");
    const endpoint = parseEndpoint(body.external_endpoint);
    const fields = isExternal ? checkCredentials(definition, body.credentials ?? {}, endpoint) : {};
    const id = randomUUID();
    const row = await store.transaction(async (tx) => {
      const made = await insert(
        tx,
        project,
        {
          name: body.name?.trim() || definition.name,
          directoryOf: (_key, taken) => freeKey(`services/${slug}`, taken).key,
          port: running?.port,
        },
        {
          id,
          container_type: "service",
          service_slug: slug,
          deployment_mode: isExternal ? "external" : "container",
          external_endpoint: endpoint,
          status: isExternal ? "connected" : "stopped",
          ...positionOf(body),
          ...(running && !isExternal && vault.create(id, freshEnvironment(running))),
        },
      );
      if (Object.keys(fields).length === 0) return made;
      await credentials.put(tx, id, credentialsVault.seal(id, fields));
      return { ...made, credentials_id: (await credentials.find(id, tx))?.id ?? null };
    });
    await redactions.changed(project.id);
    // Other containers can resolve its name from their next start on.
    await projects.refreshSandbox(project.id);
    return { ...presentContainer(await created(row), address), task_id: null, status_url: null };
  };

  const copyOf = async (tx: Queries, row: ContainerRow, to: ProjectRow): Promise<ContainerRow> => {
    const id = randomUUID();
    const running = isManaged(row) ? findService(row.service_slug)?.running : undefined;
    for (let attempt = 0; attempt < labelAttempts; attempt++) {
      const made = await store.insert(tx, {
        id,
        project_id: to.id,
        base_id: row.base_id,
        name: row.name,
        service_key: row.service_key,
        host_label: hostLabel(to.slug, row.service_key, attempt),
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
        ...(running && vault.create(id, freshEnvironment(running))),
      });
      if (made) return made;
    }
    throw new AppError("internal_error", "No free preview host for a container. Try again.");
  };

  return {
    /** The container at the root of a new project. */
    insertFirst: (tx: Queries, project: ProjectRow, name: string, service: ServiceShape): Promise<ContainerRow> =>
      insert(tx, project, { name, directoryOf: () => ".", port: service.port }, { ...runBy(service), position_x: 200, position_y: 200 }),
    /** Copies containers into a fork: stopped, with the same keys and ports; secrets are regenerated or dropped. */
    copyAll: async (tx: Queries, from: ProjectRow, to: ProjectRow): Promise<ReadonlyMap<string, string>> => {
      const copies = new Map<string, string>();
      for (const row of await store.listAll(from.id, tx)) copies.set(row.id, (await copyOf(tx, row, to)).id);
      return copies;
    },
    create: async (userId: string, ref: string, body: Body): Promise<Created> => {
      const project = await projects.require(userId, ref);
      requireSettled(project);
      await refuseDuringExclusiveTask(tasks, project.id);
      return body.container_type === "service" ? createService(project, body) : createBase(userId, project, body);
    },
  };
}
