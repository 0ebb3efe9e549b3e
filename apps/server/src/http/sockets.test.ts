import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { Type, Uuid, route } from "@tesslate/contract";
import { AppError } from "../platform/errors.ts";
import { testApp } from "../testing/app.ts";
import { startHttp, rawRequest } from "../testing/http.ts";
import type { Handler } from "./mount.ts";

const routes = {
  echo: route({
    method: "WS",
    path: "/api/echo/{id}",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "user",
    kind: "socket",
    params: Type.Object({ id: Uuid }),
  }),
  named: route({
    method: "WS",
    path: "/api/named/{name}",
    tag: "system",
    description: "Only for the test.",
    summary: "s",
    auth: "user",
    kind: "socket",
    params: Type.Object({ name: Type.String() }),
  }),
};
const echo: Handler<(typeof routes)["echo"]> = async ({ user }, { params }, socket) => {
  socket.send({ type: "hello", user: user.username, via: user.via, id: params.id });
  for await (const frame of socket.frames) {
    if (frame === undefined) socket.send({ type: "not_json" });
    else if ((frame as { type?: string }).type === "end") return;
    else if ((frame as { type?: string }).type === "fail") throw new Error("secret reason");
    else if ((frame as { type?: string }).type === "missing") throw new AppError("not_found", "Project not found.");
    else socket.send({ type: "echo", frame });
  }
};
const handlers = {
  echo,
  named: async (_: unknown, { params }: { params: { name: string } }, socket: { send(f: unknown): boolean }) => void socket.send(params),
};
const id = "00000000-0000-4000-8000-000000000001";

interface Client {
  ws: WebSocket;
  frames: { type?: string; data?: { code?: string; message?: string }; [key: string]: unknown }[];
  closed: Promise<{ code: number; reason: string }>;
}
function open(url: string, options: { headers?: Record<string, string>; origin?: string; autoPong?: boolean } = {}): Client {
  const ws = new WebSocket(url.replace(/^http/, "ws"), options);
  const frames: Client["frames"] = [];
  ws.on("message", (data) => frames.push(JSON.parse(String(data)) as Client["frames"][number]));
  ws.on("error", () => undefined);
  const closed = once(ws, "close").then(([code, reason]) => ({ code: code as number, reason: String(reason) }));
  return { ws, frames, closed };
}
const connected = async (t: Client) => {
  if (t.ws.readyState !== WebSocket.OPEN) await once(t.ws, "open");
  return t;
};
const refusal = async (t: Client) => {
  const { code } = await t.closed;
  return [code, t.frames[0]?.data?.code, t.frames.length];
};

