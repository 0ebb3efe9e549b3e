import type { SandboxPort } from "@tesslate/runtime";
import { AppError } from "../../../platform/errors.ts";
import type { Measurements } from "../../../platform/measurements.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { ContainerLifecycle, Containers, ContainerStatusWriter, IdlePolicy, Services } from "../containers/index.ts";
import { pages, type Page } from "./pages.ts";
import type { PreviewedContainer } from "./previews.service.ts";

/** How long a request waits for its project to wake before a self-reloading page is sent. */
const holdMs = 10_000;

export type PreviewTargets = ReturnType<typeof createPreviewTargets>;
/** The services behind previews: reaches them, wakes them and keeps them awake. */
export function createPreviewTargets({
  projects,
  containers,
  lifecycle,
  services,
  statusWriter,
  idle,
  measurements,
}: {
  projects: Pick<Projects, "find" | "used">;
  containers: Pick<Containers, "find">;
  lifecycle: Pick<ContainerLifecycle, "wakeProject" | "isHeld" | "startContainer" | "startProject">;
  services: Pick<Services, "reach" | "refreshPort">;
  statusWriter: Pick<ContainerStatusWriter, "next">;
  idle: Pick<IdlePolicy, "activity" | "hold">;
  measurements: Pick<Measurements, "previewWait">;
}) {
  const waking = new Map<string, Promise<unknown>>();

  /** Starts the project once for concurrent requests. */
  const wake = (projectId: string): Promise<unknown> => {
    const known = waking.get(projectId);
    if (known) return known;
    const work = (async () => {
      const project = await projects.find(projectId);
      if (project && project.environment_status !== "deleting") await lifecycle.wakeProject(project);
    })().finally(() => waking.delete(projectId));
    waking.set(projectId, work);
    return work;
  };
  /** The port that the container listens on, after waking it if allowed; otherwise the page with the reason. */
  const reach = async (previewed: PreviewedContainer, path: string, mayWake: boolean, signal: AbortSignal): Promise<SandboxPort | Page> => {
    const { name } = previewed.container;
    const started = Date.now();
    const deadline = started + holdMs;
    for (let { project, container } = previewed, isFresh = false; ;) {
      const found = await services.reach(project, container, { mayWake });
      if (!("status" in found)) {
        if (isFresh) measurements.previewWait((Date.now() - started) / 1000);
        return found;
      }
      if (found.status === "failed") return pages.failed(name, found.message, found.lastLines, path, found.restartAt);
      const left = deadline - Date.now();
      if (!mayWake || left <= 0 || signal.aborted) return pages.starting(name);
      // Polls once a second for changes that were missed.
      const next = statusWriter.next(container.id, Math.min(left, 1000), signal);
      // The cached container may be older than a start.
      const isHeld = found.status === "stopped" && lifecycle.isHeld(project, container);
      if (isHeld && isFresh) return pages.stopped(name, path);
      if (found.status === "stopped" && !isHeld)
        try {
          await wake(project.id);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          if (error.code !== "project_busy") return pages.failed(name, error.message, [], path);
        }
      if (!isHeld) await next;
      const [freshProject, freshContainer] = await Promise.all([projects.find(project.id), containers.find(project.id, container.id)]);
      if (!freshProject || !freshContainer || freshProject.environment_status === "deleting") return pages.unknown();
      project = freshProject;
      container = freshContainer;
      isFresh = true;
    }
  };

  return {
    reach,
    /** Starts what a person asked for, also what was stopped. */
    start: async (previewed: PreviewedContainer): Promise<void> => {
      const project = await projects.find(previewed.project.id);
      const container = project && (await containers.find(project.id, previewed.container.id));
      if (project && container && project.environment_status !== "deleting")
        await (container.is_stop_held ? lifecycle.startContainer(project, container) : lifecycle.startProject(project));
    },
    /** Detects the port again, after the container did not respond. */
    refreshPort: ({ project, container }: PreviewedContainer) => services.refreshPort(project, container),
    /** Postpones the idle policy. */
    activity: ({ project }: PreviewedContainer): void => idle.activity(project.id),
    /** Keeps the project awake until the returned function is called. */
    hold: ({ project }: PreviewedContainer): (() => void) => idle.hold(project.id),
    /** Stores that the project was used. */
    used: ({ project }: PreviewedContainer): Promise<void> => projects.used(project.id),
  };
}
