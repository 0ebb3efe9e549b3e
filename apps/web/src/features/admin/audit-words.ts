import type { AuditActionType, AuditTargetType } from "@tesslate/contract";

/** What was done, as the log says it. */
export const actionWords: Record<AuditActionType, string> = {
  "user.suspend": "Suspended",
  "user.unsuspend": "Suspension lifted",
  "user.updated": "Changed",
  "user.tier_changed": "Plan changed",
  "user.credits_adjusted": "Credits adjusted",
  "user.promoted": "Made administrator",
  "user.demoted": "Administration taken away",
  "user.sessions_ended": "Signed out everywhere",
  "user.password_reset": "Password voided",
  "user.second_factor_reset": "Second step taken away",
  "mail.read": "Kept letter read",
  "mail.retried": "Letter sent again",
};
export const targetWords: Record<AuditTargetType, string> = {
  user: "User",
  project: "Project",
  agent: "Agent",
  base: "Template",
  sandbox: "Sandbox",
  server: "Server",
};
