import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { Readable } from "node:stream";
import { fromBuffer } from "yauzl";
import type { Snapshot } from "@tesslate/contract";
import { RuntimeError } from "@tesslate/runtime";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject, startedProject, type ProjectsApp } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";

let app: ProjectsApp;
let owner: TestUser;
beforeAll(async () => {
  app = await projectsApp();
  owner = await app.signUp();
});
afterAll(() => app.close());

const code = (error: unknown) => (error as { code?: string }).code;
const api = () => app.as(owner).snapshots;
const missing = "00000000-0000-4000-8000-000000000000";

/** A project whose setup has ended, with an empty tree, and shortcuts for the tests. */
async function fresh() {
  const project = await emptyProject(app, owner);
  return snapshotTools(project.id);
}
function snapshotTools(id: string) {
  const params = { id };
  const write = async (path: string, content: string) =>
    app
      .request(`/api/projects/${id}/files/${path}`, { method: "PUT", user: owner, json: { content } })
      .then((r) => expect(r.status).toBeLessThan(300));
  const read = async (path: string) => {
    const response = await app.request(`/api/projects/${id}/files/${path}`, { user: owner });
    return response.status === 200 ? ((await response.json()) as { content: string }).content : response.status;
  };
  const take = async (label?: string): Promise<Snapshot> => {
    const made = await api().create({ params, body: label === undefined ? {} : { label } });
    expect(made).toMatchObject({ status: "pending", ready_at: null, status_url: `/api/tasks/${made.task_id}` });
    expect(await ended(app, owner, made.task_id)).toMatchObject({ status: "completed", type: "snapshot_creation" });
    return api().get({ params: { id, snapshot_id: made.id } });
  };
  const restore = async (snapshot_id: string, body: { safety_snapshot?: boolean } = {}) => {
    const accepted = await api().restore({ params: { id, snapshot_id }, body });
    return { accepted, task: await ended(app, owner, accepted.task_id) };
  };
  const list = () => api().list({ params, query: {} });
  return { id, params, write, read, take, restore, list };
}

