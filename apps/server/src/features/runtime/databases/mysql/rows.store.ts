import { escapeId, type Connection } from "mysql2";
import type { RowDialect, RowSession } from "../table-rows.ts";
import { findRelation } from "./catalog.store.ts";
import { failureOf } from "./failures.ts";
import { parameterMark, readPage, withValues } from "./statements.store.ts";

export const identifier = (name: string): string => escapeId(name, true);
const isBinary = ({ kind }: { kind: string }): boolean => kind === "binary";
/** Bytes are shown as PostgreSQL shows them; a single-precision number as the double that it is, so that it equals itself. */
const asText: RowDialect["asText"] = (column, of) =>
  isBinary(of)
    ? `concat('\\\\x', lower(hex(${column})))`
    : of.type.startsWith("float")
      ? `cast(cast(${column} as double) as char)`
      : `cast(${column} as char)`;

/** The rows of MySQL and MariaDB, in the transaction of the caller. */
export function rowSession(connection: Connection): RowSession {
  let insertId: string | null = null;
  const dialect: RowDialect = {
    identifier,
    parameter: parameterMark,
    asText,
    like: (text, parameter) => `${text} like ${parameter}`,
    nullsLast: false,
    // Collations ignore case; a value that differs in case has been changed.
    same: (column, parameter) => `binary ${column} <=> binary ${parameter}`,
    table: ({ schema, table }) => `${identifier(schema)}.${identifier(table)}`,
    cut: (column, length, of) =>
      isBinary(of) ? `concat('\\\\x', lower(hex(left(${column}, ${Math.ceil(length / 2)}))))` : `left(${asText(column, of)}, ${length})`,
    bytes: (column, of) => `length(${asText(column, of)})`,
    length: (column, of) => `char_length(${asText(column, of)})`,
    stored: (parameter, of) =>
      isBinary(of)
        ? `if(left(${parameter}, 2) = '\\\\x', unhex(substr(${parameter}, 3)), ${parameter})`
        : of.kind === "boolean"
          ? `case ${parameter} when 'true' then 1 when 'false' then 0 else ${parameter} end`
          : parameter,
    defaults: "() values ()",
    overriding: "",
    lock: " for update",
    generatedKey: (column) => (column.default === "auto_increment" && insertId !== null && insertId !== "0" ? insertId : undefined),
  };
  return {
    dialect,
    findRelation: (name) => findRelation(connection, name),
    run: async (text, values, limit) => {
      const page = await readPage(connection, withValues(text, values), { limit, toEnd: true });
      if (page.insertId !== null) ({ insertId } = page);
      return { rows: page.rows, hasMore: page.hasMore, affected: page.affected };
    },
    failureOf: (error, statement) => failureOf(error, { statement }),
  };
}
