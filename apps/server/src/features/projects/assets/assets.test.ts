import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { maxAssetBytes, type Asset } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { gif, pdf, png, svg } from "@tesslate/testkit";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import { emptyProject } from "../../../testing/sandbox.ts";
import { changed } from "../../../testing/settings.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

let app: ProjectsApp;
let owner: TestUser;
let id: string;
beforeAll(async () => {
  app = await projectsApp();
  owner = await app.signUp();
}, 60_000);
beforeEach(async () => {
  id = (await emptyProject(app, owner)).id;
});
afterAll(() => app.close());

interface UploadOptions {
  content?: Buffer | string;
  name?: string;
  type?: string;
  directory?: string;
  /** The directory as the form's last field. */
  late?: boolean;
}
const send = (
  { content = png(3, 2), name = "logo.png", type, directory, late }: UploadOptions = {},
  user: TestUser | undefined = owner,
  project = id,
) => {
  const form = new FormData();
  if (directory !== undefined && !late) form.append("directory", directory);
  form.append("file", new Blob([content as string], type === undefined ? {} : { type }), name);
  if (directory !== undefined && late) form.append("directory", directory);
  return app.request(`/api/projects/${project}/assets`, { method: "POST", user, body: form });
};
const upload = async (options?: UploadOptions): Promise<Asset> => {
  const response = await send(options);
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as Asset;
};
const call = () => app.as(owner).assets;
const list = (query: Parameters<ReturnType<typeof call>["list"]>[0]["query"] = {}) => call().list({ params: { id }, query });
const paths = async () => (await list()).items.map((a) => a.path);
const tree = async () => (await app.as(owner).files.tree({ params: { id } })).entries.map((e) => e.path);
/** The project's files on this machine. */
const onDisk = (path = "") => join(app.runtimeDir, "runtime/sandboxes", id, "files", path);

