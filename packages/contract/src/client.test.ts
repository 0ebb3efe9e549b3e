import { expect, expectTypeOf, test } from "vitest";
import { ApiError, createClient, readEvents, urlOf } from "./client.ts";
import { contract } from "./contract.ts";
import type { Project } from "./projects.ts";
import type { RunEvent } from "./events.ts";

const answering = (status: number, body: unknown, seen: { url?: string; init?: RequestInit } = {}) =>
  createClient(contract, {
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
  expect(api.shell.socket({ params: { session_id: "s1" } })).toBe("/api/shell/ws/s1");
});

test("a file path keeps its slashes and escapes the rest", () => {
  expect(urlOf("/api/projects/{id}/files/{path}", { params: { id: "p", path: "src/a b#.ts" } })).toBe(
    "/api/projects/p/files/src/a%20b%23.ts",
  );
});

test("an error answer becomes an ApiError with its code, and a 422 with its issues", async () => {
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
  const text = ': keepalive\n\ndata: {"seq":1,"n":"ä"}\n\ndata: {"seq":2}\n\n';
  const bytes = new TextEncoder().encode(text);
  const stream = new ReadableStream<Uint8Array>({
    start(c) {
      for (const byte of bytes) c.enqueue(Uint8Array.of(byte));
      c.close();
    },
  });
  expect(await collect(readEvents<{ seq: number }>(stream))).toEqual([{ seq: 1, n: "ä" }, { seq: 2 }]);
});

test("a stream that has nothing to say yet tells that it is open", async () => {
  const quiet = createClient(contract, { fetch: async () => new Response(new ReadableStream()) });
  const opened = Promise.withResolvers<void>();
  void quiet.containers
    .logs({ params: { id: "p", container_id: "c" } }, { onOpen: opened.resolve })
    [Symbol.asyncIterator]()
    .next();
  await opened.promise;
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
