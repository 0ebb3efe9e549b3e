import { ProjectRef, Type, Uuid, type CreateProject, type Project, type Snapshot } from "@tesslate/contract";
import type { Containers, ContainerInspection, ContainerLifecycle } from "../../runtime/containers/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { PageQuery } from "../../../platform/pagination.ts";
import { platformTool, type PlatformTool } from "./platform-tool.ts";

export interface ProjectToolsOptions {
  projects: {
    list(userId: string, query: PageQuery & { q?: string }): Promise<{ items: Project[]; total: number }>;
    get(userId: string, ref: string): Promise<Project>;
    require(userId: string, ref: string): Promise<ProjectRow>;
    create(creator: { id: string; name: string }, body: CreateProject): Promise<Project & { task_id: string }>;
  };
  containers: Pick<Containers, "list" | "require">;
  lifecycle: Pick<ContainerLifecycle, "startProject" | "stopProject" | "startContainer" | "stopContainer">;
  inspection: ContainerInspection;
  snapshots: {
    list(userId: string, ref: string, query: PageQuery): Promise<{ items: Snapshot[] }>;
    create(userId: string, ref: string, body: { label?: string }): Promise<Snapshot & { task_id: string }>;
  };
}

const project_id = ProjectRef;
const OneProject = Type.Object({ project_id });
const Switched = Type.Object({ project_id, container_id: Type.Optional(Uuid) });
const maxLogLines = 500;

/** MCP tools for projects, containers and snapshots. */
export const projectTools = ({ projects, containers, lifecycle, inspection, snapshots }: ProjectToolsOptions): PlatformTool[] => [
  platformTool({
    name: "list_projects",
    title: "List projects",
    description: "Lists the projects of this account, most recently used first.",
    scope: "read",
    isReadOnly: true,
    parameters: Type.Object({
      query: Type.Optional(Type.String({ maxLength: 200, description: "Part of the name" })),
      page: Type.Optional(Type.Integer({ minimum: 1 })),
    }),
    run: async ({ user }, { query, page }) => {
      const { items, total } = await projects.list(user.id, { limit: 50, page: page ?? 1, ...(query && { q: query }) });
      return { projects: items.map(summarize), total };
    },
  }),
  platformTool({
    name: "get_project",
    title: "Get a project",
    description: "Returns a project with its containers (apps and services), their status and URLs.",
    scope: "read",
    isReadOnly: true,
    parameters: OneProject,
    run: async ({ user }, { project_id: ref }) => {
      const project = await projects.get(user.id, ref);
      const { items } = await containers.list(user.id, project.id, { limit: 100 });
      return {
        ...summarize(project),
        containers: items.map(({ id, name, status, url, directory }) => ({ id, name, status, url, directory })),
      };
    },
  }),
  platformTool({
    name: "create_project",
    title: "Create a project",
    description: "Creates a project from a bundled template. Setup runs in the background; run_agent may be called at once.",
    scope: "write",
    isReadOnly: false,
    parameters: Type.Object({
      name: Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" }),
      description: Type.Optional(Type.String({ maxLength: 2000 })),
      template: Type.Optional(Type.String({ maxLength: 100, description: "Slug of a bundled template; omit for the default one" })),
    }),
    run: async ({ user }, { name, description, template }) => {
      const made = await projects.create(user, {
        name,
        description: description ?? null,
        ...(template && { source_type: "template", base_id: template }),
      });
      return { ...summarize(made), task_id: made.task_id };
    },
  }),
  platformTool({
    name: "start_project",
    title: "Start a project",
    description: "Starts all containers of a project, or one of them. Check progress with get_preview.",
    scope: "write",
    isReadOnly: false,
    parameters: Switched,
    run: async ({ user }, { project_id: ref, container_id }) => {
      if (container_id === undefined) return lifecycle.startProject(await projects.require(user.id, ref));
      const { project, row } = await containers.require(user.id, ref, container_id);
      return lifecycle.startContainer(project, row);
    },
  }),
  platformTool({
    name: "stop_project",
    title: "Stop a project",
    description: "Stops all containers of a project, or one of them. Files are kept.",
    scope: "write",
    isReadOnly: false,
    parameters: Switched,
    run: async ({ user }, { project_id: ref, container_id }) => {
      if (container_id === undefined) await lifecycle.stopProject(await projects.require(user.id, ref));
      else {
        const { project, row } = await containers.require(user.id, ref, container_id);
        await lifecycle.stopContainer(project, row);
      }
      return { stopped: true };
    },
  }),
  platformTool({
    name: "get_logs",
    title: "Read logs",
    description: "Returns the last log lines of a container.",
    scope: "read",
    isReadOnly: true,
    parameters: Type.Object({
      project_id,
      container_id: Uuid,
      lines: Type.Optional(Type.Integer({ minimum: 1, maximum: maxLogLines, description: "Default 100" })),
    }),
    run: async ({ user }, { project_id: ref, container_id, lines }) => ({
      lines: await inspection.lastLogs(user.id, ref, container_id, lines ?? 100),
    }),
  }),
  platformTool({
    name: "get_preview",
    title: "Get the previews",
    description: "Returns the preview URLs of a project and whether they respond. The browser must be signed in as the project's owner.",
    scope: "read",
    isReadOnly: true,
    parameters: OneProject,
    run: async ({ user, signal }, { project_id: ref }) => {
      const { items } = await containers.list(user.id, ref, { limit: 100 });
      const shown = items.filter(({ url }) => url !== null);
      return {
        previews: await Promise.all(
          shown.map(async ({ id, name, status, url }) => {
            const health = status === "running" ? await inspection.health(user.id, ref, id, signal) : { healthy: false };
            return { ...health, container_id: id, name, status, url };
          }),
        ),
      };
    },
  }),
  platformTool({
    name: "list_snapshots",
    title: "List snapshots",
    description: "Lists the snapshots of a project.",
    scope: "read",
    isReadOnly: true,
    parameters: OneProject,
    run: async ({ user }, { project_id: ref }) => ({ snapshots: (await snapshots.list(user.id, ref, { limit: 100 })).items }),
  }),
  platformTool({
    name: "create_snapshot",
    title: "Create a snapshot",
    description: "Creates a snapshot of the project's files and databases.",
    scope: "write",
    isReadOnly: false,
    parameters: Type.Object({ project_id, label: Type.Optional(Type.String({ maxLength: 100 })) }),
    run: ({ user }, { project_id: ref, label }) => snapshots.create(user.id, ref, label === undefined ? {} : { label }),
  }),
];

const summarize = ({ id, slug, name, description, status, environment_status, updated_at }: Project) => ({
  id,
  slug,
  name,
  description,
  status,
  environment_status,
  updated_at,
});
