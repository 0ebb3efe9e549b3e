import type { Container } from "@tesslate/contract";
import { createContext, use, useRef, type RefObject } from "react";
import { useContainers, useContainersLoading, useProject, useTasks } from "../../project/project-context.ts";
import { appFailure, type AppFailure } from "./app-failure.ts";
import type { PickedElement } from "./bridge.ts";
import { isOpen, isStart, previewPhase, servingContainer, type PreviewPhase } from "./preview-phase.ts";
import { useContainerNews, useLastLines, usePreview, type Preview } from "./use-preview.ts";

/** The preview of the open project. */
export interface OpenPreview {
  preview: Preview;
  phase: PreviewPhase;
  /** The container whose page is shown. */
  container: Container | undefined;
  /** Why the app does not work, until it works again. */
  failure: AppFailure | undefined;
  frameRef: RefObject<HTMLIFrameElement | null>;
  /** Leaves the selected element to the agent: `text` is what the person wanted. */
  askAboutElement: (text: string) => void;
}
/** Attaches an element to the next message of the chat, with the beginning of the message. */
export type OnAskAboutElement = (element: PickedElement, place: { path: string; directory: string }, text: string) => void;

/** Called once per open project; everything else reads `useOpenPreview`. */
export function useProjectPreview(onAskAboutElement: OnAskAboutElement): OpenPreview {
  const project = useProject();
  const containers = useContainers();
  const loading = useContainersLoading();
  const tasks = useTasks();
  const frameRef = useRef<HTMLIFrameElement>(null);
  const container = servingContainer(containers);
  const newsOf = useContainerNews();
  const isFailed = ({ status, container_type: type }: Container) => status === "failed" && type === "base";
  const failed = container && isFailed(container) ? container : containers.find(isFailed);
  const news = newsOf(failed?.id);
  const storedLines = useLastLines(project.id, failed?.id, failed !== undefined && news.lastLines.length === 0);
  const crash = failed && {
    ...news,
    container: failed,
    exitCode: failed.exit_code ?? undefined,
    message: failed.status_message ?? undefined,
    lastLines: news.lastLines.length > 0 ? news.lastLines : storedLines,
  };
  const phase = previewPhase(project, container, tasks, failed === container ? crash : undefined, loading.isLoaded ? undefined : loading);
  const preview = usePreview({
    projectId: project.id,
    container,
    containers,
    phase: phase.kind,
    frameRef,
  });
  const askAboutElement = (text: string) => {
    const { selection } = preview;
    if (selection) onAskAboutElement(selection.element, { path: selection.path, directory: container?.directory ?? "." }, text);
    preview.deselect();
  };
  const isStarting = tasks.some((task) => isOpen(task) && isStart(task));
  const failure = preview.isChecking ? undefined : appFailure(phase.kind, isStarting ? undefined : crash, preview.reports);
  return { preview, phase, container, failure, frameRef, askAboutElement };
}

export const PreviewContext = createContext<OpenPreview | undefined>(undefined);
export function useOpenPreview(): OpenPreview {
  const preview = use(PreviewContext);
  if (!preview) throw new Error("useOpenPreview must be used inside PreviewProvider.");
  return preview;
}
