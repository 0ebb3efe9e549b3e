export { actorOf, createAudit, type AuditedChange, type Actor, type Audit, type AuditEntry } from "./audit.service.ts";
export { createAuditStore, anonymizeAuditLog, containsPattern, type AuditStore } from "./audit.store.ts";
