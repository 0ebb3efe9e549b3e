import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { startS3Server, type S3Server } from "@tesslate/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeploymentRequest } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { ended, projectsApp, setUpProject, visitHost, type VisitOptions, type ProjectsApp } from "../../../testing/projects.ts";
import { artifact } from "../../../testing/artifacts.ts";
import { serveArtifact } from "../launch/site.ts";

/** Its files are in S3. */
let app: ProjectsApp;
let ada: TestUser;
let bucket: S3Server;
const servers: Server[] = [];
beforeAll(async () => {
  bucket = await startS3Server({ bucket: "studio", accessKeyId: "AKIATEST", secretAccessKey: "secret" });
  app = await projectsApp({
    env: {
      CHROMIUM_PATH: "/nowhere/chromium",
      OBJECTS_S3_BUCKET: "studio",
      OBJECTS_S3_ENDPOINT: bucket.endpoint,
      OBJECTS_S3_ACCESS_KEY_ID: "AKIATEST",
      OBJECTS_S3_SECRET_ACCESS_KEY: "secret",
    },
  });
  ada = await app.signUp();
});
afterAll(async () => {
  for (const server of servers) server.close();
  await app?.close();
  await bucket?.[Symbol.asyncDispose]();
});

const site = {
  "index.html": `<!doctype html><title>home</title>${"home ".repeat(400)}`,
  "plain.html": "<!doctype html><title>plain</title>",
  "docs/index.html": "<!doctype html><title>docs</title>",
  "assets/app-1a2b3c4d.js": `export const a = "${"x".repeat(5000)}";`,
  "assets/style.css": "body{color:red}",
  "data.json": "{}",
  "module.cjs": "1",
  "logo.svg": "<svg/>",
  "font.woff2": "woff",
  "empty.txt": "",
  "no-extension": "bytes",
};
const page = { accept: "text/html,*/*;q=0.8", "sec-fetch-dest": "document" };
const script = { accept: "*/*", "sec-fetch-dest": "script" };
const asset = "/assets/app-1a2b3c4d.js";
const requests: [path: string, options: VisitOptions][] = [
  ["/", { headers: page }],
  ["/", { headers: { ...page, "accept-encoding": "gzip" } }],
  ["/index.html", { headers: page }],
  [asset, { headers: script }],
  [asset, { headers: { ...script, "accept-encoding": "gzip, br" } }],
  [asset, { method: "HEAD", headers: script }],
  [asset, { headers: { range: "bytes=0-9" } }],
  [asset, { headers: { range: "bytes=-10" } }],
  [asset, { headers: { range: "bytes=99999-" } }],
  [asset, { headers: { range: "bytes=0-9", "if-range": '"other"' } }],
  [asset, { headers: { "if-none-match": "*" } }],
  ["/assets/missing.js", { headers: script }],
  ["/assets/missing.png", { headers: { "sec-fetch-dest": "image" } }],
  ["/missing.json", { headers: { accept: "application/json" } }],
  ["/about", { headers: page }],
  ["/about/", { headers: page }],
  ["/about?tab=1", { headers: page }],
  ["/plain", { headers: page }],
  ["/plain/", { headers: page }],
  ["/docs", { headers: page }],
  ["/docs?q=1", { headers: page }],
  ["/docs/", { headers: page }],
  ["/assets/", { headers: page }],
  ["/assets", { headers: page }],
  ["/data.json", {}],
  ["/module.cjs", {}],
  ["/logo.svg", {}],
  ["/font.woff2", {}],
  ["/empty.txt", {}],
  ["/no-extension", {}],
  ["/%E0%A4%A", {}],
  ["/..%2findex.html", {}],
  ["//example.org/", { headers: page }],
  ["/", { method: "POST", body: "x" }],
];

/** The artifact as the launch gate serves it to its browser. */
async function gateOf(files: Record<string, string>, spaFallback: boolean) {
  const gate = serveArtifact(artifact(files), { spaFallback, tap: () => ({ data: () => {}, end: () => {} }) });
  const server = createServer((request, response) => gate.request(request, response));
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return visitHost({ ...app, port }, `gate:${port}`);
}

