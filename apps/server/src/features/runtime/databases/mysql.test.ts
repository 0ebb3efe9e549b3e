import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container, RunSql } from "@tesslate/contract";
import type { TestUser } from "../../../testing/app.ts";
import { ended, setUpProject } from "../../../testing/projects.ts";
import { realRuntime, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";

const probe = await realRuntime().catch(() => undefined);
const programs = ["/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db", "/usr/bin/my_print_defaults"];
const hasMariadb = (await probe?.findPrograms(programs))?.length === programs.length;
await probe?.[Symbol.asyncDispose]();

describe.skipIf(!hasMariadb)("MariaDB of a project (needs mariadb-server)", () => {
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
      body: { container_type: "service", service_slug: "mysql" },
    });
    params = { id: project.id, database_id: service.id };
    const { task_id } = await app.as(ada).containers.start({ params: { id: project.id, container_id: service.id } });
    expect(await ended(app, ada, task_id)).toMatchObject({ status: "completed", error: null });
  }, 90_000);
  afterAll(() => app?.close());

  const data = () => app.as(ada).databases;
  const execute = (sql: string) => data().execute({ params, body: { sql, write: true } });
  const query = (sql: string, more: Partial<RunSql> = {}) => data().query({ params, body: { sql, ...more } });
  const cellsOf = async (sql: string) => (await query(sql)).results[0]?.rows.map(({ cells }) => cells);
  const refused = async (work: Promise<unknown>): Promise<Record<string, unknown>> => {
    const error: unknown = await work.then(
      (value) => expect.fail(`succeeded with ${JSON.stringify(value)}`),
      (reason: unknown) => reason,
    );
    const { code, status, details, message } = error as { code: string; status: number; details: unknown; message: string };
    return { code, status, details, message };
  };

  test("tables, structure and relations are read, and a stranger gets 404", async () => {
    await execute(`
      create table authors (id int auto_increment primary key, name varchar(40) not null unique comment 'As printed', mood enum('sad', 'it''s ok') default 'sad', check (name <> ''));
      create table books (id bigint primary key, author_id int not null, title varchar(20), price decimal(8,2), sold boolean, data json,
        made datetime(3) default current_timestamp(3), cover blob, total decimal(9,2) generated always as (price * 2) stored,
        key by_title (title), constraint written foreign key (author_id) references authors (id) on delete cascade);
      create view cheap as select * from books where price < 10;
      insert into authors (name) values ('Ann'), ('Bob')`);
    expect((await data().list({ params: { id: params.id }, query: {} })).items).toMatchObject([
      { kind: "mysql", name: "MySQL", state: "ready", message: null },
    ]);
    const { items } = await data().tables({ params, query: {} });
    expect(items.map(({ schema, name, kind }) => [schema, name, kind])).toEqual([
      ["app", "authors", "table"],
      ["app", "books", "table"],
      ["app", "cheap", "view"],
    ]);
    const books = await data().structure({ params, query: { schema: "app", table: "books" } });
    expect(books.columns.map(({ name, kind, is_nullable, is_generated }) => [name, kind, is_nullable, is_generated])).toEqual([
      ["id", "number", false, false],
      ["author_id", "number", false, false],
      ["title", "text", true, false],
      ["price", "number", true, false],
      ["sold", "boolean", true, false],
      ["data", expect.stringMatching(/json|text/), true, false],
      ["made", "timestamp", true, false],
      ["cover", "binary", true, false],
      ["total", "number", true, true],
    ]);
    expect(books).toMatchObject({
      primary_key: ["id"],
      foreign_keys: [
        { name: "written", columns: ["author_id"], to_schema: "app", to_table: "authors", to_columns: ["id"], on_delete: "CASCADE" },
      ],
      indexes: [
        { name: "PRIMARY", is_primary: true, is_unique: true, columns: ["id"] },
        { name: "by_title", is_primary: false, is_unique: false, columns: ["title"] },
        { name: "written" },
      ],
    });
    const authors = await data().structure({ params, query: { schema: "app", table: "authors" } });
    expect(authors.columns).toMatchObject([
      { name: "id", default: "auto_increment" },
      { comment: "As printed" },
      { kind: "enum", enum_values: ["sad", "it's ok"] },
    ]);
    expect(authors.referenced_by).toMatchObject([{ table: "books", columns: ["author_id"], to_columns: ["id"] }]);
    expect(authors.checks).toHaveLength(1);
    expect((await data().structure({ params, query: { schema: "app", table: "cheap" } })).definition).toMatch(/select/i);
    const schema = await data().schema({ params });
    expect(schema.tables.map(({ name, primary_key, foreign_keys }) => [name, primary_key, foreign_keys.length])).toEqual([
      ["authors", ["id"], 0],
      ["books", ["id"], 1],
      ["cheap", [], 0],
    ]);
    for (const call of [
      () => app.as(eve).databases.tables({ params, query: {} }),
      () => app.as(eve).databases.query({ params, body: { sql: "select 1" } }),
      () => data().structure({ params, query: { schema: "app", table: "none" } }),
      () => data().structure({ params, query: { schema: "mysql", table: "user" } }),
    ])
      expect(await refused(call())).toMatchObject({ status: 404, code: "not_found" });
  });

  test("rows are filtered, sorted and paged by key, with NULLs, bytes and names that need quotes", async () => {
    await execute(
      `create table \`we\`\`ird; drop\` (\`a.b\` int, \`c'd\` varchar(20), f float, id binary(2) primary key);
       insert into \`we\`\`ird; drop\` select if(seq % 3 = 0, null, seq % 5), concat('row_', seq), seq / 7, unhex(lpad(hex(seq), 4, '0')) from seq_1_to_45`,
    );
    const table = { schema: "app", table: "we`ird; drop" };
    for (const sort of [["a.b", "c'd"], ["f"], ["id"]])
      for (const direction of ["asc", "desc"] as const) {
        const seen: (string | null)[] = [];
        for (let after: string | undefined; ;) {
          const page = await data().rows({
            params,
            body: { ...table, sort: sort.map((column) => ({ column, direction })), limit: 7, ...(after && { after }) },
          });
          expect(page).toMatchObject({ paging: "key", primary_key: ["id"] });
          seen.push(...page.rows.map(({ cells }) => cells[1] ?? null));
          if (page.next === null) break;
          after = page.next;
        }
        const by = sort.map((name) => `\`${name}\` ${direction}`).join(", ");
        const expected = await query(`select \`c'd\` from \`we\`\`ird; drop\` order by ${by}, id ${direction}`, { limit: 200 });
        expect(seen).toEqual(expected.results[0]?.rows.map(({ cells }) => cells[0]));
      }
    const first = await data().rows({ params, body: { ...table, limit: 1 } });
    expect(first.rows[0]).toMatchObject({ key: ["\\x0001"], cells: ["1", "row_1", expect.stringMatching(/^0\.14285/), "\\x0001"] });
    const found = async (filters: object[], match: "all" | "any" = "all") =>
      (await data().rows({ params, body: { ...table, filters: filters as never, match, limit: 200 } })).rows.length;
    expect(await found([{ column: "a.b", op: "is_null" }])).toBe(15);
    expect(
      await found([
        { column: "a.b", op: "gte", value: "3" },
        { column: "c'd", op: "contains", value: "ROW_4" },
      ]),
    ).toBe(3);
    expect(await found([{ column: "id", op: "in", values: ["\\x0001", "\\x0002"] }])).toBe(2);
    expect(await found([{ column: "c'd", op: "contains", value: "%" }])).toBe(0);
    expect(await found([{ column: "c'd", op: "eq", value: "' or 1=1 -- \\" }])).toBe(0);
    expect(await data().count({ params, body: { ...table, filters: [{ column: "a.b", op: "is_not_null" }] } })).toEqual({ count: 30 });
    expect(await refused(data().rows({ params, body: { ...table, filters: [{ column: "x` or 1=1", op: "is_null" }] } }))).toMatchObject({
      status: 422,
    });
    const cell = await data().cell({ params, body: { ...table, key: { id: "\\x0002" }, column: "c'd" } });
    expect(cell).toEqual({ value: "row_2", bytes: 5, is_truncated: false });
  });

  test("rows are edited with a check of old values, and the inverse undoes it", async () => {
    await execute(
      "create table items (id int auto_increment primary key, name varchar(20) not null, n int, done boolean, raw varbinary(9), twice int generated always as (n * 2) stored)",
    );
    const table = { schema: "app", table: "items" };
    const change = (changes: object[]) => data().change({ params, body: { changes: changes as never } });
    const all = async () => (await data().rows({ params, body: table })).rows.map(({ cells }) => cells);
    const added = await change([
      { kind: "insert", ...table, values: { name: "it's \\ ☃ one", n: "1", done: "true", raw: "\\x00ff" } },
      { kind: "insert", ...table, values: { name: "two", n: null } },
    ]);
    expect(added.rows.map((row) => row?.cells)).toEqual([
      ["1", "it's \\ ☃ one", "1", "1", "\\x00ff", "2"],
      ["2", "two", null, null, null, null],
    ]);
    const edited = await change([
      { kind: "update", ...table, key: { id: "1" }, values: { n: "5", name: "uno" }, expected: { n: "1", raw: "\\x00ff" } },
    ]);
    expect(edited.rows[0]?.cells).toEqual(["1", "uno", "5", "1", "\\x00ff", "10"]);
    // A difference of case alone is one.
    expect(
      await refused(change([{ kind: "update", ...table, key: { id: "1" }, values: { n: "6" }, expected: { name: "UNO" } }])),
    ).toMatchObject({
      status: 409,
      code: "row_changed",
      details: { index: 0, row: { key: ["1"] } },
    });
    const removed = await change([
      { kind: "delete", ...table, key: { id: "1" } },
      { kind: "delete", ...table, key: { id: "2" }, expected: { n: null } },
    ]);
    expect(await all()).toEqual([]);
    expect(
      await refused(
        change([
          { kind: "insert", ...table, values: { name: "x" } },
          { kind: "delete", ...table, key: { id: "99" } },
        ]),
      ),
    ).toMatchObject({ code: "row_changed", details: { index: 1 } });
    expect(await all()).toEqual([]);
    await change(removed.inverse ?? []);
    await change(edited.inverse ?? []);
    expect(await all()).toEqual([
      ["1", "it's \\ ☃ one", "1", "1", "\\x00ff", "2"],
      ["2", "two", null, null, null, null],
    ]);
    await change(added.inverse ?? []);
    expect(await all()).toEqual([]);
    expect(await refused(change([{ kind: "insert", ...table, values: { name: "x", n: "one" } }]))).toMatchObject({ code: "sql_error" });
    expect(await refused(change([{ kind: "insert", ...table, values: { name: "x", twice: "1" } }]))).toMatchObject({ status: 422 });
  });

  test("a query cannot write, whatever it calls", async () => {
    await execute(`
      create table kept (n int); insert into kept values (1);
      create function sneak() returns int modifies sql data begin insert into kept values (2); return 1; end;
      create procedure commits() modifies sql data begin commit; insert into kept values (3); end;
      create view calls as select sneak() as n;
      create sequence numbers`);
    for (const sql of [
      "insert into kept values (9)",
      "with x as (select 9 as n) delete from kept",
      "replace into kept values (9)",
      "select sneak()",
      "select n from calls",
      "call commits()",
      "commit; insert into kept values (9)",
      "start transaction read write; insert into kept values (9)",
      "set session transaction read write; insert into kept values (9)",
      "set statement max_statement_time = 1 for delete from kept",
      "/*! commit */; insert into kept values (9)",
      "/*M! set session transaction read write */",
      "/* a */ -- b\n # c\n delete from kept",
      "execute immediate 'delete from kept'",
      "prepare p from 'delete from kept'; execute p",
      "begin not atomic delete from kept; end",
      "select 1 into outfile '/tmp/left'",
      "select 1 into dumpfile '/tmp/left'",
      "select load_file('/etc/passwd') from mysql.nothing",
      "load data infile '/etc/passwd' into table kept",
      "load data local infile '/etc/passwd' into table kept",
      "select nextval(numbers)",
      "create table other (n int)",
      "truncate kept",
      "drop table kept",
      "analyze delete from kept",
      "lock tables kept write",
      "kill 1",
      "grant all on *.* to studio_reader@'%'",
      "handler kept open",
      "do sleep(0)",
      "shutdown",
    ])
      expect([sql, (await refused(query(sql)))["code"]]).toEqual([sql, expect.stringMatching(/^(read_only_query|sql_error)$/)]);
    const path = `/api/projects/${params.id}/databases/${params.database_id}/export`;
    expect((await app.request(path, { method: "POST", user: ada, json: { sql: "delete from kept" } })).status).toBe(403);
    expect(await refused(data().explain({ params, body: { sql: "delete from kept", analyze: true } }))).toMatchObject({
      code: "read_only_query",
    });
    expect(await refused(data().rows({ params, body: { schema: "app", table: "calls" } }))).toMatchObject({ code: "read_only_query" });
    expect(await cellsOf("select n from kept")).toEqual([["1"]]);
  });

  test("statements run one after another; errors name the statement and the place; plans are returned", async () => {
    const { results } = await query("select 1 as a, null as b, 'x;y' as c; show tables like 'authors'; select true");
    expect(results.map(({ command, columns, rows }) => [command, columns.map(({ name }) => name), rows.map(({ cells }) => cells)])).toEqual(
      [
        ["SELECT", ["a", "b", "c"], [["1", null, "x;y"]]],
        ["SHOW", [expect.stringContaining("Tables_in_app")], [["authors"]]],
        ["SELECT", ["TRUE"], [["1"]]],
      ],
    );
    const paged = await query("select seq from seq_1_to_100000", { limit: 3, skip: 99_996 });
    expect(paged.results[0]).toMatchObject({ rows: [{ cells: ["99997"] }, { cells: ["99998"] }, { cells: ["99999"] }], has_more: true });
    const sql = "select 1;\nselect nope from authors";
    expect(await refused(query(sql))).toMatchObject({
      code: "sql_error",
      details: { sqlstate: "42S22", position: sql.indexOf("nope"), statement: 1 },
    });
    const wrong = "select 1\nfrom authors\nwhre 2";
    expect(await refused(query(wrong))).toMatchObject({ code: "sql_error", details: { sqlstate: "42000", position: wrong.indexOf("2") } });
    expect(await refused(query("# nothing"))).toMatchObject({ code: "bad_request" });
    expect(await refused(execute("insert into kept values (7); select * from missing_table"))).toMatchObject({
      code: "sql_error",
      details: { statement: 1 },
    });
    expect(await cellsOf("select n from kept")).toEqual([["1"]]);
    const written = await execute("insert into kept select seq from seq_1_to_500; update kept set n = n + 1 where n > 490");
    expect(written.results.map(({ command, affected }) => [command, affected])).toEqual([
      ["INSERT", 500],
      ["UPDATE", 10],
    ]);
    const plan = await data().explain({ params, body: { sql: "select * from books b join authors a on a.id = b.author_id" } });
    expect(plan).toMatchObject({ format: "mysql", plan: [{ id: 1, parent: 0, detail: expect.any(String) }, { id: 2 }] });
    expect(JSON.stringify((await data().explain({ params, body: { sql: "select * from kept", analyze: true } })).plan)).toContain(
      "rows read",
    );
  });

  test("a locked table, a slow query and a canceled one end with their reason; long values are cut", async () => {
    await execute("create table busy (id int primary key, t longtext); insert into busy values (1, repeat('ä', 3000000))");
    const { rows } = await data().rows({ params, body: { schema: "app", table: "busy" } });
    expect(rows[0]).toMatchObject({ key: ["1"], truncated: [1] });
    expect(rows[0]?.cells[1]).toHaveLength(2048);
    const cell = await data().cell({ params, body: { schema: "app", table: "busy", key: { id: "1" }, column: "t" } });
    expect(cell).toMatchObject({ bytes: 6_000_000, is_truncated: true });
    const holding = data().execute({ params, body: { sql: "lock tables busy write; do sleep(5)", write: true } });
    const locked = async () =>
      (await query("select 1 from information_schema.processlist where info like 'do sleep%' and user <> 'studio_reader'")).results[0]?.rows
        .length;
    const held = expect.poll(
      async () =>
        (
          await refused(
            data()
              .rows({ params, body: { schema: "app", table: "busy" } })
              .then(() => Promise.reject({ code: "free" })),
          )
        )["code"],
    );
    await held.toBe("table_locked");
    await holding;
    expect(await locked()).toBe(0);
    expect(await refused(query("select sleep(20)", { timeout_ms: 300 }))).toMatchObject({
      code: "query_timeout",
      message: expect.stringContaining("0.3 s"),
    });
    const leaving = new AbortController();
    const left = app.request(`/api/projects/${params.id}/databases/${params.database_id}/query`, {
      method: "POST",
      user: ada,
      json: { sql: "select sleep(100), 'left'" },
      signal: leaving.signal,
    });
    left.catch(() => undefined);
    const running = async () =>
      Number(
        (
          await cellsOf("select count(*) from information_schema.processlist where info like '%sleep(100)%' and id <> connection_id()")
        )?.[0]?.[0],
      );
    await expect.poll(running).toBe(1);
    leaving.abort();
    await expect.poll(running).toBe(0);
  }, 60_000);

  test("a CSV file survives export and import; a wrong row names its place and imports nothing", async () => {
    await execute(`
      create table source (id int primary key, text text, n decimal(9,2), at datetime, raw blob);
      insert into source values (1, 'a "quoted", \\n line\\tend\\\\', 1.50, '2026-01-02 03:04:05', x'00ff'), (2, '', null, null, null), (3, null, -1, null, '');
      create table target like source`);
    const path = `/api/projects/${params.id}/databases/${params.database_id}`;
    const exported = async (table: string) => (await app.request(`${path}/export?schema=app&table=${table}`, { user: ada })).text();
    const csv = await exported("source");
    expect(csv.split("\n")[0]).toBe("id,text,n,at,raw");
    const send = async (text: string) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ schema: "app", table: "target" })) form.append(name, value);
      form.append("file", new File([text], "rows.csv", { type: "text/csv" }));
      const response = await app.request(`${path}/import`, { method: "POST", user: ada, body: form });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    expect(await send(csv)).toEqual({ status: 200, body: { rows: 3 } });
    expect(await exported("target")).toBe(csv);
    expect(await send('id,text\n20,"two\nlines"\n21,fine\nnope,x\n')).toMatchObject({
      status: 400,
      body: { code: "import_failed", details: { row: 3, line: 5, column: "id" } },
    });
    expect(await send("id,text\n30,a\n1,twice\n")).toMatchObject({
      status: 400,
      body: { code: "import_failed", details: { row: 2, sqlstate: "23000" } },
    });
    expect(await cellsOf("select count(*) from target")).toEqual([["3"]]);
    const many = Array.from({ length: 20_000 }, (_, index) => `${index + 1000},text of ${index}\n`).join("");
    expect(await send(`id,text\n${many}`)).toEqual({ status: 200, body: { rows: 20_000 } });
    const result = await app.request(`${path}/export`, { method: "POST", user: ada, json: { sql: "select id from source order by id;" } });
    expect(await result.text()).toBe("id\n1\n2\n3\n");
  });
});
