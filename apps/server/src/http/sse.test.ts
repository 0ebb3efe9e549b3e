import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { Type, route } from "@tesslate/contract";
import { readEvents } from "@tesslate/client/core";
import { startHttp } from "../testing/http.ts";
import { writeEvents } from "./sse.ts";

/** A server that answers one request with these events. */
async function serving(
  events: () => AsyncIterable<unknown>,
  { signal = new AbortController().signal }: { signal?: AbortSignal } = {},
): Promise<{ server: Server; port: number; done: Promise<void> } & AsyncDisposable> {
  let finish: (error?: unknown) => void = () => undefined;
  const done = new Promise<void>((resolve, reject) => (finish = (error) => (error ? reject(error as Error) : resolve())));
  done.catch(() => undefined);
  const server = createServer((_request, response) => {
    const disconnected = new AbortController();
    response.once("close", () => disconnected.abort());
    writeEvents(response, events(), { signal: AbortSignal.any([signal, disconnected.signal]), headers: { "x-extra": "1" } }).then(
      () => finish(),
      finish,
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    server,
    port,
    done,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
const open = async (port: number): Promise<IncomingMessage> => {
  const call = request({ port, host: "127.0.0.1" }).end();
  const [response] = (await once(call, "response")) as [IncomingMessage];
  return response.setEncoding("utf8");
};

async function* count(n: number) {
  for (let seq = 1; seq <= n; seq++) yield { seq, text: "a\nb\r\u2028" };
}

test("writes one data line per event, ids for EventSource, and ends", async () => {
  await using server = await serving(() => count(2));
  const response = await open(server.port);
  expect(response.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    "x-extra": "1",
  });
  let text = "";
  for await (const chunk of response) text += String(chunk);
  expect(text).toBe('id: 1\ndata: {"seq":1,"text":"a\\nb\\r\u2028"}\n\nid: 2\ndata: {"seq":2,"text":"a\\nb\\r\u2028"}\n\n');
});

test("headers are sent before the first event", async () => {
  await using server = await serving(async function* () {
    await new Promise(() => undefined);
    yield 1;
  });
  expect((await open(server.port)).statusCode).toBe(200);
});

test("a slow client blocks the source instead of filling memory", async () => {
  let made = 0;
  const big = "x".repeat(64 * 1024);
  await using server = await serving(async function* () {
    for (; made < 2000; made++) yield { seq: made, big };
  });
  const response = await open(server.port);
  response.pause();
  await sleep(300);
  const whileSlow = made;
  expect(whileSlow).toBeLessThan(500);
  await sleep(100);
  expect(made).toBe(whileSlow);
  let bytes = 0;
  for await (const chunk of response) bytes += String(chunk).length;
  expect(made).toBe(2000);
  expect(bytes).toBeGreaterThan(2000 * big.length);
});

test("a client that disconnects ends the source", async () => {
  const ended = vi.fn();
  await using server = await serving(async function* () {
    try {
      for (let seq = 1; ; seq++) {
        yield { seq };
        await sleep(5);
      }
    } finally {
      ended();
    }
  });
  const response = await open(server.port);
  await once(response, "data");
  response.destroy();
  await server.done;
  await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
});

test("an abort ends a stream without events, and one whose client does not read", async () => {
  for (const source of [
    async function* () {
      yield { seq: 1 };
      await new Promise(() => undefined);
    },
    async function* () {
      for (;;) yield { big: "x".repeat(1024 * 1024) };
    },
  ]) {
    const abort = new AbortController();
    await using server = await serving(source, { signal: abort.signal });
    const response = await open(server.port);
    response.pause();
    await sleep(50);
    abort.abort();
    await server.done;
  }
});

test("a failing source ends the stream and reports the error to the writer", async () => {
  await using server = await serving(async function* () {
    yield { seq: 1 };
    throw new Error("broken");
  });
  const response = await open(server.port);
  let text = "";
  for await (const chunk of response) text += String(chunk);
  expect(text).toBe('id: 1\ndata: {"seq":1}\n\n');
  await expect(server.done).rejects.toThrow("broken");
});

test("after 15 s without events a comment is sent", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await using server = await serving(async function* () {
      yield { seq: 1 };
      await new Promise(() => undefined);
    });
    const response = await open(server.port);
    let text = "";
    response.on("data", (chunk: string) => (text += chunk));
    await vi.waitFor(() => expect(text).toContain("data:"));
    await vi.advanceTimersByTimeAsync(14_000);
    expect(text).not.toContain("keepalive");
    await vi.advanceTimersByTimeAsync(1100);
    await vi.waitFor(() => expect(text).toMatch(/\n\n: keepalive\n\n$/));
    await vi.advanceTimersByTimeAsync(15_100);
    await vi.waitFor(() => expect(text.match(/: keepalive/g)).toHaveLength(2));
    response.destroy();
  } finally {
    vi.useRealTimers();
  }
});

test("a long stream keeps no memory per event", async () => {
  const abort = new AbortController();
  await using server = await serving(() => count(20_000), { signal: abort.signal });
  const response = await open(server.port);
  const seen: number[] = [];
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      response.on("data", (chunk: string) => controller.enqueue(Buffer.from(chunk)));
      response.on("end", () => controller.close());
    },
  });
  for await (const { data } of readEvents<{ seq: number }>(body)) seen.push(data.seq);
  expect(seen).toHaveLength(20_000);
  expect(seen.at(-1)).toBe(20_000);
});