describe("authentication", () => {
  test("a session cookie is accepted from our own page", async () => {
    await using http = await startHttp(routes, handlers);
    for (const origin of [http.url, `http://127.0.0.1:${http.port}`]) {
      const t = open(`${http.url}/api/echo/${id}`, { origin, headers: { cookie: "a=b; tesslate_auth=ada" } });
      await vi.waitFor(() => expect(t.frames).toEqual([{ type: "hello", user: "ada", via: "cookie", id }]));
      t.ws.close();
    }
  });
  test("a session cookie is refused from another origin or without one", async () => {
    await using http = await startHttp(routes, handlers);
    for (const origin of [
      `https://localhost:${http.port}`,
      "https://evil.example",
      `http://my-app.preview.localhost:${http.port}`,
      "null",
      `http://localhost:1`,
      undefined,
    ]) {
      const t = open(`${http.url}/api/echo/${id}`, { ...(origin && { origin }), headers: { cookie: "tesslate_auth=ada" } });
      expect([origin, ...(await refusal(t))]).toEqual([origin, 4401, "unauthorized", 1]);
    }
  });
  test("a ticket is accepted once", async () => {
    await using http = await startHttp(routes, handlers);
    const t = open(`${http.url}/api/echo/${id}?ticket=ticket`);
    await vi.waitFor(() => expect(t.frames).toEqual([{ type: "hello", user: "ada", via: "ticket", id }]));
    expect(await refusal(open(`${http.url}/api/echo/${id}?ticket=ticket`))).toEqual([4401, "unauthorized", 1]);
    expect(await refusal(open(`${http.url}/api/echo/${id}?ticket=`))).toEqual([4401, "unauthorized", 1]);
    t.ws.close();
  });
  test("a first frame with a token is accepted; garbage, another frame or a wrong token is not", async () => {
    await using http = await startHttp(routes, handlers);
    const good = await connected(open(`${http.url}/api/echo/${id}`));
    good.ws.send(JSON.stringify({ type: "auth", token: "ada" }));
    good.ws.send(JSON.stringify({ n: 1 }));
    await vi.waitFor(() =>
      expect(good.frames).toEqual([
        { type: "authenticated" },
        { type: "hello", user: "ada", via: "bearer", id },
        { type: "echo", frame: { n: 1 } },
      ]),
    );
    good.ws.close();
    for (const first of [
      "garbage",
      "null",
      "[]",
      '{"type":"auth"}',
      '{"type":"auth","token":5}',
      '{"type":"input","token":"ada"}',
      '{"type":"auth","token":"unknown"}',
    ]) {
      const t = await connected(open(`${http.url}/api/echo/${id}`));
      t.ws.send(first);
      t.ws.send(JSON.stringify({ type: "auth", token: "ada" }));
      expect([first, ...(await refusal(t))]).toEqual([first, 4401, "unauthorized", 1]);
    }
    const binary = await connected(open(`${http.url}/api/echo/${id}`));
    binary.ws.send(Buffer.from(JSON.stringify({ type: "auth", token: "ada" })));
    expect(await refusal(binary)).toEqual([4401, "unauthorized", 1]);
  });
  test("a client that sends nothing is refused after 10 s", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      await using http = await startHttp(routes, handlers);
      const t = await connected(open(`${http.url}/api/echo/${id}`));
      await sleep(20);
      await vi.advanceTimersByTimeAsync(9900);
      expect(t.frames).toEqual([]);
      await vi.advanceTimersByTimeAsync(200);
      expect(await refusal(t)).toEqual([4401, "unauthorized", 1]);
    } finally {
      vi.useRealTimers();
    }
  });
  test("a token in the URL is refused, whatever else is sent", async () => {
    await using http = await startHttp(routes, handlers);
    for (const query of ["token=ada", "access_token=ada", "token=ada&ticket=ticket"])
      expect(await refusal(open(`${http.url}/api/echo/${id}?${query}`, { headers: { authorization: "Bearer ada" } }))).toEqual([
        4401,
        "unauthorized",
        1,
      ]);
    expect(await refusal(open(`${http.url}/api/echo/${id}?ticket=ada`))).toEqual([4401, "unauthorized", 1]);
  });
  test("with a stale cookie a first frame can still authenticate", async () => {
    await using http = await startHttp(routes, handlers);
    const t = await connected(open(`${http.url}/api/echo/${id}`, { origin: http.url, headers: { cookie: "tesslate_auth=stale" } }));
    t.ws.send(JSON.stringify({ type: "auth", token: "ada" }));
    await vi.waitFor(() => expect(t.frames.map(({ type }) => type)).toEqual(["authenticated", "hello"]));
    t.ws.close();
  });
  test("a client whose session is revoked is disconnected at once", async () => {
    await using http = await startHttp(routes, handlers);
    const t = open(`${http.url}/api/echo/${id}`, { headers: { authorization: "Bearer ada" } });
    await vi.waitFor(() => expect(t.frames).toHaveLength(1));
    http.revoke("ada");
    expect((await t.closed).code).toBe(4401);
  });
});

