import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { snapshotCopies } from "../../../db/schema/source.ts";
import type { TestUser } from "../../../testing/app.ts";
import { startBucket } from "../../../testing/bucket.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

const metricsToken = "metrics-token-of-the-tests";
let app: ProjectsApp;
let bucket: Awaited<ReturnType<typeof startBucket>>;
let ada: TestUser;
beforeAll(async () => {
  bucket = await startBucket();
  app = await projectsApp({ env: { ...bucket.env, METRICS_TOKEN: metricsToken } });
  ada = await app.signUp();
}, 60_000);
afterAll(async () => {
  await app?.close();
  await bucket?.server[Symbol.asyncDispose]();
});

const noise = (bytes: number) => Array.from({ length: bytes }, () => Math.random().toString(36).charAt(2)).join("");
async function make() {
  const { id } = await emptyProject(app, ada);
  const params = { id };
  const api = app.as(ada);
  const write = (path: string, content: string) => api.files.put({ params: { ...params, path }, body: { content } });
  const read = async (path: string) => (await api.files.get({ params: { ...params, path } })).content;
  const save = async (label: string) => {
    const made = await api.snapshots.create({ params, body: { label } });
    expect(await ended(app, ada, made.task_id)).toMatchObject({ status: "completed" });
    await vi.waitFor(
      async () => expect((await api.snapshots.get({ params: { ...params, snapshot_id: made.id } })).copied_at).not.toBeNull(),
      { timeout: 20_000, interval: 50 },
    );
    return made.id;
  };
  const rows = async () => (await app.db.select().from(snapshotCopies)).filter((row) => row.storage_key === id);
  const keys = async () =>
    [...bucket.server.objects.keys()].filter((key) => key.includes(`snapshots/${id}/`)).map((key) => key.split("/").at(-1));
  const remove = (snapshot_id: string) => api.snapshots.remove({ params: { ...params, snapshot_id } });
  /** As if its disk was lost. */
  const lose = async () => {
    await app.runtime.remove(id);
    await app.runtime.removeHistory(id);
  };
  return { id, params, api, write, read, save, rows, keys, remove, lose };
}

test("a copy has what is new since the one before, and a full one follows when the changes are as large as the project", async () => {
  const { write, save, rows } = await make();
  await write("big.txt", noise(100_000));
  const ids: string[] = [];
  for (const text of ["one", "two", noise(140_000), noise(140_000), "three"]) {
    await write("a.txt", text);
    ids.push(await save(text.slice(0, 5)));
  }
  const copies = new Map((await rows()).map((row) => [row.id, row]));
  expect(ids.map((id) => copies.get(id)?.base_id)).toEqual([null, ids[0], ids[1], ids[2], null]);
  expect(ids.map((id) => copies.get(id)?.depth)).toEqual([0, 1, 2, 3, 0]);
  const [full = 0, second = 0] = ids.map((id) => copies.get(id)?.bytes);
  expect(full).toBeGreaterThan(50_000);
  expect(second).toBeLessThan(2_000);
  const metrics = await (await app.request("/metrics", { headers: { authorization: `Bearer ${metricsToken}` } })).text();
  expect(metrics).toMatch(/^studio_snapshot_copies_total\{outcome="completed"\} [1-9]/m);
  expect(metrics).toMatch(/^studio_snapshot_copies_waiting 0$/m);
  expect(metrics).toMatch(/^studio_snapshot_copy_age_seconds [0-9.]+$/m);
});

