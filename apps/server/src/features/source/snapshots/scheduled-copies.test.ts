import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { dueCopies, snapshotCopies, snapshots } from "../../../db/schema/source.ts";
import type { TestUser } from "../../../testing/app.ts";
import { startBucket } from "../../../testing/bucket.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

const metricsToken = "metrics-token-of-the-tests";
const soon = { timeout: 20_000, interval: 50 };
let app: ProjectsApp;
let bucket: Awaited<ReturnType<typeof startBucket>>;
let ada: TestUser;
beforeAll(async () => {
  bucket = await startBucket();
  app = await projectsApp({ env: { ...bucket.env, METRICS_TOKEN: metricsToken, SNAPSHOT_COPY_MINUTES: "60" } });
  ada = await app.signUp();
}, 60_000);
afterAll(async () => {
  await app?.close();
  await bucket?.server[Symbol.asyncDispose]();
});

/** What the server does every minute. */
const tick = () => app.studio.database.pool.query("select graphile_worker.add_job('copy_changed_projects', '{}')");
async function make() {
  const { id } = await emptyProject(app, ada);
  const params = { id };
  const api = app.as(ada);
  const write = (path: string, content: string) => api.files.put({ params: { ...params, path }, body: { content } });
  const listed = () => api.snapshots.list({ params, query: {} });
  const rows = () => app.db.select().from(snapshots).where(eq(snapshots.storage_key, id));
  const copies = () => app.db.select().from(snapshotCopies).where(eq(snapshotCopies.storage_key, id));
  /** As if so many minutes had passed since everything in it happened. */
  const age = async (minutes: number) => {
    const { pool } = app.studio.database;
    const by = `interval '${minutes} minutes'`;
    await pool.query(`update projects set created_at = created_at - ${by}, last_activity = last_activity - ${by} where id = $1`, [id]);
    await pool.query(
      `update snapshots set created_at = created_at - ${by}, unchanged_until = unchanged_until - ${by} where project_id = $1`,
      [id],
    );
  };
  /** It is used now. */
  const use = () => app.studio.database.pool.query("update projects set last_activity = now() where id = $1", [id]);
  const due = () => app.db.select().from(dueCopies).where(eq(dueCopies.project_id, id));
  /** Until the state of now is in a copy. */
  const settled = async () => {
    const { rows: clock } = await app.studio.database.pool.query<{ now: Date }>("select now() as now");
    const since = clock[0]?.now.getTime() ?? Number.NaN;
    await vi.waitFor(async () => {
      await tick();
      expect(Date.parse((await listed()).copies?.copied_until ?? "")).toBeGreaterThanOrEqual(since);
      expect(await due()).toEqual([]);
    }, soon);
  };
  const lose = async () => {
    await app.runtime.remove(id);
    await app.runtime.removeHistory(id);
  };
  return { id, params, api, write, listed, rows, copies, age, use, due, settled, lose };
}

test("a project that changed is copied when the time has passed, without a snapshot in its list; an unchanged one is not", async () => {
  const { write, listed, rows, copies, age, use, settled } = await make();
  await write("a.txt", "one");
  await tick();
  expect((await listed()).copies).toEqual({ every_minutes: 60, copied_until: null, due_since: null });

  await age(61);
  await settled();
  const [first] = await rows();
  expect([await rows(), await copies()]).toMatchObject([[{ snapshot_type: "scheduled", status: "ready" }], [{ id: first?.id, depth: 0 }]]);
  const seen = await listed();
  // On a busy machine it was looked at again meanwhile.
  const until = first?.unchanged_until ?? first?.created_at;
  expect([seen.items, seen.total, seen.copies]).toEqual([[], 0, { every_minutes: 60, copied_until: until, due_since: null }]);

  // It was used, but nothing changed: the copy stays, and its state is known to be that of now.
  await age(61);
  await use();
  await settled();
  expect(await rows()).toMatchObject([{ id: first?.id }]);
  const { copies: later } = await listed();
  expect(Date.now() - Date.parse(later?.copied_until ?? "")).toBeLessThan(60_000);

  // A change replaces the snapshot; its copy needs the one before.
  await write("a.txt", "two");
  await age(61);
  await use();
  await settled();
  const [second, ...others] = await rows();
  expect([second?.id === first?.id, others]).toEqual([false, []]);
  expect((await copies()).find(({ id }) => id === second?.id)).toMatchObject({ base_id: first?.id, depth: 1 });

  // Nobody used it since.
  await age(61);
  await tick();
  await tick();
  const metrics = await (await app.request("/metrics", { headers: { authorization: `Bearer ${metricsToken}` } })).text();
  expect(metrics).toMatch(/^studio_project_copies_waiting 0$/m);
  expect(metrics).toMatch(/^studio_project_copies_waiting_seconds 0$/m);
});

