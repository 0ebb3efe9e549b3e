import { isDeepStrictEqual } from "node:util";
import type { RuntimeDriver, ServiceSpec } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { SpecOf } from "./service-spec.ts";

interface Early {
  /** How they were started, by service key. */
  specs: ReadonlyMap<string, ServiceSpec>;
  timer: NodeJS.Timeout;
  /** They are being stopped. */
  stopping?: Promise<void>;
}

/**
 * Services of new projects that were started before their project was created (`features/runtime/spares`). The project counts as stopped until
 * it is started: the first start continues with those whose configuration is still the same. Anything else stops them, and so does time.
 */
export type EarlyServices = ReturnType<typeof createEarlyServices>;
export function createEarlyServices({
  runtime,
  projects,
  specOf,
  unusedMs,
  log,
}: {
  runtime: Pick<RuntimeDriver, "find">;
  projects: Pick<Projects, "sandboxOf">;
  specOf: SpecOf;
  /** How long a new project may take until its first start. */
  unusedMs: number;
  log: Logger;
}) {
  const entries = new Map<string, Early>();
  const forget = (projectId: string) => {
    clearTimeout(entries.get(projectId)?.timer);
    entries.delete(projectId);
  };
  const stop = async (projectId: string): Promise<void> => {
    const entry = entries.get(projectId);
    if (!entry) return;
    clearTimeout(entry.timer);
    // A start in the meantime must not take them for running.
    entry.stopping ??= (async () => {
      await (await runtime.find(projectId))?.stop();
    })().finally(() => forget(projectId));
    await entry.stopping;
  };
  const isUnchanged = async (project: ProjectRow, row: ContainerRow | undefined, started: ServiceSpec): Promise<boolean> => {
    if (!row) return false;
    const spec = await specOf(project, row, await projects.sandboxOf(project)).catch(() => undefined);
    return isDeepStrictEqual(spec, started);
  };

  return {
    /** Whether services of this project run before its first start. */
    has: (projectId: string): boolean => entries.has(projectId),
    keep: (projectId: string, specs: ReadonlyMap<string, ServiceSpec>): void => {
      const expire = () =>
        void stop(projectId).catch((err: unknown) =>
          log.warn({ err, project_id: projectId }, "unused services of a new project not stopped"),
        );
      entries.set(projectId, { specs, timer: setTimeout(expire, unusedMs).unref() });
    },
    /** At the start of the project: stops those that would be started differently now, and lets the others run. */
    use: async (project: ProjectRow, rows: readonly ContainerRow[]): Promise<void> => {
      const entry = entries.get(project.id);
      if (!entry) return;
      if (entry.stopping) return entry.stopping;
      clearTimeout(entry.timer);
      const sandbox = await projects.sandboxOf(project);
      await Promise.all(
        [...entry.specs].map(async ([key, started]) => {
          const row = rows.find(({ service_key }) => service_key === key);
          if (!(await isUnchanged(project, row, started))) await sandbox.stop(key);
        }),
      );
      forget(project.id);
      await sandbox.thaw();
    },
    stop,
    /** At the end of the server: the next one does not know whether their configuration is still the same. */
    close: async (): Promise<void> => {
      await Promise.allSettled([...entries.keys()].map(stop));
    },
  };
}
