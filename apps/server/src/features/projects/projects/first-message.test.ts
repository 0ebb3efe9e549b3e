import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { describe, expect, test, vi } from "vitest";
import { png, say, script, startModelServer, type ModelServer } from "@tesslate/testkit";
import { eventually, modelEnv } from "../../../testing/chat.ts";
import { ended, projectsApp, type ProjectsApp } from "../../../testing/projects.ts";
import type { TestUser } from "../../../testing/app.ts";
import { tinyTemplates } from "../../../testing/tiny-template.ts";

interface World extends AsyncDisposable {
  app: ProjectsApp;
  model: ModelServer;
  ada: TestUser;
  templatesDir: string;
}
async function world(build: string[][] = []): Promise<World> {
  const model = await startModelServer({ script: script([say("Built it.")]) });
  const templatesDir = await tinyTemplates({ build });
  const app = await projectsApp({ env: modelEnv(model), templatesDir });
  return {
    app,
    model,
    templatesDir,
    ada: await app.signUp({ name: "Ada" }),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await model.close();
    },
  };
}
const chatOf = ({ app, ada }: World, chatId: string) => app.as(ada).chat.get({ params: { chat_id: chatId } });
const queueOf = ({ app, ada }: World, chatId: string) => app.as(ada).queue.list({ params: { chat_id: chatId } });
const answered = (at: World, chatId: string) =>
  eventually(async () => (await chatOf(at, chatId)).messages.some(({ content }) => content === "Built it."));
const upload = async ({ app, ada }: World): Promise<string> => {
  const form = new FormData();
  form.append("file", new File([new Uint8Array(png(40, 30))], "sketch.png", { type: "image/png" }));
  const response = await app.request("/api/chat/attachments", { method: "POST", user: ada, body: form });
  expect(response.status).toBe(201);
  const { id, project_id } = (await response.json()) as { id: string; project_id: string | null };
  expect(project_id).toBeNull();
  return id;
};

