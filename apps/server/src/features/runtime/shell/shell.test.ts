import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../testing/chat.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { TestUser } from "../../../testing/app.ts";
import { emptyProject, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";
import { startUp, terminalClient, upCommand } from "../../../testing/shell.ts";

let app: SandboxApp;
let owner: TestUser;
let otherUser: TestUser;
let project: ProjectRow;

beforeAll(async () => {
  app = await sandboxApp();
  owner = await app.signUp();
  otherUser = await app.signUp();
  project = await emptyProject(app, owner, { command: upCommand });
  const { task_id } = await app.as(owner).projects.start({ params: { id: project.id } });
  for await (const { data } of app.as(owner).tasks.events({ params: { task_id: task_id ?? "" } }))
    if (data.status === "failed") throw new Error(data.error ?? "start failed");
});
afterAll(() => app.close());

const attach = (id: string, user: TestUser = owner) => terminalClient(app, user, id);
const open = (body: object = {}) => app.as(owner).shell.create({ body: { project_id: project.slug, ...body } });

test("runs input in the sandbox as the project's user, returns output and applies resizes", async () => {
  const session = await open({ cols: 100, rows: 30 });
  expect(session).toMatchObject({
    status: "active",
    project_id: project.id,
    cols: 100,
    rows: 30,
    working_dir: "/app",
    ws_url: `/api/shell/ws/${session.id}`,
  });
  const terminal = await attach(session.id);
  await terminal.waitFor(/\/app\S+ \$ $/);
  terminal.send({ type: "input", data: "id -u; pwd; stty size; echo täst-$((40+2))\r" });
  await terminal.waitFor(/täst-42/);
  expect(terminal.text()).toMatch(/1000\s+\/app\s+30 100/);
  terminal.send({ type: "resize", cols: 9999, rows: 50 });
  terminal.send({ type: "input", data: "stty size\r" });
  await terminal.waitFor(/50 500/);
  terminal.send({ type: "ping" });
  await eventually(() => terminal.frames.some((f) => f.type === "pong"));
  terminal.send({ type: "input", data: "exit 3\r" });
  expect(await terminal.closed).toBe(1000);
  expect(terminal.frames.find((f) => f.type === "exit")).toEqual({ type: "exit", code: 3 });
  expect(await app.as(owner).shell.get({ params: { id: session.id } })).toMatchObject({ status: "closed" });
});

test("after a reload the next socket gets the scrollback once, and both tabs get the later output", async () => {
  const session = await open();
  const first = await attach(session.id);
  first.send({ type: "input", data: "echo kept-$((1+1))\r" });
  await first.waitFor(/kept-2/);
  first.close();
  await first.closed;
  const second = await attach(session.id);
  await second.waitFor(/kept-2/);
  expect(second.text().match(/kept-2/g)).toHaveLength(1);
  const third = await attach(session.id);
  await third.waitFor(/kept-2/);
  third.send({ type: "input", data: 5 });
  third.send({ type: "dance" });
  second.send({ type: "input", data: "echo both-$((1+2))\r" });
  await Promise.all([second.waitFor(/both-3/), third.waitFor(/both-3/)]);
  await app.as(owner).shell.remove({ params: { id: session.id } });
  expect([await second.closed, await third.closed]).toEqual([1000, 1000]);
  expect(third.frames.flatMap((frame) => (frame.type === "error" ? [frame.data] : []))).toMatchObject([
    { code: "bad_frame", field: "data" },
    { code: "bad_frame", field: "type" },
  ]);
  expect(third.frames.filter(({ type }) => type === "authenticated")).toHaveLength(1);
  await expect(app.as(owner).shell.remove({ params: { id: session.id } })).rejects.toMatchObject({ status: 404, code: "not_found" });
});

test("git in a terminal knows the committer unless configured otherwise", async () => {
  const ada = await app.signUp({ name: 'Ada "Countess" \\\\ Lovelace' });
  const theirs = await emptyProject(app, ada, { command: upCommand });
  await startUp(app, ada, theirs.id);
  const outputOf = async (command: string) => {
    const { id } = await app.as(ada).shell.create({ body: { project_id: theirs.id, command } });
    const terminal = await attach(id, ada);
    expect(await terminal.closed).toBe(1000);
    return terminal.text();
  };
  const commit = "git commit -q --allow-empty -m x && git log -1 --format='%an <%ae>'";
  expect(await outputOf(`git init -q && ${commit}`)).toContain(`Ada "Countess" \\\\ Lovelace <${ada.email}>`);
  expect(await outputOf(`git config user.email work@example.com && ${commit}`)).toContain("<work@example.com>");
});

test("output and exit of a program that ended before anyone attached are kept, for its owner only", async () => {
  const session = await open({ command: "echo all-$((40+2)); exit 7" });
  const shell = app.as(owner).shell;
  await eventually(async () => (await shell.get({ params: { id: session.id } })).status === "closed");
  for (let n = 0; n < 2; n++) {
    const late = await attach(session.id);
    expect(await late.closed).toBe(1000);
    expect(late.text()).toContain("all-42");
    expect(late.frames.at(-1)).toEqual({ type: "exit", code: 7 });
  }
  expect(await (await attach(session.id, otherUser)).closed).toBe(4404);
  expect((await shell.list({ query: { project_id: project.id } })).items.map(({ id }) => id)).not.toContain(session.id);
  await shell.remove({ params: { id: session.id } });
  expect(await (await attach(session.id)).closed).toBe(4404);
});

test("answers invalid frames without closing the socket", async () => {
  const session = await open({ command: "cat" });
  const terminal = await attach(session.id);
  for (const frame of ["{not json", { type: "dance" }, { type: "input", data: 5 }, "null"]) terminal.send(frame);
  terminal.send({ type: "input", data: "still here\r" });
  await terminal.waitFor(/still here/);
  expect(terminal.frames.filter((f) => f.type === "error")).toHaveLength(4);
  terminal.send({ type: "input", data: "x".repeat(70_000) });
  expect(await terminal.closed).toBe(1009);
  const again = await attach(session.id);
  again.send({ type: "close" });
  expect(await again.closed).toBe(1000);
});

test("stopping the project closes its terminals with 4410; then none can be opened", async () => {
  const other = await emptyProject(app, owner, { command: upCommand });
  const start = async () => {
    const { task_id } = await app.as(owner).projects.start({ params: { id: other.id } });
    for await (const event of app.as(owner).tasks.events({ params: { task_id: task_id ?? "" } })) void event;
  };
  await start();
  const session = await app.as(owner).shell.create({ body: { project_id: other.id } });
  const terminal = await attach(session.id);
  await app.as(owner).projects.stop({ params: { id: other.id } });
  expect(await terminal.closed).toBe(4410);
  await expect(app.as(owner).shell.create({ body: { project_id: other.id } })).rejects.toMatchObject({ status: 409, code: "not_running" });
});

test("other users and anonymous callers are rejected", async () => {
  const session = await open();
  const theirs = await attach(session.id, otherUser);
  expect(await theirs.closed).toBe(4404);
  const forged = await attach(session.id, { ...owner, token: "nonsense" });
  expect(await forged.closed).toBe(4401);
  const other = app.as(otherUser).shell;
  for (const call of [
    () => other.get({ params: { id: session.id } }),
    () => other.remove({ params: { id: session.id } }),
    () => other.create({ body: { project_id: project.id } }),
    () => other.list({ query: { project_id: project.id } }),
  ])
    await expect(call()).rejects.toMatchObject({ status: 404, code: "not_found" });
  expect((await other.list({})).total).toBe(0);
  expect((await app.request("/api/shell/sessions", { method: "POST", json: {} })).status).toBe(401);
  expect((await app.request("/api/shell/sessions", { method: "POST", user: owner, json: {} })).status).toBe(422);
  await expect(open({ container_name: "nope" })).rejects.toMatchObject({ status: 404 });
});
