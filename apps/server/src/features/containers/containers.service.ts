import { request } from "node:http";
import type { Container, CreateContainer, LogEvent, UpdateContainer } from "@tesslate/contract";
import type { Static } from "typebox";
import type { Queries } from "../../platform/database.ts";
import { AppError, badRequest, conflict, notFound } from "../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../platform/pages.ts";
import type { BundledTemplate, Projects, Templates } from "../projects/index.ts";
import type { ProjectRow } from "../projects/projects.table.ts";
import type { Redactions } from "../secrets/index.ts";
import { taskLinks, type TaskContext, type TaskRow, type Tasks } from "../tasks/index.ts";
import { urlOf, wireOf, type PreviewAddress } from "./container-shape.ts";
import type { ContainersStore } from "./containers.store.ts";
import type { ContainerRow } from "./containers.table.ts";
import type { EnvironmentVault } from "./environment.ts";
import { freeKey, freePort, hostLabel, serviceKey } from "./names.ts";
import type { Power } from "./power.ts";
import { portOf, type Services } from "./services.ts";
import type { StatusKeeper } from "./status-keeper.ts";

const probeMs = 5000;
const buildMs = 10 * 60_000;
/** Frameworks whose builds the deployment targets take. */
const deployable = new Set(["vite", "nextjs", "react", "vue", "svelte", "astro", "static"]);

/** The containers of projects: rows, names, ports, variables, logs and health (accounts-projects 4.2 and 9). */
export type Containers = ReturnType<typeof createContainers>;

