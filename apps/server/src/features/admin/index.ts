export { mountAdmin } from "./admin.routes.ts";
export { createAdminUsers } from "./users.service.ts";
export { createAdminUsersStore } from "./users.store.ts";
export { actorOf, createAudit, type Act, type Actor, type Audit, type AuditEntry } from "./audit.ts";
export { createOperator, generatePassword, type Operator } from "./operator.ts";
export { createAuditStore } from "./audit.store.ts";
export { createMetrics } from "./metrics.service.ts";
export { createMetricsStore } from "./metrics.store.ts";
export { mountAdminMetrics } from "./metrics.routes.ts";
