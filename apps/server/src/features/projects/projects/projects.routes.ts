import { projectsRoutes, type ProjectStatus } from "@tesslate/contract";
import { requireScope } from "../../../http/context.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Mount } from "../../../http/mount.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf } from "../../../platform/pagination.ts";
import { serveEventSocket } from "./project-events.ts";
import type { ProjectPictures } from "./pictures.service.ts";
import type { Projects } from "./projects.service.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { Provisioning } from "./provisioning.ts";
import type { Templates } from "./templates.ts";

interface Started {
  task_id: string | null;
  status_url: string | null;
  already_running?: boolean;
  already_started?: boolean;
}
/** Operations on all containers of a project. */
export interface ProjectVerbs {
  startProject(project: ProjectRow): Promise<Started & { containers: Record<string, string | null> }>;
  stopProject(project: ProjectRow): Promise<void>;
  restartProject(project: ProjectRow): Promise<Started>;
}

/** `watchFiles` emits file changes for as long as a client follows the project's stream. */
export function mountProjects(
  mount: Mount,
  {
    projects,
    provisioning,
    verbs,
    statusOf,
    templates,
    events,
    driver,
    watchFiles,
    pictures,
  }: {
    projects: Projects;
    pictures: ProjectPictures;
    provisioning: Provisioning;
    verbs: ProjectVerbs;
    /** What runs, according to the runtime. */
    statusOf: (project: ProjectRow) => Promise<Omit<ProjectStatus, "deployment_mode">>;
    templates: Templates;
    events: EventLog;
    driver: ProjectStatus["deployment_mode"];
    watchFiles?: (project: ProjectRow, signal: AbortSignal) => void;
  },
): void {
  mount("projects", projectsRoutes, {
    list: ({ user }, { query }) => projects.list(user.id, query),
    histories: async ({ user }, { query }) => ({ items: await projects.histories(user.id, query.ids.split(",")) }),
    create: ({ user }, { body }) => {
      if (body.message?.trim() || body.attachments?.length) requireScope(user.scopes, "run");
      return provisioning.create(user, body);
    },
    retrySetup: ({ user }, { params }) => provisioning.retrySetup(user.id, params.id),
    get: ({ user }, { params }) => projects.get(user.id, params.id),
    update: ({ user }, { params, body }) => projects.update(user.id, params.id, body),
    remove: ({ user }, { params }) => provisioning.remove(user.id, params.id),
    status: async ({ user }, { params }) => {
      const project = await projects.require(user.id, params.id);
      const status = await statusOf(project);
      const error = project.environment_status === "setup_failed" ? await provisioning.setupError(project) : status.error;
      return { ...status, deployment_mode: driver, ...(error !== undefined && { error }) };
    },
    start: async ({ user }, { params }) => {
      const project = await projects.require(user.id, params.id);
      return { ...(await verbs.startProject(project)), project_slug: project.slug, deployment_mode: driver };
    },
    stop: async ({ user }, { params }) => {
      await verbs.stopProject(await projects.require(user.id, params.id));
      return { message: "All containers are stopped. The files are kept.", deployment_mode: driver };
    },
    restart: async ({ user }, { params }) => {
      const project = await projects.require(user.id, params.id);
      return { ...(await verbs.restartProject(project)), project_slug: project.slug, deployment_mode: driver };
    },
    activity: async ({ user }, { params }) => projects.used((await projects.require(user.id, params.id)).id),
    events: async ({ user, signal, headers }, { params, query }) => {
      const project = await projects.require(user.id, params.id);
      const streamSignal = AbortSignal.any([signal, projects.lifetime(project.id)]);
      watchFiles?.(project, streamSignal);
      const sent = Number(headers["last-event-id"]);
      const afterSeq = Number.isSafeInteger(sent) && sent >= 0 ? sent : query.last_event_id;
      return events.follow(project.id, { ...(afterSeq !== undefined && { afterSeq }), signal: streamSignal });
    },
    eventsSocket: async ({ user }, { params }, socket) => {
      const project = await projects.require(user.id, params.id);
      const ended = projects.lifetime(project.id);
      watchFiles?.(project, AbortSignal.any([socket.signal, ended]));
      await serveEventSocket(events, project.id, socket, ended);
    },
    templates: async (_context, { query }) => {
      const page = pageOf(query);
      const all = templates.list().map((t) => t.api);
      return page.envelope(all.slice(page.offset, page.offset + page.limit), all.length);
    },
    picture: async (context, { params, query }, { reply }) => {
      const { data, etag } = await pictures.read(context.user.id, params.id, params.theme);
      context.setHeader("etag", etag);
      context.setHeader("cache-control", query.v === undefined ? "private, no-cache" : "private, max-age=31536000, immutable");
      // The pixels are untrusted, so it is served as an image only.
      context.setHeader("content-security-policy", "default-src 'none'; sandbox");
      context.setHeader("x-content-type-options", "nosniff");
      if (context.headers["if-none-match"] === etag) return reply.code(304).send();
      return reply.type("image/webp").send(data);
    },
    templatePicture: async (context, { params, query }, { reply }) => {
      const picture = templates.find(params.slug)?.pictures?.[params.theme as "light" | "dark"];
      if (!picture) throw new AppError("not_found", "Template picture not found");
      context.setHeader("cache-control", query.v === undefined ? "private, no-cache" : "private, max-age=31536000, immutable");
      context.setHeader("x-content-type-options", "nosniff");
      return reply.type("image/webp").send(picture);
    },
  });
}
