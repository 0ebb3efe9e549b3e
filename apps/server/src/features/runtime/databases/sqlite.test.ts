import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { readFile, rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Sandbox } from "@tesslate/runtime";
import type { TestUser } from "../../../testing/app.ts";
import { emptyProject, realRuntime, sandboxApp, type SandboxApp } from "../../../testing/sandbox.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const probe = await realRuntime().catch(() => undefined);
await probe?.[Symbol.asyncDispose]();

/** The bytes of a SQLite file that the statements create. */
async function sqliteFile(sql: string): Promise<Uint8Array> {
  const folder = temporaryFolder("sqlite");
  const path = join(folder, "made.db");
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
  const bytes = await readFile(path);
  await rm(folder, { recursive: true, force: true });
  return bytes;
}
const idOf = (path: string) => `file-${Buffer.from(path).toString("base64url")}`;

describe.skipIf(probe === undefined)("SQLite files of a project", () => {
  let app: SandboxApp;
  let ada: TestUser;
  let sandbox: Sandbox;
  let params: { id: string; database_id: string };
  beforeAll(async () => {
    app = await sandboxApp();
    ada = await app.signUp({ name: "Ada" });
    const project = await emptyProject(app, ada);
    params = { id: project.id, database_id: idOf("data/app.db") };
    await app.as(ada).files.put({ params: { id: project.id, path: "data/notes.db" }, body: { content: "no database" } });
    const found = await app.runtime.find(project.id);
    if (!found) throw new Error("no sandbox");
    sandbox = found;
    await sandbox.files.write(
      "data/app.db",
      await sqliteFile(`
        create table "odd ""name" (id integer primary key, name text not null, price real, big integer, data blob, upper text generated always as (upper(name)));
        create table parts (a text, b integer, of integer references "odd ""name", primary key (a, b)) without rowid;
        create view cheap as select * from "odd ""name" where price < 2;
        create index by_name on "odd ""name" (name);
        insert into "odd ""name" (name, price, big, data) values ('one', 1.5, 9007199254740993, x'00ff'), ('two', null, null, null), ('three', 3, 3, x'');
        insert into parts values ('x', 1, 1), ('x', 2, null), ('y', 1, 3)`),
    );
    await sandbox.files.write(
      "wal.sqlite",
      await sqliteFile("pragma journal_mode = wal; create table logged (n int); insert into logged values (7)"),
    );
  }, 60_000);
  afterAll(() => app?.close());

  const data = () => app.as(ada).databases;
  const query = (sql: string) => data().query({ params, body: { sql } });
  const refused = (work: Promise<unknown>): Promise<{ code: string; status: number; details: unknown }> =>
    work.then(
      (value) => expect.fail(`succeeded with ${JSON.stringify(value)}`),
      (error: { code: string; status: number; details: unknown }) => ({ code: error.code, status: error.status, details: error.details }),
    );
  const table = { schema: "main", table: 'odd "name' };

  test("files are found by their content, and their tables, keys and rows are read", async () => {
    const { items } = await data().list({ params: { id: params.id }, query: {} });
    expect(items.map(({ kind, name, state }) => [kind, name, state])).toEqual([
      ["sqlite", "data/app.db", "ready"],
      ["sqlite", "wal.sqlite", "ready"],
    ]);
    expect((await data().tables({ params, query: {} })).items.map(({ name, kind }) => [name, kind])).toEqual([
      ["cheap", "view"],
      ['odd "name', "table"],
      ["parts", "table"],
    ]);
    const schema = await data().schema({ params });
    expect(schema.tables[2]).toMatchObject({
      primary_key: ["a", "b"],
      foreign_keys: [{ columns: ["of"], to_schema: "main", to_table: 'odd "name', to_columns: ["id"] }],
    });
    const structure = await data().structure({ params, query: table });
    expect(structure).toMatchObject({
      indexes: [{ name: "by_name", columns: ["name"], is_unique: false }],
      referenced_by: [{ table: "parts" }],
    });
    expect(structure.columns.map(({ name, kind, is_generated }) => [name, kind, is_generated])).toEqual([
      ["id", "number", false],
      ["name", "text", false],
      ["price", "number", false],
      ["big", "number", false],
      ["data", "binary", false],
      ["upper", "text", true],
    ]);
    const page = await data().rows({ params, body: { ...table, sort: [{ column: "price", direction: "desc" }] } });
    expect(page.rows.map(({ cells }) => cells)).toEqual([
      ["3", "three", "3.0", "3", "\\x", "THREE"],
      ["1", "one", "1.5", "9007199254740993", "\\x00ff", "ONE"],
      ["2", "two", null, null, null, "TWO"],
    ]);
    // In WAL mode, and without anything else open.
    expect(
      (await data().rows({ params: { ...params, database_id: idOf("wal.sqlite") }, body: { schema: "main", table: "logged" } })).rows,
    ).toMatchObject([{ cells: ["7"] }]);
    const eve = await app.signUp();
    expect(
      await app
        .as(eve)
        .databases.tables({ params, query: {} })
        .catch((error: { status: number }) => error.status),
    ).toBe(404);
    for (const path of ["data/notes.db", "../app.db", "data/none.db", "data/app.txt"])
      expect(await refused(data().tables({ params: { ...params, database_id: idOf(path) }, query: {} }))).toMatchObject({ status: 404 });
  });

  test("pages continue after a key of two columns, with filters", async () => {
    const parts = { schema: "main", table: "parts" };
    const first = await data().rows({ params, body: { ...parts, limit: 2, filters: [{ column: "b", op: "lte", value: "2" }] } });
    expect(first).toMatchObject({ paging: "key", rows: [{ key: ["x", "1"] }, { key: ["x", "2"] }] });
    const second = await data().rows({
      params,
      body: { ...parts, limit: 2, filters: [{ column: "b", op: "lte", value: "2" }], after: first.next ?? "" },
    });
    expect(second).toMatchObject({ rows: [{ key: ["y", "1"] }], next: null });
    expect(await data().count({ params, body: { ...table, filters: [{ column: "name", op: "contains", value: "T" }] } })).toEqual({
      count: 2,
    });
  });

  test("rows are edited and undone, with a check of old values and foreign keys", async () => {
    const change = (changes: object[]) => data().change({ params, body: { changes: changes as never } });
    const before = (await data().rows({ params, body: table })).rows;
    const done = await change([
      { kind: "insert", ...table, values: { name: "four", price: "4", data: "\\xbeef" } },
      { kind: "update", ...table, key: { id: "1" }, values: { name: "uno", data: null }, expected: { name: "one", data: "\\x00ff" } },
      { kind: "delete", ...table, key: { id: "2" } },
    ]);
    expect(done.rows).toMatchObject([
      { cells: ["4", "four", "4.0", null, "\\xbeef", "FOUR"] },
      { cells: ["1", "uno", "1.5", "9007199254740993", null, "UNO"] },
      null,
    ]);
    expect((await query(`select typeof(data), typeof(price) from "odd ""name" where id = 4`)).results[0]?.rows[0]?.cells).toEqual([
      "blob",
      "real",
    ]);
    expect(
      await refused(change([{ kind: "update", ...table, key: { id: "1" }, values: { name: "x" }, expected: { name: "one" } }])),
    ).toMatchObject({
      code: "row_changed",
      details: { index: 0, row: { key: ["1"] } },
    });
    expect(await refused(change([{ kind: "delete", ...table, key: { id: "3" } }]))).toMatchObject({ code: "sql_error" });
    await change(done.inverse ?? []);
    expect((await data().rows({ params, body: table })).rows).toEqual(before);
  });

  test("a query cannot write; statements that may write are one transaction", async () => {
    for (const sql of [
      "delete from parts",
      "create table other (n)",
      "pragma user_version = 9",
      "attach 'other.db' as o; create table o.t (n)",
      "vacuum into 'copy.db'",
    ])
      expect([sql, (await refused(query(sql))).code]).toEqual([sql, expect.stringMatching(/^(read_only_query|sql_error)$/)]);
    for (const path of ["other.db", "copy.db"]) expect(await sandbox.files.stat(path)).toBeUndefined();
    const execute = (sql: string) => data().execute({ params, body: { sql, write: true } });
    expect(await refused(execute("create table undone (n); select nope"))).toMatchObject({ code: "sql_error", details: { statement: 1 } });
    const { results } = await execute(
      "create table done (n int); insert into done values (1), (2); select n from done; update done set n = 3 returning n",
    );
    expect(results.map(({ command, affected, rows }) => [command, affected, rows.map(({ cells }) => cells[0])])).toEqual([
      ["CREATE", null, []],
      ["INSERT", 2, []],
      ["SELECT", null, ["1", "2"]],
      ["UPDATE", 2, ["3", "3"]],
    ]);
    expect((await data().tables({ params, query: { q: "done" } })).items.map(({ name }) => name)).toEqual(["done"]);
    expect(await data().explain({ params, body: { sql: "select * from parts where a = 'x'" } })).toMatchObject({
      format: "sqlite",
      plan: [{ detail: expect.stringContaining("SEARCH") }],
    });
    // Endless, without a statement that the library could interrupt.
    const endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
    expect(await refused(data().query({ params, body: { sql: endless, timeout_ms: 1_000 } }))).toMatchObject({ code: "query_timeout" });
  }, 30_000);

  test("a CSV file survives export and import, and a wrong row imports nothing", async () => {
    await data().execute({
      params,
      body: {
        sql: "create table source (id integer primary key, text text, n real not null); insert into source values (1, 'a \"b\", c', 1.5), (2, '', 2), (3, null, 3); create table target (id integer primary key, text text, n real not null)",
        write: true,
      },
    });
    const path = `/api/projects/${params.id}/databases/${params.database_id}`;
    const exported = async (name: string) => (await app.request(`${path}/export?schema=main&table=${name}`, { user: ada })).text();
    const csv = await exported("source");
    expect(csv).toBe('id,text,n\n1,"a ""b"", c",1.5\n2,"",2.0\n3,,3.0\n');
    const send = async (text: string) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ schema: "main", table: "target" })) form.append(name, value);
      form.append("file", new File([text], "rows.csv", { type: "text/csv" }));
      return (await app.request(`${path}/import`, { method: "POST", user: ada, body: form })).json();
    };
    expect(await send(csv)).toEqual({ rows: 3 });
    expect(await exported("target")).toBe(csv);
    expect(await send("id,text,n\n10,x,1\n11,y,\n")).toMatchObject({
      code: "import_failed",
      details: { row: 2, line: 3, message: expect.stringContaining("NOT NULL") },
    });
    expect(await data().count({ params, body: { schema: "main", table: "target" } })).toEqual({ count: 3 });
  });
});