test("a lost disk costs what was changed since the copy; a snapshot of a person counts as one", { timeout: 60_000 }, async () => {
  const { id, api, params, write, listed, rows, age, use, due, settled, lose } = await make();
  await write("a.txt", "one");
  const made = await api.snapshots.create({ params, body: { label: "By hand" } });
  expect(await ended(app, ada, made.task_id)).toMatchObject({ status: "completed" });
  await vi.waitFor(async () => expect((await listed()).items[0]?.copied_at).not.toBeNull(), soon);
  expect((await listed()).copies?.copied_until).toBe(made.created_at);
  await tick();
  expect(await due()).toEqual([]);

  await write("a.txt", "two");
  await age(61);
  await use();
  await settled();
  expect((await rows()).map((row) => row.snapshot_type).toSorted()).toEqual(["manual", "scheduled"]);
  await write("a.txt", "after the copy");
  await lose();
  await vi.waitFor(
    async () => expect(await api.files.list({ params, query: {} }).catch((error: { code: string }) => error.code)).toBe("files_missing"),
    soon,
  );
  expect(await api.snapshots.filesCopy({ params })).toMatchObject({ state: "missing", snapshot: { label: "Automatic copy" } });
  const begun = await api.snapshots.restoreFiles({ params });
  expect(await ended(app, ada, begun.task_id)).toMatchObject({ status: "completed", error: null });
  expect((await api.files.get({ params: { ...params, path: "a.txt" } })).content).toBe("two");
  // The snapshot of the person came back too.
  expect((await listed()).items.map(({ label, status }) => [label, status])).toContainEqual(["By hand", "ready"]);
  expect(id).toHaveLength(36);
});

test("a failed attempt is shown to administrators and tried again later; the project stays due until its copy is there", async () => {
  const { id, write, age, listed, due, copies } = await make();
  await write("a.txt", "one");
  await age(61);
  const history = (await readdir(app.runtimeDir, { recursive: true })).find((path) => basename(path) === "history") ?? "";
  const broken = join(app.runtimeDir, history, id, "git");
  await mkdir(dirname(broken), { recursive: true });
  await writeFile(broken, "no repository");
  await tick();
  await vi.waitFor(async () => expect(await due()).toMatchObject([{ failures: 1 }]), soon);
  const [row] = await due();
  expect(Date.parse(row?.next_try_at ?? "")).toBeGreaterThan(Date.now() + 30_000);
  expect((await listed()).copies).toMatchObject({ copied_until: null, due_since: row?.due_at });
  const admin = app.as(await app.signUp({ admin: true }));
  const detail = await admin.adminProjects.get({ params: { id } });
  expect(detail).toMatchObject({ copied_until: null, copy_due_since: row?.due_at, copy_error: expect.stringMatching(/history/) });
  expect((await admin.adminProjects.list({ query: { sort_by: "copy_due_since", sort_order: "asc" } })).items[0]?.id).toBe(id);

  await rm(broken);
  await app.db.update(dueCopies).set({ next_try_at: row?.due_at }).where(eq(dueCopies.project_id, id));
  await tick();
  await vi.waitFor(async () => expect([await due(), (await copies()).length]).toEqual([[], 1]), soon);
  expect(await admin.adminProjects.get({ params: { id } })).toMatchObject({ copy_due_since: null, copy_error: null });
});
