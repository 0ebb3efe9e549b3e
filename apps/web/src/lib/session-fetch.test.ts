import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createSessionFetch } from "./session-fetch.ts";

/** A small real server with the session rules of cookies and CSRF. */
async function sessionServer() {
  const state = { isFresh: true, canRefresh: true, token: "t1", calls: [] as string[], reading: 0 };
  const answer = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  const server = createServer((request: IncomingMessage, response) => {
    state.calls.push(`${request.method} ${request.url}`);
    if (request.url === "/api/auth/csrf") return answer(response, 200, { csrf_token: state.token });
    if (request.url === "/api/auth/login") return answer(response, 401, { detail: "No.", code: "login_bad_credentials" });
    if (request.url === "/api/auth/refresh") {
      setTimeout(() => {
        if (state.canRefresh) state.isFresh = true;
        answer(response, state.canRefresh ? 200 : 401, {});
      }, 10);
      return undefined;
    }
    if (!state.isFresh) return answer(response, 401, { detail: "Sign in.", code: "unauthorized" });
    if (request.method !== "GET" && request.headers["x-csrf-token"] !== state.token)
      return answer(response, 403, { detail: "Token.", code: "csrf_mismatch" });
    return answer(response, 200, { ok: true });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const events: string[] = [];
  const session = createSessionFetch({
    fetch: (url, init) => fetch(base + url, init),
    onSignedOut: () => events.push("signed out"),
    onReach: (isReached) => events.push(isReached ? "reached" : "unreachable"),
  });
  return { state, session, events, close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

let open: Awaited<ReturnType<typeof sessionServer>> | undefined;
const start = async () => (open = await sessionServer());
afterEach(() => open?.close());

describe("session fetch", () => {
  test("a write fetches the CSRF token once and sends it", async () => {
    const { session, state } = await start();
    expect((await session.fetch("/api/projects", { method: "POST" })).status).toBe(200);
    expect((await session.fetch("/api/projects", { method: "POST" })).status).toBe(200);
    expect(state.calls).toEqual(["GET /api/auth/csrf", "POST /api/projects", "POST /api/projects"]);
  });
  test("what was asked in somebody else's name is not asked again in one's own", async () => {
    const { session, state } = await start();
    const over: string[] = [];
    session.setImpersonation(() => over.push("over"));
    expect((await session.fetch("/api/projects", { method: "POST" })).status).toBe(200);
    state.isFresh = false;
    state.calls.length = 0;
    expect((await session.fetch("/api/projects", { method: "POST" })).status).toBe(401);
    expect(state.calls).toEqual(["POST /api/projects"]);
    expect(over).toEqual(["over"]);
  });
  test("a stale token is renewed and the write repeated once", async () => {
    const { session, state } = await start();
    await session.fetch("/api/projects", { method: "POST" });
    state.token = "t2";
    expect((await session.fetch("/api/projects", { method: "POST" })).status).toBe(200);
    expect(state.calls.slice(2)).toEqual(["POST /api/projects", "GET /api/auth/csrf", "POST /api/projects"]);
  });
  test("an expired session is renewed once for any number of parallel calls", async () => {
    const { session, state, events } = await start();
    state.isFresh = false;
    const answers = await Promise.all([1, 2, 3].map((n) => session.fetch(`/api/projects?page=${n}`, { method: "GET" })));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(state.calls.filter((call) => call.includes("refresh"))).toHaveLength(1);
    expect(events).not.toContain("signed out");
  });
  test("a session that cannot be renewed is reported and the 401 handed back", async () => {
    const { session, state, events } = await start();
    state.isFresh = false;
    state.canRefresh = false;
    expect((await session.fetch("/api/projects", { method: "GET" })).status).toBe(401);
    expect(events).toContain("signed out");
  });
  test("a wrong password is an answer, not a lost session", async () => {
    const { session, state, events } = await start();
    expect((await session.fetch("/api/auth/login", { method: "POST" })).status).toBe(401);
    expect(state.calls).toEqual(["POST /api/auth/login"]);
    expect(events).not.toContain("signed out");
  });
  test("an unreachable server is reported and thrown", async () => {
    const { session, events, close } = await start();
    await close();
    await expect(session.fetch("/api/projects", { method: "GET" })).rejects.toThrow();
    expect(events).toEqual(["unreachable"]);
    open = undefined;
  });
});
