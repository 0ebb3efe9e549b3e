import { Moon, X } from "lucide-react";
import type { Project } from "@tesslate/contract";
import { Dot, Pill } from "../../ui/Pill.tsx";
import { statusLookOf } from "./project-status.ts";

/** A project's status. */
export function ProjectPill({
  project,
  isBare = false,
  crash,
  canShrink = false,
}: {
  project: Pick<Project, "status" | "environment_status">;
  isBare?: boolean;
  /** Shown instead of the plain word, where it is known. */
  crash?: string | undefined;
  /** Truncates the word if there is no room. */
  canShrink?: boolean;
}) {
  const { word, tone, isBusy, dot, icon } = statusLookOf(project);
  return (
    <Pill
      tone={tone}
      isBare={isBare}
      isBusy={isBusy ?? false}
      {...(canShrink && { className: "min-w-0 shrink!" })}
      icon={dot ? <Dot shape={dot} tone={tone} /> : icon === "moon" ? <Moon /> : icon === "cross" ? <X /> : undefined}
    >
      <span className="truncate">{crash && project.status === "error" && tone === "err" ? crash : word}</span>
    </Pill>
  );
}
