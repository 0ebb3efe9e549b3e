import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { ApiKeyScope, EditMode, InvokeAgent } from "@tesslate/contract";
import { call, say } from "@tesslate/testkit";
import { all, answer, chatWorld, eventually, type ChatWorld } from "../../../testing/chat.ts";
import { signatureOf } from "./run-webhooks.ts";

const keyOf = async ({ app, owner }: ChatWorld, edit_mode: EditMode, scopes: ApiKeyScope[] = ["run"]) => {
  const { key } = await app.as(owner).auth.createApiKey({ body: { name: "bot", scopes, edit_mode } });
  return { token: key };
};
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "allowed",
    (error: { status: number; code: string }) => `${error.status} ${error.code}`,
  );

interface Received {
  headers: Record<string, string | string[] | undefined>;
  body: string;
}
/** A webhook receiver; answers with `statuses` in turn, then with 204. */
async function receiver(statuses: number[] = []) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      received.push({ headers: request.headers, body });
      response.writeHead(statuses[received.length - 1] ?? 204, { location: "http://127.0.0.1:9/" }).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/hook?token=in-the-address`,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  };
}
const quick = { configure: (config: { webhooks: { backoffMs: number[] } }) => void (config.webhooks.backoffMs = [0]) };

test("a key runs the agent within its scopes and its edit mode; people answer its questions; another user's key gets 404", async () => {
  await using world = await chatWorld({ script: [call("write_file", { file_path: "a.txt", content: "a" }), say("Written.")] });
  const { app, owner, project } = world;
  const bot = await keyOf(world, "ask");
  const body: InvokeAgent = { project_id: project.id, message: "Write a.txt", edit_mode: "allow" };

  expect(await refusal(app.as(owner).external.invoke({ body }))).toBe("401 unauthorized");
  expect(await refusal(app.as(await keyOf(world, "allow", ["read", "write"])).external.invoke({ body }))).toBe("403 scope_missing");
  expect(await refusal(app.as(bot).files.put({ params: { id: project.id, path: "x" }, body: { content: "x" } }))).toBe("403 scope_missing");
  expect(await refusal(app.as(bot).external.invoke({ body: { ...body, message: " " } }))).toBe("422 validation_error");
  expect(await refusal(app.as(bot).external.invoke({ body: { ...body, project_id: randomUUID() } }))).toBe("404 not_found");
  for (const url of ["http://127.0.0.1:9/x", "http://169.254.169.254/latest/meta-data", "http://[::1]/"])
    expect(await refusal(app.as(bot).external.invoke({ body: { ...body, webhook_callback_url: url } }))).toBe("400 outbound_refused");
  expect(await refusal(app.as(owner).auth.createApiKey({ body: { name: "bot", scopes: ["run"] } }))).toBe("422 validation_error");
  expect((await app.as(owner).chat.sessions({})).total).toBe(0);

  const started = await app.as(bot).external.invoke({ body });
  expect(started).toMatchObject({ status_url: `/api/external/agent/status/${started.task_id}`, webhook_secret: null });
  const params = { task_id: started.task_id };
  const status = () => app.as(bot).external.status({ params });
  const waiting = await eventually(async () => ((await status()).status === "waiting_approval" ? status() : undefined));
  const { pending_approval: asked } = waiting;
  const approval_id = asked && "approval_id" in asked ? asked.approval_id : "";
  expect(await refusal(answer(world, { ...owner, ...bot }, approval_id, "allow_all"))).toBe("403 session_required");
  await answer(world, owner, approval_id, "allow_once");

  const events = await all(app.as(bot).external.events({ params, query: {} }));
  expect(events.at(-1)?.type).toBe("done");
  const tail = await all(app.as(bot).external.events({ params, query: { last_event_id: events.at(-3)?.seq ?? 0 } }));
  expect(tail).toEqual(events.slice(-2));
  expect(await status()).toMatchObject({
    status: "completed",
    completion_reason: "no_more_actions",
    final_response: "Written.",
    iterations: 2,
    tool_calls_made: 1,
    pending_approval: null,
    webhook: null,
  });
  expect(await world.read("a.txt")).toBe("a");
  const chat = await app.as(owner).chat.get({ params: { chat_id: started.chat_id } });
  expect(chat.origin).toBe("api");
  expect(chat.messages.at(-1)?.message_metadata).toMatchObject({ edit_mode: "ask" });

  const otherUser = await app.signUp();
  const foreign = await keyOf({ ...world, owner: otherUser }, "allow");
  for (const id of [started.task_id, randomUUID()]) {
    expect(await refusal(app.as(foreign).external.status({ params: { task_id: id } }))).toBe("404 not_found");
    expect(await refusal(all(app.as(foreign).external.events({ params: { task_id: id }, query: {} })))).toBe("404 not_found");
  }
  expect(await refusal(app.as(foreign).external.invoke({ body }))).toBe("404 not_found");
});

test("the end of a run is delivered once, signed, retried after failures, and never follows a redirect", async () => {
  await using hook = await receiver([500, 302]);
  await using world = await chatWorld({ script: [say("All good.")], env: { OUTBOUND_ALLOW_HOSTS: hook.host }, ...quick });
  const { app, project } = world;
  const bot = await keyOf(world, "plan");
  const started = await app.as(bot).external.invoke({
    body: { project_id: project.id, message: "Look", webhook_callback_url: hook.url },
  });
  const secret = started.webhook_secret ?? "";
  expect(secret).toMatch(/^whsec_/);
  const status = () => app.as(bot).external.status({ params: { task_id: started.task_id } });
  await eventually(async () => (await status()).webhook?.status === "delivered");
  expect((await status()).webhook).toMatchObject({ attempts: 3, last_error: null });

  expect(hook.received).toHaveLength(3);
  expect(new Set(hook.received.map(({ body }) => body)).size).toBe(1);
  for (const { headers, body } of hook.received)
    expect(headers["webhook-signature"]).toBe(
      signatureOf(secret, String(headers["webhook-id"]), String(headers["webhook-timestamp"]), body),
    );
  expect(JSON.parse(hook.received[0]?.body ?? "")).toEqual({
    task_id: started.task_id,
    status: "completed",
    final_response: "All good.",
    chat_id: started.chat_id,
    project_id: project.id,
    iterations: 1,
    tool_calls_made: 0,
  });
  const { rows } = await app.studio.database.pool.query<{ text: string }>("select row_to_json(w)::text as text from run_webhooks w");
  expect(rows).toHaveLength(1);
  for (const hidden of [secret, "in-the-address"]) {
    expect(rows[0]?.text).not.toContain(hidden);
    expect(app.logs()).not.toContain(hidden);
  }
});

test("delivery stops after five attempts; pending webhooks are delivered after a restart", async () => {
  await using hook = await receiver([500, 500, 500, 500, 500]);
  await using world = await chatWorld({
    script: [say("One.")],
    env: { OUTBOUND_ALLOW_HOSTS: hook.host, RATE_LIMIT_FACTOR: "0.02" },
    ...quick,
  });
  const { app, project } = world;
  const bot = await keyOf(world, "allow");
  const invoke = () =>
    app.as(bot).external.invoke({
      body: { project_id: project.id, message: "Go", webhook_callback_url: hook.url, webhook_secret: "a secret that the receiver knows" },
    });
  const first = await invoke();
  expect(first.webhook_secret).toBeNull();
  expect(await refusal(invoke())).toBe("429 rate_limited");
  const deliveryOf = async (task_id: string) => (await app.as(bot).external.status({ params: { task_id } })).webhook;
  await eventually(async () => (await deliveryOf(first.task_id))?.status === "failed");
  expect(await deliveryOf(first.task_id)).toMatchObject({ attempts: 5, last_error: "The receiver answered 500." });

  // The run ended, and the server stopped before the delivery.
  const { pool } = app.studio.database;
  await pool.query("update run_webhooks set status = 'waiting', attempts = 0, created_at = now() - interval '1 minute'");
  await pool.query("select graphile_worker.add_job('sweep_webhooks')");
  await eventually(async () => (await deliveryOf(first.task_id))?.status === "delivered");
  // A process died during an attempt.
  await pool.query("update run_webhooks set status = 'due', attempts = 1, next_at = now() - interval '1 minute'");
  await pool.query("select graphile_worker.add_job('sweep_webhooks')");
  await eventually(async () => (await deliveryOf(first.task_id))?.status === "delivered");
  expect(hook.received).toHaveLength(7);
  expect(hook.received.at(-1)?.headers["webhook-id"]).toBe(hook.received[0]?.headers["webhook-id"]);
});