test("copies are deleted with their snapshots, those that others need with the last of these, and all with the project", async () => {
  const { id, api, params, write, save, rows, keys, remove } = await make();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    await write("a.txt", noise(5_000));
    ids.push(await save(`${n}`));
  }
  const [first = "", second = "", third = ""] = ids;
  await remove(first);
  await remove(second);
  expect((await rows()).map((row) => row.id).toSorted()).toEqual(ids.toSorted());
  await remove(third);
  await vi.waitFor(async () => expect(await keys()).toEqual([]));
  expect(await rows()).toEqual([]);
  await save("again");
  expect(await keys()).toHaveLength(1);
  const { task_id } = await api.projects.remove({ params });
  await vi.waitFor(async () => expect((await api.tasks.get({ params: { task_id } })).status).toBe("completed"), { timeout: 20_000 });
  expect([await rows(), await keys(), id.length]).toEqual([[], [], 36]);
});

test("objects that a crash left without a row are deleted after a day", async () => {
  const { id, write, save, keys } = await make();
  await write("a.txt", "1");
  const kept = await save("kept");
  const [prefix = ""] = [...bucket.server.objects.keys()].find((key) => key.endsWith(kept))?.split(kept) ?? [];
  const [old, young] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
  bucket.server.put(`${prefix}${old}`, Buffer.from("left"), new Date(Date.now() - 2 * 86_400_000));
  bucket.server.put(`${prefix}${young}`, Buffer.from("left"), new Date());
  await app.studio.database.pool.query("select graphile_worker.add_job('prune_snapshots', '{}')");
  await vi.waitFor(async () => expect(await keys()).not.toContain(old), { timeout: 20_000 });
  expect((await keys()).toSorted()).toEqual([young, kept].toSorted());
  expect(id).toHaveLength(36);
});

test("a project without files says so, and one action creates them again from the newest copy", { timeout: 60_000 }, async () => {
  const { id, api, params, write, read, save, lose } = await make();
  await write("src/a.txt", "one");
  await write("big.txt", noise(20_000));
  const first = await save("first");
  await write("src/a.txt", "two");
  const second = await save("second");
  await write("src/a.txt", "after the copy");
  expect(await api.snapshots.filesCopy({ params })).toEqual({ state: "present", snapshot: null, task_id: null });
  await expect(api.snapshots.restoreFiles({ params })).rejects.toMatchObject({ status: 409, code: "files_not_missing" });

  await lose();
  await vi.waitFor(
    async () => expect(await api.files.list({ params, query: {} }).catch((error: { code: string }) => error.code)).toBe("files_missing"),
    {
      timeout: 10_000,
    },
  );
  expect(await api.projects.get({ params })).toMatchObject({ environment_status: "files_missing", status: "error" });
  for (const call of [
    () => write("b.txt", "x"),
    () => api.snapshots.create({ params, body: {} }),
    () => api.snapshots.restore({ params: { ...params, snapshot_id: first }, body: {} }),
  ])
    await expect(call()).rejects.toMatchObject({ status: 409 });
  expect(await app.runtime.find(id)).toBeUndefined();

  const stranger = app.as(await app.signUp());
  await expect(stranger.snapshots.filesCopy({ params })).rejects.toMatchObject({ status: 404 });
  await expect(stranger.snapshots.restoreFiles({ params })).rejects.toMatchObject({ status: 404 });
  expect((await app.request(`/api/projects/${id}/restore-files`, { method: "POST" })).status).toBe(401);
  const copy = await api.snapshots.filesCopy({ params });
  expect(copy).toMatchObject({ state: "missing", snapshot: { id: second, label: "second" } });

  const begun = await api.snapshots.restoreFiles({ params });
  expect(begun.snapshot_id).toBe(second);
  expect(await ended(app, ada, begun.task_id)).toMatchObject({ status: "completed", error: null, result: { lost_snapshots: 0 } });
  expect(await api.projects.get({ params })).toMatchObject({ environment_status: "stopped" });
  expect(await read("src/a.txt")).toBe("two");
  expect((await read("big.txt"))?.length).toBe(20_000);
  // The older one came with it.
  const restored = await api.snapshots.restore({ params: { ...params, snapshot_id: first }, body: {} });
  expect(await ended(app, ada, restored.task_id)).toMatchObject({ status: "completed" });
  expect(await read("src/a.txt")).toBe("one");
  // The next copy continues the chain.
  await save("third");
});

