import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { fetchPort, sandboxPort } from "@tesslate/runtime";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "@tesslate/testkit";
import { fromBufferPromise } from "yauzl";
import { ZipFile } from "yazl";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { changed } from "../../../testing/settings.ts";

let app: ProjectsApp;
let disk: Disposable;
let owner: TestUser;
beforeAll(async () => {
  app = await projectsApp();
  disk = changed(app.config.projects.diskBytes, { free: 48 * 2 ** 20 });
  owner = await app.signUp();
}, 60_000);
afterAll(async () => {
  disk[Symbol.dispose]();
  await app.close();
});

type Content = string | Buffer | { data: string | Buffer; mode: number };
async function zipOf(files: Record<string, Content>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(files)) {
    const { data, mode } = typeof content === "string" || Buffer.isBuffer(content) ? { data: content, mode: 0o100644 } : content;
    if (path.endsWith("/")) zip.addEmptyDirectory(path);
    else zip.addBuffer(Buffer.from(data as string), path, { mode });
  }
  zip.end();
  return buffer(zip.outputStream);
}
/** The same archive with a name replaced by one of the same length. */
const renamed = (zip: Buffer, from: string, to: string) => Buffer.from(zip.toString("latin1").replaceAll(from, to), "latin1");
const send = (zip: Buffer | undefined, query = "", name = "my site.zip") => {
  const form = new FormData();
  if (zip) form.append("file", new Blob([new Uint8Array(zip)]), name);
  else form.append("name", "no file");
  return app.request(`/api/projects/import${query}`, { method: "POST", user: owner, body: form });
};
const unzip = async (data: Buffer) => {
  const zip = await fromBufferPromise(data, { lazyEntries: true });
  const found: Record<string, { text: string; mode: number }> = {};
  for await (const entry of zip.eachEntry())
    found[entry.fileName] = {
      text: entry.fileName.endsWith("/") ? "" : (await buffer(await zip.openReadStreamPromise(entry))).toString(),
      mode: entry.externalFileAttributes >>> 16,
    };
  return found;
};
/** Uploads on their way, and archives that wait for setup. */
const waitingArchives = () =>
  ["scratch", "arrivals"].flatMap((folder) => {
    try {
      return readdirSync(join(app.dataDir, folder));
    } catch {
      return [];
    }
  });
const pathsOf = async (id: string) => (await app.as(owner).files.tree({ params: { id } })).entries.map((e) => e.path);

