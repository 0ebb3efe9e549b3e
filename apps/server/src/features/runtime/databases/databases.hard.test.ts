import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ended, setUpProject } from "../../../testing/projects.ts";
import { realRuntime, sandboxApp } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const hasPostgres = ((await probe?.findPrograms(["/opt/postgres/bin/postgres"])) ?? []).length > 0;
await probe?.[Symbol.asyncDispose]();

const rows = 1_000_000;
const imported = 200_000;
const mebibyte = 2 ** 20;

/** The largest memory of this process during the work, above what it was before. */
async function peakOf(work: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak - before;
}

test.skipIf(!hasPostgres)("a million rows are paged, queried, exported and imported with little memory", { timeout: 600_000 }, async () => {
  await using app = await sandboxApp();
  const ada = await app.signUp();
  const { project } = await setUpProject(app, ada);
  const service = await app.as(ada).containers.create({
    params: { id: project.id },
    body: { container_type: "service", service_slug: "postgres" },
  });
  const { task_id } = await app.as(ada).containers.start({ params: { id: project.id, container_id: service.id } });
  expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed" });
  const params = { id: project.id, database_id: service.id };
  const data = app.as(ada).databases;
  await data.execute({
    params,
    body: {
      sql: `create table big as select i as id, md5(i::text) as hash, repeat(md5(i::text), 4) as text from generate_series(1, ${rows}) i;
        alter table big add primary key (id); analyze big`,
      write: true,
      timeout_ms: 120_000,
    },
  });
  const table = { schema: "public", table: "big" };
  expect((await data.tables({ params, query: {} })).items[0]?.row_estimate).toBeGreaterThan(rows * 0.9);

  const begin = performance.now();
  const first = await data.rows({ params, body: { ...table, limit: 200 } });
  const firstPageMs = Math.round(performance.now() - begin);
  expect(first.rows).toHaveLength(200);
  const again = performance.now();
  const second = await data.rows({ params, body: { ...table, limit: 200, after: first.next ?? "" } });
  const nextPageMs = Math.round(performance.now() - again);
  expect(second.rows[0]?.key).toEqual(["201"]);
  const last = await data.rows({ params, body: { ...table, limit: 200, filters: [{ column: "id", op: "gt", value: "999800" }] } });
  expect([last.rows.length, last.next]).toEqual([200, null]);

  const queried = await peakOf(async () => {
    const { results } = await data.query({ params, body: { sql: "select * from big", limit: 200, skip: 900_000, timeout_ms: 120_000 } });
    expect(results[0]?.rows).toHaveLength(200);
  });
  const path = `/api/projects/${params.id}/databases/${params.database_id}`;
  let exported = 0;
  const reading = await peakOf(async () => {
    const response = await app.request(`${path}/export?schema=public&table=big`, { user: ada });
    for await (const chunk of response.body ?? []) {
      exported += (chunk as Uint8Array).byteLength;
      // A reader that is slower than the database.
      if (exported < 20 * mebibyte) await sleep(5);
    }
  });
  expect(exported).toBeGreaterThan(150 * mebibyte);

  await data.execute({ params, body: { sql: "create table copy (id int primary key, hash text)", write: true } });
  const importing = await peakOf(async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ schema: "public", table: "copy" })) form.append(name, value);
    const lines = Array.from({ length: imported }, (_, index) => `${index},"line ${index}"\n`);
    form.append("file", new File(["id,hash\n", ...lines], "copy.csv"));
    const response = await app.request(`${path}/import`, { method: "POST", user: ada, body: form });
    expect(await response.json()).toEqual({ rows: imported });
  });
  expect(await data.count({ params, body: { schema: "public", table: "copy" } })).toEqual({ count: imported });
  process.stdout.write(
    `first page ${firstPageMs} ms, next page ${nextPageMs} ms; memory: query ${(queried / mebibyte).toFixed(0)} MiB, export ${(reading / mebibyte).toFixed(0)} MiB, import ${(importing / mebibyte).toFixed(0)} MiB with the file\n`,
  );
  // The first page opens a connection; no page reads the whole table.
  expect(nextPageMs).toBeLessThan(2_000);
  // Less than the rows, in the process of server and client.
  expect(queried).toBeLessThan(100 * mebibyte);
  expect(reading).toBeLessThan(150 * mebibyte);
});
