import type { DataColumn, DataFilter, ReadRows } from "@tesslate/contract";
import { invalid } from "../../../platform/errors.ts";
import type { Filtered } from "./engine.ts";

/** How a database writes what a condition needs. Values only ever become parameters. */
export interface Dialect {
  identifier(name: string): string;
  /** The placeholder of the parameter with that number, from 1. */
  parameter(number: number): string;
  /** A column as text. */
  asText(column: string, of: DataColumn): string;
  /** Case-insensitive match with the pattern in a parameter, in which `\` escapes. */
  like(text: string, parameter: string): string;
  /** Whether NULL comes after every other value in ascending order. */
  nullsLast: boolean;
  /** Equality that NULL equals NULL in. */
  same(column: string, parameter: string): string;
  /** A parameter as a value that is stored in a column or compared with it. */
  stored(parameter: string, of: DataColumn): string;
}

const operators = { eq: "=", ne: "<>", lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;
const isComparison = (op: DataFilter["op"]): op is keyof typeof operators => Object.hasOwn(operators, op);
const escaped = (text: string): string => text.replace(/[\\%_]/g, "\\$&");

/** Collects parameters while a statement is written. */
export function createParameters(dialect: Pick<Dialect, "parameter">) {
  const values: (string | null)[] = [];
  return {
    values,
    add: (value: string | null): string => {
      values.push(value);
      return dialect.parameter(values.length);
    },
  };
}
export type Parameters = ReturnType<typeof createParameters>;

/** Throws 422 with the place of the name in the body. */
export function requireColumn(columns: readonly DataColumn[], name: string, loc: (string | number)[]): DataColumn {
  const column = columns.find((one) => one.name === name);
  if (!column) throw invalid(["body", ...loc], `The table has no column ${name}`);
  return column;
}

/** The condition of filters, without `where`; undefined if there is none. */
export function conditionOf(
  { filters = [], match = "all" }: Pick<Filtered, "filters" | "match">,
  columns: readonly DataColumn[],
  { dialect, parameters }: { dialect: Dialect; parameters: Parameters },
): string | undefined {
  const parts = filters.map((filter, index) => {
    const column = requireColumn(columns, filter.column, ["filters", index, "column"]);
    const name = dialect.identifier(column.name);
    const compared = (text: string): string => dialect.stored(parameters.add(text), column);
    const value = (): string => {
      if (filter.value === undefined) throw invalid(["body", "filters", index, "value"], "Field required", "missing");
      return filter.value;
    };
    const { op } = filter;
    if (op === "is_null") return `${name} is null`;
    if (op === "is_not_null") return `${name} is not null`;
    if (op === "in" || op === "not_in") {
      if (filter.values === undefined) throw invalid(["body", "filters", index, "values"], "Field required", "missing");
      const list = `${name} in (${filter.values.map(compared).join(", ")})`;
      return op === "in" ? list : `(${name} is null or not ${list})`;
    }
    // A row without a value has a different one, too.
    if (op === "ne") return `(${name} is null or ${name} <> ${compared(value())})`;
    if (isComparison(op)) return `${name} ${operators[op]} ${compared(value())}`;
    const pattern = escaped(value());
    const around = { contains: `%${pattern}%`, starts_with: `${pattern}%`, ends_with: `%${pattern}` }[op];
    return dialect.like(dialect.asText(name, column), parameters.add(around));
  });
  return parts.length === 0 ? undefined : parts.map((part) => `(${part})`).join(match === "any" ? " or " : " and ");
}

interface Order {
  column: string;
  direction: "asc" | "desc";
}
/** The order of a page: as asked, then by the primary key, so that it is total. Throws 422. */
export function orderOf(sort: ReadRows["sort"], columns: readonly DataColumn[], primaryKey: readonly string[]): Order[] {
  const asked = (sort ?? []).map(({ column, direction }, index) => ({
    column: requireColumn(columns, column, ["sort", index, "column"]).name,
    direction,
  }));
  const direction = asked.length > 0 && asked.every((one) => one.direction === "desc") ? "desc" : "asc";
  const rest = primaryKey.filter((name) => !asked.some(({ column }) => column === name)).map((column) => ({ column, direction }) as const);
  return [...asked, ...rest];
}
/** `relation`: alias of the table. Without it a name would mean the selected column, which is text. */
export const orderBy = (order: readonly Order[], relation: string, dialect: Dialect): string =>
  order.length === 0
    ? ""
    : ` order by ${order.map(({ column, direction }) => `${relation}.${dialect.identifier(column)} ${direction}`).join(", ")}`;

/** The rows after the one with these values in the order. */
export function afterCondition(
  order: readonly Order[],
  values: readonly (string | null)[],
  primaryKey: readonly string[],
  { dialect, parameters, columns }: { dialect: Dialect; parameters: Parameters; columns: readonly DataColumn[] },
): string {
  const compared = (column: string, value: string | null): string => {
    const of = columns.find(({ name }) => name === column);
    const parameter = parameters.add(value);
    return of && value !== null ? dialect.stored(parameter, of) : parameter;
  };
  const isKey = (name: string) => primaryKey.includes(name);
  const [first] = order;
  // One comparison of rows is what an index on the key answers.
  if (first && order.every(({ column, direction }) => isKey(column) && direction === first.direction))
    return `(${order.map(({ column }) => dialect.identifier(column)).join(", ")}) ${first.direction === "asc" ? ">" : "<"} (${order.map(({ column }, index) => compared(column, values[index] ?? null)).join(", ")})`;
  const alternatives = order.flatMap(({ column, direction }, index) => {
    const name = dialect.identifier(column);
    const value = values[index] ?? null;
    const before = order.slice(0, index).map((one, at) => {
      const known = values[at] ?? null;
      return isKey(one.column) && known !== null
        ? `${dialect.identifier(one.column)} = ${compared(one.column, known)}`
        : dialect.same(dialect.identifier(one.column), compared(one.column, known));
    });
    const nullsFollow = dialect.nullsLast === (direction === "asc");
    const beyond =
      value === null
        ? nullsFollow
          ? undefined
          : `${name} is not null`
        : `${name} ${direction === "asc" ? ">" : "<"} ${compared(column, value)}${nullsFollow && !isKey(column) ? ` or ${name} is null` : ""}`;
    return beyond === undefined ? [] : [[...before, `(${beyond})`].join(" and ")];
  });
  return alternatives.length === 0 ? "false" : alternatives.map((part) => `(${part})`).join(" or ");
}

/** Where a page continues. */
export type PageCursor = { key: (string | null)[] } | { offset: number };
export const maxOffset = 100_000;
const maxToken = 20_000;

/** Undefined if the values are too long for a token; the page then continues by offset. */
export const encodeCursor = (cursor: PageCursor): string | undefined => {
  const token = Buffer.from(JSON.stringify("key" in cursor ? { k: cursor.key } : { o: cursor.offset })).toString("base64url");
  return token.length > maxToken ? undefined : token;
};
/** Throws 422. */
export function decodeCursor(token: string | undefined, orderLength: number): PageCursor | undefined {
  if (token === undefined) return undefined;
  const wrong = invalid(["body", "after"], "Must be `next` of a page with the same filters and order");
  let given: { k?: unknown; o?: unknown };
  try {
    given = JSON.parse(Buffer.from(token, "base64url").toString()) as typeof given;
  } catch {
    throw wrong;
  }
  const { k, o } = given ?? {};
  if (typeof o === "number" && Number.isInteger(o) && o >= 0 && o <= maxOffset) return { offset: o };
  if (Array.isArray(k) && k.length === orderLength && k.every((value) => value === null || typeof value === "string"))
    return { key: k as (string | null)[] };
  throw wrong;
}
