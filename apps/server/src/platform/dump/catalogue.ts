import type pg from "pg";
import { quoteIdentifier } from "./connection.ts";
import { sortByDependency, type Definition } from "./order.ts";
import { columnsOf, createTable, type TableColumnRow, type TableRow } from "./tables.ts";

/** The schema of a database: statements, tables whose rows go between them, and unsupported objects. */
export interface SchemaCatalog {
  before: string[];
  tables: { name: string; columns: string[] }[];
  after: string[];
  /** Kinds of objects that are not restored, for messages. */
  leftOut: string[];
}

/** Excludes objects of the system and of extensions. `oid` and `catalogue` are constants, never input. */
export const isUsers = (namespace: string, oid: string, catalogue: string) =>
  `${namespace} not in ('pg_catalog', 'information_schema') and ${namespace} !~ '^pg_(toast|temp)' and not exists (
     select 1 from pg_depend e where e.classid = '${catalogue}'::regclass and e.objid = ${oid} and e.deptype = 'e')`;

/** Reads the schema in the caller's transaction, consistent with the rows copied in it. */
export async function readCatalogue(client: pg.Client): Promise<SchemaCatalog> {
  const rows = async <T extends pg.QueryResultRow>(sql: string): Promise<T[]> => (await client.query<T>(sql)).rows;
  // With an empty search path, names are printed with their schema.
  await client.query("set local search_path to pg_catalog");

  const schemas = await rows<{ n: string }>(
    `select quote_ident(n.nspname) as n from pg_namespace n where ${isUsers("n.nspname", "n.oid", "pg_namespace")} and n.nspname <> 'public' order by 1`,
  );
  const extensions = await rows<{ e: string; s: string }>(
    `select quote_ident(e.extname) as e, quote_ident(n.nspname) as s from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname <> 'plpgsql' order by e.oid`,
  );
  const types = await rows<{ oid: string; sql: string }>(typesSql);
  const functions = await rows<{ oid: string; sql: string }>(
    `select p.oid::text, pg_get_functiondef(p.oid) as sql from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where p.prokind <> 'a' and ${isUsers("n.nspname", "p.oid", "pg_proc")} order by p.oid`,
  );
  const sequences = await rows<{ oid: string; sql: string; value: string }>(sequencesSql);
  const tables = await rows<TableRow>(tablesSql);
  const columns = await rows<TableColumnRow>(columnsSql);
  const views = await rows<{ oid: string; sql: string; refresh: string | null }>(viewsSql);

  const byTable = columnsOf(columns);
  const definitions: Definition[] = [
    ...types.map(({ oid, sql }) => ({ key: `pg_type:${oid}`, sql })),
    ...functions.map(({ oid, sql }) => ({ key: `pg_proc:${oid}`, sql })),
    ...sequences.map(({ oid, sql }) => ({ key: `pg_class:${oid}`, sql })),
    ...tables.map((table) => ({ key: `pg_class:${table.oid}`, sql: createTable(table, byTable.get(table.oid) ?? []) })),
    ...views.map(({ oid, sql }) => ({ key: `pg_class:${oid}`, sql })),
  ];
  const edges = await rows<{ from: string; to: string }>(edgesSql);

  const statements = async (sql: string) => (await rows<{ sql: string }>(sql)).map((row) => row.sql);
  const kept = new Map(tables.map((table) => [table.oid, table.name]));
  return {
    before: [
      ...schemas.map(({ n }) => `create schema ${n}`),
      ...extensions.map(({ e, s }) => `create extension if not exists ${e} with schema ${s}`),
      ...sortByDependency(definitions, edges),
      ...(await statements(ownedBySql)),
    ],
    // The rows of a partitioned table are in its partitions.
    tables: tables
      .filter((table) => table.kind === "r")
      .map((table) => ({
        name: kept.get(table.oid) ?? "",
        columns: (byTable.get(table.oid) ?? []).filter((column) => column.generated === "").map((column) => quoteIdentifier(column.name)),
      })),
    after: [
      ...sequences.map(({ value }) => value),
      ...(await statements(identityValuesSql)),
      ...(await statements(constraintsSql("c.contype <> 'f'"))),
      ...(await statements(indexesSql)),
      ...(await statements(constraintsSql("c.contype = 'f'"))),
      ...(await statements(statisticsSql)),
      ...(await statements(rulesSql)),
      ...(await statements(triggersSql)),
      ...(await statements(rowSecuritySql)),
      ...(await statements(policiesSql)),
      ...(await statements(commentsSql)),
      ...views.flatMap(({ refresh }) => (refresh === null ? [] : [refresh])),
    ],
    leftOut: (await rows<{ what: string }>(leftOutSql)).map((row) => row.what),
  };
}