test("without a copy nothing is created; a disk that is connected again is found", { timeout: 60_000 }, async () => {
  const { id, api, params, write, read, lose } = await make();
  await write("a.txt", "kept");
  await lose();
  await vi.waitFor(
    async () => expect(await api.files.list({ params, query: {} }).catch((error: { code: string }) => error.code)).toBe("files_missing"),
    {
      timeout: 10_000,
    },
  );
  expect(await api.snapshots.filesCopy({ params })).toEqual({ state: "missing", snapshot: null, task_id: null });
  await expect(api.snapshots.restoreFiles({ params })).rejects.toMatchObject({ status: 409, code: "no_snapshot_copy" });
  const { files } = await app.runtime.open({ id });
  // An empty tree is not what was lost.
  expect(await api.snapshots.filesCopy({ params })).toMatchObject({ state: "missing" });
  await files.write("a.txt", "kept");
  expect(await api.snapshots.filesCopy({ params })).toMatchObject({ state: "present" });
  expect(await api.projects.get({ params })).toMatchObject({ environment_status: "stopped" });
  expect(await read("a.txt")).toBe("kept");
});

test("a copy that was changed in the bucket is refused, and nothing of it stays", { timeout: 60_000 }, async () => {
  const { id, api, params, write, save, lose } = await make();
  await write("a.txt", "one");
  const first = await save("first");
  const key = [...bucket.server.objects.keys()].find((name) => name.endsWith(first)) ?? "";
  const stored = bucket.server.objects.get(key);
  if (!stored) throw new Error("no copy");
  const changed = Buffer.from(stored);
  changed[changed.length - 25] = (changed[changed.length - 25] ?? 0) ^ 1;
  bucket.server.objects.set(key, changed);
  await lose();
  await vi.waitFor(async () => expect((await api.snapshots.filesCopy({ params })).state).toBe("present"));
  await vi.waitFor(
    async () => expect(await api.files.list({ params, query: {} }).catch((error: { code: string }) => error.code)).toBe("files_missing"),
    {
      timeout: 10_000,
    },
  );
  const begun = await api.snapshots.restoreFiles({ params });
  expect(await ended(app, ada, begun.task_id)).toMatchObject({ status: "failed", error: expect.stringContaining("damaged") });
  expect(await api.projects.get({ params })).toMatchObject({ environment_status: "files_missing" });
  expect(await app.runtime.find(id)).toBeUndefined();
  bucket.server.objects.set(key, stored);
  const again = await api.snapshots.restoreFiles({ params });
  expect(await ended(app, ada, again.task_id)).toMatchObject({ status: "completed", error: null });
});

test("an administrator restores the files of all projects that lost theirs", { timeout: 60_000 }, async () => {
  const [copied, without] = [await make(), await make()];
  await copied.write("a.txt", "copied");
  await without.write("a.txt", "not copied");
  await copied.save("only");
  for (const one of [copied, without]) await one.lose();
  const body = { reason: "The disk of the runner failed" };
  await expect(app.as(ada).adminProjects.restoreFiles({ body })).rejects.toMatchObject({ status: 403 });
  const admin = app.as(await app.signUp({ admin: true }));
  expect(await admin.adminProjects.restoreFiles({ body })).toEqual({ started: 1, restoring: 0, without_copy: 1, present: 0 });
  expect((await admin.adminProjects.list({ query: { status: "files_missing" } })).items.map((one) => one.id)).toContain(without.id);
  expect((await admin.adminAudit.list({ query: { action_type: "server.files_restored" } })).items[0]).toMatchObject({
    reason: body.reason,
    extra_data: { projects: 2 },
  });
  await vi.waitFor(async () => expect(await copied.read("a.txt")).toBe("copied"), { timeout: 30_000, interval: 100 });
});
