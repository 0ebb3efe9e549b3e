import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { contract, type ApiKeyScope, type RouteSpec } from "@tesslate/contract";
import { projectsApp, setUpProject, type ProjectsApp } from "../../../testing/projects.ts";
import type { TestUser } from "../../../testing/app.ts";

let app: ProjectsApp;
let ada: TestUser;
let grace: TestUser;
beforeAll(async () => {
  app = await projectsApp();
  [ada, grace] = [await app.signUp(), await app.signUp()];
});
afterAll(() => app.close());

const make = (scopes: ApiKeyScope[] = ["write"], more: { expires_in_days?: number } = {}, user = ada) =>
  app.as(user).auth.createApiKey({ body: { name: " for the tests ", scopes, ...more } });
const withKey = (key: string) => app.as({ token: key });
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "allowed",
    (error: { status: number; code: string }) => `${error.status} ${error.code}`,
  );

test("a key is returned once, works at once, and stops working when it is deleted", async () => {
  const made = await make();
  expect(made).toMatchObject({ name: "for the tests", scopes: ["write"], expires_at: null, last_used_at: null });
  expect(made.key).toMatch(/^tsk_[\w-]{43}$/);
  expect(made.key.startsWith(made.prefix)).toBe(true);
  expect((await withKey(made.key).users.me()).id).toBe(ada.id);
  const listed = (await app.as(ada).auth.apiKeys()).items.find((k) => k.id === made.id);
  expect(JSON.stringify(listed)).not.toContain(made.key.slice(12));
  await expect.poll(async () => (await app.as(ada).auth.apiKeys()).items.find((k) => k.id === made.id)?.last_used_at).toBeTruthy();
  const { rows } = await app.studio.database.pool.query("select row_to_json(k)::text as text from api_keys k where id = $1", [made.id]);
  expect(JSON.stringify(rows)).not.toContain(made.key.slice(12));
  await app.as(ada).auth.deleteApiKey({ params: { id: made.id } });
  expect(await refusal(withKey(made.key).users.me())).toBe("401 unauthorized");
  expect(app.logs()).not.toContain(made.key);
});

test("a key with the read scope can only read", async () => {
  const { project } = await setUpProject(app, ada, "Read me");
  const { key } = await make(["read"]);
  expect((await withKey(key).projects.get({ params: { id: project.id } })).id).toBe(project.id);
  expect(await refusal(withKey(key).projects.create({ body: { name: "No" } }))).toBe("403 scope_missing");
  expect(await refusal(withKey(key).files.put({ params: { id: project.id, path: "x.txt" }, body: { content: "x" } }))).toBe(
    "403 scope_missing",
  );
});

test("a key without the run scope can neither start nor steer a run on any route", async () => {
  const token = { token: (await make(["read", "write"])).key };
  const entrances = Object.values(contract)
    .flatMap((group) => Object.values(group as Record<string, RouteSpec>))
    .filter(({ keys, kind }) => keys === "run" && kind !== "socket");
  expect(entrances.length).toBeGreaterThan(10);
  for (const { method, path, body } of entrances) {
    const response = await app.request(path.replace(/\{\w+\}/g, "00000000-0000-4000-8000-000000000000"), {
      method,
      user: token,
      ...(body && { json: {} }),
    });
    expect([path, response.status, ((await response.json()) as { code: string }).code]).toEqual([path, 403, "scope_missing"]);
  }
});

test("no key can call routes for people only, whatever its scopes", async () => {
  const api = withKey((await make(["read", "write"])).key);
  const never = [
    api.users.updateMe({ body: { name: "Mallory" } }),
    api.auth.apiKeys(),
    api.auth.createApiKey({ body: { name: "another", scopes: ["write"] } }),
    api.auth.sessions(),
    api.auth.endOtherSessions(),
    api.auth.wsTicket(),
  ];
  expect(await Promise.all(never.map(refusal))).toEqual(never.map(() => "403 session_required"));
});

test("an administrator's key has no administrator rights, also not on routes open to all users", async () => {
  const root = await app.signUp({ admin: true });
  const { key } = await make(["read", "write"], {}, root);
  const post = await app.as(ada).feedback.create({ body: { type: "bug", title: "Keep me", description: "It is mine and stays." } });
  expect(await refusal(withKey(key).feedback.remove({ params: { id: post.id } }))).toBe("403 forbidden");
  expect((await withKey(key).models.setup()).can_configure).toBe(false);
  expect((await app.as(root).models.setup()).can_configure).toBe(true);
  expect(await refusal(app.as(root).feedback.remove({ params: { id: post.id } }))).toBe("allowed");
});

test("an expired key, a key of a disabled user and an invalid key are unauthenticated", async () => {
  const user = await app.signUp();
  const { key, id, expires_at } = await make(["write"], { expires_in_days: 30 }, user);
  expect(Math.round((Date.parse(expires_at ?? "") - Date.now()) / 86_400_000)).toBe(30);
  await app.studio.database.pool.query("update api_keys set expires_at = now() - interval '1 second' where id = $1", [id]);
  expect(await refusal(withKey(key).users.me())).toBe("401 token_expired");
  const second = await make(["write"], {}, user);
  await app.studio.database.pool.query("update users set is_suspended = true where id = $1", [user.id]);
  expect(await refusal(withKey(second.key).users.me())).toBe("401 unauthorized");
  expect(await refusal(withKey("tsk_invented").users.me())).toBe("401 unauthorized");
});

