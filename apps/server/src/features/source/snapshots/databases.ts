import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Attachment, History } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { SavedDump } from "../../../db/schema/source.ts";
import { AppError } from "../../../platform/errors.ts";
import { dumpDatabase, listDatabases, loadDatabase, sizeOfDatabases } from "../../../platform/dump/index.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { PostgresAccess, PostgresContainer } from "../../runtime/containers/index.ts";
import type { DumpedDatabases, DumpOptions, ProjectDatabases } from "./capture.ts";
import { figuresPath, readSavedFigures, type SavedFigures } from "./table-differences.ts";

const folder = "databases";

async function* readAttachment(history: Pick<History, "attachment">, point: string, path: string): AsyncGenerator<Uint8Array> {
  const kept = await history.attachment(point, path);
  if (!kept) throw new AppError("not_found", "A dump of an earlier snapshot is missing.");
  yield* kept.data as AsyncIterable<Uint8Array>;
}

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
    { signal, note, isRunningOnly = false, isUse = true, previous }: DumpOptions,
  ): Promise<Omit<DumpedDatabases, keyof AsyncDisposable>> => {
    const attachments: Record<string, Attachment> = {};
    const containers: string[] = [];
    const dumps: SavedDump[] = [];
    const figures: SavedFigures = { version: 1, databases: [] };
    const folderOf = ({ service_key }: PostgresContainer) => `${folder}/${service_key}/`;
    const dump = async (container: PostgresContainer): Promise<void> => {
      const made: SavedDump[] = [];
      await container.use(
        signal,
        async (target) => {
          for (const [i, database] of (await listDatabases(target, signal)).entries()) {
            const file = join(dir, `${container.service_key}-${i}.sql`);
            const { leftOut, tables, digest } = await dumpDatabase(target, database, file, signal);
            if (leftOut.length > 0) await note(`${container.name}: ${leftOut.join(", ")} of ${database} are not part of the snapshot`);
            const path = `${folderOf(container)}${encodeURIComponent(database)}.sql`;
            const { size } = await stat(file);
            attachments[path] = { size, data: () => createReadStream(file, { highWaterMark: 2 ** 20 }) };
            made.push({ path, size, digest, stopped_since: null });
            figures.databases.push({ service_key: container.service_key, container: container.name, database, tables: tables ?? null });
          }
        },
        { isUse },
      );
      // If it was started for this alone, nothing changes until it is started again.
      const stopped_since = container.isRunning ? null : await container.readStoppedSince();
      dumps.push(...made.map((one) => ({ ...one, stopped_since })));
    };
    /** Takes over the dumps of an earlier snapshot; false if it has none, or not `isCurrent` ones. */
    const takeOver = async (container: PostgresContainer, isCurrent: (dump: SavedDump) => boolean): Promise<boolean> => {
      const known = previous?.dumps.filter(({ path }) => path.startsWith(folderOf(container))) ?? [];
      if (!previous || known.length === 0 || !known.every(isCurrent)) return false;
      const { history, point } = previous;
      if (!(await history.find(point))) return false;
      for (const { path, size } of known) attachments[path] = { size, data: () => readAttachment(history, point, path) };
      dumps.push(...known);
      const saved = await readSavedFigures(history, point);
      figures.databases.push(...(saved?.databases ?? []).filter(({ service_key }) => service_key === container.service_key));
      return true;
    };
    for (const container of (await postgresOf(project)).filter(({ hasData, isRunning }) => (isRunningOnly ? isRunning : hasData)))
      try {
        const stoppedSince = previous && !container.isRunning ? await container.readStoppedSince() : null;
        if (!(await takeOver(container, ({ stopped_since }) => stopped_since !== null && stopped_since === stoppedSince)))
          await dump(container);
        containers.push(container.name);
      } catch (error) {
        if (signal.aborted) throw error;
        // Files are worth saving even when a database cannot start.
        if (!(error instanceof AppError))
          throw new AppError("unavailable", `The database ${container.name} could not be read: ${reasonOf(error)}`, { cause: error });
        if (await takeOver(container, () => true)) {
          containers.push(container.name);
          log.warn({ err: error, project_id: project.id, container: container.name }, "database not dumped again: it cannot be started");
          continue;
        }
        log.warn({ err: error, project_id: project.id, container: container.name }, "database left out of a snapshot");
        await note(`${container.name} could not be started, so its rows are not part of the snapshot`);
      }
    if (figures.databases.length > 0) {
      const text = Buffer.from(JSON.stringify(figures));
      attachments[figuresPath] = { size: text.byteLength, data: () => [text] };
    }
    return { attachments, containers, dumps };
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
