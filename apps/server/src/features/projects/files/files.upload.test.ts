import { connect } from "node:net";
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import type { TestUser } from "../../../testing/app.ts";
import { changed } from "../../../testing/settings.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { rangeOf } from "../../../http/range.ts";

let app: ProjectsApp;
let owner: TestUser;
let id: string;
beforeAll(async () => {
  app = await projectsApp();
  owner = await app.signUp();
  id = (await emptyProject(app, owner)).id;
}, 60_000);
afterAll(() => app.close());

const formOf = (files: Record<string, string | Buffer>) => {
  const form = new FormData();
  for (const [path, content] of Object.entries(files)) form.append("file", new Blob([content as string]), path);
  return form;
};
const upload = (files: Record<string, string | Buffer>, query = "") =>
  app.request(`/api/projects/${id}/file-upload${query}`, { method: "POST", user: owner, body: formOf(files) });
const restore = async (checkpoint_id: string) => {
  const { task_id } = await app.as(owner).snapshots.checkpointRestore({ params: { id, checkpoint_id }, body: { safety_snapshot: false } });
  expect(await ended(app, owner, task_id)).toMatchObject({ status: "completed", error: null });
};
const paths = async () => (await app.as(owner).files.tree({ params: { id } })).entries.map((e) => e.path);
/** Temporary files of uploads in progress, outside the tree. */
const pendingUploads = () => readdirSync(app.runtimeDir, { recursive: true }).filter((p) => /\/tmp\/./.test(String(p)));