export function createContainers({
  store,
  projects,
  power,
  services,
  keeper,
  templates,
  tasks,
  vault,
  redactions,
  address,
}: {
  store: ContainersStore;
  projects: Projects;
  power: Power;
  services: Services;
  keeper: StatusKeeper;
  templates: Templates;
  tasks: Tasks;
  vault: EnvironmentVault;
  redactions: Redactions;
  address: PreviewAddress;
}) {
  const require = async (userId: string, ref: string, id: string): Promise<{ project: ProjectRow; row: ContainerRow }> => {
    const project = await projects.require(userId, ref);
    const row = await store.find(project.id, id);
    if (!row) throw notFound("Container");
    return { project, row };
  };

  /** Inserts under the project's lock, with a key, a port and a host label that nobody else has. */
  const insert = async (
    tx: Queries,
    project: ProjectRow,
    template: BundledTemplate,
    { name, isFirst, x, y }: { name: string; isFirst: boolean; x: number; y: number },
  ): Promise<ContainerRow> => {
    await store.lockProject(tx, project.id);
    const others = await store.listAll(project.id, tx);
    const wanted = serviceKey(name);
    if (wanted === "") throw badRequest("A container's name needs at least one letter or digit.");
    const { key, number } = freeKey(wanted, new Set(others.flatMap((o) => [o.service_key, o.directory])));
    for (let attempt = 0; attempt < 10; attempt++) {
      const row = await store.insert(tx, {
        project_id: project.id,
        name: number === 1 ? name : `${name} (${number})`,
        service_key: key,
        host_label: hostLabel(project.slug, key, attempt),
        directory: isFirst ? "." : key,
        container_name: `${project.slug}-${key}`,
        start_command: template.service.command,
        framework: template.service.framework ?? null,
        internal_port: freePort(template.service.port, new Set(others.map(portOf))),
        position_x: x,
        position_y: y,
      });
      if (row) return row;
    }
    throw new AppError("internal_error", "No free address was found for this container. Try again.");
  };

  /** Puts a template's files and dependencies into the container's own folder, unless there are files already. */
  const initialise = async ({ task, input, signal, progress, note }: TaskContext<{ container_id: string; template_slug: string }>) => {
    const project = await projects.find(task.project_id ?? "");
    const row = project && (await store.find(project.id, input.container_id));
    const template = templates.find(input.template_slug);
    if (!project || !row || !template) throw notFound("Container");
    const sandbox = await projects.sandboxOf(project);
    await progress(20, `Making the folder ${row.directory}`);
    const { created } = await sandbox.files.mkdir(row.directory);
    const isEmpty = created || (await sandbox.files.walk({ under: row.directory })).length === 0;
    await progress(40, isEmpty ? "Copying files" : "Files are there already");
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
  /** A container without its files cannot run; its row says why. */
  const markUnfinished = async (task: TaskRow) => {
    const { container_id } = task.input as { container_id: string };
    const row = task.status === "completed" ? undefined : await store.find(task.project_id ?? "", container_id);
    if (row) await keeper.fail(row, `Setting it up did not succeed: ${task.error ?? "it was interrupted."}`);
  };
  tasks.define("container_initialization", {
    timeoutMs: buildMs + 60_000,
    run: initialise,
    ended: markUnfinished,
    interrupted: markUnfinished,
  });

  const probe = (target: { host: string; port: number }, host: string, signal: AbortSignal) =>
    new Promise<{ status_code?: number; error?: string }>((resolve) => {
      const call = request(
        {
          ...target,
          path: "/",
          method: "GET",
          headers: { host, accept: "text/html,*/*" },
          agent: false,
          signal: AbortSignal.any([signal, AbortSignal.timeout(probeMs)]),
        },
        (response) => {
          resolve({ status_code: response.statusCode ?? 0 });
          response.destroy();
        },
      );
      call.on("error", (error) =>
        resolve({
          error:
            error.name === "TimeoutError" || signal.aborted || error.name === "AbortError"
              ? "No answer within 5 s."
              : "It does not accept connections.",
        }),
      );
      call.end();
    });

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
    get: async (userId: string, ref: string, id: string): Promise<Container> => wireOf((await require(userId, ref, id)).row, address, true),

    /** The container at the root of a new project's tree. */
    insertFirst: (tx: Queries, project: ProjectRow, template: BundledTemplate): Promise<ContainerRow> =>
      insert(tx, project, template, { name: template.wire.name, isFirst: true, x: 200, y: 200 }),
    create: async (
      userId: string,
      ref: string,
      body: Static<typeof CreateContainer>,
    ): Promise<Container & { task_id: string | null; status_url: string | null }> => {
      const project = await projects.require(userId, ref);
      if (body.container_type === "service") {
        if (!body.service_slug) throw badRequest("Say which service with service_slug.");
        throw new AppError("not_found", `There is no service ${body.service_slug}: this version has no service catalogue yet.`);
      }
      if (body.deployment_mode === "external") throw badRequest("Only a service can be external.");
      if (project.environment_status === "provisioning" || project.environment_status === "setup_failed")
        throw conflict("project_busy", "This project is not set up yet.");
      const template = body.base_id ? templates.find(body.base_id) : templates.getDefault();
      if (!template) throw notFound("Base");
      const { row, task } = await store.transaction(async (tx) => {
        const made = await insert(tx, project, template, {
          name: body.name?.trim() || template.wire.name,
          isFirst: false,
          x: body.position_x ?? 0,
          y: body.position_y ?? 0,
        });
        return {
          row: made,
          task: await tasks.create(tx, {
            user_id: userId,
            project_id: project.id,
            type: "container_initialization",
            unique_key: `container_initialization:${made.id}`,
            metadata: { container_id: made.id, project_id: project.id, container_name: made.container_name, base_name: template.wire.name },
            input: { container_id: made.id, template_slug: template.wire.slug },
          }),
        };
      });
      return { ...wireOf(row, address), ...taskLinks(task) };
    },
    update: async (userId: string, ref: string, id: string, body: Static<typeof UpdateContainer>): Promise<Container> => {
      const { project, row } = await require(userId, ref, id);
      const change: Partial<ContainerRow> = {};
      if (body.deployment_mode !== undefined && body.deployment_mode !== row.deployment_mode)
        throw badRequest("Only a service can be external.");
      if (body.external_endpoint && row.deployment_mode !== "external")
        throw badRequest("Only an external service has an endpoint of its own.");
      if (body.deployment_provider !== undefined) {
        if (body.deployment_provider !== null && (row.container_type !== "base" || !deployable.has(row.framework ?? "")))
          throw badRequest("This container's framework cannot be deployed there.");
        change.deployment_provider = body.deployment_provider;
      }
      if (body.name !== undefined) {
        const key = serviceKey(body.name);
        if (key === "") throw badRequest("A container's name needs at least one letter or digit.");
        const others = (await store.listAll(project.id)).filter((o) => o.id !== row.id);
        if (others.some((o) => o.service_key === key || serviceKey(o.name) === key))
          throw conflict("conflict", "Another container of this project has that name.");
        change.name = body.name.trim();
      }
      if (body.port !== undefined) {
        const others = (await store.listAll(project.id)).filter((o) => o.id !== row.id);
        if (others.some((o) => portOf(o) === body.port))
          throw conflict("conflict", "Another container of this project listens on that port.");
        // The port it is told to listen on is the internal one; both say the same from here on.
        change.port = change.internal_port = body.port;
      }
      if (body.position_x !== undefined) change.position_x = body.position_x;
      if (body.position_y !== undefined) change.position_y = body.position_y;
      const hasVars = Object.keys(body.env_vars_to_set ?? {}).length > 0 || (body.env_vars_to_delete ?? []).length > 0;
      const updated = await store.transaction(async (tx) => {
        await store.lockProject(tx, project.id);
        if (hasVars) {
          // Read again under the lock: two changes at once must both count.
          const fresh = (await store.listAll(project.id, tx)).find((r) => r.id === row.id);
          if (!fresh) throw notFound("Container");
          Object.assign(change, vault.change(fresh, body.env_vars_to_set ?? {}, body.env_vars_to_delete ?? []));
        }
        const isStale = hasVars || (body.port !== undefined && body.port !== portOf(row));
        if (isStale && ["running", "frozen", "starting"].includes(row.status)) change.needs_restart = true;
        return Object.keys(change).length === 0 ? row : store.update(row.id, change, tx);
      });
      if (!updated) throw notFound("Container");
      if (hasVars) await redactions.changed(project.id);
      return wireOf(updated, address);
    },
    remove: async (userId: string, ref: string, id: string): Promise<void> => {
      const { project, row } = await require(userId, ref, id);
      await power.stopContainer(project, row);
      await store.remove(row.id);
      await projects.release({ project_id: project.id, container_id: row.id, reason: "deleted" });
      await services.settleEnvironment(project);
    },

    health: async (userId: string, ref: string, id: string, signal: AbortSignal) => {
      const { project, row } = await require(userId, ref, id);
      const url = urlOf(row, address);
      const target = await services.reach(project, row, { mayWake: true });
      if ("status" in target) return { healthy: false, url, error: target.message };
      const host = url ? new URL(url).host : `${target.host}:${target.port}`;
      const result = await probe(target, host, signal);
      return { healthy: result.status_code !== undefined && result.status_code < 400, url, ...result };
    },
    /** The last lines, then live ones until the signal aborts; after `afterSeq` when resuming. Values of the project's secrets and variables are masked. */
    logs: async (
      userId: string,
      ref: string,
      id: string,
      { tail, afterSeq, signal }: { tail: number; afterSeq: number | undefined; signal: AbortSignal },
    ): Promise<AsyncIterable<LogEvent>> => {
      const { project, row } = await require(userId, ref, id);
      // Refused before the stream begins, when what hides the values cannot be read.
      await redactions.of(project.id);
      const sandbox = await projects.sandboxOf(project);
      const open = AbortSignal.any([signal, projects.lifetime(project.id)]);
      // A resuming client may have missed more than a tail; the driver keeps no more than 5000.
      const lines = sandbox.logs(row.service_key, { tail: afterSeq === undefined ? tail : 5000, follow: true, signal: open });
      return (async function* () {
        for await (const { seq, ts, stream, line } of lines)
          if (afterSeq === undefined || seq > afterSeq)
            yield { seq, type: "log" as const, data: { line: await redactions.redact(project.id, line), stream, ts } };
      })();
    },
  };
}
