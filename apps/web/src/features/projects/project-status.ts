import type { Project, ProjectHistory, ProjectPoint } from "@tesslate/contract";
import type { DotShape, Tone } from "../../ui/Pill.tsx";
import type { ThreadPoint } from "../../ui/thread/index.ts";
import { formatDateTime } from "../../lib/time.ts";

export interface StatusLook {
  word: string;
  tone: Tone;
  isBusy?: boolean;
  dot?: DotShape;
  icon?: "moon" | "cross" | "hand" | "live";
}
type StatusFields = Pick<Project, "status" | "environment_status">;

/** The label of the two statuses: the stored one wins where it is more specific than the derived one. */
export function statusLookOf({ status, environment_status }: StatusFields): StatusLook {
  switch (environment_status) {
    case "provisioning":
      return { word: "Setting up", tone: "live", isBusy: true };
    case "setup_failed":
      return { word: "Setup failed", tone: "err", icon: "cross" };
    case "corrupted":
      return { word: "Corrupted", tone: "err", icon: "cross" };
    case "files_missing":
      return { word: "Files missing", tone: "err", icon: "cross" };
    case "deleting":
      return { word: "Deleting", tone: "neutral", isBusy: true };
    case "hibernating":
      return { word: "Hibernating", tone: "neutral", isBusy: true };
    default:
  }
  switch (status) {
    case "creating":
      return { word: "Setting up", tone: "live", isBusy: true };
    case "starting":
      return { word: "Starting", tone: "live", isBusy: true };
    case "running":
      return { word: "Running", tone: "ok", dot: "filled" };
    case "partial":
      return { word: "Partially running", tone: "warn", dot: "half" };
    case "stopping":
      return { word: "Stopping", tone: "neutral", isBusy: true };
    case "hibernated":
      return { word: "Hibernated", tone: "neutral", icon: "moon" };
    case "error":
      return { word: "Crashed", tone: "err", icon: "cross" };
    default:
      return { word: "Stopped", tone: "neutral", dot: "ring" };
  }
}

/** The status of a card. What the agent does counts more than whether the containers run; a live version, more than that they do not. */
export function cardLookOf(project: StatusFields, history: ProjectHistory | undefined): StatusLook {
  const look = statusLookOf(project);
  if (look.tone === "err" && project.environment_status !== "active") return look;
  if (history?.run === "waiting") return { word: "Needs your input", tone: "err", icon: "hand" };
  if (look.isBusy) return look;
  if (history?.run === "running") return { word: "Working", tone: "live", isBusy: true };
  if (look.tone !== "err" && history && history.live_version !== null)
    return { word: `Live v${history.live_version}`, tone: "ok", icon: "live" };
  return look;
}

const beads: Record<ProjectPoint["kind"], ThreadPoint["kind"]> = { run: "message", snapshot: "snapshot", deployment: "deploy" };
const pointNames: Record<ProjectPoint["kind"], string> = { run: "Run", snapshot: "Snapshot", deployment: "Deployment" };
const pointStates: Record<ProjectPoint["status"], string> = {
  running: "in progress",
  waiting: "needs your input",
  done: "completed",
  failed: "failed",
};

function pointOf({ id, kind, status, at }: ProjectPoint): ThreadPoint {
  const label = `${pointNames[kind]} of ${formatDateTime(at)}: ${pointStates[status]}`;
  if (status === "failed") return { id, kind: "failed", label };
  if (status === "waiting") return { id, kind: "held", line: "held", label };
  if (status === "running") return { id, kind: "live", line: "live", label };
  return { id, kind: beads[kind], label };
}

const createdOf = (project: Project): ThreadPoint => ({
  id: "created",
  kind: project.git_remote_url ? "commit" : "message",
  label: `Created ${formatDateTime(project.created_at)}`,
});

/** The footer of a card: the latest runs, snapshots and deployments, oldest first; what is known of the project itself if there are none. */
export function footOf(project: Project, history?: ProjectHistory): { points: ThreadPoint[]; tail?: "next"; label: string } {
  const look = statusLookOf(project);
  if (history && history.points.length > 0) {
    const latest = history.points.map(pointOf);
    // A line needs two points.
    const points = latest.length === 1 ? [createdOf(project), ...latest] : latest;
    return {
      points,
      ...(history.run === null && look.tone === "neutral" && !look.isBusy && { tail: "next" as const }),
      label: points.map((point) => point.label).join(", "),
    };
  }
  const points: ThreadPoint[] = [createdOf(project)];
  if (project.has_git_repo && !project.git_remote_url) points.push({ id: "git", kind: "commit", label: "Git repository" });
  if (project.is_deployed)
    points.push({
      id: "always-on",
      kind: "deploy",
      label: project.deployed_at ? `Always-on since ${formatDateTime(project.deployed_at)}` : "Always-on",
    });
  const last = look.word;
  if (look.tone === "err") points.push({ id: "now", kind: "failed", label: last });
  else if (look.isBusy || look.tone === "ok") points.push({ id: "now", kind: "live", line: "live", label: last });
  else points.push({ id: "now", kind: "checkpoint", tone: "on", label: last });
  return {
    points,
    ...(look.tone === "neutral" && !look.isBusy && { tail: "next" as const }),
    label: points.map((point) => point.label).join(", "),
  };
}
