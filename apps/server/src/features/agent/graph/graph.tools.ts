import { stripVTControlCharacters } from "node:util";
import { defineTool, done, failed, ToolFailure, type Tool, type ToolOutput } from "@tesslate/agent";
import type { Container, Static } from "@tesslate/contract";
import { Type, type CreateContainer } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import { isUuid } from "../../../platform/uuid.ts";
import type { Connections } from "../../runtime/connections/index.ts";
import { workingDirOf, type Containers, type ContainerSetup, type ContainerLifecycle } from "../../runtime/containers/index.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { FeatureTools, RunDetails } from "../runs/index.ts";
import type { Previews } from "../../runtime/previews/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Shell } from "../../runtime/shell/index.ts";

export interface GraphServices {
  projects: { require(userId: string, ref: string): Promise<ProjectRow> };
  containers: Pick<Containers, "list" | "find" | "update" | "remove"> & Pick<ContainerSetup, "create">;
  lifecycle: Pick<ContainerLifecycle, "startContainer" | "stopContainer" | "startProject" | "stopProject">;
  connections: Pick<Connections, "create" | "remove">;
  previews: Pick<Previews, "create" | "remove">;
  shell: Pick<Shell, "create" | "get" | "remove">;
}
type Run = Pick<RunDetails, "user_id" | "project" | "workspace">;

const mutates = { approval: true, plan_blocked: true, read_only: false };
/** In plan mode the workspace runs it read-only. */
const commands = { approval: true, plan_blocked: false, read_only: false };
const readOnly = { approval: false, plan_blocked: false, read_only: true };
const free = { approval: false, plan_blocked: false, read_only: false };
const category = "graph" as const;

const Id = Type.String({ minLength: 1, maxLength: 100 });
const Coordinate = Type.Number({ minimum: -1_000_000, maximum: 1_000_000 });
const position = { position_x: Type.Optional(Coordinate), position_y: Type.Optional(Coordinate) };
const connectors = ["env_injection", "http_api", "database", "cache", "depends_on"] as const;
const defaultSeconds = 120;
const maxSeconds = 600;
const maxOutputChars = 40_000;

/**
 * Tools of the canvas. They call the same services as the canvas, as the run's owner and only in the run's project: ids of other projects are not found.
 * `runOf` is called when a tool runs; `opened` collects the terminals that it opened.
 */
