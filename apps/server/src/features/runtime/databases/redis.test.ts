import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container, RedisChange } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { ended, setUpProject } from "../../../testing/projects.ts";
import { realRuntime, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const programs = ["/usr/bin/valkey-server", "/usr/bin/redis-server", "/usr/local/bin/redis-server"];
const hasRedis = ((await probe?.findPrograms(programs)) ?? []).length > 0;
await probe?.[Symbol.asyncDispose]();

describe.skipIf(!hasRedis)("Redis of a project (needs redis-server)", () => {
  let app: SandboxApp;
  let ada: TestUser;
  let eve: TestUser;
  let service: Container;
  let params: { id: string; database_id: string };
  beforeAll(async () => {
    app = await sandboxApp();
    [ada, eve] = [await app.signUp({ name: "Ada" }), await app.signUp({ name: "Eve" })];
    const { project } = await setUpProject(app, ada);
    service = await app.as(ada).containers.create({
      params: { id: project.id },
      body: { container_type: "service", service_slug: "redis" },
    });
    params = { id: project.id, database_id: service.id };
    const { task_id } = await app.as(ada).containers.start({ params: { id: project.id, container_id: service.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
  }, 90_000);
  afterAll(() => app?.close());

  const data = () => app.as(ada).databases;
  const run = async (command: string) => (await data().command({ params, body: { command } })).text;
  const write = async (command: string) => (await data().executeCommand({ params, body: { command, write: true } })).text;
  const change = async (given: RedisChange) => (await data().changeKey({ params, body: { change: given } })).inverse;
  const value = (key: string, more: { cursor?: string; limit?: number } = {}) => data().value({ params, body: { key, ...more } });
  const refused = async (work: Promise<unknown>): Promise<Record<string, unknown>> => {
    const error: unknown = await work.then(
      (found) => expect.fail(`succeeded with ${JSON.stringify(found)}`),
      (reason: unknown) => reason,
    );
    const { code, status } = error as { code: string; status: number };
    return { code, status };
  };

  test("keys are scanned by pattern and type, page by page; a stranger gets 404", async () => {
    await write(`EVAL "for i = 1, 3000 do redis.call('set', 'user:' .. i, i) end" 0`);
    await write("HSET settings oven 2 days 'mon fri'");
    await write('SET "\\xff\\x00 raw" 1 PX 100000');
    const list = await data().list({ params: { id: params.id }, query: {} });
    expect(list.items).toMatchObject([{ kind: "redis", name: "Redis", state: "ready", message: null }]);
    const seen = new Set<string>();
    let pages = 0;
    for (let cursor: string | undefined; ;) {
      const page = await data().keys({ params, query: { pattern: "user:*", limit: 200, ...(cursor && { cursor }) } });
      expect(page.total).toBe(3002);
      expect(page.keys.length).toBeLessThan(900);
      for (const { key, type } of page.keys) if (type === "string") seen.add(key);
      pages += 1;
      if (page.cursor === null) break;
      cursor = page.cursor;
    }
    expect([seen.size, pages > 3]).toEqual([3000, true]);
    expect(await data().keys({ params, query: { type: "hash" } })).toMatchObject({
      keys: [{ key: "settings", type: "hash", ttl_ms: null, is_binary: false }],
      cursor: null,
    });
    const { keys } = await data().keys({ params, query: { pattern: "* raw" } });
    expect(keys).toMatchObject([{ key: "\\xff0020726177", is_binary: true, ttl_ms: expect.any(Number) }]);
    expect(await data().value({ params, body: { key: "\\xff0020726177", is_binary: true } })).toMatchObject({ entries: [{ value: "1" }] });
    for (const call of [
      () => app.as(eve).databases.keys({ params, query: {} }),
      () => app.as(eve).databases.command({ params, body: { command: "PING" } }),
      () => app.as(eve).databases.changeKey({ params, body: { change: { kind: "delete", key: "settings" } } }),
      () => value("none"),
    ])
      expect(await refused(call())).toMatchObject({ status: 404, code: "not_found" });
    expect(await refused(data().tables({ params, query: {} }))).toMatchObject({ code: "not_supported" });
    expect(await refused(data().keys({ params, query: { cursor: "x" } }))).toMatchObject({ status: 422 });
    expect((await app.request(`/api/projects/${params.id}/databases/${params.database_id}/keys`)).status).toBe(401);
  });

  test("values of every type are read in pages", async () => {
    await write(
      `EVAL "for i = 0, 249 do redis.call('rpush', 'list', 'item ' .. i) redis.call('zadd', 'scores', i, 'm' .. i) redis.call('hset', 'big', 'f' .. i, string.rep('x', 100)) redis.call('sadd', 'set', string.rep('s', 70) .. i) redis.call('xadd', 'log', (i + 1) .. '-0', 'n', i) end" 0`,
    );
    for (const [key, first] of [
      ["list", { field: "0", value: "item 0" }],
      ["scores", { field: "m0", value: "0" }],
      ["big", { value: "x".repeat(100) }],
      ["set", { field: "" }],
      ["log", { field: "1-0", value: "n: 0" }],
    ] as const) {
      const fields = new Set<string>();
      let page = await value(key, { limit: 100 });
      expect(page.entries[0]).toMatchObject(first);
      expect(page.length).toBe(250);
      for (;;) {
        for (const entry of page.entries) fields.add(`${entry.field} ${entry.value}`);
        if (page.next === null) break;
        page = await value(key, { limit: 100, cursor: page.next });
      }
      expect([key, fields.size]).toEqual([key, 250]);
    }
    await write(`EVAL "redis.call('set', 'long', string.rep('ä', 1000000)) redis.call('rpush', 'huge', string.rep('x', 6000000))" 0`);
    const long = await value("long");
    expect(long).toMatchObject({ type: "string", length: 2_000_000, entries: [{ is_truncated: true, is_binary: false }] });
    expect(long.entries[0]?.value).toMatch(/^ä+$/);
    expect(await refused(value("huge"))).toMatchObject({ code: "payload_too_large" });
    expect(await data().info({ params })).toMatchObject({
      keys: expect.any(Number),
      used_memory_bytes: expect.any(Number),
      is_persisted: true,
    });
  });

  test("changes are undone by their inverse, and refused when someone else changed the key", async () => {
    const state = async (key: string) => (await value(key)).entries.map(({ field, value: text }) => [field, text]);
    await write("SET title Bread PX 500000");
    const set = await change({ kind: "set", key: "title", value: "Cake", expected: "Bread" });
    expect(await state("title")).toEqual([["", "Cake"]]);
    expect((await value("title")).ttl_ms).toBeGreaterThan(400_000);
    expect(await refused(change({ kind: "set", key: "title", value: "Pie", expected: "Bread" }))).toMatchObject({
      status: 409,
      code: "row_changed",
    });
    await change(set ?? { kind: "delete", key: "title" });
    expect(await state("title")).toEqual([["", "Bread"]]);
    const expire = await change({ kind: "expire", key: "title", ttl_ms: null });
    expect((await value("title")).ttl_ms).toBeNull();
    await change(expire ?? { kind: "delete", key: "title" });
    expect((await value("title")).ttl_ms).toBeGreaterThan(0);

    await write("HSET h a 1 b 2");
    const edited = await change({ kind: "entry", key: "h", field: "a", value: "9", expected: "1" });
    expect(await refused(change({ kind: "entry", key: "h", field: "a", value: "8", expected: "1" }))).toMatchObject({
      code: "row_changed",
    });
    const added = await change({ kind: "entry", key: "h", field: "c", value: "3", expected: null });
    const gone = await change({ kind: "entry", key: "h", field: "b", value: null });
    expect((await state("h")).toSorted()).toEqual([
      ["a", "9"],
      ["c", "3"],
    ]);
    for (const inverse of [gone, added, edited]) if (inverse) await change(inverse);
    expect((await state("h")).toSorted()).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);

    await write("RPUSH l a b");
    const item = await change({ kind: "entry", key: "l", field: "1", value: "z" });
    expect(await state("l")).toEqual([
      ["0", "a"],
      ["1", "z"],
    ]);
    if (item) await change(item);
    await write("ZADD z 1 m");
    const score = await change({ kind: "entry", key: "z", field: "m", value: "2.5" });
    expect(await state("z")).toEqual([["m", "2.5"]]);
    if (score) await change(score);
    await write("SADD s x");
    const member = await change({ kind: "entry", key: "s", field: "x", value: null });
    expect(await refused(value("s"))).toMatchObject({ status: 404 });
    if (member) await change(member);
    expect(await state("s")).toEqual([["", "x"]]);
    const removed = await change({ kind: "delete", key: "h" });
    expect(await refused(value("h"))).toMatchObject({ status: 404 });
    if (removed) await change(removed);
    expect((await state("h")).toSorted()).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
    expect(await change({ kind: "delete", key: "huge" })).toBeNull();
    expect(await refused(change({ kind: "entry", key: "z", field: "m", value: "one" }))).toMatchObject({ code: "bad_request" });
    expect(await refused(change({ kind: "set", key: "h", value: "x" }))).toMatchObject({ code: "bad_request" });
    expect((await app.as(ada).activity.list({ params: { id: params.id }, query: { kind: "data" } })).items[0]).toMatchObject({
      subject: expect.stringContaining("Redis"),
    });
  });

  test("the console reads only, until writing is allowed; KEYS and commands for the server are refused", async () => {
    expect(await run('echo "a \\"b\\"\\n"')).toBe('a "b"\n\n'.slice(0, 6));
    expect(await run("GET title")).toBe('"Bread"');
    expect(await run("lrange l 0 -1")).toBe('1) "a"\n2) "b"');
    expect(await run("exists none")).toBe("(integer) 0");
    expect(await run("get none")).toBe("(nil)");
    for (const command of [
      "SET x 1",
      "DEL title",
      "EXPIRE title 1",
      "HSET h a 1",
      "GETDEL title",
      "GETEX title EX 1",
      "GETSET title x",
      "INCR n",
      "APPEND title x",
      "LPOP l",
      "SORT l STORE m",
      "GEORADIUS g 0 0 1 m STORE k",
      "EVAL 'return 1' 0",
      "FCALL f 0",
      "FLUSHALL",
      "RENAME title x",
      "COPY title x",
      "RESTORE x 0 x",
      "XADD log * a 1",
      "OBJECT HELP",
      "MEMORY PURGE",
      "PUBLISH a b",
      "BITFIELD title SET u8 0 1",
      "XREADGROUP GROUP g c STREAMS log 0",
      "PFCOUNT title",
      "XREAD BLOCK 0 STREAMS log $",
    ])
      expect([command, (await refused(run(command)))["code"]]).toEqual([command, "read_only_query"]);
    for (const command of [
      "KEYS *",
      "CONFIG GET requirepass",
      "SHUTDOWN",
      "DEBUG SLEEP 1",
      "MONITOR",
      "SUBSCRIBE a",
      "ACL LIST",
      "AUTH x",
      "MULTI",
      "CLIENT KILL TYPE normal",
      "MODULE LIST",
      "'open",
    ])
      for (const work of [() => run(command), () => write(command)])
        expect([command, (await refused(work()))["code"]]).toEqual([command, "bad_request"]);
    expect(await refused(run("GET h"))).toMatchObject({ code: "sql_error" });
    expect(await refused(run("LRANGE huge_list 0"))).toMatchObject({ code: "sql_error" });
    expect(await refused(data().executeCommand({ params, body: { command: "PING" } as never }))).toMatchObject({ status: 422 });
    const { items } = await data().history({ params: { id: params.id }, query: { limit: 1 } });
    expect(items).toMatchObject([{ sql: "LRANGE huge_list 0", is_write: false }]);
    await app.as(ada).containers.stop({ params: { id: params.id, container_id: service.id } });
    expect(await refused(data().keys({ params, query: {} }))).toMatchObject({ status: 409, code: "not_running" });
  });
});
