import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { Type, Uuid, route } from "@tesslate/contract";
import { AppError } from "../platform/errors.ts";
import { testApp } from "../testing/app.ts";
import { frontDoor, rawRequest } from "../testing/front-door.ts";
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
    else if ((frame as { type?: string }).type === "gone") throw new AppError("not_found", "Project not found.");
    else socket.send({ type: "echo", frame });
  }
};
const handlers = {
  echo,
  named: async (_: unknown, { params }: { params: { name: string } }, socket: { send(f: unknown): boolean }) => void socket.send(params),
};
const id = "00000000-0000-4000-8000-000000000001";

interface Talk {
  ws: WebSocket;
  frames: { type?: string; data?: { code?: string; message?: string }; [key: string]: unknown }[];
  closed: Promise<{ code: number; reason: string }>;
}
function talk(url: string, options: { headers?: Record<string, string>; origin?: string; autoPong?: boolean } = {}): Talk {
  const ws = new WebSocket(url.replace(/^http/, "ws"), options);
  const frames: Talk["frames"] = [];
  ws.on("message", (data) => frames.push(JSON.parse(String(data)) as Talk["frames"][number]));
  ws.on("error", () => undefined);
  const closed = once(ws, "close").then(([code, reason]) => ({ code: code as number, reason: String(reason) }));
  return { ws, frames, closed };
}
const opened = async (t: Talk) => {
  if (t.ws.readyState !== WebSocket.OPEN) await once(t.ws, "open");
  return t;
};
const refusal = async (t: Talk) => {
  const { code } = await t.closed;
  return [code, t.frames[0]?.data?.code, t.frames.length];
};

describe("who may talk", () => {
  test("a session cookie from our own page", async () => {
    await using door = await frontDoor(routes, handlers);
    for (const origin of [door.url, `http://127.0.0.1:${door.port}`]) {
      const t = talk(`${door.url}/api/echo/${id}`, { origin, headers: { cookie: "a=b; tesslate_auth=ada" } });
      await vi.waitFor(() => expect(t.frames).toEqual([{ type: "hello", user: "ada", via: "cookie", id }]));
      t.ws.close();
    }
  });
  test("never a session cookie from another page or from none", async () => {
    await using door = await frontDoor(routes, handlers);
    for (const origin of [
      `https://localhost:${door.port}`,
      "https://evil.example",
      `http://my-app.preview.localhost:${door.port}`,
      "null",
      `http://localhost:1`,
      undefined,
    ]) {
      const t = talk(`${door.url}/api/echo/${id}`, { ...(origin && { origin }), headers: { cookie: "tesslate_auth=ada" } });
      expect([origin, ...(await refusal(t))]).toEqual([origin, 4401, "unauthorized", 1]);
    }
  });
  test("a ticket, once", async () => {
    await using door = await frontDoor(routes, handlers);
    const t = talk(`${door.url}/api/echo/${id}?ticket=ticket`);
    await vi.waitFor(() => expect(t.frames).toEqual([{ type: "hello", user: "ada", via: "ticket", id }]));
    expect(await refusal(talk(`${door.url}/api/echo/${id}?ticket=ticket`))).toEqual([4401, "unauthorized", 1]);
    expect(await refusal(talk(`${door.url}/api/echo/${id}?ticket=`))).toEqual([4401, "unauthorized", 1]);
    t.ws.close();
  });
  test("a first frame with a token; not garbage, not another frame, not a wrong token", async () => {
    await using door = await frontDoor(routes, handlers);
    const good = await opened(talk(`${door.url}/api/echo/${id}`));
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
      '{"type":"auth","token":"nobody"}',
    ]) {
      const t = await opened(talk(`${door.url}/api/echo/${id}`));
      t.ws.send(first);
      t.ws.send(JSON.stringify({ type: "auth", token: "ada" }));
      expect([first, ...(await refusal(t))]).toEqual([first, 4401, "unauthorized", 1]);
    }
    const binary = await opened(talk(`${door.url}/api/echo/${id}`));
    binary.ws.send(Buffer.from(JSON.stringify({ type: "auth", token: "ada" })));
    expect(await refusal(binary)).toEqual([4401, "unauthorized", 1]);
  });
  test("silence is refused after 10 s", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      await using door = await frontDoor(routes, handlers);
      const t = await opened(talk(`${door.url}/api/echo/${id}`));
      await sleep(20);
      await vi.advanceTimersByTimeAsync(9900);
      expect(t.frames).toEqual([]);
      await vi.advanceTimersByTimeAsync(200);
      expect(await refusal(t)).toEqual([4401, "unauthorized", 1]);
    } finally {
      vi.useRealTimers();
    }
  });
  test("a token in the address is refused, whatever comes with it", async () => {
    await using door = await frontDoor(routes, handlers);
    for (const query of ["token=ada", "access_token=ada", "token=ada&ticket=ticket"])
      expect(await refusal(talk(`${door.url}/api/echo/${id}?${query}`, { headers: { authorization: "Bearer ada" } }))).toEqual([
        4401,
        "unauthorized",
        1,
      ]);
    expect(await refusal(talk(`${door.url}/api/echo/${id}?ticket=ada`))).toEqual([4401, "unauthorized", 1]);
  });
  test("a stale cookie leaves room for a first frame", async () => {
    await using door = await frontDoor(routes, handlers);
    const t = await opened(talk(`${door.url}/api/echo/${id}`, { origin: door.url, headers: { cookie: "tesslate_auth=stale" } }));
    t.ws.send(JSON.stringify({ type: "auth", token: "ada" }));
    await vi.waitFor(() => expect(t.frames.map(({ type }) => type)).toEqual(["authenticated", "hello"]));
    t.ws.close();
  });
  test("a caller whose session is revoked is put out at once", async () => {
    await using door = await frontDoor(routes, handlers);
    const t = talk(`${door.url}/api/echo/${id}`, { headers: { authorization: "Bearer ada" } });
    await vi.waitFor(() => expect(t.frames).toHaveLength(1));
    door.revoke("ada");
    expect((await t.closed).code).toBe(4401);
  });
});

