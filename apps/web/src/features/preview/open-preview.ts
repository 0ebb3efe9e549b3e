import type { Container } from "@tesslate/contract";
import { createContext, use, useRef, type RefObject } from "react";
import { useContainers, useProject, useTasks } from "../../project/project-context.ts";
import type { PickedElement } from "./bridge.ts";
import { previewPhase, servingContainer, type PreviewPhase } from "./preview-phase.ts";
import { useContainerNews, useLastLines, usePreview, type Preview } from "./use-preview.ts";

/** The preview of the open project. */
export interface OpenPreview {
  preview: Preview;
  phase: PreviewPhase;
  /** The container whose page is shown. */
  container: Container | undefined;
  frameRef: RefObject<HTMLIFrameElement | null>;
}
export type OnPicked = (element: PickedElement, place: { path: string; directory: string }) => void;

/** Called once per open project; everything else reads `useOpenPreview`. */
export function useProjectPreview(onPicked: OnPicked): OpenPreview {
  const project = useProject();
  const containers = useContainers();
  const tasks = useTasks();
  const frameRef = useRef<HTMLIFrameElement>(null);
  const container = servingContainer(containers);
  const news = useContainerNews()(container?.id);
  const storedLines = useLastLines(project.id, container?.id, container?.status === "failed" && news.lastLines.length === 0);
  const phase = previewPhase(project, container, tasks, {
    exitCode: container?.exit_code ?? undefined,
    message: container?.status_message ?? undefined,
    lastLines: news.lastLines.length > 0 ? news.lastLines : storedLines,
    restartAt: news.restartAt,
  });
  const preview = usePreview({
    projectId: project.id,
    container,
    containers,
    phase: phase.kind,
    frameRef,
    onPicked: (element, path) => onPicked(element, { path, directory: container?.directory ?? "." }),
  });
  return { preview, phase, container, frameRef };
}

export const PreviewContext = createContext<OpenPreview | undefined>(undefined);
export function useOpenPreview(): OpenPreview {
  const preview = use(PreviewContext);
  if (!preview) throw new Error("useOpenPreview must be used inside PreviewProvider.");
  return preview;
}
