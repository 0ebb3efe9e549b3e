import type { Change, Sandbox, ServiceState } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import { skippedDirectories } from "../../projects/files/index.ts";
import { hasActive, isActive, isServiceUp } from "./service-state.ts";

/** New files that come together are one refresh. */
const gatherMs = 200;
/** A page that loads again because of the new file misses the first refresh, until its scripts are connected. */
const repeatsMs = [700, 1_500, 4_000, 10_000];
/** A server that became ready a moment ago may not watch its files yet: the refresh is repeated until it does. */
const startMs = 3_000;
const settledMs = 10_000;
const commandMs = 20_000;

/** Files in which Tailwind CSS finds class names. */
const source = /\.(?:[cm]?[jt]sx?|vue|svelte|astro|mdx?|html?)$/i;
const stylesheets = ["*.css", "*.pcss", "*.postcss", "*.scss", "*.sass", "*.less", "*.styl"];
/**
 * Makes watchers report the stylesheets that include Tailwind CSS as changed. Neither their content nor their modification time changes, so no
 * editor and no etag sees a new version: a watcher that finds the time of the last access before that of the last change counts an event as one.
 */
const refreshCommand: string[] = [
  ["find", ".", "(", "-name", "node_modules", "-o", "-name", ".?*", ")", "-prune", "-o"],
  ["-type", "f", "-size", "-1024k", "(", ...stylesheets.flatMap((name) => ["-o", "-name", name]).slice(1), ")"],
  ["-exec", "grep", "-qE", "@import[^;]*tailwindcss|@tailwind[[:space:]]", "{}", ";"],
  ["-exec", "touch", "-a", "-d", "@1", "--", "{}", ";"],
  ["-exec", "chmod", "u+r", "--", "{}", ";"],
].flat();

interface Project {
  abort: AbortController;
  timer: NodeJS.Timeout | undefined;
  isRefreshing: boolean;
  /** A file was created since the last refresh that reached a server. */
  isDue: boolean;
  /** Delays of the refreshes that are left. */
  repeats: number[];
  /** When a service last became ready. */
  readyAt: number;
}

/**
 * Has running development servers generate the styles of new files. Vite builds a stylesheet again when a file changes in which Tailwind CSS
 * found class names, but not when one is created: a component that is written after the file that imports it would stay without styles until
 * something else changes.
 */
export type StylesheetRefresh = ReturnType<typeof createStylesheetRefresh>;

export function createStylesheetRefresh({
  sandboxOf,
  log,
}: {
  sandboxOf: (projectId: string) => Promise<Sandbox> | undefined;
  log: Logger;
}) {
  const projects = new Map<string, Project>();

  const refresh = async (projectId: string, project: Project): Promise<void> => {
    const sandbox = await sandboxOf(projectId);
    if (!sandbox || project.abort.signal.aborted) return;
    const states = await sandbox.services();
    // A frozen project is refreshed when it is awake.
    if (states.every(({ status }) => status !== "running")) return;
    project.isDue = states.some(({ status }) => status === "starting") || Date.now() - project.readyAt < settledMs;
    await sandbox.exec(refreshCommand, { timeoutMs: commandMs, signal: project.abort.signal });
    const next = project.isDue ? startMs : project.repeats.shift();
    if (next !== undefined) schedule(projectId, project, next);
  };
  const schedule = (projectId: string, project: Project, delayMs: number): void => {
    if (project.abort.signal.aborted) return;
    project.timer ??= setTimeout(() => {
      project.timer = undefined;
      if (project.isRefreshing) return schedule(projectId, project, gatherMs);
      project.isRefreshing = true;
      refresh(projectId, project)
        .catch((err: unknown) => log.warn({ err, project_id: projectId }, "stylesheets not refreshed"))
        .finally(() => (project.isRefreshing = false));
    }, delayMs);
    project.timer.unref();
  };
  const follow = async (projectId: string, project: Project): Promise<void> => {
    const { signal } = project.abort;
    const sandbox = await sandboxOf(projectId);
    if (!sandbox || signal.aborted) return;
    for await (const changes of sandbox.files.watch({ signal, skip: skippedDirectories })) {
      if (!changes.some(isNewSource)) continue;
      project.isDue = true;
      project.repeats = [...repeatsMs];
      // A repeat that waits is later than this one may be.
      clearTimeout(project.timer);
      project.timer = undefined;
      schedule(projectId, project, gatherMs);
    }
  };
  const forget = (projectId: string): void => {
    const project = projects.get(projectId);
    projects.delete(projectId);
    clearTimeout(project?.timer);
    project?.abort.abort();
  };

  return {
    /** Called with every state of every service. Files are watched while a service of the project runs or starts. */
    seen: (projectId: string, state: ServiceState): void => {
      const known = projects.get(projectId);
      if (!isActive(state)) {
        if (!known) return;
        void sandboxOf(projectId)
          ?.then(hasActive)
          .then(
            (isNeeded) => !isNeeded && forget(projectId),
            () => forget(projectId),
          );
        return;
      }
      const project: Project = known ?? {
        abort: new AbortController(),
        timer: undefined,
        isRefreshing: false,
        isDue: false,
        repeats: [],
        readyAt: 0,
      };
      if (!known) {
        projects.set(projectId, project);
        follow(projectId, project).catch((err: unknown) => {
          if (!project.abort.signal.aborted) log.warn({ err, project_id: projectId }, "new files not watched");
        });
      }
      if (!isServiceUp(state) || state.status === "frozen") return;
      project.readyAt = Date.now();
      if (project.isDue) schedule(projectId, project, gatherMs);
    },
    close: (): void => {
      for (const projectId of projects.keys()) forget(projectId);
    },
  };
}

const isNewSource = ({ op, isDirectory, path }: Change): boolean => op === "add" && !isDirectory && source.test(path);