describe("uploading", () => {
  test("responds with 201 with the asset, which is a file of the tree, and lists the newest first", async () => {
    const first = await upload();
    expect(first).toEqual({
      id: expect.any(String),
      project_id: id,
      filename: "logo.png",
      directory: "/public",
      path: "public/logo.png",
      file_type: "image",
      file_size: png(3, 2).length,
      mime_type: "image/png",
      width: 3,
      height: 2,
      created_at: expect.stringMatching(/Z$/),
      url: `/api/projects/${id}/assets/${first.id}/file`,
    });
    expect(await tree()).toEqual(["public/", "public/logo.png"]);
    const second = await upload({ content: pdf, name: "paper.pdf", directory: "/docs/a/", late: true });
    expect(second).toMatchObject({ directory: "/docs/a", path: "docs/a/paper.pdf", file_type: "document", width: null });
    expect(await list()).toEqual({ items: [second, first], total: 2, page: 1, total_pages: 1 });
    expect((await list({ directory: "docs/a" })).items).toEqual([second]);
    expect((await list({ directory: "/docs" })).items).toEqual([]);
    expect((await list({ file_type: "image" })).items).toEqual([first]);
    expect((await list({ q: "PAP" })).items).toEqual([second]);
    expect((await list({ q: "%" })).total).toBe(0);
    expect((await list({ limit: 1, page: 2 })).items).toEqual([first]);
  });

  test.each([
    [{ name: "My Photo (1).v2.PNG" }, "public/My-Photo-_1__v2.PNG"],
    [{ name: "C:\\Users\\me\\a.png" }, "public/a.png"],
    [{ name: "../../../etc/a.png", directory: "" }, "a.png"],
    [{ name: "ärger.png", directory: "/" }, "_rger.png"],
    [{ name: "photo", type: "image/png" }, "public/photo.png"],
    [{ name: "evil.html", type: "image/png" }, "public/evil_html.png"],
    [{ name: ".png", type: "image/png" }, "public/_png.png"],
    [{ name: "a\\b/.git/c.png", directory: "src\\img" }, "src/img/c.png"],
  ] satisfies [UploadOptions, string][])("%j is stored as %s", async (options, path) => {
    expect((await upload(options)).path).toBe(path);
    expect(await tree()).toContain(path);
  });

  test("a name taken by an asset or any other file gets a number", async () => {
    await app.as(owner).files.put({ params: { id, path: "public/logo-1.png" }, body: { content: "mine" } });
    await app.as(owner).files.mkdir({ params: { id }, body: { path: "public/logo-2.png" } });
    const all = await Promise.all([upload(), upload(), upload()]);
    expect(all.map((a) => a.path).sort()).toEqual(["public/logo-3.png", "public/logo-4.png", "public/logo.png"]);
    expect((await app.as(owner).files.get({ params: { id, path: "public/logo-1.png" } })).content).toBe("mine");
  });

  test.each([
    [{ content: svg, name: "a.svg", type: "image/svg+xml" }, "image/svg+xml", "image"],
    [{ content: `\ufeff<!DOCTYPE svg [<!ENTITY a "b">]>${svg.slice(svg.indexOf("<!--"))}`, name: "b.svg" }, "image/svg+xml", "image"],
    [{ content: gif(7, 5), name: "really-a-gif.png", type: "image/png" }, "image/gif", "image"],
    [
      { content: Buffer.from("OggS\0\x02aaaaaaaabbbbccccdddd\x01\x1e\x01vorbis\0\0\0\0", "latin1"), name: "a.ogg", type: "audio/ogg" },
      "audio/ogg",
      "audio",
    ],
    [
      { content: Buffer.concat([Buffer.from("RIFF\x24\0\0\0WAVEfmt ", "latin1"), Buffer.alloc(30)]), name: "a.wav", type: "audio/x-wav" },
      "audio/wav",
      "audio",
    ],
    [
      { content: Buffer.concat([Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "latin1"), Buffer.alloc(9)]), name: "a.mp4" },
      "video/mp4",
      "video",
    ],
    [
      {
        content: Buffer.concat([Buffer.from("wOF2\0\x01\0\0", "latin1"), Buffer.alloc(40)]),
        name: "a.woff2",
        type: "application/x-font-woff2",
      },
      "font/woff2",
      "font",
    ],
    [
      {
        content: Buffer.concat([Buffer.from([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 24, 0]), Buffer.alloc(40)]),
        name: "a.ico",
        type: "image/vnd.microsoft.icon",
      },
      "image/x-icon",
      "image",
    ],
  ] satisfies [UploadOptions, string, string][])("%# of an allowed type is detected by its bytes", async (options, mime, type) => {
    expect(await upload(options)).toMatchObject({ mime_type: mime, file_type: type });
  });

  test.each([
    [{ content: "<html><script>1</script>", name: "a.html", type: "text/html" }],
    [{ content: "<html><script>1</script>", name: "a.png", type: "image/png" }],
    [{ content: "<html><svg></svg>", name: "a.svg", type: "image/svg+xml" }],
    [{ content: "<!-- <svg> ", name: "a.svg" }],
    [{ content: png(1, 1), name: "a.pdf" }],
    [{ content: png(1, 1), name: "a.png", type: "text/plain" }],
    [{ content: "MZ\0\0", name: "a.exe" }],
    [{ content: "", name: "a.png" }],
    [{ content: "x", name: "a" }],
  ] satisfies [UploadOptions][])("%j is refused and nothing is stored", async (options) => {
    const response = await send(options);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "asset_type_not_allowed" });
    expect([await tree(), (await list()).total]).toEqual([[], 0]);
  });

  test.each([
    ["../out", 400, "path_traversal"],
    ["a/../..", 400, "path_traversal"],
    ["a\0b", 400, "bad_path"],
    ["public/.git/x", 403, "git_directory"],
    ["x".repeat(300), 400, "bad_path"],
  ] as const)("into %j is refused", async (directory, status, code) => {
    for (const late of [false, true]) {
      const response = await send({ directory, late });
      expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })]);
    }
    expect(await tree()).toEqual([]);
  });

  test("accepts 20 MiB and not a byte more", async () => {
    const full = Buffer.alloc(maxAssetBytes);
    png(1, 1).copy(full);
    expect((await upload({ content: full })).file_size).toBe(maxAssetBytes);
    const response = await send({ content: Buffer.concat([full, Buffer.alloc(1)]), name: "big.png" });
    expect([response.status, await response.json()]).toEqual([413, expect.objectContaining({ code: "payload_too_large" })]);
    expect(await tree()).toEqual(["public/", "public/logo.png"]);
  });

  test("without a file or a form responds with 422; with several files 400; into a full project 507", async () => {
    const form = new FormData();
    form.append("directory", "public");
    form.append("file", "text, not a file");
    for (const init of [{ body: form }, { json: {} }])
      expect((await app.request(`/api/projects/${id}/assets`, { method: "POST", user: owner, ...init })).status).toBe(422);
    const two = new FormData();
    for (const name of ["a.png", "b.png"]) two.append("file", new Blob([png(1, 1) as unknown as string]), name);
    expect((await app.request(`/api/projects/${id}/assets`, { method: "POST", user: owner, body: two })).status).toBe(400);
    expect(await tree()).toEqual([]);
    using _ = changed(app.config.projects.diskBytes, { free: 2 * 2 ** 20 });
    id = (await emptyProject(app, owner)).id;
    await app.as(owner).files.put({ params: { id, path: "0.txt" }, body: { content: "a".repeat(2 ** 20) } });
    const most = Buffer.alloc(1.5 * 2 ** 20);
    png(1, 1).copy(most);
    const full = await send({ content: most });
    expect([full.status, await full.json()]).toEqual([507, expect.objectContaining({ code: "storage_full" })]);
    expect(await paths()).toEqual([]);
  });

  test("does not write outside the project through a link", async () => {
    const outside = temporaryFolder("outside");
    await app.runtime.open({ id });
    await symlink(outside, onDisk("public"));
    expect((await send()).status).toBeGreaterThanOrEqual(400);
    expect([await paths(), readdirSync(outside)]).toEqual([[], []]);
  });
});

