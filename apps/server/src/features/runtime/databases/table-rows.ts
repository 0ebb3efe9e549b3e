import {
  maxCellLength,
  maxCellReadLength,
  type ChangedRows,
  type DataChange,
  type DataColumn,
  type DataRow,
  type ReadRows,
  type RowPage,
  type TableKind,
} from "@tesslate/contract";
import { AppError, badRequest, invalid } from "../../../platform/errors.ts";
import {
  afterCondition,
  conditionOf,
  createParameters,
  decodeCursor,
  encodeCursor,
  maxOffset,
  orderBy,
  orderOf,
  requireColumn,
  type Dialect,
  type Parameters,
} from "./conditions.ts";
import { maxPageBytes, type Filtered, type TableName } from "./engine.ts";

/** A table as rows are read and written. */
export interface Relation {
  kind: TableKind;
  columns: DataColumn[];
  primaryKey: string[];
}
/** How a database writes what rows need, beside conditions. */
export interface RowDialect extends Dialect {
  table(name: TableName): string;
  /** A column as text, at most `length` characters. */
  cut(column: string, length: number, of: DataColumn): string;
  /** Bytes and characters of a column as text. */
  bytes(column: string, of: DataColumn): string;
  length(column: string, of: DataColumn): string;
  /** Follows the columns of an `insert` that names generated keys. */
  overriding: string;
  /** An `insert` of a row of defaults, after the name of the table. */
  defaults: string;
  /** Ends a `select` that locks its rows. */
  lock: string;
  /**
   * Of a database whose statements do not return the rows that they change: the value of a key column that an `insert` did not name, if it
   * was generated; undefined if it cannot be known.
   */
  generatedKey?(column: DataColumn): string | undefined;
}
/** A transaction on one database, for rows. */
export interface RowSession {
  dialect: RowDialect;
  /** Throws 404. */
  findRelation(name: TableName): Promise<Relation>;
  /** Runs one statement with text parameters. `affected`: changed rows, null if the statement only read. */
  run(
    text: string,
    values: readonly (string | null)[],
    limit: number,
  ): Promise<{ rows: (string | null)[][]; hasMore: boolean; affected: number | null }>;
  /** Converts an error of the statement with that index. */
  failureOf(error: unknown, statement: number): unknown;
}

/** The cells of a row; those that are longer than `maxCellLength` are cut and marked. */
export const presentCells = (cells: readonly (string | null)[]): Pick<DataRow, "cells" | "truncated"> => ({
  cells: cells.map((cell) => (cell !== null && cell.length > maxCellLength ? cell.slice(0, maxCellLength) : cell)),
  truncated: cells.flatMap((cell, index) => (cell !== null && cell.length > maxCellLength ? [index] : [])),
});
/** The row from cells that are followed by the values of the key. */
function presentRow(cells: readonly (string | null)[], { columns, primaryKey }: Relation): DataRow {
  const key = cells.slice(columns.length, columns.length + primaryKey.length);
  return { key: primaryKey.length === 0 ? null : key.map((value) => value ?? ""), ...presentCells(cells.slice(0, columns.length)) };
}