test.each([
  ["with a fallback to index.html", {}],
  ["with a page for missing paths", { "404.html": "<!doctype html><title>not found</title>" }],
])("a site %s answers the same at the launch gate, as a preview and live", { timeout: 60_000 }, async (_, more) => {
  const files: Record<string, string> = { ...site, ...more };
  const { project } = await setUpProject(app, ada, "Site");
  const api = app.as(ada);
  const put = (path: string, content: string) => api.files.put({ params: { id: project.id, path }, body: { content } });
  await put("package.json", JSON.stringify({ scripts: { build: "node build.mjs" }, devDependencies: {} }));
  await put(
    "build.mjs",
    `import { mkdirSync, writeFileSync } from "node:fs"; import { dirname } from "node:path";
for (const [path, content] of Object.entries(${JSON.stringify(files)})) { mkdirSync(dirname("dist/" + path), { recursive: true }); writeFileSync("dist/" + path, content); }`,
  );
  const deployed = async (environment: "production" | "preview") => {
    const body: DeploymentRequest = { project_id: project.id, provider: "local", environment };
    const { task_id, deployment } = await api.deployments.create({ body });
    await ended(app, ada, task_id);
    const made = (await api.deployments.list({ params: { project_id: project.id }, query: {} })).items.find(
      ({ id }) => id === deployment.id,
    );
    expect(made).toMatchObject({ status: "success", environment });
    return visitHost(app, new URL(made?.deployment_url ?? "").host);
  };
  const [live, preview] = [await deployed("production"), await deployed("preview")];
  const gate = await gateOf(files, !("404.html" in files));

  for (const [path, options] of requests) {
    const what = `${options.method ?? "GET"} ${path} ${JSON.stringify(options.headers ?? {})}`;
    const answers = await Promise.all(
      [gate, preview, live].map(async (visit) => {
        const { status, headers, text } = await visit.fetch(path, options);
        // Headers of the connection and of previews.
        const { date: _date, connection: _connection, "keep-alive": _keepAlive, "x-robots-tag": _robots, ...rest } = headers;
        return { what, status, headers: rest, text };
      }),
    );
    expect(answers[1]).toEqual(answers[2]);
    expect(answers[0]).toEqual(answers[2]);
  }
  const status = async (path: string, options: VisitOptions) => (await gate.fetch(path, options)).status;
  const missing = "404.html" in files ? 404 : 200;
  expect(await status("/about", { headers: page })).toBe(missing);
  expect(await status("/assets/missing.js", { headers: script })).toBe(404);
  expect(await gate.fetch("/docs", { headers: page })).toMatchObject({ status: 308, headers: { location: "/docs/" } });
});

test("a site answers 503 while its bucket does not respond, and its files are deleted with its project", async () => {
  const { project } = await setUpProject(app, ada, "Site");
  const api = app.as(ada);
  await api.files.put({ params: { id: project.id, path: "index.html" }, body: { content: "<h1>Bread</h1>" } });
  await api.files.put({ params: { id: project.id, path: "package.json" }, body: { content: "{}" } });
  const { task_id } = await api.deployments.create({ body: { project_id: project.id, provider: "local" } });
  expect(await ended(app, ada, task_id)).toMatchObject({ error: null });
  const [made] = (await api.deployments.list({ params: { project_id: project.id }, query: {} })).items;
  const visitor = visitHost(app, new URL(made?.deployment_url ?? "").host);
  expect(await visitor.fetch("/")).toMatchObject({ status: 200, text: "<h1>Bread</h1>" });
  bucket.failNext(1000);
  expect(await visitor.fetch("/")).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
  bucket.failNext(0);
  expect(await visitor.fetch("/")).toMatchObject({ status: 200, text: "<h1>Bread</h1>" });

  const keys = () => [...bucket.objects.keys()].filter((key) => key.startsWith(`studio/deployments/${project.id}/`));
  expect(keys().map((key) => key.split("/").at(-1))).toEqual(["content", "files.json"]);
  await api.projects.remove({ params: { id: project.id } });
  await expect.poll(keys).toEqual([]);
});