describe("where the talk leads", () => {
  const as = { headers: { authorization: "Bearer ada" } };
  test("unknown places are 4404, for nobody 4401 all the same", async () => {
    await using door = await frontDoor(routes, handlers);
    for (const path of ["/api/nowhere", "/api/echo/not-a-uuid", "/api/echo", `/api/echo/${id}/more`, "/api/echo/%zz"]) {
      expect([path, ...(await refusal(talk(door.url + path, as)))]).toEqual([path, 4404, "not_found", 1]);
      const nobody = await opened(talk(door.url + path));
      nobody.ws.send("{}");
      expect((await nobody.closed).code).toBe(4401);
    }
  });
  test("a trailing slash and encoded names are understood", async () => {
    await using door = await frontDoor(routes, handlers);
    const slash = talk(`${door.url}/api/echo/${id}/`, as);
    await vi.waitFor(() => expect(slash.frames).toHaveLength(1));
    slash.ws.close();
    const named = talk(`${door.url}/api/named/a%20b%2Fc`, as);
    expect((await named.closed).code).toBe(1000);
    expect(named.frames).toEqual([{ name: "a b/c" }]);
  });
  test("other addresses and foreign host names are not upgraded", async () => {
    await using door = await frontDoor(routes, handlers);
    const upgrade = (path: string, host: string) =>
      rawRequest(
        door.port,
        `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n`,
      );
    expect(await upgrade("/elsewhere", "localhost")).toMatch(/^HTTP\/1.1 404/);
    expect(await upgrade(`/api/echo/${id}`, "evil.example")).toMatch(/^HTTP\/1.1 400/);
  });
});