export function graphTools(services: GraphServices, runOf: () => Run, opened: Set<string>): Tool[] {
  const { containers, lifecycle, connections, previews, shell } = services;
  const project = async (): Promise<ProjectRow> => services.projects.require(runOf().user_id, runOf().project.id);
  const rowOf = async (id: string): Promise<{ project: ProjectRow; row: ContainerRow }> => {
    const own = await project();
    const row = isUuid(id) ? await containers.find(own.id, id) : undefined;
    if (!row || row.project_id !== own.id)
      throw new ToolFailure(`There is no container ${id} in this project.`, { suggestion: "graph_container_status lists them." });
    return { project: own, row };
  };
  const listed = async (): Promise<Container[]> => (await containers.list(runOf().user_id, runOf().project.id, { limit: 500 })).items;
  const shown = (one: Container) => ({
    id: one.id,
    name: one.name,
    directory: one.directory,
    status: one.status,
    url: one.url,
    port: one.internal_port ?? one.port,
  });

  return [
    defineTool({
      name: "graph_container_status",
      category,
      description: "The project's containers with their state and address.",
      parameters: Type.Object({}),
      gate: readOnly,
      run: reportingErrors(async () => {
        const all = await listed();
        return done(`${all.length} containers.`, { project_status: (await project()).environment_status, containers: all.map(shown) });
      }),
    }),
    defineTool({
      name: "graph_start_container",
      category,
      description: "Start a container, after what it depends on.",
      parameters: Type.Object({ container_id: Id }),
      gate: mutates,
      run: reportingErrors(async ({ container_id }: { container_id: string }) => {
        const { project: own, row } = await rowOf(container_id);
        const answer = await lifecycle.startContainer(own, row);
        const now = (await listed()).find((one) => one.id === row.id);
        const isUp = answer.already_running === true || answer.already_started === true;
        return done(isUp ? `${row.name} is already running.` : `${row.name} is starting.`, {
          container_id: row.id,
          container_name: row.name,
          status: isUp ? "running" : "starting",
          url: now?.url ?? null,
        });
      }),
    }),
    defineTool({
      name: "graph_stop_container",
      category,
      description: "Stop a container.",
      parameters: Type.Object({ container_id: Id }),
      gate: mutates,
      run: reportingErrors(async ({ container_id }: { container_id: string }) => {
        const { project: own, row } = await rowOf(container_id);
        await lifecycle.stopContainer(own, row);
        return done(`${row.name} is stopped.`, { container_id: row.id, container_name: row.name, status: "stopped" });
      }),
    }),
    defineTool({
      name: "graph_start_all",
      category,
      description: "Start every container of the project.",
      parameters: Type.Object({}),
      gate: mutates,
      run: reportingErrors(async () => {
        const own = await project();
        const { containers: urls } = await lifecycle.startProject(own);
        return done("The project is starting.", { containers: urls, network: own.slug, namespace: own.slug, project_slug: own.slug });
      }),
    }),
    defineTool({
      name: "graph_stop_all",
      category,
      description: "Stop every container of the project.",
      parameters: Type.Object({}),
      gate: mutates,
      run: reportingErrors(async () => {
        const own = await project();
        await lifecycle.stopProject(own);
        return done("The project is stopped.", { project_slug: own.slug });
      }),
    }),
    defineTool({
      name: "graph_add_container",
      category,
      description:
        "Add a container: from a template (base_id), or a service of the catalogue (container_type service, service_slug such as postgres or redis).",
      parameters: Type.Object({
        name: Type.String({ minLength: 1, maxLength: 100 }),
        base_id: Type.Optional(Type.String({ maxLength: 100 })),
        container_type: Type.Optional(Type.Enum(["base", "service"], { type: "string" })),
        service_slug: Type.Optional(Type.String({ maxLength: 100 })),
        ...position,
        port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
      }),
      gate: mutates,
      run: reportingErrors(async ({ port, ...wanted }: Static<typeof CreateContainer> & { name: string; port?: number }) => {
        const { user_id, project: own } = runOf();
        const made = await containers.create(user_id, own.id, wanted);
        const after = port === undefined ? made : await containers.update(user_id, own.id, made.id, { port });
        return done(`Added ${after.name}.${made.task_id === null ? "" : " Its files are being set up."}`, {
          container_id: after.id,
          name: after.name,
          directory: after.directory,
          container_type: after.container_type,
          position: { x: after.position_x, y: after.position_y },
        });
      }),
    }),
    defineTool({
      name: "graph_add_browser_preview",
      category,
      description: "Put a browser preview on the canvas, connected to a container if one is given.",
      parameters: Type.Object({ container_id: Type.Optional(Id), ...position }),
      gate: mutates,
      run: reportingErrors(async ({ container_id, ...position }: { container_id?: string; position_x?: number; position_y?: number }) => {
        const { user_id, project: own } = runOf();
        const to = container_id === undefined ? undefined : (await rowOf(container_id)).row.id;
        const made = await previews.create(user_id, own.id, { ...position, ...(to !== undefined && { connected_container_id: to }) });
        return done("Added a browser preview.", {
          preview_id: made.id,
          connected_container_id: to ?? null,
          position: { x: made.position_x, y: made.position_y },
        });
      }),
    }),
    defineTool({
      name: "graph_add_connection",
      category,
      description: "Connect two containers: the source provides, the target consumes and gets its variables.",
      parameters: Type.Object({
        source_container_id: Id,
        target_container_id: Id,
        connector_type: Type.Optional(Type.Enum([...connectors], { type: "string" })),
        label: Type.Optional(Type.String({ maxLength: 200 })),
        config: Type.Optional(Type.Object({}, { additionalProperties: true })),
      }),
      gate: mutates,
      run: reportingErrors(
        async (wanted: {
          source_container_id: string;
          target_container_id: string;
          connector_type?: (typeof connectors)[number];
          label?: string;
          config?: Record<string, unknown>;
        }) => {
          const { user_id, project: own } = runOf();
          const [source, target] = [await rowOf(wanted.source_container_id), await rowOf(wanted.target_container_id)];
          const made = await connections.create(user_id, own.id, wanted);
          return done(`Connected ${source.row.name} to ${target.row.name}.`, {
            connection_id: made.id,
            source: source.row.name,
            target: target.row.name,
            connector_type: made.connector_type,
          });
        },
      ),
    }),
    defineTool({
      name: "graph_remove_item",
      category,
      description: "Take something off the canvas. A service's data goes with it; files stay.",
      parameters: Type.Object({ item_type: Type.Enum(["container", "connection", "browser_preview"], { type: "string" }), item_id: Id }),
      gate: mutates,
      run: reportingErrors(async ({ item_type, item_id }: { item_type: string; item_id: string }) => {
        const { user_id, project: own } = runOf();
        if (!isUuid(item_id)) throw new ToolFailure(`There is no ${item_type} ${item_id} in this project.`);
        const from = item_type === "container" ? containers : item_type === "connection" ? connections : previews;
        await from.remove(user_id, own.id, item_id);
        return done(`Removed the ${item_type.replace("_", " ")}.`, { item_id });
      }),
    }),
    defineTool({
      name: "graph_shell_open",
      category,
      description: "Open a terminal in a running container, for the person; it ends with this run. To run a command use graph_shell_exec.",
      parameters: Type.Object({ container_id: Id, command: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })) }),
      gate: mutates,
      run: reportingErrors(async ({ container_id, command = "/bin/sh" }: { container_id: string; command?: string }) => {
        const { project: own, row } = await rowOf(container_id);
        const session = await shell.create(runOf().user_id, { project_id: own.id, container_name: row.service_key, command });
        opened.add(session.id);
        return done(`Opened a terminal in ${row.name}.`, {
          session_id: session.id,
          container_id: row.id,
          container_name: row.name,
          command,
        });
      }),
    }),
    defineTool({
      name: "graph_shell_exec",
      category,
      description: "Run a command with /bin/sh in a container's folder and wait for its end.",
      parameters: Type.Object({
        container_id: Id,
        command: Type.String({ minLength: 1 }),
        timeout: Type.Optional(Type.Integer({ minimum: 1, maximum: maxSeconds, description: "Seconds, default 120" })),
      }),
      gate: commands,
      timeLimitMs: ({ timeout = defaultSeconds }) => timeout * 1_000 + 10_000,
      run: reportingErrors(
        async (
          { container_id, command, timeout = defaultSeconds }: { container_id: string; command: string; timeout?: number },
          context,
        ) => {
          const { row } = await rowOf(container_id);
          if (row.deployment_mode === "external") throw new ToolFailure(`${row.name} is an external service and does not run here.`);
          const result = await runOf().workspace.exec(["/bin/sh", "-c", command], {
            cwd: workingDirOf(row),
            timeoutMs: timeout * 1_000,
            signal: context.signal,
            readOnly: context.editMode === "plan",
            maxOutputBytes: 1024 * 1024,
          });
          const output = ends(result.stdout + result.stderr);
          const fields = {
            container_id: row.id,
            container_name: row.name,
            output,
            exit_code: result.exitCode,
            details: { command, exit_code: result.exitCode },
          };
          if (result.aborted) return failed("The command was cancelled.", fields);
          if (result.timedOut) return failed(`The command did not end within ${timeout} s; it and its children were killed.`, fields);
          if (result.exitCode === 0) return done("Exit code 0.", fields);
          return failed(
            result.exitCode === null ? `The command was ended by ${result.signal ?? "a signal"}.` : `Exit code ${result.exitCode}.`,
            fields,
          );
        },
      ),
    }),
    defineTool({
      name: "graph_shell_close",
      category,
      description: "Close a terminal.",
      parameters: Type.Object({ session_id: Id }),
      gate: free,
      run: reportingErrors(async ({ session_id }: { session_id: string }) => {
        const { user_id, project: own } = runOf();
        const session = isUuid(session_id) ? await shell.get(user_id, session_id) : undefined;
        if (session?.project_id !== own.id) throw new ToolFailure(`There is no terminal ${session_id} in this project.`);
        await shell.remove(user_id, session_id);
        opened.delete(session_id);
        return done("Closed the terminal.", { session_id });
      }),
    }),
  ];
}