describe("taking", () => {
  test("a snapshot is pending, then ready with size, name and label, listed newest first", async () => {
    const { id, write, take, list } = await fresh();
    await write("a.txt", "one");
    const first = await take();
    expect(first).toMatchObject({
      project_id: id,
      snapshot_type: "manual",
      status: "ready",
      label: "Manual save",
      volume_size_bytes: 3,
      databases: [],
      error: null,
      snapshot_name: expect.stringMatching(new RegExp(`^manual-${id.slice(0, 8)}-\\d{8}-\\d{6}-[0-9a-z]{4}$`)),
    });
    expect(Date.parse(first.ready_at ?? "")).toBeGreaterThanOrEqual(Date.parse(first.created_at));
    await take("Before the big change");
    const { items, total, max_snapshots } = await list();
    expect([items.map((s) => s.label), total, max_snapshots]).toEqual([["Before the big change", "Manual save"], 2, 20]);
  });

  test("an empty body is valid, and an event is emitted", async () => {
    const { id } = await fresh();
    const response = await app.request(`/api/projects/${id}/snapshots`, { method: "POST", user: owner });
    expect(response.status).toBe(201);
    const { task_id } = (await response.json()) as { task_id: string };
    await ended(app, owner, task_id);
    const seen: string[] = [];
    for await (const event of app.as(owner).projects.events({ params: { id }, query: { last_event_id: 0 } })) {
      if (event.type === "snapshot_changed") seen.push(event.data.op);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual(["add", "update"]);
  });

  test("at the limit creation is rejected with candidates to delete; manual snapshots are never pruned", async () => {
    const { id, params, take, list } = await fresh();
    const oldest = await take("m0");
    await app.studio.database.pool.query(
      `insert into snapshots (project_id, user_id, storage_key, snapshot_name, snapshot_type, status, label)
       select $1::uuid, $2, $1::text, 'x', 'manual', 'ready', 'm' || n from generate_series(1, 19) n`,
      [id, owner.id],
    );
    const before = (await list()).total;
    await expect(api().create({ params, body: { label: "m20" } })).rejects.toMatchObject({
      status: 409,
      code: "snapshot_limit_reached",
      details: { limit: 20, snapshots: expect.arrayContaining([expect.objectContaining({ id: oldest.id, label: "m0" })]) },
    });
    await expect(api().create({ params, body: { label: "m20" } })).rejects.toThrow("for example the oldest: “m0”");
    expect((await list()).total).toBe(before);
    await api().remove({ params: { id, snapshot_id: oldest.id } });
    expect((await take("m20")).status).toBe("ready");
  });

  test("prunes the oldest automatic snapshot, never one being restored or a manual one", async () => {
    const { id, write, take, restore, list, read } = await fresh();
    await write("a.txt", "0");
    const kept = await take("mine");
    await write("a.txt", "1");
    const { task, accepted } = await restore(kept.id);
    expect(task).toMatchObject({
      status: "completed",
      type: "snapshot_restore",
      result: { snapshot_id: kept.id, restored_from: kept.snapshot_name, safety_snapshot_id: accepted.safety_snapshot_id },
    });
    const safe = async () => (await list()).items.filter((s) => s.snapshot_type === "safety").map((s) => s.id);
    const first = accepted.safety_snapshot_id ?? "";
    expect(await safe()).toEqual([first]);
    await app.studio.database.pool.query(
      `insert into snapshots (project_id, user_id, storage_key, snapshot_name, snapshot_type, status, label)
       select $1::uuid, $2, $1::text, 'x', 'safety', 'ready', 's' || n from generate_series(1, 4) n`,
      [id, owner.id],
    );
    // The oldest is being restored, so the next oldest is pruned.
    await restore(first);
    expect(await read("a.txt")).toBe("1");
    expect(await safe()).toHaveLength(5);
    expect(await safe()).toContain(first);
    await restore(kept.id);
    expect(await safe()).not.toContain(first);
    expect((await list()).items.map((s) => s.label)).toContain("mine");
  });

  test("one at a time: a second one is 409 snapshot_pending, and a stale one is cleaned up", async () => {
    const { id, params, take, list } = await fresh();
    await app.studio.database.pool.query(
      "insert into snapshots (project_id, user_id, storage_key, snapshot_name, snapshot_type, label) values ($1::uuid, $2, $1::text, 'x', 'manual', 'hangs')",
      [id, owner.id],
    );
    await expect(api().create({ params, body: {} })).rejects.toSatisfy((e) => code(e) === "snapshot_pending");
    await app.studio.database.pool.query("update snapshots set created_at = now() - interval '11 minutes' where project_id = $1", [id]);
    await take("after");
    expect((await list()).items.map((s) => s.label)).toEqual(["after"]);
  });

  test("a project that is being set up, started or stopped is 409 project_busy", async () => {
    const { id, params, take } = await fresh();
    const { id: snapshot_id } = await take();
    for (const status of ["provisioning", "starting", "stopping", "hibernating", "setup_failed"]) {
      await app.studio.database.pool.query("update projects set environment_status = $2 where id = $1", [id, status]);
      const outcome = await api()
        .create({ params, body: {} })
        .then((made) => ended(app, owner, made.task_id), code);
      if (status === "setup_failed") expect(outcome).toMatchObject({ status: "completed" });
      else expect([status, outcome]).toEqual([status, "project_busy"]);
      if (status !== "setup_failed")
        await expect(api().restore({ params: { id, snapshot_id }, body: {} })).rejects.toSatisfy((e) => code(e) === "project_busy");
    }
    const { id: bare } = await emptyProject(app, owner);
    await app.runtime.remove(bare);
    await app.studio.database.pool.query("update projects set environment_status = 'setup_failed' where id = $1", [bare]);
    await expect(api().create({ params: { id: bare }, body: {} })).rejects.toSatisfy((e) => code(e) === "project_busy");
  });

  test("a snapshot without figures of tables has no comparison of databases, which only its owner sees", async () => {
    const { id, take } = await fresh();
    const { id: snapshot_id } = await take();
    expect(await api().tables({ params: { id, snapshot_id } })).toEqual({ databases: null });
    expect(await api().tables({ params: { id, snapshot_id }, query: { against: snapshot_id } })).toEqual({ databases: null });
    const against = (other: string) => api().tables({ params: { id, snapshot_id }, query: { against: other } });
    await expect(against(missing)).rejects.toSatisfy((e) => code(e) === "not_found");
    await expect(against("now")).rejects.toMatchObject({ status: 422 });
    await expect(api().tables({ params: { id, snapshot_id: missing } })).rejects.toSatisfy((e) => code(e) === "not_found");
    const stranger = await app.signUp();
    const path = `/api/projects/${id}/snapshots/${snapshot_id}/tables`;
    expect((await app.request(path, { user: stranger })).status).toBe(404);
    expect((await app.request(path)).status).toBe(401);
  });

  test("reports a failed snapshot in the task and the row", async () => {
    const { id, params } = await fresh();
    const sandbox = await app.runtime.open({ id });
    await sandbox.exec(["sh", "-c", "i=0; while [ $i -lt 240 ]; do mkdir d && cd d || exit 1; i=$((i+1)); done"]);
    const made = await api().create({ params, body: {} });
    expect(await ended(app, owner, made.task_id)).toMatchObject({ status: "failed", error: expect.stringContaining("nested") });
    const row = await api().get({ params: { id, snapshot_id: made.id } });
    expect(row).toMatchObject({ status: "error", ready_at: null, error: expect.stringContaining("nested") });
    await expect(api().restore({ params: { id, snapshot_id: made.id }, body: {} })).rejects.toSatisfy(
      (e) => code(e) === "snapshot_not_ready",
    );
    await expect(api().tables({ params: { id, snapshot_id: made.id } })).rejects.toSatisfy((e) => code(e) === "snapshot_not_ready");
    const download = await app.request(`/api/projects/${id}/snapshots/${made.id}/download`, { user: owner });
    expect([download.status, code(await download.json())]).toEqual([400, "snapshot_not_ready"]);
  });
});

describe("restoring", () => {
  test(
    "while it runs: stops it, restores .env and everything else, restarts it and keeps the previous state",
    { timeout: 60_000 },
    async () => {
      const { project } = await startedProject(app, owner);
      const { id, write, read, take, restore, list } = snapshotTools(project.id);
      const status = async () => Object.values((await app.as(owner).projects.status({ params: { id } })).containers)[0]?.status;
      await write("note.txt", "A");
      const a = await take("A");
      await write("note.txt", "B");
      await write("later.txt", "later");
      const sandbox = await app.runtime.open({ id });
      await sandbox.exec(["sh", "-c", "rm .env; mkdir -p node_modules/kept; echo x > node_modules/kept/i.js"]);
      const { accepted, task } = await restore(a.id);
      expect(task).toMatchObject({ status: "completed", error: null });
      expect([await read("note.txt"), await read("later.txt")]).toEqual(["A", 404]);
      expect(new TextDecoder().decode((await sandbox.files.read(".env")).data)).toBe("SECRET=planted\n");
      expect(await sandbox.files.stat("node_modules/kept/i.js")).toBeDefined();
      expect(await status()).toBe("running");
      expect((await app.as(owner).projects.get({ params: { id } })).environment_status).toBe("active");

      const safety = (await list()).items.find((s) => s.id === accepted.safety_snapshot_id);
      expect(safety).toMatchObject({ snapshot_type: "safety", status: "ready", label: "Before restore" });
      const { items } = await api().checkpoints({ params: { id }, query: {} });
      expect(items.map((c) => [c.kind, c.label])).toEqual([["restore", "Restored A"]]);
      // And back again.
      expect((await restore(safety?.id ?? "", { safety_snapshot: false })).accepted.safety_snapshot_id).toBeNull();
      expect([await read("note.txt"), await read("later.txt")]).toEqual(["B", "later"]);
      expect(await status()).toBe("running");
      await app.as(owner).projects.stop({ params: { id } });
    },
  );

  test("rejects during an agent run: 409 run_active; starts, snapshots and messages in between: 409 project_busy", async () => {
    const { id, params, take } = await fresh();
    const { id: snapshot_id } = await take();
    const oneFile = () => {
      const form = new FormData();
      form.set("file", new Blob(["rejected"]), "a.txt");
      return form;
    };
    const pretend = (type: string) =>
      app.studio.database.pool.query(
        "insert into tasks (user_id, project_id, type, status, unique_key, process_id) select $1, $2, $3, 'running', $4, id from (select process_id as id from tasks where process_id is not null limit 1) p returning id",
        [owner.id, id, type, type === "snapshot_restore" ? `snapshot_restore:${id}` : null],
      );
    const end = () =>
      app.studio.database.pool.query(
        "update tasks set status = 'failed', completed_at = now() where project_id = $1 and status = 'running'",
        [id],
      );
    await app.as(owner).git.init({ body: { project_id: id } });
    const service = await app.as(owner).containers.create({ params, body: { container_type: "service", service_slug: "redis" } });
    await pretend("agent_execution");
    await expect(api().restore({ params: { id, snapshot_id }, body: {} })).rejects.toSatisfy((e) => code(e) === "run_active");
    await end();
    await pretend("snapshot_creation");
    await expect(api().restore({ params: { id, snapshot_id }, body: {} })).rejects.toSatisfy((e) => code(e) === "snapshot_pending");
    await end();
    await pretend("snapshot_restore");
    for (const attempt of [
      () => api().restore({ params: { id, snapshot_id }, body: {} }),
      () => api().create({ params, body: {} }),
      () => api().remove({ params: { id, snapshot_id } }),
      () => app.as(owner).projects.start({ params }),
      () => app.as(owner).projects.restart({ params }),
      () => app.as(owner).git.commit({ body: { project_id: id, message: "rejected" } }),
      () => app.as(owner).containers.create({ params, body: { name: "rejected" } }),
      () => app.as(owner).containers.rename({ params: { id, container_id: service.id }, body: { name: "rejected" } }),
      // The restore would undo them after they were answered.
      () => app.as(owner).files.put({ params: { id, path: "a.txt" }, body: { content: "rejected" } }),
      () => app.as(owner).files.remove({ params: { id, path: "package.json" } }),
      () => app.as(owner).files.rename({ params: { id }, body: { old_path: "package.json", new_path: "b.json" } }),
      () => app.as(owner).files.mkdir({ params: { id }, body: { path: "rejected" } }),
      () => app.as(owner).files.upload({ params: { id }, form: oneFile() }),
      () => app.as(owner).assets.upload({ params: { id }, form: oneFile() }),
      () => app.as(owner).assets.createDirectory({ params: { id }, body: { directory: "rejected" } }),
    ])
      await expect(attempt()).rejects.toSatisfy((e) => code(e) === "project_busy");
    await end();
    expect((await api().restore({ params: { id, snapshot_id }, body: {} })).task_id).toBeTruthy();
  });

  test("restores assets with the tree", async () => {
    const { id, take, restore } = await fresh();
    const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
    const form = new FormData();
    form.set("file", new Blob([png], { type: "image/png" }), "dot.png");
    const uploaded = await app.request(`/api/projects/${id}/assets`, { method: "POST", user: owner, body: form });
    expect(uploaded.status).toBe(201);
    const { id: asset_id } = (await uploaded.json()) as { id: string };
    const before = await take("with the picture");
    await app.as(owner).assets.remove({ params: { id, asset_id } });
    await restore(before.id);
    const rows = await app.studio.database.pool.query("select missing_since from assets where project_id = $1", [id]);
    expect(rows.rows).toEqual([{ missing_since: null }]);
  });

  test("a cancelled restore leaves everything unchanged and running", { timeout: 60_000 }, async () => {
    const { project } = await startedProject(app, owner);
    const { id, write, read, take } = snapshotTools(project.id);
    await write("note.txt", "A");
    const a = await take("A");
    await write("note.txt", "B");
    const accepted = await api().restore({ params: { id, snapshot_id: a.id }, body: {} });
    await app.as(owner).tasks.cancel({ params: { task_id: accepted.task_id } });
    const task = await ended(app, owner, accepted.task_id);
    expect(["cancelled", "completed"]).toContain(task.status);
    expect(await read("note.txt")).toBe(task.status === "completed" ? "A" : "B");
    const status = await app.as(owner).projects.status({ params: { id } });
    expect(Object.values(status.containers)[0]?.status).toBe("running");
    const safety = await api().get({ params: { id, snapshot_id: accepted.safety_snapshot_id ?? "" } });
    expect(["ready", "error"]).toContain(safety.status);
    await app.as(owner).projects.stop({ params: { id: project.id } });
  });
});

describe("reading", () => {
  test("diffs against now and another snapshot have files, lines and a patch; one path on request", async () => {
    const { id, write, take } = await fresh();
    await write("a.txt", "one\ntwo\n");
    const one = await take("one");
    await write("a.txt", "one\n2\n");
    await write("b.txt", "new\n");
    const expected = {
      total: 2,
      additions: 2,
      deletions: 1,
      files: [
        {
          path: "a.txt",
          old_path: null,
          status: "modified",
          additions: 1,
          deletions: 1,
          is_binary: false,
          patch: "@@ -1,2 +1,2 @@\n one\n-two\n+2",
        },
        { path: "b.txt", old_path: null, status: "added", additions: 1, deletions: 0, is_binary: false, patch: "@@ -0,0 +1 @@\n+new" },
      ],
    };
    const trimmed = async (query: object) => {
      const diff = await api().diff({ params: { id, snapshot_id: one.id }, query });
      return { ...diff, files: diff.files.map((f) => ({ ...f, patch: f.patch?.trimEnd() })) };
    };
    expect(await trimmed({})).toEqual(expected);
    const two = await take("two");
    expect(await trimmed({ against: two.id })).toEqual(expected);
    expect((await trimmed({ against: "now", path: "b.txt" })).files.map((f) => f.path)).toEqual(["b.txt"]);
    expect(await api().diff({ params: { id, snapshot_id: two.id }, query: { against: "now" } })).toMatchObject({ files: [], total: 0 });
    await expect(api().diff({ params: { id, snapshot_id: one.id }, query: { against: missing } })).rejects.toSatisfy(
      (e) => code(e) === "not_found",
    );
    expect((await app.request(`/api/projects/${id}/snapshots/${one.id}/diff?against=yesterday`, { user: owner })).status).toBe(422);
    for (const [path, refusal] of [
      ["..", "400 path_traversal"],
      ["..%2f..%2fetc", "400 path_traversal"],
      ["a%2f..%2fa.txt", "400 path_traversal"],
      ["a%00b", "400 bad_path"],
      [".git%2fconfig", "403 git_directory"],
    ] as const) {
      const response = await app.request(`/api/projects/${id}/snapshots/${one.id}/diff?path=${path}`, { user: owner });
      expect([path, `${response.status} ${((await response.json()) as { code: string }).code}`]).toEqual([path, refusal]);
    }
    // Similar names are unchanged files, and the root is everything.
    for (const [path, total] of [
      ["%20", 0],
      ["-rf", 0],
      ["*", 0],
      [":(top)b.txt", 0],
      ["..%5cb.txt", 0],
      ["a".repeat(3000), 0],
      ["/", 2],
      ["./b.txt", 1],
      ["b.txt/", 1],
    ] as const) {
      const response = await app.request(`/api/projects/${id}/snapshots/${one.id}/diff?path=${path}`, { user: owner });
      expect([path, response.status, ((await response.json()) as { total: number }).total]).toEqual([path, 200, total]);
    }
  });

  test("downloads everything as zip and tar.gz", async () => {
    const { id, write, take } = await fresh();
    await write("src/a.txt", "one");
    const pages = Array.from({ length: 12 }, (_, i) => `pages/${String(i).padStart(2, "0")}.txt`);
    for (const path of pages) await write(path, path);
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => void warnings.push(message);
    process.on("warning", onWarning);
    onTestFinished(() => void process.off("warning", onWarning));
    const sandbox = await app.runtime.open({ id });
    await sandbox.exec([
      "sh",
      "-c",
      "mkdir -p .git empty; echo ref > .git/HEAD; echo S=1 > .env; ln -s src/a.txt link; ln -s /etc/passwd evil; chmod +x src/a.txt",
    ]);
    const { id: snapshot_id, snapshot_name } = await take();
    const zip = await app.request(`/api/projects/${id}/snapshots/${snapshot_id}/download`, { user: owner });
    expect(zip.headers.get("content-disposition")).toContain(`${snapshot_name}.zip`);
    expect(await zipNames(Buffer.from(await zip.arrayBuffer()))).toEqual([".env", ".git/HEAD", "empty/", "link", ...pages, "src/a.txt"]);
    expect(warnings).toEqual([]);
    const tar = await app.request(`/api/projects/${id}/snapshots/${snapshot_id}/download?format=tar.gz`, { user: owner });
    const entries: Record<string, string> = {};
    const reader = extract();
    Readable.from([gunzipSync(Buffer.from(await tar.arrayBuffer()))]).pipe(reader);
    for await (const entry of reader) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      entries[entry.header.name] = entry.header.type === "symlink" ? `-> ${entry.header.linkname}` : Buffer.concat(chunks).toString();
    }
    expect(entries).toEqual({
      ".env": "S=1\n",
      ".git/HEAD": "ref\n",
      empty: "",
      link: "-> src/a.txt",
      "src/a.txt": "one",
      ...Object.fromEntries(pages.map((path) => [path, path])),
    });
    expect((await app.request(`/api/projects/${id}/snapshots/${snapshot_id}/download?format=rar`, { user: owner })).status).toBe(422);
  });

  test("a restore that fails after the files were restored says so", async () => {
    const { id, write, read, take, restore } = await fresh();
    await write("a.txt", "one\n");
    const { id: snapshot_id } = await take();
    await write("a.txt", "two\n");
    const { history } = await app.runtime.open({ id });
    const capture = history.capture.bind(history);
    history.capture = async (name, options) => {
      if (name.startsWith("checkpoint/")) throw new RuntimeError("storage_full", "There is no space left on this server.");
      return capture(name, options);
    };
    try {
      expect((await restore(snapshot_id, { safety_snapshot: false })).task).toMatchObject({
        status: "failed",
        error: "Files were restored. No checkpoint of the result was created: There is no space left on this server.",
        error_code: "storage_full",
      });
      expect(await read("a.txt")).toBe("one\n");
    } finally {
      history.capture = capture;
    }
  });

  test("a deleted snapshot frees its place in the limit", async () => {
    const { id, take, list } = await fresh();
    const { id: snapshot_id } = await take();
    await api().remove({ params: { id, snapshot_id } });
    expect((await list()).total).toBe(0);
    await expect(api().get({ params: { id, snapshot_id } })).rejects.toSatisfy((e) => code(e) === "not_found");
    expect(await (await app.runtime.open({ id })).history.names()).toEqual([]);
  });
});

