import { randomBytes } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { afterEach, expect, inject, test } from "vitest";
import { testConnection, onServer } from "../../testing/postgres.ts";
import { hostPort } from "../../testing/host-port.ts";
import { temporaryFolder } from "../../testing/temporary.ts";
import { dumpDatabase, listDatabases, loadDatabase, readTableFigures, type DumpTarget } from "./index.ts";

const { server, prefix } = inject("postgres");
const signal = AbortSignal.timeout(60_000);
const dir = temporaryFolder("dumps");
const made: string[] = [];
afterEach(async () => {
  for (const database of made.splice(0))
    await onServer(server, (client) => client.query(`drop database if exists ${database} with (force)`));
});

const targetOf = (database: string): DumpTarget => {
  const { host = "", user = "", password, port, connectionString } = testConnection(server, database);
  if (connectionString === undefined)
    return { at: hostPort({ host, port: port ?? 5432 }), user, password: typeof password === "string" ? password : "", database };
  const url = new URL(connectionString);
  return { at: hostPort({ host: url.hostname, port: Number(url.port || 5432) }), user: url.username, password: url.password, database };
};
async function fresh(sql = ""): Promise<{ name: string; target: DumpTarget; query: <T>(sql: string) => Promise<T[]> }> {
  const name = `${prefix}_d${randomBytes(4).toString("hex")}`;
  made.push(name);
  await onServer(server, (client) => client.query(`create database ${name}`));
  const query = async <T>(text: string): Promise<T[]> => {
    const client = new pg.Client(testConnection(server, name));
    await client.connect();
    try {
      const result = (await client.query(text)) as unknown as { rows: T[] } | { rows: T[] }[];
      return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
    } finally {
      await client.end();
    }
  };
  if (sql) await query(sql);
  return { name, target: targetOf(name), query };
}
const dump = async (target: DumpTarget, file: string) => {
  const { leftOut, tables } = await dumpDatabase(target, target.database, join(dir, file), signal);
  const text = readFileSync(join(dir, file), "utf8");
  const mark = /dump ([0-9a-f]{24})/.exec(text)?.[1] ?? "";
  return { leftOut, tables, text: text.replaceAll(mark, "MARK") };
};
const load = (target: DumpTarget, file: string) => loadDatabase(target, createReadStream(join(dir, file)), signal);

/** A mix of what users, ORMs and migrations create. */
const everything = `
create schema "Odd Schema"; create schema app;
create type app.mood as enum ('sad', 'it''s ok', 'happy');
create type app.pair as (a int, b text);
create domain app.email as text default 'x@y' not null constraint has_at check (value like '%@%');
create type app.span as range (subtype = numeric);
create sequence app.numbers start 100 increment 5 cycle maxvalue 1000 minvalue 1;
create function app.next_code() returns text language sql as $$ select 'c' || nextval('app.numbers') $$;
create table app.people (
  id serial primary key, big bigint generated always as identity (start 7 increment 3), code text default app.next_code(),
  email app.email unique, feeling app.mood default 'happy', tags text[] default '{}', p app.pair, doc jsonb, raw bytea,
  price numeric(10,2) check (price >= 0), twice numeric generated always as (price * 2) stored, at timestamptz default now(), span app.span,
  name varchar(40) collate "C"
);
comment on table app.people is 'All of them; with -- and $$';
comment on column app.people.price is 'In euros';
create table app.notes (id uuid primary key default gen_random_uuid(), person int references app.people (id) on delete cascade deferrable initially deferred, body text);
create table "Odd Schema"."Odd ""Table" ("Weird Column" int, "select" text, unique ("Weird Column", "select"));
create table app.loop_a (id int primary key, b int); create table app.loop_b (id int primary key, a int references app.loop_a);
alter table app.loop_a add foreign key (b) references app.loop_b;
create index on app.people (lower(email)); create index notes_part on app.notes (person) where body is not null;
create unique index on app.people ((doc ->> 'k'));
create table app.log (day date not null, what text, primary key (day, what)) partition by range (day);
create table app.log_2025 partition of app.log for values from ('2025-01-01') to ('2026-01-01');
create table app.log_rest partition of app.log default; create index on app.log (what);
create table app.parent (a int); create table app.child (b int) inherits (app.parent);
create unlogged table app.cache (k text primary key, v text) with (fillfactor = 70);
create view app.happy as select id, email, feeling from app.people where feeling = 'happy';
create view app.happier as select * from app.happy;
create materialized view app.counts as select feeling, count(*) as n from app.people group by feeling; create unique index on app.counts (feeling);
create function app.touch() returns trigger language plpgsql as $body$ begin
  new.name := coalesce(new.name, '
--0123456789
\\.
'); return new; end $body$;
create trigger touch before insert on app.people for each row execute function app.touch(); alter table app.people disable trigger touch;
create function app.typed(x app.people) returns app.mood stable language sql begin atomic select x.feeling; end;
create procedure app.work(inout n int) language plpgsql as $$ begin n := n + 1; end $$;
alter table app.notes enable row level security; create policy mine on app.notes for select using (person = 1);
create statistics app.st (dependencies) on feeling, name from app.people;
create rule nothing as on delete to app.cache do instead nothing;
insert into app.people (email, feeling, tags, p, doc, raw, price, span, name) values
  ('a@b', 'it''s ok', '{"x y","q\\"uote"}', '(1,"two, ""three""")', '{"k": "v\\n"}', '\\x00ff10', 12.50, '[1.5,2)', E'tab\\t line\\n back\\\\slash \\\\. end'),
  ('ü@ñ', 'sad', null, null, null, null, null, 'empty', '\\N');
insert into app.notes (person, body) values (1, 'hello'), (2, null);
insert into "Odd Schema"."Odd ""Table" values (1, 'one'), (null, null);
insert into app.loop_b values (1, null); insert into app.loop_a values (1, 1); update app.loop_b set a = 1;
insert into app.log values ('2025-03-01', 'in'), ('2030-01-01', 'out'); insert into app.child values (1, 2); insert into app.parent values (9);
refresh materialized view app.counts; select nextval('app.numbers');
create table big as select i, repeat('x', 100) as t from generate_series(1, 20000) i;
`;