const typesSql = `
  select t.oid::text, case t.typtype
    when 'e' then format('create type %s as enum (%s)', format_type(t.oid, null),
      (select coalesce(string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder), '') from pg_enum e where e.enumtypid = t.oid))
    when 'd' then format('create domain %s as %s%s%s%s', format_type(t.oid, null), format_type(t.typbasetype, t.typtypmod),
      case when t.typdefault is null then '' else ' default ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) end,
      case when t.typnotnull then ' not null' else '' end,
      (select coalesce(string_agg(format(' constraint %I %s', c.conname, pg_get_constraintdef(c.oid)), '' order by c.oid), '')
         from pg_constraint c where c.contypid = t.oid and c.contype = 'c'))
    when 'c' then format('create type %s as (%s)', format_type(t.oid, null),
      (select coalesce(string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum), '')
         from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped))
    when 'r' then format('create type %s as range (subtype = %s)', format_type(t.oid, null),
      (select format_type(r.rngsubtype, null) from pg_range r where r.rngtypid = t.oid))
    end as sql
  from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
  where t.typtype in ('e', 'd', 'c', 'r') and (t.typtype <> 'c' or c.relkind = 'c') and ${isUsers("n.nspname", "t.oid", "pg_type")}
  order by t.oid`;

const sequenceOptions = `format('start with %s increment by %s minvalue %s maxvalue %s cache %s%s', s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, case when s.seqcycle then ' cycle' else ' no cycle' end)`;
const valueOf = `format('select pg_catalog.setval(%L, %s, %s)', c.oid::regclass::text, coalesce(pg_sequence_last_value(c.oid), s.seqstart), (pg_sequence_last_value(c.oid) is not null)::text)`;
const isIdentity = "exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'i')";
const sequencesSql = `
  select c.oid::text, format('create sequence %s as %s ', c.oid::regclass, format_type(s.seqtypid, null)) || ${sequenceOptions} as sql, ${valueOf} as value
  from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
  where not ${isIdentity} and ${isUsers("n.nspname", "c.oid", "pg_class")} order by c.oid`;
const identityValuesSql = `
  select ${valueOf} as sql from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
  where ${isIdentity} and ${isUsers("n.nspname", "c.oid", "pg_class")} order by c.oid`;
const ownedBySql = `
  select format('alter sequence %s owned by %s.%I', c.oid::regclass, d.refobjid::regclass, a.attname) as sql
  from pg_depend d join pg_class c on c.oid = d.objid and c.relkind = 'S' join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  join pg_namespace n on n.oid = c.relnamespace
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype = 'a' and ${isUsers("n.nspname", "c.oid", "pg_class")} order by c.oid`;

const tablesSql = `
  select c.oid::text, c.oid::regclass::text as name, c.relkind as kind, c.relpersistence = 'u' as is_unlogged,
    case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as bound,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_key,
    (select coalesce(array_agg(i.inhparent::regclass::text order by i.inhseqno), '{}') from pg_inherits i where i.inhrelid = c.oid) as parents,
    coalesce(c.reloptions, '{}') as options,
    (select t.oid::regtype::text from pg_type t where t.oid = c.reloftype) as of_type
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.relpersistence <> 't' and ${isUsers("n.nspname", "c.oid", "pg_class")} order by c.oid`;
const columnsSql = `
  select a.attrelid::text as table_oid, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as is_not_null,
    a.attislocal as is_local, a.attgenerated::text as generated, a.attidentity::text as identity, pg_get_expr(d.adbin, d.adrelid) as expression,
    case when a.attcollation <> t.typcollation and a.attcollation <> 0 then a.attcollation::regcollation::text end as collation,
    (select format('sequence name %s ', c.oid::regclass) || ${sequenceOptions} from pg_depend i join pg_class c on c.oid = i.objid and c.relkind = 'S' join pg_sequence s on s.seqrelid = c.oid
      where i.refclassid = 'pg_class'::regclass and i.refobjid = a.attrelid and i.refobjsubid = a.attnum and i.deptype = 'i' limit 1) as identity_options
  from pg_attribute a join pg_class r on r.oid = a.attrelid join pg_namespace n on n.oid = r.relnamespace join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where r.relkind in ('r', 'p') and r.relpersistence <> 't' and a.attnum > 0 and not a.attisdropped and ${isUsers("n.nspname", "r.oid", "pg_class")}
  order by a.attrelid, a.attnum`;
