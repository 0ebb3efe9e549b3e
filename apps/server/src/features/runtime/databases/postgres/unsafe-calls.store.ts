import type { PoolClient } from "pg";
import type { TableKind } from "@tesslate/contract";
import { AppError } from "../../../../platform/errors.ts";

/*
 * A read-only transaction keeps SQL from changing data, but not a function that runs with the rights of a superuser or outside of SQL: it can
 * write files, run programs and open connections of its own. Such functions, and what calls them, are not available to read-only queries.
 */

/** Functions of PostgreSQL and its extensions that run SQL given as text. */
const runnersOfText = [
  ...["query", "table", "schema", "database", "cursor"].flatMap((what) => [`${what}_to_xml`, `${what}_to_xmlschema`]),
  ...["query", "table", "schema", "database"].map((what) => `${what}_to_xml_and_xmlschema`),
  "ts_stat",
  "ts_rewrite",
  "crosstab",
  "crosstab2",
  "crosstab3",
  "crosstab4",
  "crosstabn",
  "connectby",
  "xpath_table",
];
/** Extensions whose functions leave the transaction. Those of other extensions are trusted: only a superuser can install them. */
const unsafeExtensions = ["dblink", "http", "pg_cron", "pg_net"];
const firstUserOid = 16_384;
const maxObjects = 5_000;
/** Longer names are cut by PostgreSQL. */
const maxName = 63;

const functionFrom = `
  from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
    left join pg_catalog.pg_depend m on m.classid = 'pg_catalog.pg_proc'::regclass and m.objid = p.oid and m.deptype = 'e'
    left join pg_catalog.pg_extension e on e.oid = m.refobjid
  where p.oid >= ${firstUserOid}`;
/** Of the functions that belong to no extension; aggregates and the constructors of range types are written in C as well. */
const isUnsafe = `case when e.oid is null
    then (p.prosecdef and p.proowner <> (select oid from pg_catalog.pg_roles where rolname = current_user))
      or (l.lanname not in ('sql', 'plpgsql') and p.prokind <> 'a' and not exists (
        select from pg_catalog.pg_depend i where i.classid = 'pg_catalog.pg_proc'::regclass and i.objid = p.oid and i.deptype = 'i'))
    else e.extname = any($1::text[]) end`;
/** Reads through a program or another connection. */
const unsafeTables = `
  select c.relname as name from pg_catalog.pg_foreign_table f
    join pg_catalog.pg_class c on c.oid = f.ftrelid join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
    join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw
  where w.fdwname <> 'file_fdw' or exists (select from pg_catalog.unnest(f.ftoptions) o where o like 'program=%')`;

/** Words of SQL that can be names, and names in quotes, in lower case. What is in quotes is read as words, too: quotes can be part of a text. */
const words = (sql: string): Set<string> => {
  const plain = sql.matchAll(/[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g);
  const quoted = sql.matchAll(/"((?:[^"]|"")+)"/g);
  return new Set([
    ...[...plain].map(([word]) => word.toLowerCase()),
    ...[...quoted].map(([, name = ""]) => name.replaceAll('""', '"').toLowerCase()),
  ]);
};
const hasEscapedNames = (sql: string): boolean => /u&\s*"/i.test(sql);

/** What a read-only query must not name. */
interface UnsafeCalls {
  names: ReadonlySet<string>;
  /** Values that are read call them: through operators, casts or types. */
  isInValues: boolean;
  /** The same, or domains that are only checked for new values. */
  isEverywhere: boolean;
}

