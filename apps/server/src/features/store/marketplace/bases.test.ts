import { sql } from "drizzle-orm";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recorderOf } from "@tesslate/testkit";
import { startGitHost, type GitHost } from "@tesslate/testkit/git-host";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import { compareTags } from "./bases.versions.ts";

/** Responses of the GitHub API beside the repositories; `api` is set by the tests. */
let api: (path: string) => { status: number; body: unknown } | undefined = () => undefined;
const apiCalls: string[] = [];
const published = recorderOf("github");
const serve = (request: IncomingMessage, response: ServerResponse): boolean => {
  const path = /^\/api(\/repos\/.*)$/.exec(request.url ?? "")?.[1];
  if (path === undefined) return false;
  apiCalls.push(path);
  const { pathname, searchParams: query } = new URL(path, "http://github");
  published.record({ method: request.method ?? "GET", path: pathname, query, contentType: undefined, body: "" });
  const { status, body } = api(path) ?? { status: 404, body: {} };
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  return true;
};
let host: GitHost;
let app: ProjectsApp;
let ada: TestUser;
let bob: TestUser;
beforeAll(async () => {
  host = await startGitHost({ serve });
  app = await projectsApp({
    env: {
      OUTBOUND_ALLOW_HOSTS: `localhost:${host.port}`,
      OUTBOUND_CA_FILE: host.caFile,
      GITHUB_BASE_URL: host.url,
      GITHUB_API_URL: `${host.url}/api`,
    },
  });
  [ada, bob] = await Promise.all([app.signUp({ name: "Ada" }), app.signUp({ name: "Bob" })]);
}, 60_000);
afterAll(async () => {
  await app?.close();
  await host?.close();
});

const bases = (user: TestUser) => app.as(user).marketplaceBases;
const submit = (name: string, git_repo_url: string, visibility: "private" | "public" = "public") =>
  bases(ada).create({ body: { name, description: name, git_repo_url, category: "frontend", visibility } });
const createFrom = async (user: TestUser, body: { base_id: string; base_version?: string }) => {
  const created = await app.as(user).projects.create({ body: { name: "From a base", source_type: "base", ...body } });
  return { created, task: await ended(app, user, created.task_id) };
};
const refusal = (user: TestUser, json: object) =>
  app
    .request("/api/projects", { method: "POST", user, json: { name: "x", source_type: "base", ...json } })
    .then(async (response) => [response.status, ((await response.json()) as { code?: string }).code]);
const contentOf = async (user: TestUser, id: string, path: string) =>
  (await app.as(user).files.batch({ params: { id }, body: { paths: [path] } })).files[0]?.content;

describe("a project from a base", () => {
  test("uses its branch or a version; a free base is added to the library and counted once per user", async () => {
    const url = host.add("kit", { files: { "index.html": "one" }, branch: "trunk" });
    host.git("kit", "tag", "-a", "v1.0.0", "-m", "first", "trunk");
    const blob = host.git("kit", "hash-object", "-w", "--stdin", { input: "two" }).trim();
    const tree = host.git("kit", "mktree", { input: `100644 blob ${blob}\tindex.html\n` }).trim();
    host.git("kit", "update-ref", "refs/heads/trunk", host.git("kit", "commit-tree", tree, "-p", "trunk", "-m", "two").trim());
    const base = await bases(ada).create({
      body: { name: "Kit", description: "Kit", git_repo_url: url, category: "frontend", default_branch: "trunk", visibility: "public" },
    });
    const latest = await createFrom(bob, { base_id: base.slug });
    expect(latest.task).toMatchObject({ status: "completed", metadata: { source_type: "base" } });
    expect(await contentOf(bob, latest.created.id, "index.html")).toBe("two");
    const first = await createFrom(bob, { base_id: base.id, base_version: "v1.0.0" });
    expect(await contentOf(bob, first.created.id, "index.html")).toBe("one");
    expect(await app.as(bob).git.status({ params: { project_id: first.created.id } })).toMatchObject({ branch: "trunk", changes: [] });
    expect(await bases(bob).get({ params: { slug: "kit" } })).toMatchObject({ downloads: 1, is_purchased: true });
    expect((await app.as(bob).library.bases({ query: {} })).items.map((item) => item.slug)).toEqual(["kit"]);
    expect((await createFrom(bob, { base_id: "kit", base_version: "v9" })).task).toMatchObject({
      status: "failed",
      error: "This repository has no version v9.",
    });
  });

  test("works without network from a bundled one; private, unknown, unpaid bases and invalid versions are refused without a project", async () => {
    const template = (await bases(bob).list({ query: { creator_type: "official", limit: 50 } })).items.find(
      (b) => b.source_type === "archive",
    );
    const { created, task } = await createFrom(bob, { base_id: template?.slug ?? "" });
    expect(task.status).toBe("completed");
    expect((await app.as(bob).containers.list({ params: { id: created.id }, query: {} })).total).toBe(1);
    const hidden = await submit("Hidden", host.add("hidden", { files: { a: "a" } }), "private");
    const sold = await submit("Sold", host.add("sold", { files: { a: "a" } }));
    await app.db.execute(sql`update bases set pricing_type = 'one_time', price_cents = 500 where id = ${sold.id}`);
    const before = (await app.as(bob).projects.list({ query: {} })).total;
    expect(await refusal(bob, { base_id: hidden.id })).toEqual([404, "not_found"]);
    expect(await refusal(bob, { base_id: hidden.slug })).toEqual([404, "not_found"]);
    expect(await refusal(bob, { base_id: sold.slug })).toEqual([403, "not_in_library"]);
    expect(await refusal(bob, { base_id: "kit", base_version: "--upload-pack=sh" })).toEqual([422, undefined]);
    expect(await refusal(bob, { base_id: template?.slug, base_version: "v1" })).toEqual([422, undefined]);
    expect((await app.as(bob).projects.list({ query: {} })).total).toBe(before);
    expect((await createFrom(ada, { base_id: sold.slug })).task.status).toBe("completed");
  });
});