const viewsSql = `
  select c.oid::text, format('create %s %s%s as %s%s', case c.relkind when 'm' then 'materialized view' else 'view' end, c.oid::regclass,
      case when c.reloptions is null then '' else ' with (' || array_to_string(c.reloptions, ', ') || ')' end,
      rtrim(pg_get_viewdef(c.oid), ';'), case c.relkind when 'm' then ' with no data' else '' end) as sql,
    case when c.relkind = 'm' and c.relispopulated then format('refresh materialized view %s', c.oid::regclass) end as refresh
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('v', 'm') and c.relpersistence <> 't' and ${isUsers("n.nspname", "c.oid", "pg_class")} order by c.oid`;

/** Dependencies between separately defined objects: a column default counts as its table, a rule as its view, a row type as its table. */
const edgesSql = `
  with nodes as (
    select d.classid, d.objid, d.refclassid, d.refobjid, d.deptype from pg_depend d where d.deptype in ('n', 'a', 'i') and d.refobjid >= 16384
  ), owners as (
    select n.*, coalesce(ad.adrelid, rw.ev_class) as owner, t.typrelid as ref_relation, el.oid as element, el.typrelid as element_relation
    from nodes n
    left join pg_attrdef ad on n.classid = 'pg_attrdef'::regclass and ad.oid = n.objid
    left join pg_rewrite rw on n.classid = 'pg_rewrite'::regclass and rw.oid = n.objid
    left join pg_type t on n.refclassid = 'pg_type'::regclass and t.oid = n.refobjid
    left join pg_type el on el.oid = t.typelem and t.typelem <> 0
  )
  select distinct
    case when owner is not null then 'pg_class:' || owner else classid::regclass::text || ':' || objid end as "from",
    case when element is not null and element_relation <> 0 and (select relkind from pg_class where oid = element_relation) <> 'c' then 'pg_class:' || element_relation
         when element is not null then 'pg_type:' || element
         when coalesce(ref_relation, 0) <> 0 and (select relkind from pg_class where oid = ref_relation) <> 'c' then 'pg_class:' || ref_relation
         else refclassid::regclass::text || ':' || refobjid end as "to"
  from owners
  where not (deptype = 'a' and classid = 'pg_class'::regclass and exists (select 1 from pg_class s where s.oid = objid and s.relkind = 'S'))`;

/** Partitions inherit those of their parent. */
const constraintsSql = (which: string) => `
  select format('alter table %s%s add constraint %I %s', case when r.relkind = 'p' or c.contype = 'f' then '' else 'only ' end, c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) as sql
  from pg_constraint c join pg_class r on r.oid = c.conrelid join pg_namespace n on n.oid = r.relnamespace
  where c.contype not in ('t', 'n') and c.conparentid = 0 and c.conislocal and r.relkind in ('r', 'p') and ${which} and ${isUsers("n.nspname", "r.oid", "pg_class")}
  order by case c.contype when 'p' then 0 when 'u' then 1 else 2 end, c.oid`;
/** On partitioned tables without `ONLY`, so that partitions get them too. */
const indexesSql = `
  select replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ' || i.indrelid::regclass, ' ON ' || i.indrelid::regclass) as sql from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class r on r.oid = i.indrelid join pg_namespace n on n.oid = r.relnamespace
  where i.indisvalid and not c.relispartition and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
    and r.relkind in ('r', 'p', 'm') and ${isUsers("n.nspname", "r.oid", "pg_class")} order by i.indexrelid`;
const statisticsSql = `
  select pg_get_statisticsobjdef(s.oid) as sql from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where ${isUsers("n.nspname", "s.oid", "pg_statistic_ext")} order by s.oid`;
const rulesSql = `
  select pg_get_ruledef(r.oid) as sql from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
  where r.rulename <> '_RETURN' and ${isUsers("n.nspname", "c.oid", "pg_class")} order by r.oid`;