describe("the first message of a project", () => {
  test("runs when setup ends without any client connected, with its attachments, and the app starts too", async () => {
    await using at = await world([["node", "-e", "setTimeout(() => {}, 700)"]]);
    const { app, ada } = at;
    const sketch = await upload(at);
    const created = await app.as(ada).projects.create({
      body: { name: "Class list", message: " A waiting list ", edit_mode: "allow", attachments: [sketch] },
    });
    const chat_id = created.chat_id ?? "";
    // It waits in the queue, where a reload finds it.
    expect(await queueOf(at, chat_id)).toMatchObject({
      items: [{ message: "A waiting list", edit_mode: "allow", attachment_count: 1 }],
      held: null,
    });
    expect(await ended(app, ada, created.task_id)).toMatchObject({ status: "completed" });
    await answered(at, chat_id);
    expect((await queueOf(at, chat_id)).total).toBe(0);
    const { messages } = await chatOf(at, chat_id);
    expect(messages.map(({ role, content }) => [role, content])).toEqual([
      ["user", "A waiting list"],
      ["assistant", "Built it."],
    ]);
    expect(messages[0]?.message_metadata).toMatchObject({ attachments: [{ id: sketch, name: "sketch.png" }] });
    await eventually(async () => (await app.as(ada).projects.get({ params: { id: created.id } })).status === "running");
    expect(at.model.requests).toHaveLength(1);
  });

  test("the app starts with it, whatever sends it first", async () => {
    await using at = await world();
    const { app, ada } = at;
    const project = await app.as(ada).projects.create({ body: { name: "Class list" } });
    await ended(app, ada, project.task_id);
    // As after a crash between the end of the setup and the run.
    const chat_id = randomUUID();
    await app.db.execute(sql`insert into chats (id, user_id, project_id) values (${chat_id}, ${ada.id}, ${project.id})`);
    await app.db.execute(sql`
      insert into queued_messages (id, chat_id, user_id, user_name, message, options, position)
      values (${randomUUID()}, ${chat_id}, ${ada.id}, 'Ada', 'Build it', '{"edit_mode": "allow", "starts_app": true}', 1)`);
    await app.as(ada).queue.resume({ params: { chat_id } });
    await answered(at, chat_id);
    await eventually(async () => (await app.as(ada).projects.get({ params: { id: project.id } })).status === "running");
  });

  test("a message that cannot run is refused before anything is stored; another user's attachment is 404", async () => {
    await using at = await world();
    const { app, ada } = at;
    const create = (user: TestUser, body: object) =>
      app.request("/api/projects", { method: "POST", user, json: { name: "A", message: "Go", ...body } });
    const sketch = await upload(at);
    const eve = await app.signUp();
    const refused = [
      await create(ada, { model: "no-such-model" }),
      await create(ada, { agent_id: "no-such-agent" }),
      await create(eve, { attachments: [sketch] }),
      await create(ada, { message: "x".repeat(10_001) }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([400, 404, 404, 422]);
    expect((await app.as(ada).projects.list()).total).toBe(0);
    // After a refusal the same attachment can be sent again. A project created without a message has no chat,
    expect((await create(ada, { attachments: [sketch] })).status).toBe(201);
    expect((await create(ada, { attachments: [sketch] })).status).toBe(404);
    const plain = (await (await create(ada, { message: null })).json()) as { id: string; chat_id: string | null; task_id: string };
    expect(plain.chat_id).toBeNull();
    // and no run starts.
    await ended(app, ada, plain.task_id);
    await sleep(300);
    const { items } = await app.as(ada).tasks.list({ query: { project_id: plain.id } });
    expect(items.map(({ type }) => type)).toEqual(["project_creation"]);
  });

  test("an API key without the run scope cannot start a run by creating a project", async () => {
    await using at = await world();
    const { app, ada } = at;
    const { key } = await app.as(ada).auth.createApiKey({ body: { name: "CI", scopes: ["write"] } });
    const post = (json: object) => app.request("/api/projects", { method: "POST", json, headers: { authorization: `Bearer ${key}` } });
    const refused = await post({ name: "A", message: "Go" });
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: "scope_missing" }]);
    expect((await post({ name: "A" })).status).toBe(201);
  });

  test("a failed setup keeps the message queued, and a successful retry runs it", async () => {
    await using at = await world([["node", "-e", "require('fs').readFileSync('package-that-is-late')"]]);
    const { app, ada } = at;
    const created = await app.as(ada).projects.create({ body: { name: "Late", message: "Build it" } });
    const [chat_id, params] = [created.chat_id ?? "", { id: created.id }];
    expect(await ended(app, ada, created.task_id)).toMatchObject({ status: "failed" });
    // The status of the project is updated right after the task.
    await vi.waitFor(async () => expect(await app.as(ada).projects.get({ params })).toMatchObject({ environment_status: "setup_failed" }));
    expect(await queueOf(at, chat_id)).toMatchObject({ items: [{ message: "Build it" }] });
    // Resuming the queue does not run it either: there are no files.
    await app.as(ada).queue.resume({ params: { chat_id } });
    expect(await queueOf(at, chat_id)).toMatchObject({ items: [{ message: "Build it" }] });
    await expect(app.as(await app.signUp()).projects.retrySetup({ params })).rejects.toMatchObject({ status: 404 });

    await writeFile(join(at.templatesDir, "tiny/files/package-that-is-late"), "");
    const retried = await app.as(ada).projects.retrySetup({ params });
    await expect(app.as(ada).projects.retrySetup({ params })).rejects.toMatchObject({ status: 409, code: "setup_not_failed" });
    expect(await ended(app, ada, retried.task_id)).toMatchObject({ error: null, status: "completed" });
    await answered(at, chat_id);
    expect(at.model.requests).toHaveLength(1);
  });
});