test("other users get 404, anonymous callers 401, an invalid body 422, another project's snapshot 404", async () => {
  const { id, take } = await fresh();
  const other = await fresh();
  const { id: snapshot_id } = await take();
  const otherUser = await app.signUp();
  const base = `/api/projects/${id}`;
  const calls: [string, string][] = [
    ["GET", `${base}/snapshots`],
    ["POST", `${base}/snapshots`],
    ["GET", `${base}/snapshots/${snapshot_id}`],
    ["DELETE", `${base}/snapshots/${snapshot_id}`],
    ["POST", `${base}/snapshots/${snapshot_id}/restore`],
    ["GET", `${base}/snapshots/${snapshot_id}/diff`],
    ["GET", `${base}/snapshots/${snapshot_id}/download`],
    ["GET", `${base}/checkpoints`],
    ["GET", `${base}/checkpoints/${missing}/diff`],
    ["POST", `${base}/checkpoints/${missing}/restore`],
  ];
  for (const [method, path] of calls) {
    expect([path, (await app.request(path, { method, user: otherUser })).status]).toEqual([path, 404]);
    expect([path, (await app.request(path, { method })).status]).toEqual([path, 401]);
    if (path.includes("checkpoints/") || path.includes("snapshots/"))
      expect([path, (await app.request(path.replace(snapshot_id, missing).replace(id, other.id), { method, user: owner })).status]).toEqual(
        [path, 404],
      );
    if (path.includes(snapshot_id)) {
      expect((await app.request(path.replace(id, other.id), { method, user: owner })).status).toBe(404);
      expect((await app.request(path.replace(snapshot_id, "nonsense"), { method, user: owner })).status).toBe(422);
    }
  }
  for (const json of [{ label: 5 }, { label: "x".repeat(256) }, { label: null }])
    expect((await app.request(`${base}/snapshots`, { method: "POST", user: owner, json })).status).toBe(422);
  expect(
    (await app.request(`${base}/snapshots/${snapshot_id}/restore`, { method: "POST", user: owner, json: { safety_snapshot: "yes" } }))
      .status,
  ).toBe(422);
});

