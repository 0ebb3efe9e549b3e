import type { AdminTask, DeploymentStatus, EnvironmentStatus, HealthStatus, JobState, PreparationItem } from "@tesslate/contract";
import type { DotShape, Tone } from "../../ui/Pill.tsx";

interface Look {
  label: string;
  tone: Tone;
  dot: DotShape;
}
export const environmentLooks: Record<EnvironmentStatus, Look> = {
  provisioning: { label: "Setting up", tone: "info", dot: "half" },
  setup_failed: { label: "Setup failed", tone: "err", dot: "square" },
  active: { label: "Running", tone: "ok", dot: "filled" },
  stopped: { label: "Stopped", tone: "neutral", dot: "ring" },
  starting: { label: "Starting", tone: "info", dot: "half" },
  stopping: { label: "Stopping", tone: "info", dot: "half" },
  hibernating: { label: "Hibernating", tone: "info", dot: "half" },
  hibernated: { label: "Hibernated", tone: "neutral", dot: "ring" },
  corrupted: { label: "Corrupted", tone: "err", dot: "square" },
  files_missing: { label: "Files missing", tone: "err", dot: "square" },
  deleting: { label: "Deleting", tone: "warn", dot: "half" },
};
export const healthLooks: Record<HealthStatus, Look> = {
  ok: { label: "Operational", tone: "ok", dot: "filled" },
  off: { label: "Off", tone: "neutral", dot: "ring" },
  warning: { label: "Needs attention", tone: "warn", dot: "half" },
  down: { label: "Down", tone: "err", dot: "square" },
};
export const jobLooks: Record<JobState, Look> = {
  waiting: { label: "Waiting", tone: "neutral", dot: "ring" },
  running: { label: "Running", tone: "info", dot: "filled" },
  failing: { label: "Retrying", tone: "warn", dot: "half" },
  dead: { label: "Failed", tone: "err", dot: "square" },
};
export const taskLooks: Record<AdminTask["status"], Look> = {
  queued: { label: "Queued", tone: "neutral", dot: "ring" },
  running: { label: "Running", tone: "info", dot: "filled" },
  completed: { label: "Done", tone: "ok", dot: "filled" },
  failed: { label: "Failed", tone: "err", dot: "square" },
  cancelled: { label: "Canceled", tone: "neutral", dot: "ring" },
};
export const deploymentLooks: Record<DeploymentStatus, Look> = {
  pending: { label: "Queued", tone: "neutral", dot: "ring" },
  building: { label: "Building", tone: "info", dot: "half" },
  deploying: { label: "Deploying", tone: "info", dot: "half" },
  success: { label: "Deployed", tone: "neutral", dot: "ring" },
  failed: { label: "Failed", tone: "err", dot: "square" },
};
export const liveLook: Look = { label: "Live", tone: "ok", dot: "filled" };
export const preparationLooks: Record<PreparationItem["state"], Look> = {
  waiting: { label: "Waiting", tone: "neutral", dot: "ring" },
  preparing: { label: "Preparing", tone: "info", dot: "half" },
  ready: { label: "Ready", tone: "ok", dot: "filled" },
  failed: { label: "Failed", tone: "err", dot: "square" },
  off: { label: "Not prepared", tone: "neutral", dot: "ring" },
};
export const optionsOf = (looks: Record<string, Look>) => Object.entries(looks).map(([value, { label }]) => ({ value, label }));

/** `project_start` as a label: "Project start". */
export const sayType = (type: string): string => {
  const text = type.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};
