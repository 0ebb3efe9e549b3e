import type { Task } from "@tesslate/contract";
import type { TaskRow } from "../../../db/schema/core.ts";

export const percentageOf = (row: Pick<TaskRow, "status" | "progress_current" | "progress_total">): number =>
  row.status === "completed"
    ? 100
    : row.progress_total === 0
      ? 0
      : Math.min(100, Math.floor((row.progress_current * 100) / row.progress_total));

export function presentTask(row: TaskRow): Task {
  return {
    id: row.id,
    user_id: row.user_id,
    type: row.type,
    status: row.status,
    created_at: row.created_at,
    started_at: row.started_at,
    completed_at: row.completed_at,
    progress: {
      current: row.progress_current,
      total: row.progress_total,
      percentage: percentageOf(row),
      message: row.progress_message,
    },
    result: row.result ?? null,
    error: row.error,
    error_code: row.error_code,
    logs: row.logs,
    metadata: row.metadata,
  };
}
