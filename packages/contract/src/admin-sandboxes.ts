import { ContainerStatus } from "./events.ts";
import { route } from "./route.ts";
import { listOf, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "admin";
const Count = Type.Integer({ minimum: 0 });

/** A project in which something runs on this server now. It is stopped by stopping its project. */
export const AdminSandbox = Type.Object({
  /** The project's. */
  id: Uuid,
  project_name: Type.String(),
  project_slug: Type.String(),
  owner_id: Uuid,
  owner_username: Type.String(),
  owner_email: Type.String(),
  is_deployed: Type.Boolean(),
  services: Type.Array(Type.Object({ name: Type.String(), status: ContainerStatus })),
  /** Null where the host keeps no account of it. */
  memory_bytes: Nullable(Count),
  /** Of one core, since it was last looked at: two busy cores are 200. Null where the host keeps no account of it. */
  cpu_percent: Nullable(Type.Number({ minimum: 0 })),
  processes: Nullable(Count),
  /** Of the service that runs for longest; null when only commands or terminals run. */
  started_at: Nullable(Timestamp),
  last_activity: Nullable(Timestamp),
});
export type AdminSandbox = Static<typeof AdminSandbox>;

export const AdminSandboxesEvent = Type.Object({ seq: Type.Integer(), type: Type.Literal("sandboxes"), data: Type.Array(AdminSandbox) });

export const adminSandboxesRoutes = {
  list: route({
    method: "GET",
    path: "/api/admin/sandboxes",
    tag,
    summary: "What runs on this server now, what needs most memory first",
    auth: "superuser",
    query: Type.Object(pageQuery),
    response: listOf(AdminSandbox),
  }),
  events: route({
    method: "GET",
    path: "/api/admin/sandboxes/events",
    tag,
    summary: "The same, now and whenever it changes, with what it uses every few seconds",
    auth: "superuser",
    kind: "sse",
    events: AdminSandboxesEvent,
  }),
};
