import { Readable } from "node:stream";
import type { UserRow } from "../../../db/schema/accounts.ts";
import { AppError } from "../../../platform/errors.ts";
import type { ObjectStore } from "../../../platform/objects/index.ts";
import { createZip, tieSource } from "../../../platform/zip.ts";
import type { TaskContext } from "../../core/tasks/index.ts";
import type { Projects } from "../../projects/projects/index.ts";
import { addTree } from "../../source/transfer/index.ts";
import type { AccountStore } from "./account.store.ts";
import { ownedTables } from "./owned-tables.ts";

const collection = "exports/";
const uuid = /^[0-9a-f-]{36}$/;

export type ExportArchives = ReturnType<typeof createExportArchives>;
/** Zip files with all data of a user: rows as JSON, attachments, project files. */
export function createExportArchives({
  objects,
  store,
  projects,
  attachments,
}: {
  objects: ObjectStore;
  store: Pick<AccountStore, "schema" | "snapshot" | "projectsOf">;
  projects: Pick<Projects, "sandboxOf">;
  attachments: { listOfUser(userId: string): Promise<{ id: string; name: string }[]>; read(id: string): Promise<Buffer | undefined> };
}) {
  const keyOf = (taskId: string) => `${collection}${taskId}.zip`;
  const drop = (taskId: string) => objects.delete(keyOf(taskId));

  return {
    drop,
    /** Writes the archive of a task. Returns its size in bytes. */
    write: async (user: UserRow, { task, signal, progress, note }: TaskContext): Promise<number> => {
      const { zip, out } = createZip();
      const written = objects.put(keyOf(task.id), out, { signal });
      written.catch(() => undefined);
      const failed = new Promise<never>((_, reject) => void written.catch(reject));
      failed.catch(() => undefined);
      /** Adds entries one at a time, so that each source stays open until it is read. */
      const add = (name: string, source: Readable) =>
        Promise.race([
          failed,
          new Promise<void>((resolve) => {
            source.once("end", resolve);
            zip.addReadStream(tieSource(out, source), name);
          }),
        ]);

      try {
        await progress(5, "Reading your records");
        const tables = ownedTables(await store.schema());
        await store.snapshot(async (rowsOf) => {
          for (const table of tables) {
            signal.throwIfAborted();
            await add(`data/${table.name}.json`, Readable.from(asJson(rowsOf(table, user.id))));
          }
        });
        await progress(40, "Collecting attachments");
        for (const { id, name } of await attachments.listOfUser(user.id)) {
          signal.throwIfAborted();
          const bytes = await attachments.read(id);
          if (bytes) zip.addBuffer(bytes, `attachments/${id}-${name.replace(/[^\w.-]+/g, "_").slice(0, 100)}`);
        }
        const owned = (await store.projectsOf(user.id)).filter((project) => project.environment_status !== "deleting");
        for (const [at, project] of owned.entries()) {
          signal.throwIfAborted();
          await progress(45 + Math.floor((50 * at) / owned.length), `Collecting the files of ${project.name}`);
          try {
            await addTree(zip, (await projects.sandboxOf(project)).files, `projects/${project.slug}`);
          } catch (error) {
            if (!(error instanceof AppError)) throw error;
            await note(`${project.name} was skipped: ${error.message}`);
          }
        }
        zip.addBuffer(Buffer.from(readme), "README.txt");
        zip.end();
      } catch (error) {
        // Ends the upload.
        out.destroy(error instanceof Error ? error : undefined);
        await written.catch(() => undefined);
        throw error;
      }
      return written;
    },
    /** In bytes; undefined when there is no archive. */
    sizeOf: async (taskId: string): Promise<number | undefined> => (await objects.head(keyOf(taskId)))?.bytes,
    /** Undefined when there is no archive. */
    open: (taskId: string) => objects.get(keyOf(taskId)),
    /** Deletes all archives but those of these tasks. */
    prune: async (kept: ReadonlySet<string>): Promise<void> => {
      for await (const { key } of objects.list(collection)) {
        const id = key.slice(collection.length).split(".")[0] ?? "";
        if (uuid.test(id) && !kept.has(id)) await objects.delete(key);
      }
    },
  };
}

/** Streams rows as a JSON array. */
async function* asJson(rows: AsyncIterable<unknown>): AsyncGenerator<string> {
  let isFirst = true;
  for await (const row of rows) {
    yield `${isFirst ? "[\n" : ",\n"}${JSON.stringify(row)}`;
    isFirst = false;
  }
  yield isFirst ? "[]\n" : "\n]\n";
}

const readme = `Your data at Tesslate Studio.

data/         one JSON file per table with your rows; times are UTC
attachments/  files you attached to messages
projects/     the files of your projects, without dependencies and build output

Passwords, keys and the values of secrets and variables are not included.
`;
