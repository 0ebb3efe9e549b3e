import pg from "pg";
import type { PoolClient } from "pg";
import type { RowDialect, RowSession } from "../table-rows.ts";
import { findRelation } from "./catalog.store.ts";
import { readPage } from "./cursor.store.ts";
import { failureOf } from "./failures.ts";

const identifier = pg.escapeIdentifier;
const asText = (column: string): string => `${column}::text`;
const dialect: RowDialect = {
  identifier,
  parameter: (number) => `$${number}`,
  asText,
  like: (text, parameter) => `${text} ilike ${parameter}`,
  nullsLast: true,
  same: (column, parameter) => `${column} is not distinct from ${parameter}`,
  table: ({ schema, table }) => `${identifier(schema)}.${identifier(table)}`,
  cut: (column, length) => `left(${asText(column)}, ${length})`,
  bytes: (column) => `octet_length(${asText(column)})::bigint`,
  length: (column) => `length(${asText(column)})`,
  stored: (parameter) => parameter,
  defaults: "default values",
  overriding: "overriding system value ",
  lock: " for update",
};

/** The rows of PostgreSQL, in the transaction of the caller. */
export const rowSession = (client: PoolClient): RowSession => ({
  dialect,
  findRelation: (name) => findRelation(client, name),
  run: (text, values, limit) => readPage(client, { text, values: [...values] }, { limit }),
  failureOf: (error, statement) => failureOf(error, { statement }),
});
