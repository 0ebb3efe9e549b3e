import { Hand, Moon, Rocket, X } from "lucide-react";
import type { Project, ProjectHistory } from "@tesslate/contract";
import { Dot, Pill } from "../../ui/Pill.tsx";
import { cardLookOf } from "./project-status.ts";

const icons = { moon: <Moon />, cross: <X />, hand: <Hand />, live: <Rocket /> };

/** A project's status. */
export function ProjectPill({
  project,
  history,
  isBare = false,
  crash,
  canShrink = false,
}: {
  project: Pick<Project, "status" | "environment_status">;
  /** Where it is known: what the agent does, and what is live. */
  history?: ProjectHistory | undefined;
  isBare?: boolean;
  /** Shown instead of the plain word, where it is known. */
  crash?: string | undefined;
  /** Truncates the word if there is no room. */
  canShrink?: boolean;
}) {
  const { word, tone, isBusy, dot, icon } = cardLookOf(project, history);
  return (
    <Pill
      tone={tone}
      isBare={isBare}
      isBusy={isBusy ?? false}
      {...(canShrink && { className: "min-w-0 shrink!" })}
      icon={dot ? <Dot shape={dot} tone={tone} /> : icon && icons[icon]}
    >
      <span className="truncate">{crash && project.status === "error" && tone === "err" ? crash : word}</span>
    </Pill>
  );
}