describe("paths", () => {
  const as = { headers: { authorization: "Bearer ada" } };
  test("unknown paths are 4404, for unauthenticated clients 4401", async () => {
    await using http = await startHttp(routes, handlers);
    for (const path of ["/api/nowhere", "/api/echo/not-a-uuid", "/api/echo", `/api/echo/${id}/more`, "/api/echo/%zz"]) {
      expect([path, ...(await refusal(open(http.url + path, as)))]).toEqual([path, 4404, "not_found", 1]);
      const anonymous = await connected(open(http.url + path));
      anonymous.ws.send("{}");
      expect((await anonymous.closed).code).toBe(4401);
    }
  });
  test("trailing slashes and encoded names are accepted", async () => {
    await using http = await startHttp(routes, handlers);
    const slash = open(`${http.url}/api/echo/${id}/`, as);
    await vi.waitFor(() => expect(slash.frames).toHaveLength(1));
    slash.ws.close();
    const named = open(`${http.url}/api/named/a%20b%2Fc`, as);
    expect((await named.closed).code).toBe(1000);
    expect(named.frames).toEqual([{ name: "a b/c" }]);
  });
  test("other paths and foreign host names are not upgraded", async () => {
    await using http = await startHttp(routes, handlers);
    const upgrade = (path: string, host: string) =>
      rawRequest(
        http.port,
        `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n`,
      );
    expect(await upgrade("/elsewhere", "localhost")).toMatch(/^HTTP\/1.1 404/);
    expect(await upgrade(`/api/echo/${id}`, "evil.example")).toMatch(/^HTTP\/1.1 400/);
  });
});

