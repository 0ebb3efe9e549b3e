export { actorOf, createAudit, type Act, type Actor, type Audit, type AuditEntry } from "./audit.service.ts";
export { createAuditStore, forgetNamesOf, partOf, type AuditStore } from "./audit.store.ts";
