import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { png, say } from "@tesslate/testkit";
import type { TestApp, TestUser } from "../../../testing/app.ts";
import { chatWorld, type ChatWorld } from "../../../testing/chat.ts";
import { createCryptoBox } from "../../../platform/crypto.ts";
import { createIdempotencyStore } from "./idempotency.store.ts";
import { createIdempotency } from "./idempotency.ts";

/* Retries with an `Idempotency-Key`, over HTTP. */
let world: ChatWorld;
let app: TestApp;
let ada: TestUser;
beforeAll(async () => {
  world = await chatWorld({ script: [say("Once."), say("Twice.")] });
  ({ app, owner: ada } = world);
}, 60_000);
afterAll(() => world[Symbol.asyncDispose]());

const sql = (text: string, values: unknown[] = []) => app.studio.database.pool.query(text, values);
interface Answer {
  status: number;
  isReplayed: boolean;
  body: Record<string, unknown>;
  text: string;
}
const send = async (path: string, key: string, body: unknown, user: TestUser = ada): Promise<Answer> => {
  const isForm = body instanceof FormData;
  const response = await app.request(path, {
    method: "POST",
    user,
    headers: { "idempotency-key": key },
    ...(isForm ? { body } : { json: body }),
  });
  const text = await response.text();
  const isReplayed = response.headers.get("idempotent-replayed") === "true";
  return { status: response.status, isReplayed, text, body: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {} };
};
const feedback = (title: string) => ({ type: "bug", title, description: "It does." });
const postsOf = async (title: string) => (await sql("select id from feedback_posts where title = $1", [title])).rows.length;

test("a repeated request gets the same response and is processed once, whatever the order of its fields", async () => {
  const [key, title] = [randomUUID(), randomUUID()];
  const first = await send("/api/feedback", key, feedback(title));
  expect([first.status, first.isReplayed]).toEqual([201, false]);
  const again = await send("/api/feedback", key, { description: "It does.", title, type: "bug" });
  expect([again.status, again.isReplayed, again.text]).toEqual([201, true, first.text]);
  expect(await postsOf(title)).toBe(1);
});

test("another body or another route is 422; the same key of another user is independent", async () => {
  const [key, title] = [randomUUID(), randomUUID()];
  const first = await send("/api/feedback", key, feedback(title));
  const refused = {
    status: 422,
    body: { detail: [{ loc: ["header", "Idempotency-Key"], msg: expect.any(String), type: "idempotency_key_reused" }] },
  };
  expect(await send("/api/feedback", key, feedback(`${title} too`))).toMatchObject(refused);
  expect(await send(`/api/feedback/${String(first.body["id"])}/comments`, key, { content: "x" })).toMatchObject(refused);
  const bob = await app.signUp();
  const bobs = await send("/api/feedback", key, feedback(title), bob);
  expect([bobs.status, bobs.isReplayed]).toEqual([201, false]);
  expect(bobs.body["id"]).not.toBe(first.body["id"]);
  expect((await send("/api/feedback", "", feedback(title))).status).toBe(422);
  expect((await send("/api/feedback", "x".repeat(256), feedback(title))).status).toBe(422);
});

test("of many concurrent requests one does the work; the others get a conflict", async () => {
  const [key, title] = [randomUUID(), randomUUID()];
  const client = await app.studio.database.pool.connect();
  try {
    await client.query("begin; lock table feedback_posts in access exclusive mode");
    const first = send("/api/feedback", key, feedback(title));
    await expect
      .poll(async () => (await sql("select id from idempotency_keys where user_id = $1 and sealed_answer is null", [ada.id])).rows.length)
      .toBe(1);
    const others = await Promise.all([1, 2, 3].map(() => send("/api/feedback", key, feedback(title))));
    expect(others.map(({ status, body }) => [status, body["code"]])).toEqual([1, 2, 3].map(() => [409, "idempotency_key_running"]));
    await client.query("commit");
    expect((await first).status).toBe(201);
  } finally {
    await client.query("rollback");
    client.release();
  }
  expect((await send("/api/feedback", key, feedback(title))).isReplayed).toBe(true);
  expect(await postsOf(title)).toBe(1);
});

test("a secret that is returned once is returned to a retry too, and is not in the database in plain text", async () => {
  const key = randomUUID();
  const body = { name: "retried", scopes: ["read"] };
  const first = await send("/api/auth/api-keys", key, body);
  expect(first.body["key"]).toMatch(/^tsk_/);
  const again = await send("/api/auth/api-keys", key, body);
  expect([again.isReplayed, again.body["key"]]).toEqual([true, first.body["key"]]);
  const { rows } = await sql("select * from idempotency_keys where user_id = $1", [ada.id]);
  const stored = rows.map((row: Record<string, unknown>) =>
    Object.values(row)
      .map((value) => (Buffer.isBuffer(value) ? value.toString("latin1") : String(value)))
      .join("\n"),
  );
  expect(stored.length).toBeGreaterThan(0);
  for (const secret of [String(first.body["key"]), key, "retried"]) expect(stored.join("\n")).not.toContain(secret);
});