describe("the talk", () => {
  const as = { headers: { authorization: "Bearer ada" } };
  test("text that is not JSON and binary frames reach the handler as undefined; the end is 1000", async () => {
    await using door = await frontDoor(routes, handlers);
    const t = await opened(talk(`${door.url}/api/echo/${id}`, as));
    t.ws.send("{");
    t.ws.send(Buffer.from([1]));
    t.ws.send('{"type":"end"}');
    expect((await t.closed).code).toBe(1000);
    expect(t.frames.slice(1)).toEqual([{ type: "not_json" }, { type: "not_json" }]);
  });
  test("a handler that breaks says no more than it must", async () => {
    await using door = await frontDoor(routes, handlers);
    const t = await opened(talk(`${door.url}/api/echo/${id}`, as));
    t.ws.send('{"type":"fail"}');
    expect((await t.closed).code).toBe(1011);
    expect(t.frames.at(-1)).toEqual({ type: "error", data: { message: expect.not.stringContaining("secret"), code: "internal_error" } });
    expect(door.logs()).toContain("secret reason");
    const gone = await opened(talk(`${door.url}/api/echo/${id}`, as));
    gone.ws.send('{"type":"gone"}');
    expect((await gone.closed).code).toBe(4404);
    expect(gone.frames.at(-1)).toEqual({ type: "error", data: { message: "Project not found.", code: "not_found" } });
  });
  test("a frame over 1 MiB ends it with 1009", async () => {
    await using door = await frontDoor(routes, handlers);
    const t = await opened(talk(`${door.url}/api/echo/${id}`, as));
    t.ws.send(JSON.stringify("x".repeat(1024 * 1024 + 1)));
    expect((await t.closed).code).toBe(1009);
  });
  test("a burst of 1000 frames arrives whole and in order", async () => {
    await using door = await frontDoor(routes, handlers);
    const t = await opened(talk(`${door.url}/api/echo/${id}`, as));
    for (let n = 0; n < 1000; n++) t.ws.send(JSON.stringify({ n }));
    await vi.waitFor(() => expect(t.frames).toHaveLength(1001));
    expect(t.frames.slice(1).map((f) => (f["frame"] as { n: number }).n)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    t.ws.close();
  });
  test("a client that answers no ping is dropped after two, one that does stays", async () => {
    await using door = await frontDoor(routes, handlers, { configure: (config) => (config.socketPingMs = 150) });
    const [dead, alive] = [talk(`${door.url}/api/echo/${id}`, { ...as, autoPong: false }), talk(`${door.url}/api/echo/${id}`, as)];
    const started = Date.now();
    expect((await dead.closed).code).toBe(1006);
    expect(Date.now() - started).toBeGreaterThan(290);
    await sleep(300);
    expect(alive.ws.readyState).toBe(WebSocket.OPEN);
    alive.ws.close();
  });
  test("a client that does not read is let go with 1013 instead of filling memory", async () => {
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
    await using door = await frontDoor(routes, { ...handlers, echo: flood });
    const t = await opened(talk(`${door.url}/api/echo/${id}`, as));
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
    await using door = await frontDoor(routes, { ...handlers, echo: polite });
    const t = await opened(talk(`${door.url}/api/echo/${id}`, as));
    t.ws.pause();
    await sleep(200);
    expect(most).toBeLessThan(100);
    t.ws.resume();
    expect((await t.closed).code).toBe(1000);
    expect(t.frames).toHaveLength(200);
  });
  test("shutdown says 1001", async () => {
    const door = await frontDoor(routes, handlers);
    const t = talk(`${door.url}/api/echo/${id}`, as);
    await vi.waitFor(() => expect(t.frames).toHaveLength(1));
    await door.http.close();
    expect((await t.closed).code).toBe(1001);
  });
});

describe("with the real accounts", () => {
  const nowhere = "/api/nowhere/at/all";
  test("a ticket of POST /api/auth/ws-ticket opens one socket and is no good afterwards, nor after a minute, nor after logout", async () => {
    await using app = await testApp();
    const ada = await app.signUp();
    const ticket = async () => (await app.as(ada).auth.wsTicket()).ticket;
    // Known callers learn that there is nothing here; unknown ones learn nothing.
    const first = await ticket();
    expect((await talk(`${app.url}${nowhere}?ticket=${first}`).closed).code).toBe(4404);
    expect((await talk(`${app.url}${nowhere}?ticket=${first}`).closed).code).toBe(4401);
    const raced = await ticket();
    const codes = await Promise.all(
      Array.from({ length: 5 }, async () => (await talk(`${app.url}${nowhere}?ticket=${raced}`).closed).code),
    );
    expect(codes.sort()).toEqual([4401, 4401, 4401, 4401, 4404]);

    const old = await ticket();
    await app.studio.database.pool.query("update one_time_tokens set expires_at = now() - interval '1 second'");
    expect((await talk(`${app.url}${nowhere}?ticket=${old}`).closed).code).toBe(4401);
    expect((await talk(`${app.url}${nowhere}?ticket=${ada.token}`).closed).code).toBe(4401);
    expect((await talk(`${app.url}${nowhere}?token=${ada.token}`).closed).code).toBe(4401);

    const late = await ticket();
    await app.as(ada).auth.logout();
    expect((await talk(`${app.url}${nowhere}?ticket=${late}`).closed).code).toBe(4401);
  });
});