/** Provides the tools to runs in the graph view. Terminals that a run opened are closed with it. */
export function createGraphTools(services: GraphServices): FeatureTools {
  return {
    provideTools: async (run) => {
      if (run.view_context !== "graph") return { tools: [] };
      const opened = new Set<string>();
      return {
        tools: graphTools(services, () => run, opened),
        close: async () => {
          await Promise.allSettled([...opened].map((id) => services.shell.remove(run.user_id, id)));
        },
      };
    },
    tools: graphTools(services, () => notInARun(), new Set()),
  };
}

function notInARun(): never {
  throw new ToolFailure("This tool only works in a run.");
}

/** Turns client errors of services into failed results that the model reads. */
function reportingErrors<P>(
  run: (params: P, context: Parameters<Tool["run"]>[1]) => Promise<ToolOutput>,
): (params: P, context: Parameters<Tool["run"]>[1]) => Promise<ToolOutput> {
  return async (params, context) => {
    try {
      return await run(params, context);
    } catch (error) {
      if (error instanceof AppError && error.status < 500) throw new ToolFailure(error.message, { code: error.code });
      throw error;
    }
  };
}

/** Without colours; truncated in the middle. */
function ends(text: string): string {
  const plain = stripVTControlCharacters(text);
  const half = maxOutputChars / 2;
  return plain.length <= maxOutputChars ? plain : `${plain.slice(0, half)}\n… output left out …\n${plain.slice(-half)}`;
}