/** Undefined in a database without unsafe functions. */
export async function findUnsafeCalls(client: PoolClient): Promise<UnsafeCalls | undefined> {
  const { rows: seeds } = await client.query<{ name: string }>(
    `select p.proname as name ${functionFrom} and ${isUnsafe} union ${unsafeTables} limit ${maxObjects}`,
    [unsafeExtensions],
  );
  if (seeds.length === 0) return undefined;
  const names = new Set([...seeds.map(({ name }) => name.toLowerCase()), ...runnersOfText]);
  const { rows: functions } = await client.query<{ oid: string; name: string; text: string | null; calls: string[]; unsafe: boolean }>(
    `select p.oid::text, p.proname as name, ${isUnsafe} as unsafe,
       case when p.prokind in ('f', 'p', 'w') and e.oid is null then pg_catalog.pg_get_functiondef(p.oid) end as text,
       array(select d.refobjid::text from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
         and d.refclassid = 'pg_catalog.pg_proc'::regclass) as calls
     ${functionFrom} limit ${maxObjects}`,
    [unsafeExtensions],
  );
  const { rows: views } = await client.query<{ name: string; text: string }>(
    `select c.relname as name, pg_catalog.pg_get_viewdef(c.oid) as text from pg_catalog.pg_class c
     where c.relkind = 'v' and c.oid >= ${firstUserOid} limit ${maxObjects}`,
  );
  const unsafe = new Set(functions.filter((one) => one.unsafe).map(({ oid }) => oid));
  const candidates = [
    ...functions.map((one) => ({ ...one, words: words(one.text ?? ""), isDynamic: one.text !== null && runsText(one.text) })),
    ...views.map((one) => ({ ...one, oid: undefined, calls: [], words: words(one.text), isDynamic: hasEscapedNames(one.text) })),
  ];
  for (let isGrowing = true; isGrowing;) {
    isGrowing = false;
    for (const one of candidates) {
      const known = one.oid === undefined ? names.has(one.name.toLowerCase()) : unsafe.has(one.oid);
      // Every definition names itself.
      const own = one.name.toLowerCase();
      const reaches =
        one.isDynamic || one.calls.some((oid) => unsafe.has(oid)) || [...one.words].some((word) => word !== own && names.has(word));
      if (known || !reaches) continue;
      names.add(own);
      if (one.oid !== undefined) unsafe.add(one.oid);
      isGrowing = true;
    }
  }
  const { rows: nameless } = await client.query<{ is_domain: boolean }>(
    `select distinct d.classid = 'pg_catalog.pg_constraint'::regclass as is_domain from pg_catalog.pg_depend d
     where d.refclassid = 'pg_catalog.pg_proc'::regclass and d.refobjid = any($1::oid[])
       and (d.classid in ('pg_catalog.pg_operator'::regclass, 'pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_type'::regclass, 'pg_catalog.pg_amproc'::regclass,
           'pg_catalog.pg_opclass'::regclass, 'pg_catalog.pg_transform'::regclass, 'pg_catalog.pg_ts_parser'::regclass, 'pg_catalog.pg_ts_template'::regclass)
         or exists (select from pg_catalog.pg_constraint k where d.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = d.objid and k.contypid <> 0))`,
    [[...unsafe]],
  );
  const isTooMuch = functions.length >= maxObjects || views.length >= maxObjects;
  return { names, isInValues: isTooMuch || nameless.some((one) => !one.is_domain), isEverywhere: isTooMuch || nameless.length > 0 };
}
/** Whether a function can run SQL that its text does not show. */
const runsText = (text: string): boolean => words(text).has("execute") || hasEscapedNames(text);

/** Throws `read_only_query` if reading the rows of a table or view calls what is unsafe. */
export function requireSafeTable({ table, kind }: { table: string; kind: TableKind }, unsafe: UnsafeCalls | undefined): void {
  const isStored = kind === "table" || kind === "partitioned_table" || kind === "materialized_view";
  if (!unsafe || (isStored ? !unsafe.isInValues : !unsafe.isEverywhere && !unsafe.names.has(table.toLowerCase()))) return;
  throw new AppError(
    "read_only_query",
    `Reading “${table.slice(0, 100)}” calls functions with other rights than those of a reader, or opens another connection. Allow changes and read it with SQL.`,
  );
}

/** Throws `read_only_query` if a statement may call what is unsafe. It reads words, so it refuses too much rather than too little. */
export function requireSafe(sql: string, unsafe: UnsafeCalls | undefined): void {
  if (!unsafe) return;
  const found = words(sql);
  const named = [...found].find((word) => unsafe.names.has(word));
  const isOpaque = found.has("do") || hasEscapedNames(sql) || [...found].some((word) => Buffer.byteLength(word) > maxName);
  if (named === undefined && !isOpaque && !unsafe.isEverywhere) return;
  const what =
    named !== undefined
      ? `“${named.slice(0, 100)}” can run with other rights than those of a reader`
      : unsafe.isEverywhere
        ? "operators or types of this database call functions with other rights than those of a reader"
        : "this database has functions with other rights than those of a reader, and DO blocks and escaped names can call them unseen";
  throw new AppError("read_only_query", `Queries can't change data here: ${what}. Allow changes to run this.`);
}