test("a project with secrets or install hooks is refused as a base; without them a project created from it has its files", async () => {
  const { created } = await createFrom(ada, { base_id: "sold" });
  const id = created.id;
  const put = (path: string, content: string) => app.as(ada).files.put({ params: { id, path }, body: { content } });
  const publish = (more: object = {}) =>
    app
      .request("/api/marketplace/bases", {
        method: "POST",
        user: ada,
        json: { name: "From a project", description: "x", category: "saas", visibility: "public", project_id: id, ...more },
      })
      .then(async (response) => ({
        status: response.status,
        body: (await response.json()) as { code?: string; details?: { findings: { path: string; line: number | null }[] } },
      }));
  await app.as(ada).secrets.set({ params: { project_id: id }, body: { key: "PAY_TOKEN", value: "tok-9f8e7d6c5b4a3210ffee" } });
  const key = `AKIA${"Q3EGVX7PLZW5KTYB"}`;
  await put("config/.env", "A=b");
  await put("src/pay.ts", `export const token = "tok-9f8e7d6c5b4a3210ffee";`);
  await put("src/aws.ts", `// line one\nconst id = "${key}";`);
  await put("package.json", JSON.stringify({ scripts: { dev: "vite", postinstall: "node x.js" } }));
  await put(".husky/pre-commit", "curl evil");
  await put(".env.example", "A=");
  const refused = await publish();
  expect([refused.status, refused.body.code]).toEqual([400, "base_rejected"]);
  expect(refused.body.details?.findings.map(({ path, line }) => [path, line]).toSorted()).toEqual([
    [".husky/pre-commit", null],
    ["config/.env", null],
    ["package.json", null],
    ["src/aws.ts", 2],
    ["src/pay.ts", null],
  ]);
  expect(JSON.stringify(refused.body)).not.toMatch(/tok-9f8e|AKIA/);
  await put("src/pay.ts", "export const token = process.env.PAY_TOKEN;");
  await put("src/aws.ts", "");
  await put("package.json", JSON.stringify({ scripts: { dev: "vite" } }));
  for (const path of ["config", ".husky"]) await app.as(ada).files.remove({ params: { id, path }, query: { recursive: true } });

  const picture = Buffer.from("the pixels of its app");
  await app.studio.database.pool.query(
    "insert into project_pictures (project_id, light, dark) values ($1, $2, $2) on conflict (project_id) do update set light = $2, dark = $2",
    [id, picture.toString("base64")],
  );
  const made = await publish();
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({ source_type: "archive", git_repo_url: null, slug: "from-a-project", template_slug: null });
  // The template has a copy of the project's picture, which people without access to the project see.
  const { pictures } = await app.as(bob).marketplaceBases.get({ params: { slug: "from-a-project" } });
  expect(Buffer.from(await (await app.request(pictures?.light ?? "")).arrayBuffer())).toEqual(picture);
  expect(
    (
      await app.request("/api/marketplace/bases", {
        method: "POST",
        user: bob,
        json: { name: "x", description: "x", category: "saas", project_id: id },
      })
    ).status,
  ).toBe(404);
  expect((await publish({ git_repo_url: "https://git.example.com/a" })).status).toBe(422);
  const copy = await createFrom(bob, { base_id: "from-a-project" });
  expect(copy.task.status).toBe("completed");
  expect(await contentOf(bob, copy.created.id, "src/pay.ts")).toContain("PAY_TOKEN");
  expect((await app.as(bob).secrets.list({ params: { project_id: copy.created.id }, query: {} })).total).toBe(0);
  await bases(ada).remove({ params: { id: "from-a-project" } });
  expect(await readdir(join(app.dataDir, "bases"))).toEqual([]);
  expect((await readdir(join(app.dataDir, "arrivals"))).filter((name) => name.endsWith(".zip"))).toEqual([]);
});