/** Throws 404 for the table, 422 for its columns. */
export async function readRows(session: RowSession, request: ReadRows): Promise<RowPage> {
  const { dialect } = session;
  const relation = await session.findRelation(request);
  const { columns, primaryKey } = relation;
  const limit = request.limit ?? 50;
  const order = orderOf(request.sort, columns, primaryKey);
  const cursor = decodeCursor(request.after, order.length);
  const parameters = createParameters(dialect);
  const context = { dialect, parameters };
  const hasKey = primaryKey.length > 0;
  const filter = conditionOf(request, columns, context);
  const after = cursor && "key" in cursor ? afterCondition(order, cursor.key, primaryKey, { ...context, columns }) : undefined;
  const where = [filter, after].flatMap((part) => (part === undefined ? [] : [`(${part})`])).join(" and ");
  const offset = cursor && "offset" in cursor ? cursor.offset : 0;
  const selected = [...shownCells(session, relation), ...order.map(({ column }) => fullText(session, relation, column))];
  const page = await session.run(
    `select ${selected.join(", ") || "null"} from ${dialect.table(request)} as page${where ? ` where ${where}` : ""}${orderBy(order, "page", dialect)} limit ${limit + 1} offset ${offset}`,
    parameters.values,
    limit,
  );
  const last = page.rows.at(-1)?.slice(columns.length + primaryKey.length);
  const byOffset = offset + page.rows.length <= maxOffset ? encodeCursor({ offset: offset + page.rows.length }) : undefined;
  const byKey = hasKey && offset === 0 && last ? encodeCursor({ key: last }) : undefined;
  return {
    columns,
    primary_key: primaryKey,
    rows: page.rows.map((cells) => presentRow(cells, relation)),
    next: page.hasMore ? (byKey ?? byOffset ?? null) : null,
    paging: hasKey ? "key" : "offset",
  };
}
const columnOf = ({ columns }: Relation, name: string): DataColumn => requireColumn(columns, name, ["values", name]);
const fullText = ({ dialect }: RowSession, relation: Relation, name: string): string =>
  dialect.asText(dialect.identifier(name), columnOf(relation, name));
/** The columns of a shown row: its cells, then its key. */
const shownCells = (session: RowSession, relation: Relation): string[] => [
  ...relation.columns.map((column) => session.dialect.cut(session.dialect.identifier(column.name), maxCellLength + 1, column)),
  ...relation.primaryKey.map((name) => fullText(session, relation, name)),
];

export async function countRows(session: RowSession, request: Filtered): Promise<number> {
  const { dialect } = session;
  const { columns } = await session.findRelation(request);
  const parameters = createParameters(dialect);
  const filter = conditionOf(request, columns, { dialect, parameters });
  const { rows } = await session.run(
    `select count(*) from ${dialect.table(request)}${filter ? ` where ${filter}` : ""}`,
    parameters.values,
    1,
  );
  return Number(rows[0]?.[0] ?? 0);
}

/** The condition of one row. Throws 422 unless all columns of the key are given. */
function keyCondition(
  { dialect }: RowSession,
  key: Record<string, string>,
  relation: Relation,
  { parameters, loc }: { parameters: Parameters; loc: (string | number)[] },
): string {
  const { primaryKey } = relation;
  if (primaryKey.length === 0) throw badRequest("This table has no primary key, so its rows can't be edited here. Use SQL.");
  const missing = primaryKey.find((name) => key[name] === undefined);
  const unknown = Object.keys(key).find((name) => !primaryKey.includes(name));
  if (missing !== undefined || unknown !== undefined)
    throw invalid(["body", ...loc, "key"], `Must have the columns of the primary key: ${primaryKey.join(", ")}`);
  return primaryKey
    .map((name) => `${dialect.identifier(name)} = ${dialect.stored(parameters.add(key[name] ?? null), columnOf(relation, name))}`)
    .join(" and ");
}

/** Throws 404 if the row does not exist. */
export async function readCell(
  session: RowSession,
  request: TableName & { key: Record<string, string>; column: string },
): Promise<{ value: string | null; bytes: number | null; is_truncated: boolean }> {
  const { dialect } = session;
  const relation = await session.findRelation(request);
  const of = requireColumn(relation.columns, request.column, ["column"]);
  const column = dialect.identifier(of.name);
  const parameters = createParameters(dialect);
  const where = keyCondition(session, request.key, relation, { parameters, loc: [] });
  const { rows } = await session.run(
    `select ${dialect.cut(column, maxCellReadLength, of)}, ${dialect.bytes(column, of)}, ${dialect.length(column, of)} from ${dialect.table(request)} where ${where}`,
    parameters.values,
    1,
  );
  const [found] = rows;
  if (!found) throw new AppError("not_found", "Row not found.");
  const [value = null, bytes, length] = found;
  return { value, bytes: value === null ? null : Number(bytes), is_truncated: Number(length ?? 0) > maxCellReadLength };
}