describe("over HTTP", () => {
  const routes = {
    follow: route({
      method: "GET",
      path: "/api/follow",
      tag: "system",
      description: "Only for the test.",
      summary: "s",
      auth: "user",
      kind: "sse",
      query: Type.Object({ refuse: Type.Optional(Type.Boolean()) }),
      events: Type.Object({ seq: Type.Integer() }),
    }),
  };
  const handlers = (ended = () => {}) => ({
    follow: async ({ signal }: { signal: AbortSignal }, { query }: { query: { refuse?: boolean } }) => {
      if (query.refuse) throw new (await import("../platform/errors.ts")).AppError("chat_busy", "Busy.");
      return (async function* () {
        yield { seq: 1 };
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
        ended();
      })();
    },
  });
  const follow = (url: string, path = "/api/follow") => fetch(url + path, { headers: { authorization: "Bearer ada" } });

  test("refusals happen before the stream starts", async () => {
    await using http = await startHttp(routes, handlers());
    const refused = await follow(http.url, "/api/follow?refuse=true");
    expect([refused.status, refused.headers.get("content-type")]).toEqual([409, "application/json; charset=utf-8"]);
    expect((await fetch(`${http.url}/api/follow`)).status).toBe(401);
    expect((await fetch(`${http.url}/api/follow`, { method: "HEAD", headers: { authorization: "Bearer ada" } })).status).toBe(405);
  });
  test("ends when the caller's session is revoked", async () => {
    const ended = vi.fn();
    await using http = await startHttp(routes, handlers(ended));
    const response = await follow(http.url);
    const text = response.text();
    await sleep(20);
    http.revoke("ada");
    expect(await text).toBe('id: 1\ndata: {"seq":1}\n\nretry: 1000\n\n');
    await vi.waitFor(() => expect(ended).toHaveBeenCalled());
  });
  test("ends when the server shuts down, which does not wait for streams", async () => {
    const http = await startHttp(routes, handlers());
    const response = await follow(http.url);
    const text = response.text();
    await http.server.close();
    await text;
  });
  test("the request is logged once, at its end", async () => {
    await using http = await startHttp(routes, handlers());
    const response = await follow(http.url);
    await sleep(20);
    expect(http.logs()).not.toContain('"msg":"request"');
    await response.body?.cancel();
    await vi.waitFor(() => expect(http.logs().match(/"msg":"request"/g)).toHaveLength(1));
  });
});