describe("import", () => {
  test("a zip becomes a project: strips one enclosing folder, keeps modes, detects port and command", async () => {
    const response = await send(
      await zipOf({
        "site/package.json": JSON.stringify({ scripts: { dev: "next dev" }, dependencies: { next: "16" } }),
        "site/run.sh": { data: "#!/bin/sh\n", mode: 0o100755 },
        "site/src/ü ß.txt": "grüße",
        "site/empty/": "",
        "site/src/coverage/plan.ts": "x",
        "site/node_modules/x/index.js": "x",
        "site/.git/config": "[core]\n\tfsmonitor = touch /tmp/x",
        "__MACOSX/site/._run.sh": "x",
      }),
    );
    expect(response.status).toBe(201);
    const created = (await response.json()) as { id: string; task_id: string; status_url: string; name: string };
    expect(created).toMatchObject({ name: "my site", status_url: `/api/tasks/${created.task_id}`, environment_status: "provisioning" });
    const task = await ended(app, owner, created.task_id);
    expect(task).toMatchObject({ type: "project_creation", status: "completed", metadata: { source_type: "import" } });
    expect(await pathsOf(created.id)).toEqual(["empty/", "package.json", "run.sh", "src/", "src/ü ß.txt"]);
    const { files } = await app.runtime.open({ id: created.id });
    // Not listed, but it may be hand-written.
    expect(await files.stat("src/coverage/plan.ts")).toMatchObject({ size: 1 });
    expect(((await files.stat("run.sh"))?.mode ?? 0) & 0o111).not.toBe(0);
    expect(((await files.stat("package.json"))?.mode ?? 0) & 0o111).toBe(0);
    expect((await app.as(owner).files.get({ params: { id: created.id, path: "src/ü ß.txt" } })) as object).toMatchObject({
      content: "grüße",
    });
    const { items } = await app.as(owner).containers.list({ params: { id: created.id } });
    expect(items).toMatchObject([{ name: "my site", internal_port: 3000, status: "stopped" }]);
    expect((task.result as { container_id: string }).container_id).toBe(items[0]?.id);
    await vi.waitFor(() => expect(waitingArchives()).toEqual([]));
  });

  test("accepts a name; keeps two top-level folders", async () => {
    const response = await send(await zipOf({ "a/x": "1", "b/y": "2" }), "?name=Two%20folders");
    const created = (await response.json()) as { id: string; task_id: string; name: string };
    expect(created.name).toBe("Two folders");
    await ended(app, owner, created.task_id);
    expect(await pathsOf(created.id)).toEqual(["a/", "a/x", "b/", "b/y"]);
  });

  test("one archive per user at a time; an interrupted upload leaves nothing", async () => {
    const socket = connect(app.port, "127.0.0.1");
    const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="half.zip"\r\n\r\n`;
    socket.write(
      `POST /api/projects/import HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${owner.token}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 1000000\r\n\r\n${head}${"x".repeat(100_000)}`,
    );
    await vi.waitFor(() => expect(waitingArchives()).toHaveLength(1));
    expect((await send(await zipOf({ "a/x": "1" }))).status).toBe(409);
    socket.destroy();
    await vi.waitFor(() => expect(waitingArchives()).toEqual([]));
    // The interrupted request ends shortly after its file is deleted.
    const next = await vi.waitFor(async () => {
      const response = await send(await zipOf({ "a/x": "1" }));
      expect(response.status).toBe(201);
      return response;
    });
    const created = (await next.json()) as { task_id: string };
    expect(await ended(app, owner, created.task_id)).toMatchObject({ status: "completed" });
  });

  test("a start command can be added later, and TESSLATE.md takes precedence", async () => {
    const created = (await (await send(await zipOf({ "notes.txt": "hello" }), "?name=Plain")).json()) as { id: string; task_id: string };
    await ended(app, owner, created.task_id);
    const [container] = (await app.as(owner).containers.list({ params: { id: created.id } })).items;
    const params = { id: created.id, container_id: container?.id ?? "" };
    // The process driver listens on this machine, where the usual port may be taken.
    await app.as(owner).containers.update({ params, body: { port: await freePort() } });
    const start = async () => {
      const { task_id } = await app.as(owner).containers.start({ params });
      return ended(app, owner, task_id);
    };
    expect(await start()).toMatchObject({ status: "failed", error: expect.stringMatching(/No start command for Plain/) });
    const write = (path: string, content: string) => app.as(owner).files.put({ params: { id: created.id, path }, body: { content } });
    const serve = (word: string) =>
      `require("http").createServer((_q, a) => a.end("${word}")).listen(Number(process.env.PORT), "127.0.0.1");`;
    await write("one.js", serve("one"));
    await write("two.js", serve("two"));
    await write("package.json", JSON.stringify({ scripts: { dev: "node one.js" } }));
    const responseText = async () => {
      const sandbox = await app.runtime.open({ id: created.id });
      const { port = 0 } = (await sandbox.services()).find((s) => s.port !== undefined) ?? {};
      return (await fetchPort(sandboxPort(sandbox, port), "/")).text();
    };
    expect(await start()).toMatchObject({ status: "completed", error: null });
    expect(await responseText()).toBe("one");
    await app.as(owner).projects.stop({ params: { id: created.id } });
    await write("TESSLATE.md", "**Start Command**:\n```bash\nexec node two.js\n```\n");
    expect(await start()).toMatchObject({ status: "completed" });
    expect(await responseText()).toBe("two");
    await app.as(owner).projects.stop({ params: { id: created.id } });
  }, 60_000);

  test("rejects hostile and broken archives and stores nothing", async () => {
    const ok = await zipOf({ "aaaa/evil.txt": "x", "b.txt": "y" });
    const cases: [string, Buffer, number, string][] = [
      ["not a readable ZIP", Buffer.from("hello"), 400, "bad_archive"],
      ["empty", Buffer.alloc(0), 400, "bad_archive"],
      ["cut", ok.subarray(0, ok.length - 30), 400, "bad_archive"],
      ["no files", await zipOf({ "a/": "" }), 400, "bad_archive"],
      ["traversal", renamed(ok, "aaaa/evil.txt", "a/../../il.tx"), 400, "bad_archive"],
      ["traversal by backslash", renamed(ok, "aaaa/evil.txt", "a\\..\\..\\l.tx"), 400, "bad_archive"],
      ["absolute", renamed(ok, "aaaa/evil.txt", "/aaa/evil.txt"), 400, "bad_archive"],
      ["drive", renamed(ok, "aaaa/evil.txt", "C:\\a/evil.txt"), 400, "bad_archive"],
      ["nul", renamed(ok, "aaaa/evil.txt", "aaaa/ev\0l.txt"), 400, "bad_archive"],
      ["link", await zipOf({ l: { data: "/etc/passwd", mode: 0o120777 } }), 400, "bad_archive"],
      ["device", await zipOf({ d: { data: "", mode: 0o060666 } }), 400, "bad_archive"],
      ["pipe", await zipOf({ p: { data: "", mode: 0o010666 } }), 400, "bad_archive"],
      ["twice", renamed(await zipOf({ "one.txt": "1", "two.txt": "2" }), "two.txt", "one.txt"), 400, "bad_archive"],
      ["file and folder", renamed(await zipOf({ aa: "1", "bb/c": "2" }), "bb/c", "aa/c"), 400, "bad_archive"],
      ["bomb", await zipOf({ zeros: Buffer.alloc(40 * 2 ** 20) }), 400, "bad_archive"],
      [
        "too much for the quota",
        // Random bytes first, so that it is not a ZIP bomb.
        await zipOf({ n: randomBytes(2 ** 20), a: Buffer.alloc(25 * 2 ** 20), b: Buffer.alloc(25 * 2 ** 20) }),
        507,
        "storage_full",
      ],
    ];
    const before = (await app.as(owner).projects.list()).total;
    for (const [what, zip, status, code] of cases) {
      const response = await send(zip);
      const body = (await response.json()) as { code: string };
      expect([what, response.status, body.code]).toEqual([what, status, code]);
    }
    expect((await send(undefined)).status).toBe(422);
    expect((await app.request("/api/projects/import", { method: "POST", user: owner, json: {} })).status).toBe(422);
    expect((await app.request("/api/projects/import", { method: "POST", body: new FormData() })).status).toBe(401);
    expect((await app.as(owner).projects.list()).total).toBe(before);
    expect(waitingArchives()).toEqual([]);
  });

  test("an entry that unpacks to more than declared fails the setup with the reason", async () => {
    const zip = await zipOf({ "a.txt": "x".repeat(5000), "b.txt": "y" });
    // The size in the central directory, which the checks use.
    const at = zip.lastIndexOf("a.txt") - 46 + 24;
    expect(zip.readUInt32LE(at)).toBe(5000);
    zip.writeUInt32LE(50, at);
    const created = (await (await send(zip)).json()) as { id: string; task_id: string };
    expect(await ended(app, owner, created.task_id)).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/a\.txt cannot be unpacked/),
    });
    await vi.waitFor(() => expect(waitingArchives()).toEqual([]));
    expect(await app.as(owner).projects.status({ params: { id: created.id } })).toMatchObject({ environment_status: "setup_failed" });
  });

  test("a damaged archive fails the setup without other effects", async () => {
    const zip = await zipOf(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`noise${i}.bin`, randomBytes(300_000)])));
    zip.fill(0xff, zip.byteLength / 2, zip.byteLength / 2 + 64);
    const created = (await (await send(zip)).json()) as { id: string; task_id: string };
    expect(await ended(app, owner, created.task_id)).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/noise\d+\.bin cannot be unpacked/),
    });
    expect((await app.request("/health")).status).toBe(200);
  });

  test("rejects too many projects before reading anything", async () => {
    await using small = await projectsApp();
    using _ = changed(small.config.projects.maxCount, { free: 1 });
    const bob = await small.signUp();
    await setUpProject(small, bob);
    for (const call of [
      small.request("/api/projects", { method: "POST", user: bob, json: { name: "x" } }),
      small.request("/api/projects/import", { method: "POST", user: bob, body: new FormData() }),
    ]) {
      const response = await call;
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "project_limit_reached", details: { used: 1, limit: 1, unit: "count" } });
    }
    const [only] = (await small.as(bob).projects.list()).items;
    const fork = await small.request(`/api/projects/${only?.id}/fork`, { method: "POST", user: bob });
    expect(fork.status).toBe(403);
  });
});

describe("download", () => {
  let id: string;
  beforeAll(async () => {
    id = (await emptyProject(app, owner)).id;
    const { files } = await app.runtime.open({ id });
    await files.write("src/ü ß.txt", "grüße");
    await files.write("run.sh", "#!/bin/sh\n", { mode: 0o755 });
    await files.write(".env", "KEY=1");
    await files.mkdir("empty");
    for (const dir of ["node_modules/x", ".git", "dist", ".venv"]) await files.write(`${dir}/big.js`, "x");
    const root = join(app.runtimeDir, treeOf(id));
    await symlink("src/ü ß.txt", join(root, "inner"));
    await symlink("/etc/passwd", join(root, "outer"));
    await symlink("src", join(root, "folder"));
    await writeFile(join(root, "plain.bin"), Buffer.alloc(300_000, 7));
  });
  /** Where the driver stores the files: the test owns the runtime's folder. */
  const treeOf = (project: string) =>
    readdirSync(app.runtimeDir, { recursive: true })
      .map(String)
      .find((path) => path.endsWith(`${project}/files`)) ?? "";
  const expected = {
    ".env": 0o644,
    "empty/": 0o755,
    inner: 0o644,
    "plain.bin": 0o644,
    "run.sh": 0o755,
    "src/": 0o755,
    "src/ü ß.txt": 0o644,
  };

  test("zip: all listed files with modes; links only within the project", async () => {
    const response = await app.request(`/api/projects/${id}/download`, { user: owner });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/zip"]);
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename\*=UTF-8''test-\w+\.zip/);
    const found = await unzip(Buffer.from(await response.arrayBuffer()));
    expect(Object.fromEntries(Object.entries(found).map(([path, { mode }]) => [path, mode & 0o777]))).toEqual(expected);
    expect(found["src/ü ß.txt"]?.text).toBe("grüße");
    expect(found["inner"]?.text).toBe("grüße");
  });

  test("HEAD describes the download without creating it", async () => {
    const response = await app.request(`/api/projects/${id}/download`, { user: owner, method: "HEAD" });
    expect([response.status, response.headers.get("content-type"), (await response.arrayBuffer()).byteLength]).toEqual([
      200,
      "application/zip",
      0,
    ]);
    const otherUser = await app.signUp();
    expect((await app.request(`/api/projects/${id}/download`, { user: otherUser, method: "HEAD" })).status).toBe(404);
  });

  test("tar.gz: the same", async () => {
    const response = await app.request(`/api/projects/${id}/download?format=tar.gz`, { user: owner });
    expect(response.headers.get("content-type")).toBe("application/gzip");
    const { extract } = await import("tar-stream");
    const found: Record<string, number> = {};
    const unpack = extract();
    unpack.end(gunzipSync(Buffer.from(await response.arrayBuffer())));
    for await (const entry of unpack) {
      const name = entry.header.type === "directory" ? `${entry.header.name.replace(/\/$/, "")}/` : entry.header.name;
      found[name] = entry.header.mode ?? 0;
      entry.resume();
    }
    expect(found).toEqual(expected);
  });

  test("a download can be imported", async () => {
    const zip = Buffer.from(await (await app.request(`/api/projects/${id}/download`, { user: owner })).arrayBuffer());
    const created = (await (await send(zip)).json()) as { id: string; task_id: string };
    expect(await ended(app, owner, created.task_id)).toMatchObject({ status: "completed" });
    expect(await pathsOf(created.id)).toEqual(Object.keys(expected).sort());
  });

  test("zip: names that Windows reads as a drive or a folder", async () => {
    const { id: odd } = await emptyProject(app, owner);
    const { files } = await app.runtime.open({ id: odd });
    for (const name of ["C:notes.txt", "C_notes.txt", "..\\up.txt"]) await files.write(name, name);
    const response = await app.request(`/api/projects/${odd}/download`, { user: owner });
    expect(response.status).toBe(200);
    const found = await unzip(Buffer.from(await response.arrayBuffer()));
    expect(Object.fromEntries(Object.entries(found).map(([name, { text }]) => [name, text]))).toEqual({
      "C_notes.txt": "C_notes.txt",
      "C_notes.txt_": "C:notes.txt",
      ".._up.txt": "..\\up.txt",
    });
  });

  test("stops the work when the client disconnects", async () => {
    const { id: big } = await emptyProject(app, owner);
    const { files } = await app.runtime.open({ id: big });
    for (let i = 0; i < 4; i++) await files.write(`noise${i}.bin`, randomBytes(3_000_000));
    const openFiles = () => readdirSync("/proc/self/fd").length;
    const before = openFiles();
    for (const format of ["zip", "tar.gz"]) {
      const call = request({
        port: app.port,
        host: "127.0.0.1",
        path: `/api/projects/${big}/download?format=${format}`,
        headers: { host: "localhost", authorization: `Bearer ${owner.token}` },
      });
      call.end();
      await new Promise<void>((resolve) => call.once("response", (response) => response.once("data", () => resolve())));
      call.destroy();
    }
    await vi.waitFor(() => expect(openFiles()).toBeLessThanOrEqual(before));
  });

  test("other users get 404, anonymous callers 401, another format 422", async () => {
    const otherUser = await app.signUp();
    expect((await app.request(`/api/projects/${id}/download`, { user: otherUser })).status).toBe(404);
    expect((await app.request(`/api/projects/${id}/download`)).status).toBe(401);
    expect((await app.request(`/api/projects/${id}/download?format=rar`, { user: owner })).status).toBe(422);
  });
});

describe("fork", () => {
  test("copies files, containers and previews, without values or running services", async () => {
    const { project, container } = await setUpProject(app, owner, "Original");
    const { id } = project;
    await app.as(owner).files.put({ params: { id, path: "server.mjs" }, body: { content: "// changed" } });
    await app.as(owner).files.put({ params: { id, path: "src/new.txt" }, body: { content: "new" } });
    await app.as(owner).files.remove({ params: { id, path: ".env" } });
    const { files } = await app.runtime.open({ id });
    await files.link("latest", "src/new.txt");
    await files.write("run.sh", "#!/bin/sh\n", { mode: 0o755 });
    await files.write("src/coverage/plan.ts", "x");
    const service = await app.as(owner).containers.create({
      params: { id },
      body: { container_type: "service", service_slug: "openai", deployment_mode: "external", credentials: { OPENAI_API_KEY: "sk-hush" } },
    });
    await app
      .as(owner)
      .connections.create({ params: { id }, body: { source_container_id: service.id, target_container_id: container.id } });
    await app.as(owner).containers.update({
      params: { id, container_id: container.id },
      body: { env_vars_to_set: { SECRET_TOKEN: "hush" }, position_x: 77 },
    });
    await app.as(owner).previews.create({ params: { id }, body: { connected_container_id: container.id, position_x: 5, position_y: 6 } });
    const fork = await app.as(owner).transfer.fork({ params: { id }, body: {} });
    expect(fork).toMatchObject({ name: "Original (copy)", environment_status: "provisioning" });
    expect(await ended(app, owner, fork.task_id)).toMatchObject({ status: "completed", metadata: { source_type: "fork" } });
    expect(await pathsOf(fork.id)).toEqual(["latest", "run.sh", "server.mjs", "src/", "src/new.txt"]);
    const copy = await app.runtime.open({ id: fork.id });
    expect(await copy.files.stat("src/coverage/plan.ts")).toMatchObject({ size: 1 });
    expect([await copy.files.readLink("latest"), (await copy.files.stat("run.sh"))?.mode]).toEqual(["src/new.txt", 0o755]);
    expect((await app.as(owner).files.get({ params: { id: fork.id, path: "server.mjs" } })) as object).toMatchObject({
      content: "// changed",
    });
    const { items } = await app.as(owner).containers.list({ params: { id: fork.id } });
    expect(items).toMatchObject([
      { name: container.name, status: "stopped", env_var_keys: [], env_vars_count: 0, position_x: 77 },
      { name: service.name, container_type: "service", deployment_mode: "external", credentials_id: null },
    ]);
    const wires = await app.as(owner).connections.list({ params: { id: fork.id } });
    expect(wires.items).toMatchObject([{ source_container_id: items[1]?.id, target_container_id: items[0]?.id }]);
    expect(items[0]?.id).not.toBe(container.id);
    expect(items[0]?.url).not.toBe(container.url);
    const previews = await app.as(owner).previews.list({ params: { id: fork.id } });
    expect(previews.items).toMatchObject([{ connected_container_id: items[0]?.id, position_x: 5, position_y: 6 }]);
    await app.as(owner).files.put({ params: { id: fork.id, path: "src/new.txt" }, body: { content: "other" } });
    expect((await app.as(owner).files.get({ params: { id, path: "src/new.txt" } })) as object).toMatchObject({ content: "new" });
  });

  test("other users get 404, an invalid name 422, anonymous callers 401", async () => {
    const { project } = await setUpProject(app, owner);
    const otherUser = await app.signUp();
    const fork = (user: TestUser | undefined, json: object) =>
      app.request(`/api/projects/${project.id}/fork`, { method: "POST", ...(user && { user }), json });
    expect((await fork(otherUser, {})).status).toBe(404);
    expect((await fork(owner, { name: " " })).status).toBe(422);
    expect((await fork(undefined, {})).status).toBe(401);
  });
});