/** Applies changes in order, in the transaction of the caller. */
export async function changeRows(session: RowSession, changes: readonly DataChange[]): Promise<ChangedRows> {
  const relations = new Map<string, Relation>();
  const rows: ChangedRows["rows"] = [];
  const inverse: DataChange[] = [];
  let bytes = 0;
  let isReversible = true;
  for (const [index, change] of changes.entries()) {
    const name = session.dialect.table(change);
    const relation = relations.get(name) ?? (await session.findRelation(change));
    relations.set(name, relation);
    let result: Applied;
    try {
      result = await applyChange(session, change, relation, index);
    } catch (error) {
      throw session.failureOf(error, index);
    }
    rows.push(result.row);
    bytes += result.bytes;
    if (result.inverse && bytes <= maxPageBytes) inverse.unshift(result.inverse);
    else isReversible = false;
  }
  return { rows, inverse: isReversible ? inverse : null };
}

interface Applied {
  row: DataRow | null;
  inverse: DataChange | undefined;
  bytes: number;
}
type Texts = Record<string, string | null>;

async function applyChange(session: RowSession, change: DataChange, relation: Relation, index: number): Promise<Applied> {
  const { dialect } = session;
  const { columns, primaryKey } = relation;
  const { schema, table } = change;
  const name = { schema, table };
  const from = dialect.table(name);
  const loc = ["changes", index];
  const given = change.kind === "delete" ? {} : change.values;
  const names = Object.keys(given);
  for (const one of names)
    if (requireColumn(columns, one, [...loc, "values", one]).is_generated)
      throw invalid(["body", ...loc, "values", one], "The database computes this column");
  const shown = shownCells(session, relation);
  const returned = [...shown, ...names.map((one) => fullText(session, relation, one))].join(", ");
  /** Runs a statement that changes one row, and returns it with the values of `names`. `key`: where it is afterwards. */
  const write = async (
    text: string,
    values: readonly (string | null)[],
    key: () => Record<string, string> | undefined,
  ): Promise<{ row: DataRow | null; kept: Texts }> => {
    let cells: (string | null)[] | undefined;
    if (dialect.generatedKey) {
      await session.run(text, values, 1);
      const at = primaryKey.length > 0 ? key() : undefined;
      if (!at) return { row: null, kept: {} };
      const found = createParameters(dialect);
      const where = keyCondition(session, at, relation, { parameters: found, loc });
      [cells] = (await session.run(`select ${returned} from ${from} where ${where}`, found.values, 1)).rows;
    } else [cells] = (await session.run(`${text} returning ${returned}`, values, 1)).rows;
    if (!cells) throw changed(index);
    const kept = cells.slice(shown.length);
    return { row: presentRow(cells, relation), kept: Object.fromEntries(names.map((one, at) => [one, kept[at] ?? null])) };
  };
  const keyOf = (row: DataRow): Record<string, string> => Object.fromEntries(primaryKey.map((one, at) => [one, row.key?.[at] ?? ""]));
  const stored = (one: string): string => dialect.stored(parameters.add(given[one] ?? null), columnOf(relation, one));
  /** The key of a row after the change; undefined if it is not known. */
  const keyAfter = (old: Record<string, string> | undefined): Record<string, string> | undefined => {
    const values = primaryKey.map((one) => given[one] ?? old?.[one] ?? (old ? undefined : dialect.generatedKey?.(columnOf(relation, one))));
    return values.every((value) => value !== undefined)
      ? Object.fromEntries(primaryKey.map((one, at) => [one, values[at] ?? ""]))
      : undefined;
  };
  const parameters = createParameters(dialect);

  if (change.kind === "insert") {
    const into =
      names.length === 0
        ? `insert into ${from} ${dialect.defaults}`
        : `insert into ${from} (${names.map(dialect.identifier).join(", ")}) ${dialect.overriding}values (${names.map(stored).join(", ")})`;
    const { row, kept } = await write(into, parameters.values, () => keyAfter(undefined));
    return { row, inverse: row?.key ? { kind: "delete", ...name, key: keyOf(row), expected: kept } : undefined, bytes: sizeOf(kept) };
  }

  // The row is locked, so that what it was is what is changed.
  const before = await readLocked(session, change, relation, { index, names: change.kind === "delete" ? writable(columns) : names });
  if (change.kind === "delete") {
    const where = keyCondition(session, change.key, relation, { parameters, loc });
    const { affected } = await session.run(`delete from ${from} where ${where}`, parameters.values, 1);
    if (affected !== 1) throw changed(index);
    return { row: null, inverse: before && { kind: "insert", ...name, values: before }, bytes: before ? sizeOf(before) : 0 };
  }
  if (names.length === 0) throw invalid(["body", ...loc, "values"], "Must not be empty");
  const set = names.map((one) => `${dialect.identifier(one)} = ${stored(one)}`).join(", ");
  const where = keyCondition(session, change.key, relation, { parameters, loc });
  const { row, kept } = await write(`update ${from} set ${set} where ${where}`, parameters.values, () => keyAfter(change.key));
  return {
    row,
    inverse: before && row ? { kind: "update", ...name, key: keyOf(row), values: before, expected: kept } : undefined,
    bytes: sizeOf(kept) + (before ? sizeOf(before) : 0),
  };
}

