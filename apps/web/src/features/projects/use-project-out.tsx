import { useNavigate } from "@tanstack/react-router";
import type { DownloadFormat, Project } from "@tesslate/contract";
import { Copy, Download } from "lucide-react";
import { useReportFailure } from "../../project/limit-context.ts";
import { useForkProject } from "../../project/projects.queries.ts";
import { usePaletteSource } from "../../ui/page/palette.ts";
import { toastError } from "../../ui/toast.tsx";
import { downloadProject } from "./download.ts";

/** Copies a project or downloads its files. Errors are shown in a toast. */
export function useProjectOut(project: Project) {
  const fork = useForkProject();
  const navigate = useNavigate();
  const report = useReportFailure();
  return {
    /** The project is set up and not being copied. */
    isReady: project.environment_status !== "provisioning" && project.environment_status !== "setup_failed" && !fork.isPending,
    copy: () =>
      fork.mutate(project.slug, {
        onSuccess: (made) => void navigate({ to: "/p/$slug/{-$view}", params: { slug: made.slug } }),
        onError: (error) => report(error, { before: `Couldn't copy ${project.name}.` }),
      }),
    download: (format: DownloadFormat) =>
      void downloadProject(project.slug, format).catch((error: unknown) =>
        toastError(error, { before: `Couldn't download ${project.name}.` }),
      ),
  };
}

/** Adds these actions for the open project to the palette. */
export function useProjectOutPalette(project: Project): void {
  const { isReady, copy, download } = useProjectOut(project);
  usePaletteSource({
    id: "project-out",
    heading: "This project",
    kind: "commands",
    list: () =>
      isReady
        ? [
            { id: "project.copy", title: "Make a copy of this project", icon: <Copy size={14} />, run: copy },
            { id: "project.zip", title: "Download this project as zip", icon: <Download size={14} />, run: () => download("zip") },
            { id: "project.tar", title: "Download this project as tar.gz", icon: <Download size={14} />, run: () => download("tar.gz") },
          ]
        : [],
  });
}