describe("downloading", () => {
  // Like a browser: with a version query that bypasses its cache.
  const get = (asset: Asset, headers: Record<string, string> = {}) => app.request(`${asset.url}?v=1`, { user: owner, headers });

  test("sends the checked type with nosniff, supports ranges, and responds with 304 when unchanged", async () => {
    const asset = await upload();
    const full = await get(asset);
    expect(full.status).toBe(200);
    expect(Object.fromEntries(full.headers)).toMatchObject({
      "content-type": "image/png",
      "x-content-type-options": "nosniff",
      "content-disposition": "inline; filename*=UTF-8''logo.png",
      "content-length": String(asset.file_size),
      "content-security-policy": expect.stringContaining("sandbox"),
      "cache-control": "private, no-cache",
    });
    expect(Buffer.from(await full.arrayBuffer())).toEqual(png(3, 2));
    const part = await get(asset, { range: "bytes=1-3" });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, `bytes 1-3/${asset.file_size}`, "PNG"]);
    const again = await get(asset, { "if-none-match": full.headers.get("etag") ?? "" });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });

  test("sends an SVG as a download with scripts disabled", async () => {
    const { headers } = await get(await upload({ content: svg, name: "a.svg" }));
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "image/svg+xml",
      "content-disposition": "attachment; filename*=UTF-8''a.svg",
      "content-security-policy": expect.stringMatching(/^default-src 'none'.*sandbox/),
      "x-content-type-options": "nosniff",
    });
  });

  test("keeps the checked type when the file changes to another type", async () => {
    const asset = await upload();
    await writeFile(onDisk("public/logo.png"), "<html><script>1</script>");
    expect((await get(asset)).headers.get("content-type")).toBe("image/png");
    expect(await paths()).toEqual([]);
    expect((await get(asset)).status).toBe(404);
  });
});

