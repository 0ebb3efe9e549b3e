import { described, ProjectRef, Type } from "./schema.ts";

/** The beginning of the path of every route of one database. */
export const databasePath = "/api/projects/{id}/databases/{database_id}";

/** What the routes of one database have in common. */
export const databaseRoute = {
  tag: "databases",
  auth: "user",
  params: Type.Object({ id: ProjectRef, database_id: Type.String({ pattern: "^[A-Za-z0-9_-]{1,1400}$" }) }),
} as const;

/** What every route that opens a database can answer. */
export const databaseErrors = [
  "not_found",
  "not_running",
  "not_supported",
  "database_unreachable",
  "project_busy",
  "sql_error",
  "query_timeout",
  "query_canceled",
  "table_locked",
] as const;

/** The name of a table or view: `schema` is `public` for most tables of PostgreSQL, always `main` for SQLite, and the database for MySQL. */
export const tableName = {
  schema: Type.String({ minLength: 1, maxLength: 128 }),
  table: Type.String({ minLength: 1, maxLength: 128, description: "Name of a table or view" }),
};
export const columnName = Type.String({ minLength: 1, maxLength: 128 });

/** Of statements and commands that may change data. */
export const confirmsWrite = described(
  "Confirms that the statements may change data: always `true`. Ask the person once per session",
  Type.Literal(true),
);
