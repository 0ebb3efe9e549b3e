import { expect, expectTypeOf, test } from "vitest";
import type { Contract, Project, RunEvent, ShellServerFrame } from "@tesslate/contract";
import { ApiError } from "./api-error.ts";
import { bindRoutes, urlOf, type SocketPath } from "./bind-routes.ts";
import { routes } from "./routes.ts";
import { readEvents } from "./server-events.ts";

const answering = (status: number, body: unknown, seen: { url?: string; init?: RequestInit } = {}) =>
  bindRoutes<Contract>(routes, {
    fetch: async (url, init) => {
      seen.url = url;
      seen.init = init;
      return new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
    },
  });

test("types and requests follow from the route values", async () => {
  const seen: { url?: string; init?: RequestInit } = {};
  const api = answering(200, { items: [], total: 0, page: 1, total_pages: 0 }, seen);
  const list = await api.projects.list({ query: { limit: 5, q: "a b" } });
  expectTypeOf(list.items).toEqualTypeOf<Project[]>();
  expect(seen.url).toBe("/api/projects?limit=5&q=a+b");
  expectTypeOf(api.chat.stream({ body: { project_id: "p", message: "hi" } })).toExtend<AsyncIterable<RunEvent>>();
  const terminal = api.shell.socket({ params: { session_id: "s1" } });
  expectTypeOf(terminal).toExtend<SocketPath<ShellServerFrame, { type: string }>>();
  expect(terminal).toBe("/api/shell/ws/s1");
});

test("what is sent while a page closes is kept alive, and nothing else", async () => {
  const seen: { init?: RequestInit } = {};
  const api = answering(204, undefined, seen);
  await api.snapshots.remove({ params: { id: "p", snapshot_id: "s" } }, { keepalive: true });
  expect(seen.init).toMatchObject({ method: "DELETE", keepalive: true });
  await api.snapshots.remove({ params: { id: "p", snapshot_id: "s" } }, { keepalive: false });
  expect(seen.init).not.toHaveProperty("keepalive");
});

test("a file path keeps its slashes and escapes the rest", () => {
  expect(urlOf("/api/projects/{id}/files/{path}", { params: { id: "p", path: "src/a b#.ts" } })).toBe(
    "/api/projects/p/files/src/a%20b%23.ts",
  );
});

test("an error response becomes an ApiError with its code, and a 422 with its issues", async () => {
  await expect(answering(409, { detail: "Busy.", code: "chat_busy", details: { task_id: "t" } }).users.me()).rejects.toMatchObject({
    status: 409,
    code: "chat_busy",
    details: { task_id: "t" },
  });
  const error = await answering(422, { detail: [{ loc: ["body", "name"], msg: "too long", type: "maxLength" }] })
    .projects.create({ body: { name: "x" } })
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ApiError);
  expect((error as ApiError).issues[0]?.loc).toEqual(["body", "name"]);
});

test("event streams are read across chunk borders, comments skipped", async () => {
  const text = ': keepalive\n\nid: 1\ndata: {"n":"ä"}\n\ndata: {"n":2}\n\n';
  const bytes = new TextEncoder().encode(text);
  const stream = new ReadableStream<Uint8Array>({
    start(c) {
      for (const byte of bytes) c.enqueue(Uint8Array.of(byte));
      c.close();
    },
  });
  expect(await collect(readEvents(stream))).toEqual([
    { id: "1", data: { n: "ä" } },
    { id: undefined, data: { n: 2 } },
  ]);
});

test("onOpen reports a connection that has no event yet", async () => {
  const quiet = bindRoutes<Contract>(routes, { fetch: async () => new Response(new ReadableStream()) });
  const opened = Promise.withResolvers<void>();
  void quiet.containers
    .logs({ params: { id: "p", container_id: "c" } }, { onOpen: opened.resolve })
    [Symbol.asyncIterator]()
    .next();
  await opened.promise;
});

test("a stream with an end is resumed after its last event until the server responds that it is over", async () => {
  const connections = [[1, 2], [2, 3], undefined];
  const lastEventIds: (string | null)[] = [];
  const api = bindRoutes<Contract>(routes, {
    fetch: async (_url, init) => {
      lastEventIds.push(new Headers(init.headers).get("last-event-id"));
      const events = connections[lastEventIds.length - 1];
      if (!events) return new Response(null, { status: 204 });
      return new Response(events.map((seq) => `id: ${seq}\ndata: ${JSON.stringify({ seq })}\n\n`).join(""));
    },
  });
  const events = await collect(api.tasks.events({ params: { task_id: "t" } }));
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(lastEventIds).toEqual([null, "2", "3"]);
});

test("a stream that cannot be resumed has one connection, and its error is thrown", async () => {
  let connections = 0;
  const api = bindRoutes<Contract>(routes, {
    fetch: async () => {
      connections++;
      return new Response(new ReadableStream({ start: (body) => body.error(new TypeError("terminated")) }));
    },
  });
  await expect(collect(api.chat.stream({ body: { project_id: "p", message: "hi" } }))).rejects.toThrow("terminated");
  expect(connections).toBe(1);
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