describe("uploads", () => {
  test("stores many files with their folders, byte for byte", async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256));
    const response = await upload({ "site/index.html": "<p>hi", "site/img/ü ß.bin": bytes, "top.txt": "t" }, "?directory=in/here");
    expect(response.status).toBe(201);
    expect((await response.json()) as object).toMatchObject({
      files: [
        { path: "in/here/site/index.html", size: 5, content: null },
        { path: "in/here/site/img/ü ß.bin", size: 70_000 },
        { path: "in/here/top.txt" },
      ],
    });
    const raw = await app.request(`/api/projects/${id}/files/in/here/site/img/${encodeURIComponent("ü ß.bin")}?raw=true`, { user: owner });
    expect(Buffer.compare(Buffer.from(await raw.arrayBuffer()), bytes)).toBe(0);
  });

  test("overwrites nothing without ?overwrite=true; a conflict rejects the whole upload", async () => {
    expect((await upload({ "kept.txt": "1" })).status).toBe(201);
    const refused = await upload({ "kept.txt": "2", "fresh.txt": "2" });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ code: "conflict", details: { paths: ["kept.txt"] } });
    expect(await paths()).not.toContain("fresh.txt");
    const done = await upload({ "kept.txt": "2", "fresh.txt": "2" }, "?overwrite=true");
    expect(done.status).toBe(201);
    expect(await app.as(owner).files.get({ params: { id, path: "kept.txt" } })).toMatchObject({ content: "2" });
    // The response names the checkpoint.
    const { checkpoint_id } = (await done.json()) as { checkpoint_id: string };
    await restore(checkpoint_id);
    expect(await app.as(owner).files.get({ params: { id, path: "kept.txt" } })).toMatchObject({ content: "1" });
    expect(await (await upload({ "other.txt": "1" })).json()).toMatchObject({ checkpoint_id: null });
  });

  test("deleted and overwritten files can be restored from the checkpoint that the response names", async () => {
    const files = app.as(owner).files;
    const read = async (path: string) => (await files.get({ params: { id, path } })).content;
    await upload({ "old/a.txt": "a", "old/b.txt": "b", "from.txt": "from", "to.txt": "to" });
    const remove = async (path: string) =>
      (await app.request(`/api/projects/${id}/files/${path}?recursive=true`, { method: "DELETE", user: owner })).headers.get(
        "checkpoint-id",
      );
    // Consecutive deletions share a checkpoint that has all files.
    const first = await remove("old/a.txt");
    expect(await remove("old")).toBe(first);
    await restore(first ?? "");
    expect([await read("old/a.txt"), await read("old/b.txt")]).toEqual(["a", "b"]);
    // A later write requires a new checkpoint.
    await files.put({ params: { id, path: "old/c.txt" }, body: { content: "c" } });
    const second = await remove("old");
    expect(second).not.toBe(first);
    await restore(second ?? "");
    expect(await read("old/c.txt")).toBe("c");
    const moved = await files.rename({ params: { id }, body: { old_path: "from.txt", new_path: "to.txt", overwrite: true } });
    expect(await read("to.txt")).toBe("from");
    await restore(moved.checkpoint_id ?? "");
    expect(await read("to.txt")).toBe("to");
  });

  test.each([
    [{ "../out.txt": "x" }, 400, "path_traversal"],
    [{ "a/../../out.txt": "x" }, 400, "path_traversal"],
    [{ ".git/hooks/pre-commit": "x" }, 403, "git_directory"],
    [{ "nul\0": "x" }, 400, "bad_path"],
  ] as const)("%j is refused", async (files, status, code) => {
    const before = await paths();
    const response = await upload({ "beside.txt": "x", ...files });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
    expect(await paths()).toEqual(before);
  });

  test("a folder in the way is 409, no file and no form are 422", async () => {
    await upload({ "dir/file": "x" });
    expect((await upload({ dir: "x" }, "?overwrite=true")).status).toBe(409);
    expect((await upload({})).status).toBe(422);
    expect((await app.request(`/api/projects/${id}/file-upload`, { method: "POST", user: owner, json: {} })).status).toBe(422);
  });

  test("an upload whose client disconnects leaves nothing", async () => {
    const before = await paths();
    const socket = connect(app.port, "127.0.0.1");
    const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="half.bin"\r\n\r\n`;
    socket.write(
      `POST /api/projects/${id}/file-upload HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${owner.token}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 1000000\r\n\r\n${head}${"x".repeat(200_000)}`,
    );
    await vi.waitFor(() => expect(pendingUploads()).toHaveLength(1));
    socket.destroy();
    await vi.waitFor(() => expect(pendingUploads()).toEqual([]));
    expect(await paths()).toEqual(before);
  });

  test("a full project responds with 507 before anything is written, also to a plain write; deleting frees space", async () => {
    const limited = (await emptyProject(app, owner)).id;
    using _ = changed(app.config.projects.diskBytes, { free: 4 * 2 ** 20 });
    const { files } = await app.runtime.open({ id: limited });
    const put = (path: string, content: string) =>
      app.request(`/api/projects/${limited}/files/${path}`, { method: "PUT", user: owner, json: { content } });
    await files.write("0.txt", Buffer.alloc(2 ** 20, "a"));
    expect((await put("a.txt", "a".repeat(2 * 2 ** 20))).status).toBe(201);
    const full = await put("b.txt", "b".repeat(2 * 2 ** 20));
    expect(full.status).toBe(507);
    expect(await full.json()).toMatchObject({
      code: "storage_full",
      detail: expect.stringMatching(/disk limit is 4 MiB, of which \d+ MiB/),
    });
    const form = formOf({ "c.bin": Buffer.alloc(2 * 2 ** 20, 1) });
    expect((await app.request(`/api/projects/${limited}/file-upload`, { method: "POST", user: owner, body: form })).status).toBe(507);
    expect((await files.walk()).map((e) => e.path).filter((p) => /^[a-z]/.test(p))).toEqual(["a.txt"]);
    expect((await app.request(`/api/projects/${limited}/files/a.txt`, { method: "DELETE", user: owner })).status).toBe(204);
    await vi.waitFor(async () => expect((await put("b.txt", "b".repeat(2 * 2 ** 20))).status).toBe(201), {
      timeout: 10_000,
      interval: 200,
    });
  });
});

test("a batch returns readable files and the reasons for the rest", async () => {
  await upload({ "batch/a.txt": "A", "batch/b.bin": Buffer.from([0, 1, 255]) }, "?overwrite=true");
  const { files, errors } = await app
    .as(owner)
    .files.batch({ params: { id }, body: { paths: ["batch/a.txt", "batch/b.bin", "batch", "none", "../x", ".git/config", ""] } });
  expect(files.map((f) => [f.path, f.content, f.encoding])).toEqual([
    ["batch/a.txt", "A", "utf-8"],
    ["batch/b.bin", "AAH/", "base64"],
  ]);
  expect(errors).toEqual([
    { path: "batch", code: "is_directory" },
    { path: "none", code: "not_found" },
    { path: "../x", code: "path_traversal" },
    { path: ".git/config", code: "not_found" },
    { path: "", code: "bad_path" },
  ]);
  const tooMany = { paths: Array.from({ length: 201 }, (_, i) => `${i}`) };
  expect((await app.request(`/api/projects/${id}/file-batch`, { method: "POST", user: owner, json: tooMany })).status).toBe(422);
});

test("raw files are sent whole or in ranges", async () => {
  await upload({ "range.txt": "0123456789" }, "?overwrite=true");
  const get = (range?: string) =>
    app.request(`/api/projects/${id}/files/range.txt?raw=true`, { user: owner, ...(range && { headers: { range } }) });
  const complete = await get();
  expect([complete.status, complete.headers.get("content-length"), complete.headers.get("accept-ranges"), await complete.text()]).toEqual([
    200,
    "10",
    "bytes",
    "0123456789",
  ]);
  const head = await app.request(`/api/projects/${id}/files/range.txt?raw=true`, { user: owner, method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), head.headers.get("etag")]).toEqual([200, "10", complete.headers.get("etag")]);
  const part = await get("bytes=2-4");
  expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 2-4/10", "234"]);
  expect(part.headers.get("etag")).toBe(complete.headers.get("etag"));
});

test.each([
  ["bytes=0-0", { start: 0, end: 0 }],
  ["bytes=5-", { start: 5, end: 9 }],
  ["bytes=-3", { start: 7, end: 9 }],
  ["bytes=-30", { start: 0, end: 9 }],
  ["bytes=5-99", { start: 5, end: 9 }],
  ["bytes=10-", undefined],
  ["bytes=4-2", undefined],
  ["bytes=-", undefined],
  ["bytes=0-1,3-4", undefined],
  ["lines=0-1", undefined],
  [undefined, undefined],
])("the range %j of ten bytes", (header, range) => expect(rangeOf(header, 10)).toEqual(range));

test("a precondition on a file that does not exist fails", async () => {
  const response = await app.request(`/api/projects/${id}/files/never.txt`, {
    method: "PUT",
    user: owner,
    json: { content: "x" },
    headers: { "if-match": "*" },
  });
  expect(response.status).toBe(412);
});
