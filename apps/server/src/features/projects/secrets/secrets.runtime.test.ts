import { fetchPort, sandboxPort } from "@tesslate/runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProjectEvent } from "@tesslate/contract";
import { sql } from "drizzle-orm";
import type { TestUser } from "../../../testing/app.ts";
import { ended } from "../../../testing/projects.ts";
import { emptyProject, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";

let app: SandboxApp;
let owner: TestUser;
beforeAll(async () => {
  app = await sandboxApp();
  owner = await app.signUp();
});
afterAll(() => app.close());

const server = `
const seen = ["A_KEY", "SHARED", "PROJECT_ID", "CONTAINER_NAME"].map((k) => k + "=" + process.env[k]).join("\\n");
console.log(seen);
require("http").createServer((q, s) => s.end(seen)).listen(process.env.PORT);
`;
const set = (project: ProjectRow, key: string, value: string) =>
  app.as(owner).secrets.set({ params: { project_id: project.id }, body: { key, value } });
const containerOf = async (project: ProjectRow) => {
  const [container] = (await app.as(owner).containers.list({ params: { id: project.id } })).items;
  if (!container) throw new Error("no container");
  return container;
};
const answerOf = async (project: ProjectRow) => {
  const sandbox = await app.runtime.find(project.id);
  if (!sandbox) throw new Error("no sandbox");
  const [state] = await sandbox.services();
  return (await fetchPort(sandboxPort(sandbox, state?.port ?? 3000), "/")).text();
};
const logOf = async (project: ProjectRow, enough: RegExp) => {
  const abort = new AbortController();
  let text = "";
  const params = { id: project.id, container_id: (await containerOf(project)).id };
  for await (const { data } of app.as(owner).containers.logs({ params, query: { tail: 100 } }, { signal: abort.signal })) {
    text += `${data.line}\n`;
    if (enough.test(text)) break;
  }
  abort.abort();
  return text;
};

test("secrets reach every container, below its own variables; a change marks it stale, and a restart applies it", async () => {
  const project = await emptyProject(app, owner, { command: ["node", "-e", server] });
  await set(project, "A_KEY", "planted-first-value");
  await set(project, "SHARED", "planted-of-the-project");
  const { id } = await containerOf(project);
  const params = { id: project.id, container_id: id };
  await app.as(owner).containers.update({ params, body: { env_vars_to_set: { SHARED: "planted-of-the-container" } } });
  expect(await ended(app, owner, (await app.as(owner).projects.start({ params: { id: project.id } })).task_id)).toMatchObject({
    status: "completed",
  });
  expect(await answerOf(project)).toBe(
    `A_KEY=planted-first-value\nSHARED=planted-of-the-container\nPROJECT_ID=${project.id}\nCONTAINER_NAME=${project.slug}-app`,
  );
  expect(await logOf(project, /CONTAINER_NAME=/)).toContain("A_KEY=[secret:A_KEY]\nSHARED=[secret:SHARED");
  expect(await containerOf(project)).toMatchObject({ needs_restart: false });

  await set(project, "A_KEY", "planted-second-value");
  expect(await containerOf(project)).toMatchObject({ needs_restart: true });
  expect(await answerOf(project)).toContain("planted-first-value");
  await ended(app, owner, (await app.as(owner).projects.restart({ params: { id: project.id } })).task_id);
  expect(await containerOf(project)).toMatchObject({ needs_restart: false });
  expect(await answerOf(project)).toContain("A_KEY=planted-second-value");
  await app.as(owner).secrets.remove({ params: { project_id: project.id, key: "A_KEY" } });
  expect(await containerOf(project)).toMatchObject({ needs_restart: true });
  await app.as(owner).projects.stop({ params: { id: project.id } });
  // A stopped container does not become stale.
  await set(project, "A_KEY", "planted-third-value");
  expect(await containerOf(project)).toMatchObject({ needs_restart: false });
  expect(app.logs()).not.toContain("planted-");
});

test("a failed start reports the reason without the values: in the task, the event, the container and every table", async () => {
  const project = await emptyProject(app, owner, {
    command: ["node", "-e", `console.error("cannot use " + process.env.A_KEY); process.exit(3)`],
  });
  await set(project, "A_KEY", "planted-in-a-crash");
  const task = await ended(app, owner, (await app.as(owner).projects.start({ params: { id: project.id } })).task_id);
  expect(task).toMatchObject({ status: "failed" });
  expect(task.error).toContain("cannot use [secret:A_KEY]");
  expect(await containerOf(project)).toMatchObject({ status: "failed", exit_code: 3 });
  const abort = new AbortController();
  const events: ProjectEvent[] = [];
  for await (const event of app
    .as(owner)
    .projects.events({ params: { id: project.id }, query: { last_event_id: 0 } }, { signal: abort.signal })) {
    events.push(event);
    if (event.type === "task_update" && event.data.status === "failed") break;
  }
  abort.abort();
  expect(JSON.stringify(events)).toContain("cannot use [secret:A_KEY]");
  expect(JSON.stringify(events)).not.toContain("planted-");
  const { rows } = await app.db.execute<{ dump: string }>(
    sql`select string_agg(t::text, '') as dump from (
      select events::text as t from events where project_id = ${project.id}
      union all select tasks::text from tasks where project_id = ${project.id}
      union all select containers::text from containers where project_id = ${project.id}) all_rows`,
  );
  expect(rows[0]?.dump).toContain("cannot use");
  expect(rows[0]?.dump).not.toContain("planted-");
  expect(app.logs()).not.toContain("planted-");
});

test("forks and archives of a project contain no secrets", async () => {
  const project = await emptyProject(app, owner, { command: ["true"] });
  const sandbox = await app.runtime.open({ id: project.id });
  await sandbox.files.write("readme.md", "hello");
  await set(project, "A_KEY", "planted-not-in-copies");
  const archive = await app.request(`/api/projects/${project.id}/download?format=tar.gz`, { user: owner });
  expect(archive.status).toBe(200);
  const bytes = Buffer.from(await archive.arrayBuffer());
  const { gunzipSync } = await import("node:zlib");
  const tar = gunzipSync(bytes).toString("latin1");
  expect(tar).toContain("hello");
  expect(tar).not.toContain("planted-");
  const copy = await app.as(owner).transfer.fork({ params: { id: project.id }, body: { name: "Copy" } });
  expect(await ended(app, owner, copy.task_id)).toMatchObject({ status: "completed" });
  expect((await app.as(owner).secrets.list({ params: { project_id: copy.id } })).total).toBe(0);
});