test("versions come from all pages of the API in version order, from git when the API fails, from the cache when both fail", async () => {
  const url = host.add("gh/tool", { files: { a: "a" } });
  const tool = await submit("Tool", url);
  const read = (slug: string) => bases(bob).versions({ params: { slug }, query: {} });
  const sha = host.git("gh/tool", "rev-parse", "main").trim();
  // GitHub lists tags by name, backwards: the newest version is on the second page.
  const tags = [...Array.from({ length: 120 }, (_, i) => `v9.${i}.0`), "v10.0.0", "v10.0.0-rc.1"].sort().toReversed();
  api = (path) => {
    const { pathname, searchParams } = new URL(path, "http://github");
    if (!pathname.endsWith("/tags")) return { status: 200, body: { commit: { committer: { date: "2026-01-02T03:04:05Z" } } } };
    const [size, page] = ["per_page", "page"].map((name) => Number(searchParams.get(name))) as [number, number];
    return { status: 200, body: tags.slice(size * (page - 1), size * page).map((name) => ({ name, commit: { sha } })) };
  };
  expect(tags.slice(0, 100)).not.toContain("v10.0.0");
  expect(await read(tool.slug)).toMatchObject({
    total: 5,
    status: "current",
    default_branch: "main",
    git_repo_url: url,
    items: [
      { tag: "v10.0.0", sha: sha.slice(0, 7), date: "2026-01-02T03:04:05.000Z", url: `${host.url}/gh/tool/releases/tag/v10.0.0` },
      { tag: "v10.0.0-rc.1" },
      { tag: "v9.119.0" },
      { tag: "v9.118.0" },
      { tag: "v9.117.0" },
    ],
  });
  const calls = apiCalls.length;
  await read(tool.slug);
  expect(apiCalls.length).toBe(calls);

  api = () => ({ status: 403, body: { message: "API rate limit exceeded" } });
  const other = host.add("gh/other", { files: { a: "a" } });
  for (const tag of ["v1.9.0", "v1.10.0", "v2.0.0-rc.1", "v2.0.0", "v0.1", "nightly"]) host.git("gh/other", "tag", tag, "main");
  const second = await submit("Other", other);
  expect((await read(second.slug)).items.map((version) => [version.tag, version.date])).toEqual(
    ["v2.0.0", "v2.0.0-rc.1", "v1.10.0", "v1.9.0", "v0.1"].map((tag) => [tag, null]),
  );
  const untagged = await submit("Untagged", host.add("gh/untagged", { files: { a: "a" } }));
  expect(await read(untagged.slug)).toMatchObject({ items: [], total: 0, status: "current" });
  const third = await submit("Nowhere", `${host.url}/gh/nowhere.git`);
  const callsBefore = apiCalls.length;
  expect(await read(third.slug)).toMatchObject({ items: [], total: 0, status: "unavailable" });
  // After a refusal the API is not called for a while.
  expect(apiCalls.length).toBe(callsBefore);
  published.verify();
  expect([...published.operations]).toEqual(["GET /repos/{owner}/{repo}/tags", "GET /repos/{owner}/{repo}/commits/{ref}"]);
});

test("tags are sorted by version", () => {
  const tags = ["v1.2.0", "v1.10.0", "release-1.2.1", "v1.2.0-beta.2", "v1.2.0-beta.10", "latest"];
  expect(tags.toSorted((a, b) => compareTags(b, a))).toEqual([
    "v1.10.0",
    "release-1.2.1",
    "v1.2.0",
    "v1.2.0-beta.10",
    "v1.2.0-beta.2",
    "latest",
  ]);
});
