import { route } from "./route.ts";
import { described, Literals, Nullable, Timestamp, Type, type Static } from "./schema.ts";

const tag = "admin-operations";

/** `off`: not set up, which is a choice. `warning`: works, but needs attention. `down`: does not work. */
export const HealthStatus = Literals("ok", "off", "warning", "down");
export type HealthStatus = Static<typeof HealthStatus>;
export const HealthCheck = Type.Object({
  id: Literals("database", "jobs", "tasks", "runtime", "models", "mail", "files", "disk", "memory"),
  title: Type.String(),
  status: HealthStatus,
  summary: described("The result in one sentence", Type.String()),
  advice: described("What to do about it", Nullable(Type.String())),
  facts: Type.Array(Type.Object({ label: Type.String(), value: Type.String() })),
  duration_ms: Type.Integer({ minimum: 0 }),
});
export type HealthCheck = Static<typeof HealthCheck>;
export const ProviderHealth = Type.Object({
  provider: Type.String(),
  name: Type.String(),
  last_ok_at: described("The last successful call of any user in the last 30 days", Nullable(Timestamp)),
  last_trial: described(
    "The last test by an administrator since this server started",
    Nullable(Type.Object({ at: Timestamp, ok: Type.Boolean(), message: Type.String(), duration_ms: Type.Integer() })),
  ),
});
export type ProviderHealth = Static<typeof ProviderHealth>;
export const AdminHealth = Type.Object({
  status: described("The worst status of all checks", HealthStatus),
  checked_at: Timestamp,
  version: Type.String(),
  uptime_seconds: Type.Integer(),
  checks: Type.Array(HealthCheck),
  providers: Type.Array(ProviderHealth),
});
export type AdminHealth = Static<typeof AdminHealth>;

export const adminHealthRoutes = {
  get: route({
    method: "GET",
    path: "/api/admin/health",
    tag,
    summary: "Get health report",
    description: "Whether each part of the server works, and what to do if not. Calls no outside service but the file storage.",
    auth: "superuser",
    response: AdminHealth,
  }),
  tryProvider: route({
    method: "POST",
    path: "/api/admin/health/providers/{provider}",
    tag,
    summary: "Test model provider",
    description: "Makes one small call to a connected model provider.",
    auth: "superuser",
    params: Type.Object({ provider: Type.String({ pattern: "^[a-z0-9-]{1,40}$" }) }),
    response: ProviderHealth,
    errors: ["not_found", "outbound_refused"],
  }),
  tryMail: route({
    method: "POST",
    path: "/api/admin/health/mail",
    tag,
    summary: "Send test email",
    description: "Sends an email to the calling administrator. Writes to the audit log.",
    auth: "superuser",
    response: Type.Object({ message: Type.String() }),
    errors: ["not_configured"],
  }),
};
