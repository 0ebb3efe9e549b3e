import { Moon, X } from "lucide-react";
import type { Project } from "@tesslate/contract";
import { Dot, Pill } from "../../ui/Pill.tsx";
import { statusLookOf } from "./project-status.ts";

/** A project's status in a word. */
export function ProjectPill({
  project,
  isBare = false,
  crash,
}: {
  project: Pick<Project, "status" | "environment_status">;
  isBare?: boolean;
  /** Says more than the plain word does, where it is known. */
  crash?: string | undefined;
}) {
  const { word, tone, isBusy, dot, icon } = statusLookOf(project);
  return (
    <Pill
      tone={tone}
      isBare={isBare}
      isBusy={isBusy ?? false}
      icon={dot ? <Dot shape={dot} tone={tone} /> : icon === "moon" ? <Moon /> : icon === "cross" ? <X /> : undefined}
    >
      {crash && project.status === "error" && tone === "err" ? crash : word}
    </Pill>
  );
}
