import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { exportHours, type AccountExport } from "@tesslate/contract";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { Mail } from "../../../platform/mail.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { Database } from "../../../platform/database.ts";
import { createZip, tieSource } from "../../../platform/zip.ts";
import type { Projects } from "../../projects/projects/index.ts";
import { taskLinks, type TaskContext, type Tasks } from "../../core/tasks/index.ts";
import { addTree } from "../../source/transfer/index.ts";
import type { AccountStore } from "./account.store.ts";
import { exportReadyEmail } from "./emails.ts";
import { ownedTables } from "./owned-tables.ts";

const type = "account_export";
const perDay = 5;
const uuid = /^[0-9a-f-]{36}$/;

export type AccountExports = ReturnType<typeof createAccountExports>;
/** Exports all data of a user as a zip: rows as JSON, attachments, project files. */
export function createAccountExports({
  db,
  dir,
  store,
  tasks,
  projects,
  attachments,
  limits,
  mail,
  appBaseUrl,
}: {
  db: Database;
  /** Folder of finished archives. */
  dir: string;
  store: AccountStore;
  tasks: Tasks;
  projects: Pick<Projects, "sandboxOf">;
  attachments: { listOfUser(userId: string): Promise<{ id: string; name: string }[]>; read(id: string): Promise<Buffer | undefined> };
  limits: RateLimiter;
  mail: Mail;
  appBaseUrl: string;
}) {
  const fileOf = (taskId: string) => join(dir, `${taskId}.zip`);
  const partOf = (taskId: string) => `${fileOf(taskId)}.part`;
  const drop = async (taskId: string) => {
    await rm(fileOf(taskId), { force: true });
    await rm(partOf(taskId), { force: true });
  };

  const gather = async ({ task, signal, progress, note }: TaskContext) => {
    const user = await store.find(task.user_id);
    if (!user) throw notFound("User");
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const { zip, out } = createZip();
    const written = pipeline(out, createWriteStream(partOf(task.id), { mode: 0o600 }), { signal });
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
    await Promise.race([written, failed]);
    await rename(partOf(task.id), fileOf(task.id));
    const { size } = await stat(fileOf(task.id));
    for (const id of await store.taskIdsOf(user.id, type)) if (id !== task.id) await drop(id);
    await mail.queue(db, exportReadyEmail(user, `${appBaseUrl}/settings/data`));
    return { size_bytes: size };
  };
  tasks.define(type, {
    timeoutMs: 60 * 60_000,
    run: gather,
    ended: async (task) => {
      if (task.status !== "completed") await drop(task.id);
    },
    interrupted: (task) => drop(task.id),
  });

  return {
    /** Starts an export, or returns the one in progress. Throws `rate_limited` after five per day. */
    start: async (userId: string) => {
      const unique_key = `${type}:${userId}`;
      const known = await tasks.findUnfinished(unique_key);
      if (known) return { ...taskLinks(known), already_started: true };
      await limits.count({ key: `export:${userId}`, max: perDay, windowSeconds: 86_400 });
      const { row, isNew } = await tasks.createOnce({ user_id: userId, type, unique_key, message: "Waiting to start" });
      return { ...taskLinks(row), ...(!isNew && { already_started: true }) };
    },
    last: async (userId: string): Promise<AccountExport> => {
      const row = await store.lastTask(userId, type);
      const size = row?.status === "completed" ? await sizeOf(fileOf(row.id)) : undefined;
      const isOver = row?.status === "completed" && size === undefined;
      return {
        task: row && !isOver ? await tasks.get(userId, row.id) : null,
        download_url: row && size !== undefined ? `/api/users/me/export/${row.id}` : null,
        size_bytes: size ?? null,
        expires_at:
          row?.completed_at && size !== undefined ? new Date(Date.parse(row.completed_at) + exportHours * 3_600_000).toISOString() : null,
      };
    },
    /** Throws `not_found` when the export does not exist, is not ready, has expired or belongs to another user. */
    open: async (userId: string, taskId: string): Promise<{ size: number; stream: () => Readable; close: () => Promise<void> }> => {
      const task = await tasks.require(userId, taskId).catch(() => undefined);
      const isFresh = task?.type === type && task.completed_at && Date.parse(task.completed_at) > Date.now() - exportHours * 3_600_000;
      // Keep it open, because the next export deletes this file.
      const file = isFresh ? await open(fileOf(taskId)).catch(() => undefined) : undefined;
      if (!file) throw notFound("Export");
      const { size } = await file.stat();
      return { size, stream: () => file.createReadStream(), close: () => file.close() };
    },
    forgetPerson: async (userId: string): Promise<void> => {
      for (const id of await store.taskIdsOf(userId, type)) await drop(id);
    },
    jobHandlers: {
      /** Deletes expired archives and leftovers of crashes. */
      prune_exports: async () => {
        const kept = await store.livingTasks(type, exportHours);
        for (const name of await readdir(dir).catch(() => [])) {
          const id = name.split(".")[0] ?? "";
          if (uuid.test(id) && !kept.has(id)) await drop(id);
        }
      },
    },
  };
}

const sizeOf = async (file: string): Promise<number | undefined> => (await stat(file).catch(() => undefined))?.size;

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
