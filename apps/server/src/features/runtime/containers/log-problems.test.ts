import { expect, test, vi } from "vitest";
import type { ProjectEvent } from "@tesslate/contract";
import { freePort } from "@tesslate/testkit";
import { containers } from "../../../db/schema/runtime.ts";
import { enterPreview } from "../../../testing/projects.ts";
import { emptyProject, sandboxApp } from "../../../testing/sandbox.ts";
import { startUp } from "../../../testing/shell.ts";

const script = `
const logError = () => console.error("ready\\nTypeError: planted-value is not a function\\n    at f (/app/src/a.js:3:5)\\n    at node:internal/x:1:1");
require("http").createServer((q, s) => { logError(); s.end("up"); }).listen(process.env.PORT);
logError();
for (let i = 1; i <= 60; i++) console.error("src/a.ts(" + i + ",1): error TS1: many");
`;

test("emits errors in a container's output with location, redacted and rate limited", async () => {
  await using app = await sandboxApp();
  const owner = await app.signUp();
  const project = await emptyProject(app, owner, { command: ["node", "-e", script] });
  await app.as(owner).secrets.set({ params: { project_id: project.id }, body: { key: "TOKEN", value: "planted-value" } });
  const abort = new AbortController();
  const seen: Extract<ProjectEvent, { type: "log_problem" }>["data"][] = [];
  const until = async (enough: () => boolean) => {
    for (const end = Date.now() + 15_000; !enough(); await new Promise((r) => setTimeout(r, 20)))
      if (Date.now() > end) throw new Error(`only ${JSON.stringify(seen)}`);
  };
  const following = (async () => {
    for await (const event of app.as(owner).projects.events({ params: { id: project.id } }, { signal: abort.signal }))
      if (event.type === "log_problem") seen.push(event.data);
  })().catch(() => undefined);
  try {
    await startUp(app, owner, project.id);
    const [container] = (await app.as(owner).containers.list({ params: { id: project.id } })).items;
    await until(() => seen.length >= 20);
    expect(seen[0]).toEqual({
      container_id: container?.id,
      message: "TypeError: [secret:TOKEN] is not a function",
      place: "src/a.js:3:5",
      lines: ["TypeError: [secret:TOKEN] is not a function", "    at f (/app/src/a.js:3:5)", "    at node:internal/x:1:1"],
    });
    await new Promise((r) => setTimeout(r, 400));
    expect(seen).toHaveLength(20);
    expect(seen[1]).toMatchObject({ message: "error TS1: many", place: "src/a.ts:1:1" });
    // Without followers no log is read, also not later.
    abort.abort();
    await following;
    await app.as(owner).containers.health({ params: { id: project.id, container_id: container?.id ?? "" } });
    const after: string[] = [];
    const again = new AbortController();
    const second = (async () => {
      for await (const event of app.as(owner).projects.events({ params: { id: project.id } }, { signal: again.signal }))
        after.push(event.type);
    })().catch(() => undefined);
    await new Promise((r) => setTimeout(r, 600));
    expect(after).not.toContain("log_problem");
    again.abort();
    await second;
  } finally {
    abort.abort();
  }
});

/** Listens; a request to `/restart` makes it stop listening, and listen again a second later. */
const api = `
const server = require("http").createServer((q, s) => {
  s.end("api");
  if (q.url === "/restart") { server.close(() => setTimeout(() => server.listen(process.env.PORT), 1000)); server.closeAllConnections(); }
});
server.listen(process.env.PORT);
`;
/** Each request asks the port in its path for its page, as the proxy of a development server does. */
const web = `
require("http").createServer((q, s) => {
  const [, port, ...path] = q.url.split("/");
  require("http").get({ host: "127.0.0.1", port, path: "/" + path.join("/") }, (r) => { r.resume(); s.end("fine"); })
    .on("error", (error) => { console.error(error.stack); s.writeHead(500).end(error.code); });
}).listen(process.env.PORT);
`;

test("a container that restarts is no error of the one that asks it; a port where nobody listens is one", async () => {
  await using app = await sandboxApp();
  const owner = await app.signUp();
  const project = await emptyProject(app, owner, { command: ["node", "-e", web] });
  const port = await freePort();
  await app.db.insert(containers).values({
    project_id: project.id,
    name: "api",
    service_key: "api",
    host_label: `${project.slug}-api`,
    container_name: `${project.slug}-api`,
    start_command: ["node", "-e", api],
    internal_port: port,
  });
  const abort = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const event of app.as(owner).projects.events({ params: { id: project.id } }, { signal: abort.signal }))
      if (event.type === "log_problem") seen.push(event.data.message);
  })().catch(() => undefined);
  try {
    await startUp(app, owner, project.id);
    const visit = await enterPreview(app, owner, project.id);
    const ask = async (path: string) => (await visit.fetch(path)).text;
    expect(await ask(`/${port}/`)).toBe("fine");
    await ask(`/${port}/restart`);
    await vi.waitFor(async () => expect(await ask(`/${port}/`)).toBe("ECONNREFUSED"), { interval: 100 });
    await vi.waitFor(async () => expect(await ask(`/${port}/`)).toBe("fine"), { timeout: 5_000, interval: 200 });
    const nobody = await freePort();
    expect(await ask(`/${nobody}/`)).toBe("ECONNREFUSED");
    await vi.waitFor(() => expect(seen).toEqual([`Error: connect ECONNREFUSED 127.0.0.1:${nobody}`]), { timeout: 10_000 });
  } finally {
    abort.abort();
    await following;
  }
});
