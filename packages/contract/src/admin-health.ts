import { route } from "./route.ts";
import { Literals, Nullable, Timestamp, Type, type Static } from "./schema.ts";

const tag = "admin";

/** `off`: not set up, which is a choice. `warning`: it works, and somebody should look. `down`: it does not work. */
export const HealthStatus = Literals("ok", "off", "warning", "down");
export type HealthStatus = Static<typeof HealthStatus>;
export const HealthCheck = Type.Object({
  id: Literals("database", "jobs", "tasks", "runtime", "models", "mail", "disk", "memory"),
  title: Type.String(),
  status: HealthStatus,
  /** What is the matter, or that nothing is, in a sentence. */
  summary: Type.String(),
  /** What to do about it. */
  advice: Nullable(Type.String()),
  facts: Type.Array(Type.Object({ label: Type.String(), value: Type.String() })),
  duration_ms: Type.Integer({ minimum: 0 }),
});
export type HealthCheck = Static<typeof HealthCheck>;
export const ProviderHealth = Type.Object({
  provider: Type.String(),
  name: Type.String(),
  /** The last call of anybody that it answered, of the last 30 days. */
  last_ok_at: Nullable(Timestamp),
  /** The last trial of an administrator since this server started. */
  last_trial: Nullable(Type.Object({ at: Timestamp, ok: Type.Boolean(), message: Type.String(), duration_ms: Type.Integer() })),
});
export type ProviderHealth = Static<typeof ProviderHealth>;
export const AdminHealth = Type.Object({
  /** The worst of the checks. */
  status: HealthStatus,
  checked_at: Timestamp,
  version: Type.String(),
  uptime_seconds: Type.Integer(),
  checks: Type.Array(HealthCheck),
  providers: Type.Array(ProviderHealth),
});
export type AdminHealth = Static<typeof AdminHealth>;

/** Whether everything works, in words (marketplace-billing-admin 13). */
export const adminHealthRoutes = {
  get: route({
    method: "GET",
    path: "/api/admin/health",
    tag,
    summary: "Whether every part works, what is wrong and what to do; nobody outside is asked",
    auth: "superuser",
    response: AdminHealth,
  }),
  tryProvider: route({
    method: "POST",
    path: "/api/admin/health/providers/{provider}",
    tag,
    summary: "One tiny call of a connected model provider",
    auth: "superuser",
    params: Type.Object({ provider: Type.String({ pattern: "^[a-z0-9-]{1,40}$" }) }),
    response: ProviderHealth,
    errors: ["not_found", "outbound_refused"],
  }),
  tryMail: route({
    method: "POST",
    path: "/api/admin/health/mail",
    tag,
    summary: "Send a letter to oneself",
    auth: "superuser",
    response: Type.Object({ message: Type.String() }),
    errors: ["not_configured"],
  }),
};