test("a restored database has the same keys, values, sequences and behavior", async () => {
  const { target, query, name } = await fresh(everything);
  const first = await dump(target, "all");
  expect(first.leftOut).toEqual([]);
  const facts = `select (select json_agg(who order by id) from app.people who) as people, (select array_agg(n order by feeling) from app.counts n) as counts,
    (select json_agg(x) from "Odd Schema"."Odd ""Table" x) as odd, (select count(*) from big) as big, (select array_agg(what order by what) from app.log) as log,
    (select array_agg(a order by a) from app.parent) as parents, (select count(*) from app.happier) as happy, (select array_agg(app.typed(who) order by id) from app.people who) as typed`;
  const before = await query(facts);
  await query("drop schema app cascade; drop table big; create table later (a int)");
  await load(target, "all");
  expect(await query(facts)).toEqual(before);
  expect(await query("select to_regclass('later') as later_table")).toEqual([{ later_table: null }]);
  // A second dump has the same content.
  const sorted = (text: string) => text.split("--MARK\n").sort();
  expect(sorted((await dump(target, "again")).text)).toEqual(sorted(first.text));
  // Sequences continue.
  expect(await query("insert into app.people (email) values ('n@n') returning id, big, code")).toEqual([
    { id: 3, big: "13", code: expect.stringMatching(/^c1\d\d$/) },
  ]);
  for (const [sql, code] of [
    ["insert into app.people (email) values ('no at')", "23514"],
    ["insert into app.people (email) values ('a@b')", "23505"],
    ["insert into app.notes (person) values (99)", "23503"],
    ["insert into app.people (email, price) values ('q@q', -1)", "23514"],
  ] as const)
    await expect(query(sql)).rejects.toMatchObject({ code });
  const left = await onServer(server, (client) => client.query("select datname from pg_database where datname like 'studio\\_%'"));
  expect(left.rows).toEqual([]);
  expect(name).toBe(target.database);
});

test("a restore leaves other databases unchanged, recreates a dropped one, and ends connections of the app", async () => {
  const one = await fresh("create table t (a int); insert into t values (1)");
  const other = await fresh("create table t (a int); insert into t values (7)");
  expect(await listDatabases(one.target, signal)).toEqual(expect.arrayContaining([one.name, other.name]));
  expect(await listDatabases(one.target, signal)).not.toContain("postgres");
  await dump(one.target, "one");
  const app = new pg.Client(testConnection(server, one.name));
  app.on("error", () => undefined);
  await app.connect();
  await app.query("begin; update t set a = 2");
  await load(one.target, "one");
  expect([await one.query("select a from t"), await other.query("select a from t")]).toEqual([[{ a: 1 }], [{ a: 7 }]]);
  await app.end().catch(() => undefined);
  await onServer(server, (client) => client.query(`drop database ${one.name} with (force)`));
  await load(one.target, "one");
  expect(await one.query("select a from t")).toEqual([{ a: 1 }]);
});

