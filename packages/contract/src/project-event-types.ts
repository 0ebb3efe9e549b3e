/** Types of the events of a project's stream that are not events of a run, also if they have the id of its task. `projectEventData` has their data. */
export const projectEventTypes = [
  "container_status",
  "project_status",
  "secrets_changed",
  "preview_report",
  "log_problem",
  "graph_changed",
  "positions_changed",
  "task_update",
  "board_changed",
  "queue_changed",
  "git_changed",
  "deployment_changed",
  "target_changed",
  "chat_title",
  "notes_changed",
  "snapshot_changed",
] as const;
