import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Attachment } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { AppError } from "../../../platform/errors.ts";
import { dumpDatabase, listDatabases, loadDatabase, sizeOfDatabases } from "../../../platform/dump/index.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { PostgresAccess } from "../../runtime/containers/index.ts";
import type { DumpedDatabases, DumpOptions, ProjectDatabases } from "./capture.ts";
import { figuresPath, type SavedFigures } from "./table-differences.ts";

const folder = "databases";

/**
 * Dumps and restores a project's PostgreSQL containers: one SQL file per database, `databases/<container>/<database>.sql`, and the numbers
 * of their rows in `databases/tables.json`. A restore replaces only these; other databases, volumes and containers are unchanged.
 */
export function createProjectDatabases({
  postgresOf,
  scratchDir,
  log,
}: {
  postgresOf: PostgresAccess;
  /** For dumps that are not stored yet. Emptied before the first one: a killed server leaves its own there. */
  scratchDir: string;
  log: Logger;
}): ProjectDatabases {
  const reasonOf = (error: unknown) => (error instanceof Error ? error.message.replace(/\.?$/, ".") : "No reason was given.");
  let emptied: Promise<void> | undefined;
  const emptyScratch = (): Promise<void> =>
    (emptied ??= rm(scratchDir, { recursive: true, force: true }).catch((error: unknown) => {
      emptied = undefined;
      throw error;
    }));
  /** Dumps every database into `dir`. */
  const dumpInto = async (
    dir: string,
    project: ProjectRow,
    { signal, note, isRunningOnly = false }: DumpOptions,
  ): Promise<Omit<DumpedDatabases, keyof AsyncDisposable>> => {
    const attachments: Record<string, Attachment> = {};
    const containers: string[] = [];
    const figures: SavedFigures = { version: 1, databases: [] };
    for (const container of (await postgresOf(project)).filter(({ hasData, isRunning }) => (isRunningOnly ? isRunning : hasData)))
      try {
        await container.use(signal, async (target) => {
          for (const [i, database] of (await listDatabases(target, signal)).entries()) {
            const file = join(dir, `${container.service_key}-${i}.sql`);
            const { leftOut, tables } = await dumpDatabase(target, database, file, signal);
            if (leftOut.length > 0) await note(`${container.name}: ${leftOut.join(", ")} of ${database} are not part of the snapshot`);
            attachments[`${folder}/${container.service_key}/${encodeURIComponent(database)}.sql`] = {
              size: (await stat(file)).size,
              data: () => createReadStream(file, { highWaterMark: 2 ** 20 }),
            };
            figures.databases.push({ service_key: container.service_key, container: container.name, database, tables: tables ?? null });
          }
        });
        containers.push(container.name);
      } catch (error) {
        if (signal.aborted) throw error;
        // Files are worth saving even when a database cannot start.
        if (!(error instanceof AppError))
          throw new AppError("unavailable", `The database ${container.name} could not be read: ${reasonOf(error)}`, { cause: error });
        log.warn({ err: error, project_id: project.id, container: container.name }, "database left out of a snapshot");
        await note(`${container.name} could not be started, so its rows are not part of the snapshot`);
      }
    if (figures.databases.length > 0) {
      const text = Buffer.from(JSON.stringify(figures));
      attachments[figuresPath] = { size: text.byteLength, data: () => [text] };
    }
    return { attachments, containers };
  };

  return {
    runningBytes: async (project, signal) => {
      let bytes = 0;
      for (const container of (await postgresOf(project)).filter(({ isRunning }) => isRunning))
        bytes += await container.use(signal, (target) => sizeOfDatabases(target, signal));
      return bytes;
    },

    dump: async (project, options) => {
      await emptyScratch();
      await mkdir(scratchDir, { recursive: true, mode: 0o700 });
      const dir = await mkdtemp(join(scratchDir, "dump-"));
      const remove = () => rm(dir, { recursive: true, force: true });
      try {
        return { ...(await dumpInto(dir, project, options)), [Symbol.asyncDispose]: remove };
      } catch (error) {
        await remove();
        throw error;
      }
    },

    restore: async (project, point, { signal, note, each }) => {
      const wanted = new Map<string, string[]>();
      for (const path of point.paths) {
        const key = new RegExp(`^${folder}/([^/]+)/[^/]+\\.sql$`).exec(path)?.[1];
        if (key !== undefined) wanted.set(key, [...(wanted.get(key) ?? []), path]);
      }
      const containers = await postgresOf(project);
      for (const [key, paths] of wanted) {
        const container = containers.find(({ service_key }) => service_key === key);
        if (!container) {
          await note(`The container ${key} was deleted, so its rows were not restored`);
          continue;
        }
        await each(container.name, () =>
          container
            .use(signal, async (target) => {
              for (const path of paths) {
                const kept = await point.open(path);
                if (kept) await loadDatabase(target, kept.data, signal);
              }
            })
            .catch((error: unknown) => {
              throw signal.aborted || error instanceof AppError ? error : new AppError("unavailable", reasonOf(error), { cause: error });
            }),
        );
        await note(`${container.name} was restored`);
      }
    },
  };
}
