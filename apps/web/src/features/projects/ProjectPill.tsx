import { Moon, X } from "lucide-react";
import type { Project } from "@tesslate/contract";
import { Dot, Pill } from "../../ui/Pill.tsx";
import { statusLookOf } from "./project-status.ts";

/** A project's status in a word. */
export function ProjectPill({
  project,
  isBare = false,
  crash,
  canShrink = false,
}: {
  project: Pick<Project, "status" | "environment_status">;
  isBare?: boolean;
  /** Says more than the plain word does, where it is known. */
  crash?: string | undefined;
  /** Its word is cut where there is no room for it. */
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
