import type { Deployment } from "@tesslate/contract";
import type { DeploymentRow } from "../../../db/schema/delivery.ts";
import { canPromote, canRollBack } from "./deployment-rules.ts";

/** Variables' values are never included. */
export function presentDeployment(row: DeploymentRow, logs: string[] | null = null): Deployment {
  return {
    id: row.id,
    project_id: row.project_id,
    user_id: row.user_id,
    container_id: row.container_id,
    provider: row.provider,
    environment: row.environment,
    remote_id: row.remote_id,
    deployment_url: row.deployment_url,
    status: row.status,
    is_live: row.is_live,
    can_roll_back: canRollBack(row),
    can_promote: canPromote(row),
    version: row.version,
    logs,
    error: row.error,
    metadata: {
      container_name: row.container_name,
      mode: row.mode,
      framework: row.framework,
      site_id: row.site_id,
      site_name: row.site_name,
      files: row.files,
      bytes: row.bytes,
      custom_domain: row.custom_domain,
      env_names: row.env_names,
      rollback_of: row.rollback_of,
      // Older rows have no code.
      failure: row.failure && { ...row.failure, code: row.failure.code ?? null },
    },
    report: row.report,
    task_id: row.task_id,
    created_at: row.created_at,
    updated_at: row.updated_at,
    completed_at: row.completed_at,
  };
}