test("another user can neither see nor delete a key", async () => {
  const { id } = await make();
  expect((await app.as(grace).auth.apiKeys()).items.some((k) => k.id === id)).toBe(false);
  expect(await refusal(app.as(grace).auth.deleteApiKey({ params: { id } }))).toBe("404 not_found");
  expect((await app.request("/api/auth/api-keys")).status).toBe(401);
  expect((await app.request("/api/auth/api-keys", { method: "POST", user: ada, json: { name: "x", scopes: ["all"] } })).status).toBe(422);
  expect((await app.request("/api/auth/api-keys", { method: "POST", user: ada, json: { name: "x", scopes: [] } })).status).toBe(422);
});

test("there are at most 50 keys, also for concurrent requests", async () => {
  const user = await app.signUp();
  const outcomes = await Promise.all(Array.from({ length: 55 }, () => refusal(make(["read"], {}, user))));
  expect(outcomes.filter((o) => o === "allowed")).toHaveLength(50);
  expect(outcomes.filter((o) => o === "400 key_limit_reached")).toHaveLength(5);
});

test("a stream ends when its API key expires, without further requests", async () => {
  const { project } = await setUpProject(app, ada, "Until then");
  // On a slow machine the key lasts longer, so that the stream opens in time.
  for (let seconds = 2; ; seconds *= 2) {
    const { key, id } = await make(["read"], { expires_in_days: 1 });
    await app.studio.database.pool.query("update api_keys set expires_at = now() + make_interval(secs => $2) where id = $1", [id, seconds]);
    const stream = await app.request(`/api/projects/${project.id}/events`, { user: { token: key } });
    if (stream.status === 401) continue;
    expect(stream.status).toBe(200);
    for await (const _ of stream.body ?? []) void _;
    expect(await refusal(withKey(key).users.me())).toBe("401 token_expired");
    break;
  }
});

describe("sockets", () => {
  const connect = (projectId: string, key: string) => {
    const ws = new WebSocket(`${app.url.replace("http", "ws")}/api/projects/${projectId}/events/ws`);
    ws.on("open", () => ws.send(JSON.stringify({ type: "auth", token: key })));
    const closed = new Promise<number>((resolve) => ws.on("close", resolve));
    return { ws, closed };
  };
  test("open with a key that has the write scope, and close when it is deleted", async () => {
    const { project } = await setUpProject(app, ada, "Socket");
    const made = await make();
    const { ws, closed } = connect(project.id, made.key);
    ws.on("open", () => ws.send(JSON.stringify({ type: "subscribe", after_seq: 0 })));
    await new Promise((resolve) => ws.once("message", resolve));
    await app.as(ada).auth.deleteApiKey({ params: { id: made.id } });
    expect(await closed).toBe(4401);
  });
  test("of events accept a key with the read scope, and refuse one without it", async () => {
    const { project } = await setUpProject(app, ada, "Socket two");
    const { ws } = connect(project.id, (await make(["read"])).key);
    const [frame] = (await once(ws, "message")) as [Buffer];
    expect(JSON.parse(frame.toString())).toEqual({ type: "authenticated" });
    ws.close();
    const { key } = await app.as(ada).auth.createApiKey({ body: { name: "runs", scopes: ["run"], edit_mode: "plan" } });
    expect(await connect(project.id, key).closed).toBe(4401);
  });
});

describe("the list of sessions", () => {
  test("lists the user's sessions; one or all others can be ended", async () => {
    const user = await app.signUp();
    const login = async () =>
      (await app.as().auth.login({ body: { email: user.email, password: user.password } }, { headers: { "user-agent": "Phone" } }))
        .access_token ?? "";
    const [phone, laptop] = [await login(), await login()];
    const { items, total } = await app.as(user).auth.sessions();
    expect(total).toBe(3);
    expect(items.filter((s) => s.current)).toHaveLength(1);
    expect(items.filter((s) => s.user_agent === "Phone")).toHaveLength(2);
    const onPhone = (await app.as({ token: phone }).auth.sessions()).items.find((s) => s.current);
    await app.as(user).auth.endSession({ params: { id: onPhone?.id ?? "" } });
    expect(await refusal(app.as({ token: phone }).users.me())).toBe("401 unauthorized");
    expect(await refusal(app.as(user).auth.endSession({ params: { id: onPhone?.id ?? "" } }))).toBe("404 not_found");
    expect(await refusal(app.as(grace).auth.endSession({ params: { id: items[0]?.id ?? "" } }))).toBe("404 not_found");
    await app.as(user).auth.endOtherSessions();
    expect(await refusal(app.as({ token: laptop }).users.me())).toBe("401 unauthorized");
    expect((await app.as(user).auth.sessions()).total).toBe(1);
  });
});