const triggersSql = `
  select sql from (
    select t.oid, 1 as part, pg_get_triggerdef(t.oid) as sql from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and t.tgparentid = 0 and ${isUsers("n.nspname", "c.oid", "pg_class")}
    union all
    select t.oid, 2, format('alter table %s %s trigger %I', t.tgrelid::regclass, case t.tgenabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end, t.tgname)
      from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and t.tgparentid = 0 and t.tgenabled <> 'O' and ${isUsers("n.nspname", "c.oid", "pg_class")}) x order by oid, part`;
const rowSecuritySql = `
  select format('alter table %s %s row level security', c.oid::regclass, how) as sql from pg_class c join pg_namespace n on n.oid = c.relnamespace,
    lateral (values ('enable', c.relrowsecurity), ('force', c.relforcerowsecurity)) f(how, is_on)
  where is_on and ${isUsers("n.nspname", "c.oid", "pg_class")} order by c.oid, how`;
/** Only policies for all roles, because a policy for a missing role would fail the restore. */
const policiesSql = `
  select format('create policy %I on %s as %s for %s to public%s%s', p.polname, p.polrelid::regclass, case when p.polpermissive then 'permissive' else 'restrictive' end,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''), coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')) as sql
  from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace where p.polroles = '{0}' and ${isUsers("n.nspname", "c.oid", "pg_class")} order by p.oid`;
const commentsSql = `
  select format('comment on %s is %L', what, description) as sql from (
    select case when d.objsubid > 0 then format('column %s.%I', c.oid::regclass, a.attname)
        else case c.relkind when 'v' then 'view ' when 'm' then 'materialized view ' when 'S' then 'sequence ' when 'i' then 'index ' else 'table ' end || c.oid::regclass end as what, d.description, d.objoid
      from pg_description d join pg_class c on d.classoid = 'pg_class'::regclass and c.oid = d.objoid join pg_namespace n on n.oid = c.relnamespace
      left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0
      where c.relkind in ('r', 'p', 'v', 'm', 'S', 'i') and ${isUsers("n.nspname", "c.oid", "pg_class")}
    union all
    select case p.prokind when 'p' then 'procedure ' else 'function ' end || p.oid::regprocedure, d.description, d.objoid
      from pg_description d join pg_proc p on d.classoid = 'pg_proc'::regclass and p.oid = d.objoid join pg_namespace n on n.oid = p.pronamespace
      where p.prokind <> 'a' and ${isUsers("n.nspname", "p.oid", "pg_proc")}
    union all
    select 'type ' || format_type(t.oid, null), d.description, d.objoid
      from pg_description d join pg_type t on d.classoid = 'pg_type'::regclass and t.oid = d.objoid join pg_namespace n on n.oid = t.typnamespace
      where t.typtype in ('e', 'c', 'r') and ${isUsers("n.nspname", "t.oid", "pg_type")}) x order by objoid, what`;

const leftOutSql = `
  select what from (values
    ('aggregates', exists (select 1 from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.prokind = 'a' and ${isUsers("n.nspname", "p.oid", "pg_proc")})),
    ('operators', exists (select 1 from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where ${isUsers("n.nspname", "o.oid", "pg_operator")})),
    ('foreign tables', exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'f' and ${isUsers("n.nspname", "c.oid", "pg_class")})),
    ('large objects', exists (select 1 from pg_largeobject_metadata)),
    ('event triggers', exists (select 1 from pg_event_trigger e where not exists (select 1 from pg_depend d where d.classid = 'pg_event_trigger'::regclass and d.objid = e.oid and d.deptype = 'e'))),
    ('publications', exists (select 1 from pg_publication)),
    ('casts', exists (select 1 from pg_cast c where c.oid >= 16384 and not exists (select 1 from pg_depend d where d.classid = 'pg_cast'::regclass and d.objid = c.oid and d.deptype in ('e', 'i')))),
    ('text search configurations', exists (select 1 from pg_ts_config t join pg_namespace n on n.oid = t.cfgnamespace where ${isUsers("n.nspname", "t.oid", "pg_ts_config")})),
    ('collations', exists (select 1 from pg_collation t join pg_namespace n on n.oid = t.collnamespace where ${isUsers("n.nspname", "t.oid", "pg_collation")})),
    ('policies for single roles', exists (select 1 from pg_policy p where p.polroles <> '{0}'))
  ) x(what, is_there) where is_there order by what`;