const writable = (columns: readonly DataColumn[]): string[] => columns.filter(({ is_generated }) => !is_generated).map(({ name }) => name);
const sizeOf = (values: Texts): number => Object.values(values).reduce((sum, value) => sum + (value?.length ?? 0), 0);
const changed = (index: number, row?: DataRow): AppError =>
  new AppError("row_changed", row ? "Someone else changed this row. Load it again." : "This row no longer exists.", {
    details: { index, ...(row && { row }) },
  });

/**
 * Locks a row, compares it with `expected` and returns the values of `names`; undefined if they are too large to be kept. Throws
 * `row_changed`.
 */
async function readLocked(
  session: RowSession,
  change: Exclude<DataChange, { kind: "insert" }>,
  relation: Relation,
  { index, names }: { index: number; names: readonly string[] },
): Promise<Texts | undefined> {
  const { dialect } = session;
  const expected = change.expected ?? {};
  const loc = ["changes", index];
  for (const name of Object.keys(expected)) requireColumn(relation.columns, name, [...loc, "expected", name]);
  const from = dialect.table(change);
  const select = (selected: string, parameters: Parameters, lock = "") =>
    session.run(
      `select ${selected} from ${from} where ${keyCondition(session, change.key, relation, { parameters, loc })}${lock}`,
      parameters.values,
      1,
    );
  const parameters = createParameters(dialect);
  const same = Object.entries(expected).map(([name, value]) => dialect.same(fullText(session, relation, name), parameters.add(value)));
  const size = names.map((name) => `coalesce(${dialect.bytes(dialect.identifier(name), columnOf(relation, name))}, 0)`).join(" + ") || "0";
  const { rows } = await select(`case when ${same.join(" and ") || "1 = 1"} then 'same' end, ${size}`, parameters, dialect.lock);
  const [found] = rows;
  if (!found) throw changed(index);
  if (found[0] !== "same") {
    const now = await select(shownCells(session, relation).join(", "), createParameters(dialect));
    throw changed(index, now.rows[0] && presentRow(now.rows[0], relation));
  }
  if (Number(found[1]) > maxPageBytes) return undefined;
  const kept = await select(names.map((name) => fullText(session, relation, name)).join(", ") || "null", createParameters(dialect));
  return Object.fromEntries(names.map((name, at) => [name, kept.rows[0]?.[at] ?? null]));
}
