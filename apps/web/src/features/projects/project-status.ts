import type { Project } from "@tesslate/contract";
import type { DotShape, Tone } from "../../ui/Pill.tsx";
import type { ThreadPoint } from "../../ui/thread/index.ts";
import { formatDateTime } from "../../lib/time.ts";

export interface StatusLook {
  word: string;
  tone: Tone;
  isBusy?: boolean;
  dot?: DotShape;
  icon?: "moon" | "cross";
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

/** The footer of a card: the history of the project, oldest first. */
export function footOf(project: Project): { points: ThreadPoint[]; tail?: "next"; label: string } {
  const look = statusLookOf(project);
  const points: ThreadPoint[] = [
    { id: "created", kind: project.git_remote_url ? "commit" : "message", label: `Created ${formatDateTime(project.created_at)}` },
  ];
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