test("a refused request releases its key", async () => {
  const [key, absent] = [randomUUID(), randomUUID()];
  const id = String((await send("/api/feedback", randomUUID(), feedback(randomUUID()))).body["id"]);
  const comment = () => send(`/api/feedback/${absent}/comments`, key, { content: "x" });
  expect((await comment()).status).toBe(404);
  await sql("update feedback_posts set id = $2 where id = $1", [id, absent]);
  const retried = await comment();
  expect([retried.status, retried.isReplayed]).toEqual([201, false]);
});

test("a failed request keeps its key, because the work may have been done", async () => {
  const key = randomUUID();
  const post = await send("/api/feedback", randomUUID(), feedback(randomUUID()));
  const comments = `/api/feedback/${String(post.body["id"])}/comments`;
  await sql("alter table feedback_comments rename to feedback_comments_away");
  try {
    expect((await send(comments, key, { content: "x" })).status).toBe(500);
  } finally {
    await sql("alter table feedback_comments_away rename to feedback_comments");
  }
  const retried = await send(comments, key, { content: "x" });
  expect([retried.status, retried.body["code"]]).toEqual([409, "idempotency_key_interrupted"]);
  expect((await send(comments, randomUUID(), { content: "x" })).status).toBe(201);
});

test("a key claimed by a dead process does not repeat the work; after 24 hours every key is free", async () => {
  const [key, title] = [randomUUID(), randomUUID()];
  await send("/api/feedback", key, feedback(title));
  const row = "where user_id = $1 and id = (select id from idempotency_keys where user_id = $1 order by created_at desc limit 1)";
  await sql(`update idempotency_keys set sealed_answer = null, process_id = 2147483647 ${row}`, [ada.id]);
  const interrupted = await send("/api/feedback", key, feedback(title));
  expect([interrupted.status, interrupted.body["code"]]).toEqual([409, "idempotency_key_interrupted"]);
  expect(await postsOf(title)).toBe(1);
  await sql(`update idempotency_keys set created_at = now() - interval '24 hours 1 second' ${row}`, [ada.id]);
  const later = await send("/api/feedback", key, feedback(title));
  expect([later.status, later.isReplayed]).toEqual([201, false]);
  expect(await postsOf(title)).toBe(2);
});

test("a run is started once, and a retry gets its stream", async () => {
  const key = randomUUID();
  const body = { project_id: world.project.id, message: "Only once", edit_mode: "allow" };
  const stream = async () => {
    const response = await app.request("/api/chat/stream", { method: "POST", user: ada, headers: { "idempotency-key": key }, json: body });
    const events = (await response.text()).split("\n").flatMap((line) => (line.startsWith("data: ") ? [line.slice(6)] : []));
    return { isReplayed: response.headers.get("idempotent-replayed") === "true", events };
  };
  const first = await stream();
  expect(first.events.at(-1)).toContain('"done"');
  expect(await stream()).toEqual({ isReplayed: true, events: first.events });
  const { rows } = await sql("select id from messages where content = 'Only once'");
  expect(rows.length).toBe(1);
});

test("an upload is stored once; other bytes under its key are refused", async () => {
  const key = randomUUID();
  const form = (side: number, name = "dot.png") => {
    const made = new FormData();
    made.append("directory", "public");
    made.append("file", new Blob([new Uint8Array(png(side, side))], { type: "image/png" }), name);
    return made;
  };
  const path = `/api/projects/${world.project.id}/assets`;
  const first = await send(path, key, form(2));
  expect(first.status).toBe(201);
  const again = await send(path, key, form(2));
  expect([again.status, again.isReplayed, again.text]).toEqual([201, true, first.text]);
  expect((await send(path, key, form(3))).status).toBe(422);
  expect((await send(path, key, form(2, "other.png"))).status).toBe(422);
  expect((await app.as(ada).assets.list({ params: { id: world.project.id } })).total).toBe(1);
});

test("a retry that reads the key while the first request ends gets its response", async () => {
  const store = createIdempotencyStore(app.db);
  const firstStarted = Promise.withResolvers<void>();
  const retryHasRead = Promise.withResolvers<void>();
  const firstHasEnded = Promise.withResolvers<void>();
  const { once } = createIdempotency({
    store: {
      ...store,
      find: async (...key) => {
        const row = await store.find(...key);
        retryHasRead.resolve();
        await firstHasEnded.promise;
        return row;
      },
    },
    box: createCryptoBox("a key of this test, 32 characters long"),
    processId: 1,
  });
  const request = { user_id: ada.id, key: randomUUID(), request: "the same" };
  const answer = { status: 201, headers: {}, body: "done" };
  const first = once(request, async () => {
    firstStarted.resolve();
    await retryHasRead.promise;
    return answer;
  }).finally(firstHasEnded.resolve);
  await firstStarted.promise;
  const retry = once(request, () => Promise.reject(new Error("the work was done twice")));
  expect(await first).toEqual({ ...answer, isReplayed: false });
  expect(await retry).toEqual({ ...answer, isReplayed: true });
});
