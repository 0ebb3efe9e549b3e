import { ContainerStatus } from "./project-events.ts";
import { route } from "./route.ts";
import { described, listOf, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "admin-content";
const Count = Type.Integer({ minimum: 0 });

export const AdminSandbox = described(
  "A project that runs on this server now.",
  Type.Object({
    id: described("The project's id", Uuid),
    project_name: Type.String(),
    project_slug: Type.String(),
    owner_id: Uuid,
    owner_username: Type.String(),
    owner_email: Type.String(),
    is_deployed: Type.Boolean(),
    services: Type.Array(Type.Object({ name: Type.String(), status: ContainerStatus })),
    memory_bytes: described("Null if the host does not measure it", Nullable(Count)),
    cpu_percent: described(
      "Of one core since the last measurement: two busy cores are 200. Null if the host does not measure it",
      Nullable(Type.Number({ minimum: 0 })),
    ),
    processes: Nullable(Count),
    started_at: described("Of the service that has run longest; null if only commands or terminals run", Nullable(Timestamp)),
    last_activity: Nullable(Timestamp),
  }),
);
export type AdminSandbox = Static<typeof AdminSandbox>;

export const AdminSandboxesEvent = Type.Object({ seq: Type.Integer(), type: Type.Literal("sandboxes"), data: Type.Array(AdminSandbox) });

export const adminSandboxesRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/sandboxes",
    tag,
    summary: "List sandboxes",
    description: "Projects that run on this server now, by memory.",
    auth: "superuser",
    query: Type.Object(pageQuery),
    response: listOf(AdminSandbox),
  }),
  events: route({
    method: "GET",
    path: "/api/admin/sandboxes/events",
    tag,
    summary: "Stream sandbox usage",
    description: "The list of running sandboxes with their usage, sent every few seconds as server-sent events.",
    auth: "superuser",
    kind: "sse",
    events: AdminSandboxesEvent,
  }),
};