test("a dump that cannot be loaded leaves the database unchanged and no temporary database", async () => {
  const { target, query } = await fresh("create table t (a int); insert into t values (1)");
  await dump(target, "good");
  await query("update t set a = 2");
  const text = readFileSync(join(dir, "good"), "utf8");
  const mark = /dump ([0-9a-f]{24})/.exec(text)?.[1] ?? "";
  for (const broken of [
    text.slice(0, text.indexOf("copy ") + 30),
    text.slice(0, -10),
    text.replace(" integer)", " no_such_type)"),
    text.replace(`--${mark} complete`, `select 1/0;\n--${mark}\n--${mark} complete`),
    "select 1;",
  ])
    await expect(loadDatabase(target, [Buffer.from(broken)] as unknown as AsyncIterable<Uint8Array>, signal)).rejects.toThrow();
  expect(await query("select a from t")).toEqual([{ a: 2 }]);
  const left = await onServer(server, (client) => client.query("select datname from pg_database where datname like 'studio\\_%'"));
  expect(left.rows).toEqual([]);
});

test("a dump reports objects that it cannot contain", async () => {
  const { target } = await fresh("create aggregate total (int) (sfunc = int4pl, stype = int); select lo_create(0)");
  expect((await dump(target, "odd")).leftOut).toEqual(["aggregates", "large objects"]);
});

test("a hostile server can neither block the client nor exhaust its memory", async () => {
  const open = async (speak: (write: (data: Buffer) => void) => void) => {
    const hostile = createServer((socket) => {
      socket.on("error", () => undefined);
      speak((data) => socket.write(data));
    });
    await new Promise<void>((resolve) => hostile.listen(0, "127.0.0.1", resolve));
    return { port: (hostile.address() as { port: number }).port, close: () => hostile.close() };
  };
  const target = (port: number): DumpTarget => ({ at: hostPort({ host: "127.0.0.1", port }), user: "a", password: "b", database: "c" });
  const silent = await open(() => undefined);
  await expect(listDatabases(target(silent.port), AbortSignal.timeout(300))).rejects.toThrow();
  const swollen = await open((write) => write(Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff])));
  await expect(listDatabases(target(swollen.port), AbortSignal.timeout(20_000))).rejects.toThrow("larger than 64 MiB");
  silent.close();
  swollen.close();
});

test("the figures of a dump are those of the database: rows by table, partitions together, columns by their hash", async () => {
  const { target, query } = await fresh(`
    create table people (id serial primary key, name text); insert into people (name) values ('Ada'), ('Bob');
    create table log (day date not null, what text) partition by range (day);
    create table log_2025 partition of log for values from ('2025-01-01') to ('2026-01-01'); create table log_rest partition of log default;
    insert into log values ('2025-03-01', 'in'), ('2030-01-01', 'out'), ('2031-01-01', 'out');
    create table parent (a int); create table child (b int) inherits (parent); insert into child values (1, 2);
    create schema "Odd Schema"; create table "Odd Schema"."it's ""odd""" (a int);
    create view everybody as select * from people; create temporary table gone (a int)`);
  const now = async () => (await readTableFigures(target, target.database, signal)) ?? [];
  const { tables } = await dump(target, "figures");
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect(tables?.toSorted(byName)).toEqual((await now()).toSorted(byName));
  expect(tables?.toSorted(byName)).toMatchObject([
    { schema: "public", name: "child", rows: 1, is_estimate: false },
    { schema: "Odd Schema", name: 'it\'s "odd"', rows: 0 },
    { schema: "public", name: "log", rows: 3 },
    { schema: "public", name: "parent", rows: 0 },
    { schema: "public", name: "people", rows: 2 },
  ]);

  // A restored database has the same columns. Another type, a further column or a constraint is another hash.
  await load(target, "figures");
  expect((await now()).toSorted(byName)).toEqual(tables?.toSorted(byName));
  const hash = async () => (await now()).find(({ name }) => name === "people")?.columns;
  const hashes = [await hash()];
  for (const change of ["add phone text default ''", "alter phone type varchar(20)", "alter phone set not null"]) {
    await query(`alter table people ${change}`);
    hashes.push(await hash());
  }
  expect(new Set(hashes).size).toBe(4);
});

test("more than 100,000 rows are estimated, a locked table is not waited for, and too many tables have no figures", async () => {
  const { name, target, query } = await fresh(
    "create table big as select 1 as a from generate_series(1, 150000); create table small as select 1 as a from generate_series(1, 100000); analyze big",
  );
  const now = () => readTableFigures(target, target.database, signal);
  expect(await now()).toMatchObject([
    { name: "big", rows: 150_000, is_estimate: true },
    { name: "small", rows: 100_000, is_estimate: false },
  ]);
  // The dump has counted what it wrote.
  expect((await dump(target, "big")).tables).toMatchObject([{ rows: 150_000, is_estimate: false }, { rows: 100_000 }]);

  const locking = new pg.Client(testConnection(server, name));
  await locking.connect();
  await locking.query("begin; lock table small in access exclusive mode");
  await expect(now()).rejects.toThrow("lock timeout");
  await locking.end();

  await query("do $$ begin for i in 1..1000 loop execute format('create table t%s (a int)', i); end loop; end $$");
  expect(await now()).toBeUndefined();
  expect((await dump(target, "many")).tables).toBeUndefined();
});
