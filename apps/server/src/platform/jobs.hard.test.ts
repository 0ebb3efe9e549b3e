import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { connectDatabase } from "./database.ts";
import { startJobs } from "./jobs.ts";
import { createLogger } from "./logger.ts";
import { startEmbeddedPostgres } from "./postgres/embedded.ts";

test("jobs continue after the database was killed and restarted", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "studio-jobs-"));
  await chmod(dataDir, 0o755);
  const log = createLogger("silent");
  const server = await startEmbeddedPostgres({ dataDir, reach: async (folder) => folder, log, settings: { fsync: "off" } });
  const database = connectDatabase({ socketDir: server.socketDir }, log);
  const seen: unknown[] = [];
  const jobs = await startJobs({ pool: database.pool, log, handlers: { note: async (payload) => void seen.push(payload) } });
  await jobs.enqueue(database.db, "note", { n: 1 });
  await vi.waitFor(() => expect(seen).toHaveLength(1));

  process.kill(Number((await readFile(join(dataDir, "postgres/data/postmaster.pid"), "utf8")).split("\n")[0]), "SIGKILL");
  await vi.waitFor(() => jobs.enqueue(database.db, "note", { n: 2 }));
  await vi.waitFor(() => expect(seen).toHaveLength(2));
  await jobs.check();

  await jobs.close();
  await database.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);