describe("frames", () => {
  const as = { headers: { authorization: "Bearer ada" } };
  test("invalid JSON and binary frames reach the handler as undefined; a normal end is 1000", async () => {
    await using http = await startHttp(routes, handlers);
    const t = await connected(open(`${http.url}/api/echo/${id}`, as));
    t.ws.send("{");
    t.ws.send(Buffer.from([1]));
    t.ws.send('{"type":"end"}');
    expect((await t.closed).code).toBe(1000);
    expect(t.frames.slice(1)).toEqual([{ type: "not_json" }, { type: "not_json" }]);
  });
  test("the error of a handler is not disclosed", async () => {
    await using http = await startHttp(routes, handlers);
    const t = await connected(open(`${http.url}/api/echo/${id}`, as));
    t.ws.send('{"type":"fail"}');
    expect((await t.closed).code).toBe(1011);
    expect(t.frames.at(-1)).toEqual({ type: "error", data: { message: expect.not.stringContaining("secret"), code: "internal_error" } });
    expect(http.logs()).toContain("secret reason");
    const missing = await connected(open(`${http.url}/api/echo/${id}`, as));
    missing.ws.send('{"type":"missing"}');
    expect((await missing.closed).code).toBe(4404);
    expect(missing.frames.at(-1)).toEqual({ type: "error", data: { message: "Project not found.", code: "not_found" } });
  });
  test("a frame over 1 MiB closes the socket with 1009", async () => {
    await using http = await startHttp(routes, handlers);
    const t = await connected(open(`${http.url}/api/echo/${id}`, as));
    t.ws.send(JSON.stringify("x".repeat(1024 * 1024 + 1)));
    expect((await t.closed).code).toBe(1009);
  });
  test("a burst of 1000 frames arrives complete and in order", async () => {
    await using http = await startHttp(routes, handlers);
    const t = await connected(open(`${http.url}/api/echo/${id}`, as));
    for (let n = 0; n < 1000; n++) t.ws.send(JSON.stringify({ n }));
    await vi.waitFor(() => expect(t.frames).toHaveLength(1001));
    expect(t.frames.slice(1).map((f) => (f["frame"] as { n: number }).n)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    t.ws.close();
  });
  test("a client that does not answer two pings is dropped, one that does stays", async () => {
    await using http = await startHttp(routes, handlers, { configure: (config) => (config.socketPingMs = 150) });
    const [dead, alive] = [open(`${http.url}/api/echo/${id}`, { ...as, autoPong: false }), open(`${http.url}/api/echo/${id}`, as)];
    const started = Date.now();
    expect((await dead.closed).code).toBe(1006);
    expect(Date.now() - started).toBeGreaterThan(290);
    await sleep(300);
    expect(alive.ws.readyState).toBe(WebSocket.OPEN);
    alive.ws.close();
  });
  test("a client that does not read is disconnected with 1013 instead of filling memory", async () => {
    let sent = 0;
    let wasRefused = false;
    const flood: Handler<(typeof routes)["echo"]> = async (_context, _input, socket) => {
      const big = "x".repeat(1024 * 1024);
      for (; sent < 200 && !socket.signal.aborted; sent++) {
        if (!socket.send({ big })) {
          wasRefused = true;
          return;
        }
        if (sent % 8 === 0) await sleep(1);
      }
    };
    await using http = await startHttp(routes, { ...handlers, echo: flood });
    const t = await connected(open(`${http.url}/api/echo/${id}`, as));
    t.ws.pause();
    await vi.waitFor(() => expect(wasRefused).toBe(true));
    expect(sent).toBeLessThan(60);
    t.ws.resume();
    expect((await t.closed).code).toBe(1013);
  });
  test("drained() lets a producer wait for the client", async () => {
    let most = 0;
    const polite: Handler<(typeof routes)["echo"]> = async (_context, _input, socket) => {
      const big = "x".repeat(256 * 1024);
      for (let n = 0; n < 200; n++) {
        if (!socket.send({ n, big })) return;
        most = n;
        await socket.drained();
      }
    };
    await using http = await startHttp(routes, { ...handlers, echo: polite });
    const t = await connected(open(`${http.url}/api/echo/${id}`, as));
    t.ws.pause();
    await sleep(200);
    expect(most).toBeLessThan(100);
    t.ws.resume();
    expect((await t.closed).code).toBe(1000);
    expect(t.frames).toHaveLength(200);
  });
  test("a shutdown closes with 1001", async () => {
    const http = await startHttp(routes, handlers);
    const t = open(`${http.url}/api/echo/${id}`, as);
    await vi.waitFor(() => expect(t.frames).toHaveLength(1));
    await http.server.close();
    expect((await t.closed).code).toBe(1001);
  });
});

describe("with real accounts", () => {
  const nowhere = "/api/nowhere/at/all";
  test("a ticket of POST /api/auth/ws-ticket opens one socket; it is invalid afterwards, after a minute, and after logout", async () => {
    await using app = await testApp();
    const ada = await app.signUp();
    const ticket = async () => (await app.as(ada).auth.wsTicket()).ticket;
    // Authenticated clients get 4404 here, others 4401.
    const first = await ticket();
    expect((await open(`${app.url}${nowhere}?ticket=${first}`).closed).code).toBe(4404);
    expect((await open(`${app.url}${nowhere}?ticket=${first}`).closed).code).toBe(4401);
    const raced = await ticket();
    const codes = await Promise.all(
      Array.from({ length: 5 }, async () => (await open(`${app.url}${nowhere}?ticket=${raced}`).closed).code),
    );
    expect(codes.sort()).toEqual([4401, 4401, 4401, 4401, 4404]);

    const old = await ticket();
    await app.studio.database.pool.query("update one_time_tokens set expires_at = now() - interval '1 second'");
    expect((await open(`${app.url}${nowhere}?ticket=${old}`).closed).code).toBe(4401);
    expect((await open(`${app.url}${nowhere}?ticket=${ada.token}`).closed).code).toBe(4401);
    expect((await open(`${app.url}${nowhere}?token=${ada.token}`).closed).code).toBe(4401);

    const late = await ticket();
    await app.as(ada).auth.logout();
    expect((await open(`${app.url}${nowhere}?ticket=${late}`).closed).code).toBe(4401);
  });
});
