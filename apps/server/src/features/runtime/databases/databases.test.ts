import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container, DataSource, RunSql } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { ended, setUpProject } from "../../../testing/projects.ts";
import { realRuntime, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const hasPostgres = ((await probe?.findPrograms(["/opt/postgres/bin/postgres"])) ?? []).length > 0;
await probe?.[Symbol.asyncDispose]();

describe.skipIf(!hasPostgres)("PostgreSQL of a project", () => {
  let app: SandboxApp;
  let ada: TestUser;
  let eve: TestUser;
  let service: Container;
  let params: { id: string; database_id: string };
  beforeAll(async () => {
    app = await sandboxApp();
    [ada, eve] = [await app.signUp({ name: "Ada" }), await app.signUp({ name: "Eve" })];
    const { project } = await setUpProject(app, ada);
    service = await app
      .as(ada)
      .containers.create({ params: { id: project.id }, body: { container_type: "service", service_slug: "postgres" } });
    params = { id: project.id, database_id: service.id };
    await start();
  }, 90_000);
  afterAll(() => app?.close());

  const container = () => ({ params: { id: service.project_id, container_id: service.id } });
  const start = async () => {
    const { task_id } = await app.as(ada).containers.start(container());
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
  };
  const data = () => app.as(ada).databases;
  const execute = (sql: string) => data().execute({ params, body: { sql, write: true } });
  const query = (sql: string, more: Partial<RunSql> = {}) => data().query({ params, body: { sql, ...more } });
  const refused = async (work: Promise<unknown>): Promise<Record<string, unknown>> => {
    const error: unknown = await work.then(
      (value) => expect.fail(`succeeded with ${JSON.stringify(value)}`),
      (reason: unknown) => reason,
    );
    const { code, status, details, message } = error as { code: string; status: number; details: unknown; message: string };
    return { code, status, details, message };
  };

  test("databases, tables, structure and relations are read, and a stranger gets 404", async () => {
    await execute(`
      create type mood as enum ('sad', 'ok');
      create table authors (id int generated always as identity primary key, name text not null unique check (name <> ''), mood mood default 'ok');
      create table books (id bigint primary key, author_id int not null references authors on delete cascade, title varchar(20), price numeric(8,2),
        sold boolean, tags text[], data jsonb, made timestamptz default now(), cover bytea, total numeric generated always as (price * 2) stored);
      create index on books (lower(title));
      create view cheap as select * from books where price < 10;
      comment on column authors.name is 'As printed';
      insert into authors (name) values ('Ann'), ('Bob')`);
    const list = await data().list({ params: { id: params.id }, query: {} });
    expect(list.items).toEqual([
      {
        id: service.id,
        kind: "postgres",
        environment: "development",
        name: "PostgreSQL",
        container_id: service.id,
        path: null,
        state: "ready",
        message: null,
        size_bytes: null,
      } satisfies DataSource,
    ]);
    expect(JSON.stringify(list)).not.toContain("127.0.0.1");
    const { items } = await data().tables({ params, query: {} });
    expect(items.map(({ schema, name, kind }) => [schema, name, kind])).toEqual([
      ["public", "authors", "table"],
      ["public", "books", "table"],
      ["public", "cheap", "view"],
    ]);
    expect(items[0]).toMatchObject({ size_bytes: expect.any(Number) });
    expect((await data().tables({ params, query: { q: "BOOK" } })).items.map(({ name }) => name)).toEqual(["books"]);
    const schema = await data().schema({ params });
    expect(schema.is_truncated).toBe(false);
    expect(schema.tables.find(({ name }) => name === "books")).toMatchObject({
      primary_key: ["id"],
      foreign_keys: [
        {
          columns: ["author_id"],
          to_schema: "public",
          to_table: "authors",
          to_columns: ["id"],
          on_delete: "CASCADE",
          on_update: "NO ACTION",
        },
      ],
    });
    const books = await data().structure({ params, query: { schema: "public", table: "books" } });
    expect(books.columns.map(({ name, kind, is_nullable, is_generated }) => [name, kind, is_nullable, is_generated])).toEqual([
      ["id", "number", false, false],
      ["author_id", "number", false, false],
      ["title", "text", true, false],
      ["price", "number", true, false],
      ["sold", "boolean", true, false],
      ["tags", "array", true, false],
      ["data", "json", true, false],
      ["made", "timestamp", true, false],
      ["cover", "binary", true, false],
      ["total", "number", true, true],
    ]);
    expect(books.columns[2]).toMatchObject({ type: "character varying(20)", default: null });
    expect(books.indexes.map(({ is_primary, is_unique, columns }) => [is_primary, is_unique, columns])).toEqual([
      [true, true, ["id"]],
      [false, false, ["lower(title::text)"]],
    ]);
    const authors = await data().structure({ params, query: { schema: "public", table: "authors" } });
    expect(authors).toMatchObject({
      checks: [{ definition: "CHECK ((name <> ''::text))" }],
      referenced_by: [{ schema: "public", table: "books", columns: ["author_id"], to_columns: ["id"] }],
    });
    expect(authors.columns[1]).toMatchObject({ comment: "As printed" });
    expect(authors.columns[2]).toMatchObject({ kind: "enum", enum_values: ["sad", "ok"], default: "'ok'::mood" });
    expect((await data().structure({ params, query: { schema: "public", table: "cheap" } })).definition).toMatch(/SELECT/);

    const foreign = app.as(eve).databases;
    for (const call of [
      () => foreign.list({ params: { id: params.id }, query: {} }),
      () => foreign.tables({ params, query: {} }),
      () => foreign.query({ params, body: { sql: "select 1" } }),
      () => foreign.execute({ params, body: { sql: "select 1", write: true } }),
      () => foreign.rows({ params, body: { schema: "public", table: "authors" } }),
    ])
      expect(await refused(call())).toMatchObject({ status: 404, code: "not_found" });
    expect(await refused(data().structure({ params, query: { schema: "public", table: "none" } }))).toMatchObject({ status: 404 });
    expect(await refused(data().tables({ params: { ...params, database_id: "none" }, query: {} }))).toMatchObject({ status: 404 });
  });

  test("rows are filtered, sorted and paged by key, with NULLs and names that need quotes", async () => {
    await execute(`
      create table "we""ird; drop" ("a.b" int, "c'd" text, id uuid default gen_random_uuid() primary key);
      insert into "we""ird; drop" ("a.b", "c'd") select case when i % 3 = 0 then null else i % 5 end, 'row_' || i from generate_series(1, 45) i;
      create table plain (n int);
      insert into plain select generate_series(1, 12)`);
    const table = { schema: "public", table: 'we"ird; drop' };
    for (const direction of ["asc", "desc"] as const) {
      const seen: (string | null)[] = [];
      for (let after: string | undefined; ;) {
        const page = await data().rows({
          params,
          body: {
            ...table,
            sort: [
              { column: "a.b", direction },
              { column: "c'd", direction: "asc" },
            ],
            limit: 7,
            ...(after && { after }),
          },
        });
        expect(page).toMatchObject({ paging: "key", primary_key: ["id"] });
        seen.push(...page.rows.map(({ cells }) => `${cells[0]} ${cells[1]}`));
        if (page.next === null) break;
        after = page.next;
      }
      const { results } = await query(
        `select coalesce("a.b"::text, 'null') || ' ' || "c'd" from "we""ird; drop" order by "a.b" ${direction}, "c'd"`,
        { limit: 200 },
      );
      expect(seen).toEqual(results[0]?.rows.map(({ cells }) => cells[0]));
    }
    // Numbers are not sorted as the text that they are shown as.
    const numbered = await data().rows({
      params,
      body: { schema: "public", table: "plain", sort: [{ column: "n", direction: "desc" }], limit: 4 },
    });
    expect(numbered.rows.map(({ cells }) => cells[0])).toEqual(["12", "11", "10", "9"]);
    const found = async (filters: object[], match: "all" | "any" = "all") =>
      (await data().rows({ params, body: { ...table, filters: filters as never, match, limit: 200 } })).rows.length;
    expect(await found([{ column: "a.b", op: "is_null" }])).toBe(15);
    expect(
      await found([
        { column: "a.b", op: "gte", value: "3" },
        { column: "c'd", op: "contains", value: "ROW_4" },
      ]),
    ).toBe(3);
    expect(
      await found(
        [
          { column: "a.b", op: "in", values: ["1", "2"] },
          { column: "c'd", op: "eq", value: "row_3" },
        ],
        "any",
      ),
    ).toBe(13);
    // Wildcards of LIKE and quotes are text.
    expect(await found([{ column: "c'd", op: "contains", value: "%" }])).toBe(0);
    expect(await found([{ column: "c'd", op: "eq", value: "' or true --" }])).toBe(0);
    expect(await data().count({ params, body: { ...table, filters: [{ column: "a.b", op: "is_not_null" }] } })).toEqual({ count: 30 });
    expect(await refused(data().rows({ params, body: { ...table, filters: [{ column: 'x" or 1=1', op: "is_null" }] } }))).toMatchObject({
      status: 422,
    });
    expect(await refused(data().rows({ params, body: { ...table, filters: [{ column: "a.b", op: "eq", value: "one" }] } }))).toMatchObject({
      code: "sql_error",
      details: { sqlstate: "22P02" },
    });
    expect(await refused(data().rows({ params, body: { ...table, after: "bm9wZQ" } }))).toMatchObject({ status: 422 });

    const first = await data().rows({ params, body: { schema: "public", table: "plain", limit: 10 } });
    expect(first).toMatchObject({ paging: "offset", rows: expect.arrayContaining([expect.objectContaining({ key: null })]) });
    const second = await data().rows({ params, body: { schema: "public", table: "plain", limit: 10, after: first.next ?? "" } });
    expect([second.rows.length, second.next]).toEqual([2, null]);
  });

  test("long cells are cut and read whole, and a page ends before it is too large", async () => {
    await execute(
      "create table wide (id int primary key, text text, bytes bytea); insert into wide select i, repeat('ä', 3000000), '\\x00ff' from generate_series(1, 3) i",
    );
    const { rows } = await data().rows({ params, body: { schema: "public", table: "wide" } });
    expect(rows[0]).toMatchObject({ key: ["1"], truncated: [1] });
    expect(rows[0]?.cells[1]).toHaveLength(2048);
    expect(rows[0]?.cells[2]).toBe("\\x00ff");
    const cell = await data().cell({ params, body: { schema: "public", table: "wide", key: { id: "1" }, column: "text" } });
    expect(cell).toMatchObject({ bytes: 6_000_000, is_truncated: true });
    expect(cell.value).toHaveLength(1024 * 1024);
    const { results } = await query("select text from wide");
    expect(results[0]?.rows.map(({ cells, truncated }) => [cells[0]?.length, truncated])).toEqual(
      Array.from({ length: 3 }, () => [2048, [0]]),
    );
    expect(await refused(query("select repeat('x', 20000000)"))).toMatchObject({ code: "payload_too_large" });
  });

  test("rows are edited with a check of old values, and the inverse undoes it", async () => {
    await execute(
      "create table items (id int generated always as identity primary key, name text not null, n int, twice int generated always as (n * 2) stored)",
    );
    const table = { schema: "public", table: "items" };
    const change = (changes: object[]) => data().change({ params, body: { changes: changes as never } });
    const all = async () => (await data().rows({ params, body: table })).rows.map(({ cells }) => cells);
    const added = await change([
      { kind: "insert", ...table, values: { name: "one", n: "1" } },
      { kind: "insert", ...table, values: { name: "two", n: null } },
    ]);
    expect(added.rows.map((row) => row?.cells)).toEqual([
      ["1", "one", "1", "2"],
      ["2", "two", null, null],
    ]);
    const edited = await change([{ kind: "update", ...table, key: { id: "1" }, values: { n: "5", name: "uno" }, expected: { n: "1" } }]);
    expect(edited.rows[0]?.cells).toEqual(["1", "uno", "5", "10"]);
    expect(await refused(change([{ kind: "update", ...table, key: { id: "1" }, values: { n: "6" }, expected: { n: "1" } }]))).toMatchObject(
      {
        status: 409,
        code: "row_changed",
        details: { index: 0, row: { key: ["1"], cells: ["1", "uno", "5", "10"] } },
      },
    );
    const removed = await change([
      { kind: "delete", ...table, key: { id: "1" } },
      { kind: "delete", ...table, key: { id: "2" }, expected: { n: null } },
    ]);
    expect(await all()).toEqual([]);
    // All or none: the second of these has no row.
    expect(
      await refused(
        change([
          { kind: "insert", ...table, values: { name: "x" } },
          { kind: "delete", ...table, key: { id: "99" } },
        ]),
      ),
    ).toMatchObject({
      code: "row_changed",
      details: { index: 1 },
    });
    expect(await all()).toEqual([]);
    await change(removed.inverse ?? []);
    expect(await all()).toEqual([
      ["1", "uno", "5", "10"],
      ["2", "two", null, null],
    ]);
    await change(edited.inverse ?? []);
    expect((await all())[0]).toEqual(["1", "one", "1", "2"]);
    await change(added.inverse ?? []);
    expect(await all()).toEqual([]);
    expect(await refused(change([{ kind: "insert", ...table, values: { n: "1" } }]))).toMatchObject({
      code: "sql_error",
      details: { sqlstate: "23502", statement: 0 },
    });
    expect(await refused(change([{ kind: "insert", ...table, values: { name: "x", twice: "1" } }]))).toMatchObject({ status: 422 });
    expect(await refused(change([{ kind: "update", ...table, key: { name: "x" }, values: { n: "1" } }]))).toMatchObject({ status: 422 });
    const { items } = await app.as(ada).activity.list({ params: { id: params.id }, query: { kind: "data" } });
    expect(items[0]).toMatchObject({
      actor: { kind: "person" },
      summary: "Changed data in a database",
      subject: "PostgreSQL: public.items",
    });
  });

  test("a query cannot write, whatever it calls", async () => {
    await execute(`
      create table kept (n int); insert into kept values (1);
      create function sneak() returns int language sql security definer as 'insert into kept values (2) returning n';
      create procedure commits() language plpgsql as $$ begin commit; insert into kept values (3); end $$;
      grant all on kept to public`);
    for (const sql of [
      "insert into kept values (9)",
      "with x as (insert into kept values (9) returning n) select * from x",
      "select sneak()",
      "do $$ begin insert into kept values (9); end $$",
      "do $$ begin execute 'reset role'; insert into kept values (9); end $$",
      "call commits()",
      "commit; insert into kept values (9)",
      "commit; begin read write; insert into kept values (9); commit",
      "rollback and chain; set transaction read write; insert into kept values (9); commit",
      "set transaction read write; insert into kept values (9)",
      "set default_transaction_read_only = off; commit; insert into kept values (9)",
      "set session characteristics as transaction read write; rollback; select sneak()",
      "reset session authorization; insert into kept values (9)",
      "set role app; insert into kept values (9)",
      "copy kept from program 'echo 9'",
      "copy (select 1) to program 'touch /tmp/written'",
      "copy (select 1) to '/tmp/written'",
      "select pg_read_file('/etc/passwd')",
      "select lo_create(0)",
      "select nextval('authors_id_seq')",
      "create table other (n int)",
      "drop table kept",
      "explain analyze insert into kept values (9)",
      "alter role studio_reader superuser",
    ])
      expect([sql, (await refused(query(sql)))["code"]]).toEqual([sql, expect.stringMatching(/^(read_only_query|sql_error)$/)]);
    expect(await refused(data().explain({ params, body: { sql: "insert into kept values (9)", analyze: true } }))).toMatchObject({
      code: "read_only_query",
    });
    expect((await query("select n from kept")).results[0]?.rows.map(({ cells }) => cells)).toEqual([["1"]]);
    expect(await refused(data().query({ params, body: { sql: "select 1", write: true } as never }))).toMatchObject({ status: 422 });
    expect(await refused(data().execute({ params, body: { sql: "select 1" } as never }))).toMatchObject({ status: 422 });
  });

  test("a query cannot leave its transaction through functions that run with other rights, or through an export", async () => {
    // Each of these changes something outside of the transaction: a superuser's function can write files and run programs.
    await execute(`
      create table proof (n int); grant all on proof to public; insert into proof values (1);
      create schema guard;
      create function guard.leave() returns int language plpgsql security definer as $$ begin copy (select 1) to '/tmp/left'; return 1; end $$;
      create function guard."Leave ""now""" (n int) returns int language plpgsql security definer as $$ begin copy (select 1) to '/tmp/left'; return n; end $$;
      create function guard.runs() returns int language plpgsql security definer as $$ begin copy (select 1) to program 'touch /tmp/left'; return 1; end $$;
      create function guard.sets() returns int language plpgsql security definer as $$ begin perform set_config('transaction_read_only', 'off', true); insert into public.proof values (5); return 1; end $$;
      create function guard.file(text) returns text language internal strict as 'pg_read_file_all';
      create extension dblink; create extension file_fdw;
      create server files foreign data wrapper file_fdw;
      create foreign table listed (line text) server files options (program 'touch /tmp/left');
      create function calls() returns int language sql as 'select guard.leave()';
      create function calls_calls() returns int language sql begin atomic select calls(); end;
      create function hides(what text) returns int language plpgsql as $$ declare n int; begin execute what into n; return n; end $$;
      create function defaults(n int default guard.leave()) returns int language sql as 'select n';
      create function adds(a int, b int) returns int language sql as 'select a + guard.leave()';
      create aggregate collects(int) (sfunc = adds, stype = int, initcond = '0');
      create view shows as select guard.leave() as n;
      create view shows_again as select n + 1 as n from shows;
      create function harmless(n int) returns int language plpgsql as $$ begin return n * 2; end $$;
      create view kept_twice as select harmless(n) as n from proof`);
    const leaves = [
      "select guard.leave()",
      "select GUARD.LEAVE()",
      'select guard."leave"()',
      'select guard."Leave ""now"""(1)',
      'select guard.U&"\\006ceave"()',
      "select guard.U&\"l!0065ave\" uescape '!' ()",
      "set search_path = guard; select leave()",
      "select guard.runs()",
      "select dblink('dbname=app', 'select 1')",
      "select * from listed",
      "select guard.sets()",
      "select guard.file('/etc/passwd')",
      "select calls()",
      "select calls_calls()",
      "select hides('select guard.' || 'leave()')",
      "select defaults()",
      "select collects(n) from proof",
      "select n from shows",
      "table shows_again",
      "select p.collects from (select 1) p",
      "select query_to_xml('select guard.' || 'leave()', true, false, '')",
      "select table_to_xml('sho' || 'ws', true, false, '')",
      "select ts_stat('select guard.' || 'leave()')",
      "select * from proof order by guard.leave()",
      "with x as (select guard.leave() as n) select n from x",
      "select 1 from proof where exists (select guard.leave())",
      "select * from proof, lateral guard.leave()",
      "prepare p as select guard.leave(); execute p",
      "declare c cursor for select guard.leave(); fetch all from c",
      "explain analyze select guard.leave()",
      "do $$ begin perform guard.leave(); end $$",
      "do $$ begin execute 'select guard.' || 'leave()'; end $$",
    ];
    for (const sql of leaves)
      expect([sql, (await refused(query(sql)))["code"]]).toEqual([sql, expect.stringMatching(/^(read_only_query|sql_error)$/)]);
    for (const sql of leaves.slice(0, 5))
      expect([sql, (await refused(data().explain({ params, body: { sql } })))["code"]]).toEqual([sql, "read_only_query"]);
    for (const table of ["shows", "shows_again", "listed"]) {
      const body = { schema: "public", table };
      expect(await refused(data().rows({ params, body }))).toMatchObject({
        status: 403,
        code: "read_only_query",
        message: expect.stringContaining(table),
      });
      expect(await refused(data().count({ params, body }))).toMatchObject({ code: "read_only_query" });
    }
    const path = `/api/projects/${params.id}/databases/${params.database_id}/export`;
    expect((await app.request(`${path}?schema=public&table=shows`, { user: ada })).status).toBe(403);
    // Texts that look like one statement, and would be several for the database.
    for (const sql of [
      "select guard.leave()",
      "select 1 as end$$) to stdout; rollback; begin read write; insert into proof values (6); commit; copy (select 1 as x$$",
      "select t.begin atomic from (select 1 as begin) t) to stdout; rollback; insert into proof values (7); copy (select 1",
      "select 1) to program 'touch /tmp/left' --",
      "delete from proof returning n",
    ])
      expect([sql, (await app.request(path, { method: "POST", user: ada, json: { sql } })).status]).toEqual([
        sql,
        expect.toSatisfy((status) => status === 400 || status === 403),
      ]);
    expect((await query("select n from proof")).results[0]?.rows.map(({ cells }) => cells)).toEqual([["1"]]);
    // The rest works as before.
    expect((await query("select harmless(n) from kept_twice")).results[0]?.rows[0]?.cells).toEqual(["4"]);
    expect((await data().rows({ params, body: { schema: "public", table: "kept_twice" } })).rows[0]?.cells).toEqual(["2"]);
    const left = await execute("select count(*) from pg_ls_dir('/tmp') f where f = 'left'");
    expect(left.results[0]?.rows[0]?.cells).toEqual(["0"]);

    // An operator calls it without a name.
    await execute("create operator === (leftarg = int, rightarg = int, function = adds)");
    expect(await refused(query("select 1 === 2"))).toMatchObject({ code: "read_only_query" });
    expect(await refused(data().rows({ params, body: { schema: "public", table: "proof" } }))).toMatchObject({ code: "read_only_query" });
    // With permission, everything runs.
    expect((await execute("select guard.leave()")).results).toHaveLength(1);
    await execute("drop schema guard cascade; drop function hides(text); drop extension dblink; drop extension file_fdw cascade");
    await execute("drop operator === (int, int); drop function if exists sneak()");
    expect((await query("do $$ begin perform 1; end $$")).results).toHaveLength(1);
  });

  test("statements run one after another; errors name the statement and the place in it", async () => {
    const { results } = await query(
      "select 1 as a, null::text as b, '{\"x\": 1}'::jsonb as c; values (true), (false); show server_version",
    );
    expect(results[0]).toMatchObject({
      command: "SELECT",
      columns: [
        { name: "a", type: "integer", kind: "number" },
        { name: "b", type: "text", kind: "text" },
        { name: "c", type: "jsonb", kind: "json" },
      ],
      rows: [{ cells: ["1", null, '{"x": 1}'], truncated: [] }],
      affected: null,
      has_more: false,
    });
    expect(results[1]?.rows.map(({ cells }) => cells[0])).toEqual(["t", "f"]);
    const paged = await query("select generate_series(1, 100000)", { limit: 3, skip: 99_996 });
    expect(paged.results[0]).toMatchObject({ rows: [{ cells: ["99997"] }, { cells: ["99998"] }, { cells: ["99999"] }], has_more: true });
    const sql = "select 1;\nselect nope from authors";
    expect(await refused(query(sql))).toMatchObject({
      status: 400,
      code: "sql_error",
      details: { message: 'column "nope" does not exist', sqlstate: "42703", position: sql.indexOf("nope"), statement: 1 },
    });
    expect(await refused(query("  -- nothing"))).toMatchObject({ code: "bad_request" });
  });

  test("writes are undone by an error; what needs no transaction runs alone", async () => {
    expect(await refused(execute("create table undone (n int); select * from missing_table"))).toMatchObject({
      code: "sql_error",
      details: { sqlstate: "42P01", statement: 1 },
    });
    expect(await refused(data().structure({ params, query: { schema: "public", table: "undone" } }))).toMatchObject({ status: 404 });
    const { results } = await execute(
      "create table done (n int); insert into done select generate_series(1, 500); update done set n = n + 1 where n > 490 returning n",
    );
    expect(results.map(({ command, affected, rows }) => [command, affected, rows.length])).toEqual([
      ["CREATE", null, 0],
      ["INSERT", 500, 0],
      ["UPDATE", 10, 10],
    ]);
    await execute("create function grow() returns int language sql as 'insert into done values (0) returning n'");
    // Every row is computed, although only some are returned.
    await data().execute({ params, body: { sql: "select grow() from generate_series(1, 300)", write: true, limit: 1 } });
    expect((await query("select count(*) from done where n = 0")).results[0]?.rows[0]?.cells).toEqual(["300"]);
    expect((await execute("vacuum done")).results).toMatchObject([{ command: "VACUUM" }]);
  });

  test("explain returns the plan", async () => {
    expect(await data().explain({ params, body: { sql: "select * from authors where id = 1" } })).toMatchObject({
      format: "postgres",
      plan: [{ Plan: { "Node Type": expect.any(String) } }],
    });
    expect(await data().explain({ params, body: { sql: "select 1", analyze: true } })).toMatchObject({
      plan: [{ "Execution Time": expect.any(Number) }],
    });
    expect(await refused(data().explain({ params, body: { sql: "select nope" } }))).toMatchObject({
      code: "sql_error",
      details: { position: 7 },
    });
  });

  test("a locked table, a slow query and a canceled one end with their reason", async () => {
    await execute("create table busy (id int primary key); insert into busy values (1)");
    const holding = data().execute({ params, body: { sql: "lock table busy in access exclusive mode; select pg_sleep(6)", write: true } });
    const isLocked = async () =>
      (await query("select from pg_locks where relation = 'busy'::regclass and mode = 'AccessExclusiveLock'")).results[0]?.rows.length ===
      1;
    await expect.poll(isLocked).toBe(true);
    // The list does not wait for the table.
    expect((await data().tables({ params, query: { q: "busy" } })).items).toMatchObject([{ name: "busy", size_bytes: null }]);
    const locked = await refused(data().rows({ params, body: { schema: "public", table: "busy" } }));
    expect(locked).toMatchObject({ status: 409, code: "table_locked", message: expect.stringContaining("Tesslate Studio") });
    await holding;
    expect(await refused(query("select pg_sleep(20)", { timeout_ms: 300 }))).toMatchObject({
      status: 409,
      code: "query_timeout",
      message: expect.stringContaining("0.3 s"),
    });
    expect(await refused(query("set statement_timeout = 0; select pg_sleep(20)", { timeout_ms: 300 }))).toMatchObject({
      code: "query_timeout",
    });
    const leaving = new AbortController();
    const left = app.request(`/api/projects/${params.id}/databases/${params.database_id}/query`, {
      method: "POST",
      user: ada,
      json: { sql: "select pg_sleep(100) -- left" },
      signal: leaving.signal,
    });
    left.catch(() => undefined);
    const running = async () => (await query("select from pg_stat_activity where query like '%-- ' || 'left'")).results[0]?.rows.length;
    await expect.poll(running).toBe(1);
    leaving.abort();
    await expect.poll(running).toBe(0);
  }, 40_000);

  test("a CSV file survives export and import; a wrong row names its place and imports nothing", async () => {
    await execute(`
      create table source (id int primary key, text text, n numeric, at timestamptz);
      insert into source values (1, E'a "quoted", \\n line\\tend\\\\', 1.50, '2026-01-02 03:04:05+00'), (2, '', null, null), (3, null, -1, now()), (4, '=1+1', 0, null);
      create table target (like source including all)`);
    const path = `/api/projects/${params.id}/databases/${params.database_id}`;
    const exported = async (table: string) => {
      const response = await app.request(`${path}/export?schema=public&table=${table}`, { user: ada });
      expect(response.headers.get("content-type")).toContain("text/csv");
      return response.text();
    };
    const csv = await exported("source");
    expect(csv.split("\n")[0]).toBe("id,text,n,at");
    const send = async (text: string, fields: Record<string, string> = {}) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ schema: "public", table: "target", ...fields })) form.append(name, value);
      form.append("file", new File([text], "rows.csv", { type: "text/csv" }));
      const response = await app.request(`${path}/import`, { method: "POST", user: ada, body: form });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    expect(await send(csv)).toEqual({ status: 200, body: { rows: 4 } });
    expect(await exported("target")).toBe(csv);
    expect(await send("10;x;skip\n11;y;skip\n", { columns: '["id","text",null]', has_header: "false", delimiter: ";" })).toMatchObject({
      body: { rows: 2 },
    });
    expect(await send('id,text\n20,"two\nlines"\n\n21,fine\nnope,x\n')).toMatchObject({
      status: 400,
      body: { code: "import_failed", details: { row: 3, line: 6, column: "id", sqlstate: "22P02" } },
    });
    expect(await send("id,text\n30,a\n31\n")).toMatchObject({ status: 400, body: { code: "import_failed", details: { row: 2, line: 3 } } });
    expect(await send("id,text\n1,twice\n")).toMatchObject({
      status: 400,
      body: { code: "import_failed", details: { sqlstate: "23505", row: 1 } },
    });
    expect(await send("id,unknown\n1,x\n")).toMatchObject({ status: 422 });
    expect((await query("select count(*) from target")).results[0]?.rows[0]?.cells).toEqual(["6"]);
    // More than is read before the import begins.
    const many = Array.from({ length: 100_000 }, (_, index) => `${index + 1000},text of ${index}\n`).join("");
    expect(await send(`id,text\n${many}`)).toEqual({ status: 200, body: { rows: 100_000 } });
    const result = await app.request(`${path}/export`, {
      method: "POST",
      user: ada,
      json: { sql: "select id from source where id < 3 order by id;" },
    });
    expect(await result.text()).toBe("id\n1\n2\n");
    expect(
      (await app.request(`${path}/export`, { method: "POST", user: ada, json: { sql: "delete from source returning id" } })).status,
    ).toBe(403);
    expect((await app.request(`${path}/export`, { method: "POST", user: ada, json: { sql: "select nope" } })).status).toBe(400);
    expect((await app.request(`${path}/export?schema=public&table=none`, { user: ada })).status).toBe(404);
  });

  test("queries are remembered for the person who ran them, with secrets masked, and can be deleted", async () => {
    const secret = "planted-secret-0123456789";
    await app.as(ada).secrets.set({ params: { project_id: params.id }, body: { key: "TOKEN", value: secret } });
    const own = { params: { id: params.id } };
    await data().clearHistory(own);
    await query(`select '${secret}'`);
    await execute("create table remembered (n int)");
    await refused(query("select nope"));
    const { items, total } = await data().history({ ...own, query: {} });
    expect(total).toBe(3);
    expect(items.map(({ sql, is_write, error, database_name }) => [sql, is_write, error, database_name])).toEqual([
      ["select nope", false, 'Column "nope" does not exist.', "PostgreSQL"],
      ["create table remembered (n int)", true, null, "PostgreSQL"],
      ["select '[secret:TOKEN]'", false, null, "PostgreSQL"],
    ]);
    expect(await refused(app.as(eve).databases.history({ ...own, query: {} }))).toMatchObject({ status: 404 });
    const entry = { params: { id: params.id, entry_id: items[0]?.id ?? "" } };
    await data().removeHistory(entry);
    expect(await refused(data().removeHistory(entry))).toMatchObject({ status: 404 });
    await data().clearHistory(own);
    expect((await data().history({ ...own, query: {} })).total).toBe(0);
    expect(await refused(query("select '\0'"))).toMatchObject({ status: 422 });
  });

  test("a stopped database says so, and works again after a start", async () => {
    await app.as(ada).containers.stop(container());
    expect((await data().list({ params: { id: params.id }, query: {} })).items).toMatchObject([
      { state: "stopped", message: "It is stopped." },
    ]);
    expect(await refused(data().tables({ params, query: {} }))).toMatchObject({
      status: 409,
      code: "not_running",
      details: { container_id: service.id, status: "stopped" },
    });
    await start();
    expect((await query("select 1")).results).toHaveLength(1);
  }, 60_000);
});
