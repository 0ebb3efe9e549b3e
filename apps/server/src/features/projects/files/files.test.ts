import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ProjectEvent } from "@tesslate/contract";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TestUser } from "../../../testing/app.ts";
import { emptyProject, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";

let app: SandboxApp;
let owner: TestUser;
let otherUser: TestUser;
let project: ProjectRow;

beforeAll(async () => {
  app = await sandboxApp();
  owner = await app.signUp();
  otherUser = await app.signUp();
  project = await emptyProject(app, owner);
});
afterAll(() => app.close());

const at = (path: string) => `/api/projects/${project.slug}/files/${path.split("/").map(encodeURIComponent).join("/")}`;
const put = (path: string, content: unknown, headers: Record<string, string> = {}, more: object = {}) =>
  app.request(at(path), { method: "PUT", user: owner, headers, json: { content, ...more } });

describe("one file", () => {
  test("a file is created with 201, replaced with 200, read back with its ETag and deleted with 204", async () => {
    const created = await put("src/a file.ts", "one");
    expect(created.status).toBe(201);
    expect(await created.json()).toMatchObject({ path: "src/a file.ts", content: null, is_directory: false, size: 3 });
    const replaced = await put("src/a file.ts", "two!");
    expect(replaced.status).toBe(200);
    const read = await app.request(at("src/a file.ts"), { user: owner });
    const file = (await read.json()) as { etag: string; id: string };
    expect(file).toMatchObject({ content: "two!", encoding: "utf-8", is_binary: false, project_id: project.id });
    expect(read.headers.get("etag")).toBe(`"${file.etag}"`);
    expect(replaced.headers.get("etag")).toBe(`"${file.etag}"`);
    // The id belongs to the path: it is stable across requests.
    expect(((await (await app.request(at("src/a file.ts"), { user: owner })).json()) as { id: string }).id).toBe(file.id);
    const deleted = await app.request(at("src/a file.ts"), { method: "DELETE", user: owner });
    expect([deleted.status, await deleted.text()]).toEqual([204, ""]);
    expect((await app.request(at("src/a file.ts"), { user: owner })).status).toBe(404);
  });

  test("empty content is valid, missing or null content is 422", async () => {
    expect((await put("empty.txt", "")).status).toBe(201);
    for (const json of [{}, { content: null }, { content: 5 }])
      expect((await app.request(at("empty.txt"), { method: "PUT", user: owner, json })).status).toBe(422);
  });

  test("If-Match guards against lost updates and returns the current tag", async () => {
    const first = await put("guarded.txt", "1");
    const tag = first.headers.get("etag") ?? "";
    expect((await put("guarded.txt", "2", { "if-match": tag })).status).toBe(200);
    const stale = await put("guarded.txt", "3", { "if-match": tag });
    expect(stale.status).toBe(412);
    const current = ((await (await app.request(at("guarded.txt"), { user: owner })).json()) as { etag: string; content: string }).etag;
    expect(stale.headers.get("etag")).toBe(`"${current}"`);
    expect(await stale.json()).toMatchObject({ code: "etag_mismatch", details: { etag: current } });
    expect((await app.request(at("guarded.txt"), { method: "DELETE", user: owner, headers: { "if-match": tag } })).status).toBe(412);
    expect((await put("guarded.txt", "4", { "if-none-match": "*" })).status).toBe(412);
    expect((await put("fresh.txt", "4", { "if-none-match": "*" })).status).toBe(201);
  });

  test("of concurrent guarded writes exactly one succeeds", async () => {
    const tag = (await put("race.txt", "0")).headers.get("etag") ?? "";
    const responses = await Promise.all(Array.from({ length: 8 }, (_, i) => put("race.txt", `${i + 1}`, { "if-match": tag })));
    expect(responses.filter((a) => a.status === 200)).toHaveLength(1);
    expect(responses.filter((a) => a.status === 412)).toHaveLength(7);
  });

  test("binary content is read and written as base64, and read as bytes with ?raw=true", async () => {
    const bytes = Buffer.from([0, 255, 1, 254]);
    expect((await put("logo.bin", bytes.toString("base64"), {}, { encoding: "base64" })).status).toBe(201);
    expect((await put("logo.bin", "no base64!", {}, { encoding: "base64" })).status).toBe(400);
    expect(await (await app.request(at("logo.bin"), { user: owner })).json()).toMatchObject({
      is_binary: true,
      encoding: "base64",
      content: bytes.toString("base64"),
    });
    const raw = await app.request(`${at("logo.bin")}?raw=true`, { user: owner });
    expect(Buffer.from(await raw.arrayBuffer())).toEqual(bytes);
    expect(raw.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(raw.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("more than 10 MiB is 413 for writes and reads", async () => {
    expect((await put("big.txt", "x".repeat(10 * 1024 * 1024 + 1))).status).toBe(413);
    expect((await put("big.txt", "x".repeat(10 * 1024 * 1024))).status).toBe(201);
    const sandbox = await app.runtime.find(project.id);
    await sandbox?.files.write("bigger.txt", Buffer.alloc(10 * 1024 * 1024 + 1, 97));
    expect((await app.request(at("bigger.txt"), { user: owner })).status).toBe(413);
    expect((await (await app.request(`${at("bigger.txt")}?raw=true`, { user: owner })).arrayBuffer()).byteLength).toBe(
      10 * 1024 * 1024 + 1,
    );
    for (const path of ["big.txt", "bigger.txt"]) await app.request(at(path), { method: "DELETE", user: owner });
  });
});

describe("paths", () => {
  test.each(["..%2f..%2fetc%2fpasswd", "a%2f..%2f..%2fb", "a%00b", "%5c..%5cx"])("%s is refused with 400", async (path) => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const response = await app.request(`/api/projects/${project.slug}/files/${path}`, {
        method,
        user: owner,
        ...(method === "PUT" && { json: { content: "x" } }),
      });
      expect([method, response.status]).toEqual([method, 400]);
    }
  });

  test("a symlink out of the project can be neither read nor written through", async () => {
    const sandbox = await app.runtime.find(project.id);
    const made = await sandbox?.exec([
      "/bin/sh",
      "-c",
      "ln -s /etc/passwd leak; ln -s /etc outside; ln -s ../../../../../../etc/shadow deep-link",
    ]);
    expect(made?.exitCode).toBe(0);
    for (const path of ["leak", "outside/passwd", "deep-link"]) {
      const read = await app.request(at(path), { user: owner });
      expect([path, read.status >= 400 && read.status < 500, (await read.text()).includes("root:")]).toEqual([path, true, false]);
    }
    const written = await put("outside/evil.txt", "x");
    expect(written.status).toBeGreaterThanOrEqual(400);
    expect(written.status).toBeLessThan(500);
    const list = (await (await app.request(`/api/projects/${project.slug}/files?limit=500&content=true`, { user: owner })).json()) as {
      items: { path: string; content: string | null }[];
    };
    expect(JSON.stringify(list)).not.toContain("root:");
  });

  test(".git is neither readable nor writable", async () => {
    expect((await put(".git/config", "x")).status).toBe(403);
    expect((await app.request(at(".git/config"), { user: owner })).status).toBe(404);
  });

  test("files named like API routes stay reachable", async () => {
    expect((await put("rename", "r")).status).toBe(201);
    expect(await (await app.request(at("rename"), { user: owner })).json()).toMatchObject({ content: "r" });
  });
});

describe("directories, moves, lists", () => {
  test("mkdir responds with 201, then 200, and 409 over a file; a directory cannot be read, nor deleted without recursive", async () => {
    const mkdir = (path: string) =>
      app.request(`/api/projects/${project.slug}/files/directory`, { method: "POST", user: owner, json: { path } });
    expect((await mkdir("deep/er/est")).status).toBe(201);
    expect((await mkdir("deep/er/est")).status).toBe(200);
    await put("deep/file", "x");
    expect((await mkdir("deep/file")).status).toBe(409);
    expect((await put("deep/er", "x")).status).toBe(409);
    expect((await app.request(at("deep"), { user: owner })).status).toBe(400);
    expect((await app.request(at("deep"), { method: "DELETE", user: owner })).status).toBe(400);
    expect((await app.request(`${at("deep")}?recursive=true`, { method: "DELETE", user: owner })).status).toBe(204);
    expect((await app.request(`/api/projects/${project.slug}/files/%2f?recursive=true`, { method: "DELETE", user: owner })).status).toBe(
      400,
    );
  });

  test("rename moves a file and refuses the same path, its own subtree, a missing source and a taken target", async () => {
    const rename = (old_path: string, new_path: string, more: object = {}) =>
      app.request(`/api/projects/${project.slug}/files/rename`, { method: "POST", user: owner, json: { old_path, new_path, ...more } });
    await put("from/x.txt", "x");
    await put("taken.txt", "t");
    expect((await rename("from/x.txt", "to/deep/x.txt")).status).toBe(200);
    expect(await (await app.request(at("to/deep/x.txt"), { user: owner })).json()).toMatchObject({ content: "x" });
    expect((await rename("to", "to")).status).toBe(400);
    expect((await rename("to", "to/sub")).status).toBe(400);
    expect((await rename("missing", "y")).status).toBe(404);
    expect((await rename("to/deep/x.txt", "taken.txt")).status).toBe(409);
    expect((await rename("to/deep/x.txt", "taken.txt", { overwrite: true })).status).toBe(200);
    expect((await rename("taken.txt", "../out")).status).toBe(400);
    expect(
      (await app.request(`/api/projects/${project.slug}/files/rename`, { method: "POST", user: owner, json: { old_path: 1 } })).status,
    ).toBe(422);
  });

  test("the list is paged, skips generated files and includes contents of small text files", async () => {
    const other = await emptyProject(app, owner);
    const base = `/api/projects/${other.id}`;
    const write = (path: string, content: string) =>
      app.request(`${base}/files/${path}`, { method: "PUT", user: owner, json: { content } });
    await write("src/b.ts", "b");
    await write("src/a.ts", "a");
    await write("long.txt", "x".repeat(100_001));
    await write("node_modules/pkg/index.js", "no");
    await write(".env", "KEY=1");
    // More files than one page: the list without contents is complete.
    await Promise.all(Array.from({ length: 60 }, (_, i) => write(`many/${i}.txt`, "x")));
    const names = await app.as(owner).files.list({ params: { id: other.id }, query: {} });
    expect([names.total, names.items.length, names.total_pages]).toEqual([66, 66, 1]);
    expect(names.items.filter((file) => file.content !== null)).toEqual([]);
    const some = await app.as(owner).files.list({ params: { id: other.id }, query: { content: true } });
    expect([some.total, some.items.length, some.total_pages]).toEqual([66, 50, 2]);
    expect((await app.request(`${base}/files?content=true&limit=501`, { user: owner })).status).toBe(422);
    await app.request(`${base}/files/many?recursive=true`, { method: "DELETE", user: owner });
    const list = (await (await app.request(`${base}/files?content=true`, { user: owner })).json()) as {
      total: number;
      items: { path: string; content: string | null }[];
    };
    expect(list.items.map((f) => f.path)).toEqual([".env", "long.txt", "src/", "src/a.ts", "src/b.ts"]);
    expect(list.items.map((f) => f.content)).toEqual(["KEY=1", null, null, "a", "b"]);
    const page = (await (await app.request(`${base}/files?limit=2&page=2&content=false`, { user: owner })).json()) as {
      total: number;
      total_pages: number;
      items: { path: string; content: string | null }[];
    };
    expect(page).toMatchObject({ total: 5, page: 2, total_pages: 3 });
    expect(page.items.map((f) => [f.path, f.content])).toEqual([
      ["src/", null],
      ["src/a.ts", null],
    ]);
    const scoped = (await (await app.request(`${base}/files?container_dir=src`, { user: owner })).json()) as { items: { path: string }[] };
    expect(scoped.items.map((f) => f.path)).toEqual(["a.ts", "b.ts"]);
    expect(await (await app.request(`${base}/files?container_dir=nowhere`, { user: owner })).json()).toMatchObject({ items: [], total: 0 });
    expect((await app.request(`${base}/files?skip=0&page=1`, { user: owner })).status).toBe(422);
    const tree = await app.as(owner).files.tree({ params: { id: other.id } });
    expect(tree.entries.map((e) => e.path)).toEqual([".env", "long.txt", "src/", "src/a.ts", "src/b.ts"]);
  });
});

test("changes by any writer are emitted once on the project's stream", async () => {
  const other = await emptyProject(app, owner);
  const abort = new AbortController();
  const seen: ProjectEvent[] = [];
  const following = (async () => {
    for await (const event of app.as(owner).projects.events({ params: { id: other.id } }, { signal: abort.signal })) seen.push(event);
  })().catch(() => undefined);
  await sleep(800);
  await app.as(owner).files.put({ params: { id: other.id, path: "by-user.txt" }, body: { content: "1" } });
  const sandbox = await app.runtime.open({ id: other.id });
  await sandbox.exec(["/bin/sh", "-c", "echo 2 > by-process.txt"]);
  const isReported = (e: ProjectEvent) => e.type === "file_changed" && e.data.path === "by-process.txt";
  await vi.waitFor(() => expect(seen.some(isReported)).toBe(true));
  await sleep(600);
  abort.abort();
  await following;
  const changes = seen.flatMap((e) => (e.type === "file_changed" ? [[e.data.path, e.data.op, e.data.by]] : []));
  expect(changes.filter(([path]) => path === "by-user.txt")).toEqual([["by-user.txt", "add", "user"]]);
  expect(changes.filter(([path, , by]) => path === "by-process.txt" && by === "process").length).toBeGreaterThan(0);
});

test("another user gets 404 on every file route, an unauthenticated caller 401", async () => {
  const base = `/api/projects/${project.id}`;
  const calls: [string, string, object?][] = [
    ["GET", `${base}/files`],
    ["GET", `${base}/file-tree`],
    ["GET", `${base}/files/empty.txt`],
    ["PUT", `${base}/files/empty.txt`, { content: "x" }],
    ["DELETE", `${base}/files/empty.txt`],
    ["POST", `${base}/files/rename`, { old_path: "a", new_path: "b" }],
    ["POST", `${base}/files/directory`, { path: "d" }],
  ];
  for (const [method, path, json] of calls) {
    const response = await app.request(path, { method, user: otherUser, ...(json && { json }) });
    expect([method, path, response.status]).toEqual([method, path, 404]);
    expect(await response.json()).toEqual({ detail: "Project not found.", code: "not_found" });
    expect((await app.request(path, { method, ...(json && { json }) })).status).toBe(401);
  }
});
