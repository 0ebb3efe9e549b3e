import type { AuditActionType, AuditTargetType } from "@tesslate/contract";

/** What was done, as the log says it. */
export const actionWords: Record<AuditActionType, string> = {
  "project.stop": "Stopped",
  "project.delete": "Deleted",
  "agent.disable": "Switched off",
  "agent.restore": "Switched on again",
  "agent.feature": "Featured",
  "agent.unfeature": "No longer featured",
  "agent.update": "Agent changed",
  "task.cancel": "Task cancelled",
  "job.retry": "Job tried again",
  "job.remove": "Job given up",
  "server.mail_tried": "Mail tried out",
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