test("snapshots of a deleted project are hidden for the retention period, then deleted with their history", async () => {
  const { project } = await setUpProject(app, owner);
  const { id, take } = snapshotTools(project.id);
  const { id: snapshot_id } = await take();
  const removal = await app.as(owner).projects.remove({ params: { id } });
  expect(await ended(app, owner, removal.task_id)).toMatchObject({ status: "completed" });
  const row = async () =>
    (
      await app.studio.database.pool.query(
        "select project_id, is_soft_deleted, soft_delete_expires_at - now() > interval '29 days' as stays from snapshots where id = $1",
        [snapshot_id],
      )
    ).rows[0] as unknown;
  expect(await row()).toEqual({ project_id: null, is_soft_deleted: true, stays: true });
  expect(await app.runtime.histories()).toContain(id);
  const prune = async () => {
    await app.studio.database.pool.query("select graphile_worker.add_job('prune_snapshots', '{}'::json)");
    for (let i = 0; i < 200; i++) {
      const left = await app.studio.database.pool.query("select 1 from graphile_worker.jobs where task_identifier = 'prune_snapshots'");
      if (left.rowCount === 0) return;
      await sleep(50);
    }
    throw new Error("not pruned");
  };
  await prune();
  expect([await row(), (await app.runtime.histories()).includes(id)]).toEqual([
    { project_id: null, is_soft_deleted: true, stays: true },
    true,
  ]);
  await app.studio.database.pool.query("update snapshots set soft_delete_expires_at = now() - interval '1 minute' where id = $1", [
    snapshot_id,
  ]);
  await prune();
  expect([await row(), (await app.runtime.histories()).includes(id)]).toEqual([undefined, false]);
});

const zipNames = (data: Buffer): Promise<string[]> =>
  new Promise((resolve, reject) => {
    fromBuffer(data, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      const names: string[] = [];
      zip.on("entry", (entry: { fileName: string }) => {
        names.push(entry.fileName);
        zip.readEntry();
      });
      zip.on("end", () => resolve(names));
      zip.on("error", reject);
      zip.readEntry();
    });
  });