describe("changing", () => {
  const patch = (asset: Asset, json: unknown, user = owner) =>
    app.request(`/api/projects/${id}/assets/${asset.id}`, { method: "PATCH", user, json });

  test("a new name or directory moves the file", async () => {
    const asset = await upload();
    const renamed = await call().update({ params: { id, asset_id: asset.id }, body: { filename: "New logo.png" } });
    expect(renamed).toEqual({ ...asset, filename: "New-logo.png", path: "public/New-logo.png" });
    const moved = await call().update({ params: { id, asset_id: asset.id }, body: { directory: "/", filename: "x.html" } });
    expect(moved).toMatchObject({ path: "x_html.png", directory: "/" });
    expect(await tree()).toEqual(["public/", "x_html.png"]);
    expect(await call().update({ params: { id, asset_id: asset.id }, body: {} })).toEqual(moved);
    expect((await list()).items).toEqual([moved]);
  });

  test("a move onto another file is 409, outside the project 400, with a bad body 422", async () => {
    const [a, b] = [await upload(), await upload({ name: "b.png" })];
    const taken = await patch(a, { filename: "b.png" });
    expect([taken.status, await taken.json()]).toEqual([409, expect.objectContaining({ details: { path: "public/b.png" } })]);
    expect((await patch(a, { directory: "../x" })).status).toBe(400);
    expect((await patch(a, { directory: ".git" })).status).toBe(403);
    for (const body of [{ filename: "" }, { filename: 5 }, { directory: null }, []]) expect((await patch(a, body)).status).toBe(422);
    expect((await list()).items).toEqual([b, a]);
  });

  test("delete responds with 204 and deletes the file; a file that is already deleted is no error", async () => {
    const [a, b] = [await upload(), await upload({ name: "b.png" })];
    const remove = (asset: Asset) => app.request(`/api/projects/${id}/assets/${asset.id}`, { method: "DELETE", user: owner });
    const removed = await remove(a);
    expect([removed.status, removed.headers.get("checkpoint-id")]).toEqual([204, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(await tree()).toEqual(["public/", "public/b.png"]);
    expect((await remove(a)).status).toBe(404);
    await rm(onDisk("public/b.png"));
    expect((await remove(b)).status).toBe(204);
    expect((await upload()).id).not.toBe(a.id);
  });

  test("another user's and another project's assets are 404; a malformed id is 422", async () => {
    const asset = await upload();
    const otherUser = await app.signUp();
    const other = (await emptyProject(app, owner)).id;
    for (const [method, path, user] of [
      ["GET", `${id}/assets`, otherUser],
      ["POST", `${id}/assets`, otherUser],
      ["GET", `${id}/assets/directories`, otherUser],
      ["GET", `${id}/assets/${asset.id}/file`, otherUser],
      ["DELETE", `${id}/assets/${asset.id}`, otherUser],
      ["GET", `${other}/assets/${asset.id}/file`, owner],
      ["DELETE", `${other}/assets/${asset.id}`, owner],
    ] as const) {
      const response = await app.request(`/api/projects/${path}`, { method, user, ...(method === "POST" && { body: new FormData() }) });
      expect([path, method, response.status]).toEqual([path, method, 404]);
    }
    expect((await patch(asset, {}, otherUser)).status).toBe(404);
    expect((await send({}, otherUser)).status).toBe(404);
    expect((await app.request(`/api/projects/${id}/assets/nonsense`, { method: "DELETE", user: owner })).status).toBe(422);
    expect((await app.request(asset.url)).status).toBe(401);
    expect(await paths()).toEqual(["public/logo.png"]);
  });

  test("changes are emitted on the project's stream after they are stored", async () => {
    const asset = await upload();
    await call().update({ params: { id, asset_id: asset.id }, body: { filename: "b.png" } });
    await call().remove({ params: { id, asset_id: asset.id } });
    const events: unknown[] = [];
    for await (const event of app.as(owner).projects.events({ params: { id }, query: { last_event_id: 0 } })) {
      if (event.type === "file_changed") events.push(event.data);
      if (events.length === 3) break;
    }
    expect(events).toMatchObject([
      { path: "public/logo.png", op: "add", by: "user" },
      { path: "public/logo.png", op: "move", new_path: "public/b.png", by: "user" },
      { path: "public/b.png", op: "delete", by: "user" },
    ]);
  });
});

describe("rows follow the tree", () => {
  test("when the API moves or deletes files and folders", async () => {
    const a = await upload({ directory: "img/ünder_%" });
    const b = await upload({ name: "b.png", directory: "img" });
    const files = app.as(owner).files;
    await files.rename({ params: { id }, body: { old_path: "img", new_path: "media/pics" } });
    expect((await list()).items.map((x) => [x.id, x.path])).toEqual([
      [b.id, "media/pics/b.png"],
      [a.id, "media/pics/ünder_%/logo.png"],
    ]);
    await files.rename({
      params: { id },
      body: { old_path: "media/pics/ünder_%/logo.png", new_path: "media/pics/b.png", overwrite: true },
    });
    expect((await list()).items.map((x) => [x.id, x.path])).toEqual([[a.id, "media/pics/b.png"]]);
    await files.remove({ params: { id, path: "media" }, query: { recursive: true } });
    expect(await paths()).toEqual([]);
    expect((await app.request(a.url, { user: owner })).status).toBe(404);
  });

  test("when a process in the sandbox moves, changes, deletes or restores a file", async () => {
    const a = await upload();
    const b = await upload({ name: "b.png" });
    await mkdir(onDisk("src/deep"), { recursive: true });
    await rename(onDisk("public/logo.png"), onDisk("src/deep/mark.png"));
    expect((await app.request(a.url, { user: owner })).status).toBe(200);
    expect((await list()).items.map((x) => [x.id, x.path])).toEqual([
      [b.id, "public/b.png"],
      [a.id, "src/deep/mark.png"],
    ]);
    await writeFile(onDisk("public/b.png"), gif(20, 10));
    expect((await list({ directory: "public" })).items).toMatchObject([
      { id: b.id, mime_type: "image/gif", width: 20, height: 10, file_size: 14 },
    ]);
    const kept = await readFile(onDisk("src/deep/mark.png"));
    await rm(onDisk("src"), { recursive: true });
    expect(await paths()).toEqual(["public/b.png"]);
    await mkdir(onDisk("src/deep"), { recursive: true });
    await writeFile(onDisk("src/deep/mark.png"), kept);
    await chmod(onDisk("src/deep/mark.png"), 0o644);
    expect((await list()).items.map((x) => x.id)).toEqual([b.id, a.id]);
  });

  test("when the project is forked: the fork has its own assets", async () => {
    const asset = await upload({ directory: "img" });
    const fork = await app.as(owner).transfer.fork({ params: { id }, body: {} });
    expect(await ended(app, owner, fork.task_id)).toMatchObject({ status: "completed" });
    const { items } = await call().list({ params: { id: fork.id } });
    expect(items).toMatchObject([{ path: "img/logo.png", width: 3, created_at: asset.created_at, project_id: fork.id }]);
    expect(items[0]?.id).not.toBe(asset.id);
    expect((await app.request(items[0]?.url ?? "", { user: owner })).status).toBe(200);
  });

  test("lists the directories of the tree with counts; creating one responds with 201, an existing one 200, a file in the way 409", async () => {
    await upload({ directory: "public/img" });
    await app.as(owner).files.mkdir({ params: { id }, body: { path: "node_modules/x" } });
    const make = (directory: unknown) =>
      app.request(`/api/projects/${id}/assets/directories`, { method: "POST", user: owner, json: { directory } });
    const made = await make("/src/icons/");
    expect([made.status, await made.json()]).toEqual([201, { directory: "/src/icons", asset_count: 0 }]);
    expect((await make("src/icons")).status).toBe(200);
    expect((await make("public/img/logo.png")).status).toBe(409);
    expect((await make("../x")).status).toBe(400);
    expect((await make(5)).status).toBe(422);
    expect(await call().directories({ params: { id } })).toEqual({
      items: [
        { directory: "/", asset_count: 0 },
        { directory: "/public", asset_count: 0 },
        { directory: "/public/img", asset_count: 1 },
        { directory: "/src", asset_count: 0 },
        { directory: "/src/icons", asset_count: 0 },
      ],
      total: 5,
      page: 1,
      total_pages: 1,
    });
  });
});
