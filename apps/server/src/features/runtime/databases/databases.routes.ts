import { databasesRoutes } from "@tesslate/contract";
import { attachment } from "../../../http/attachment.ts";
import type { Mount } from "../../../http/mount.ts";
import { uploadedParts, type UploadedFile } from "../../../http/uploads.ts";
import { badRequest, invalid } from "../../../platform/errors.ts";
import type { DatabaseRef, Databases, StoreImport } from "./databases.service.ts";
import type { QueryHistory } from "./query-history.ts";

type UploadRequest = Parameters<typeof uploadedParts>[0];

const at = ({ id, database_id }: { id: string; database_id: string }): DatabaseRef => ({ ref: id, id: database_id });

export function mountDatabases(mount: Mount, { databases, history }: { databases: Databases; history: QueryHistory }): void {
  mount("databases", databasesRoutes, {
    list: ({ user }, { params, query }) => databases.list(user.id, params.id, query),
    tables: ({ user, signal }, { params, query }) => databases.tables(user.id, at(params), query, signal),
    schema: ({ user, signal }, { params }) => databases.schema(user.id, at(params), signal),
    structure: ({ user, signal }, { params, query }) => databases.structure(user.id, at(params), query, signal),
    rows: ({ user, signal }, { params, body }) => databases.rows(user.id, at(params), body, signal),
    cell: ({ user, signal }, { params, body }) => databases.cell(user.id, at(params), body, signal),
    count: ({ user, signal }, { params, body }) => databases.count(user.id, at(params), body, signal),
    change: ({ user, signal }, { params, body }) => databases.change({ userId: user.id }, at(params), body.changes, signal),
    query: ({ user, signal }, { params, body }) =>
      history.recorded(user.id, at(params), { sql: body.sql, is_write: false }, () => databases.query(user.id, at(params), body, signal)),
    execute: ({ user, signal }, { params, body }) =>
      history.recorded(user.id, at(params), { sql: body.sql, is_write: true }, () =>
        databases.execute({ userId: user.id }, at(params), body, signal),
      ),
    explain: ({ user, signal }, { params, body }) => databases.explain(user.id, at(params), body, signal),
    exportTable: async ({ user, signal, setHeader }, { params, query }, { reply }) => {
      const csv = await databases.export(user.id, at(params), query, signal);
      setHeader("content-disposition", attachment(`${query.table}.csv`));
      setHeader("cache-control", "no-store");
      return reply.type("text/csv; charset=utf-8").send(csv);
    },
    exportQuery: async ({ user, signal, setHeader }, { params, body }, { reply }) => {
      const csv = await databases.export(user.id, at(params), { sql: body.sql }, signal);
      setHeader("content-disposition", attachment("query.csv"));
      setHeader("cache-control", "no-store");
      return reply.type("text/csv; charset=utf-8").send(csv);
    },
    importTable: ({ user, signal }, { params }, { request }) =>
      databases.import({ userId: user.id }, at(params), (store) => receiveImport(request, store), signal),
    keys: ({ user, signal }, { params, query }) => databases.keys(user.id, at(params), query, signal),
    value: ({ user, signal }, { params, body }) => databases.value(user.id, at(params), body, signal),
    changeKey: ({ user, signal }, { params, body }) => databases.changeKey({ userId: user.id }, at(params), body.change, signal),
    info: ({ user, signal }, { params }) => databases.info(user.id, at(params), signal),
    command: ({ user, signal }, { params, body }) =>
      history.recorded(user.id, at(params), { sql: body.command, is_write: false }, () =>
        databases.command(user.id, at(params), body.command, signal),
      ),
    executeCommand: ({ user, signal }, { params, body }) =>
      history.recorded(user.id, at(params), { sql: body.command, is_write: true }, () =>
        databases.executeCommand({ userId: user.id }, at(params), body.command, signal),
      ),
    history: ({ user }, { params, query }) => history.list(user.id, params.id, query),
    clearHistory: ({ user }, { params }) => history.clear(user.id, params.id),
    removeHistory: ({ user }, { params }) => history.remove(user.id, params.id, params.entry_id),
  });
}

/** Reads the options of an import and calls `store` with the file. The form is read until it is stored. */
async function receiveImport(request: UploadRequest, store: StoreImport): Promise<{ rows: number }> {
  const fields = new Map<string, string>();
  for await (const part of uploadedParts(request))
    if ("value" in part) fields.set(part.field, part.value);
    else
      return await store(
        {
          schema: required(fields, "schema"),
          table: required(fields, "table"),
          columns: columnsOf(fields.get("columns")),
          hasHeader: fields.get("has_header") !== "false",
          delimiter: delimiterOf(fields.get("delimiter") ?? ","),
        },
        whole(part),
      );
  throw invalid(["body", "file"], "Field required", "missing");
}
/** The bytes of a file; throws at the end if the upload was interrupted. */
async function* whole({ data, isCut }: UploadedFile): AsyncGenerator<Uint8Array> {
  yield* data;
  if (isCut()) throw badRequest("The upload was interrupted. Upload the file again.");
}
function required(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name);
  if (!value) throw invalid(["body", name], "Field required, before the file", "missing");
  return value;
}
function delimiterOf(text: string): string {
  if (!/^[^"\r\n]$/u.test(text)) throw invalid(["body", "delimiter"], "Must be one character, and no quote or line break");
  return text;
}
function columnsOf(text: string | undefined): (string | null)[] | undefined {
  if (text === undefined || text === "") return undefined;
  const wrong = invalid(["body", "columns"], "Must be a JSON array with a column name or null for each field of the file");
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw wrong;
  }
  if (!Array.isArray(given) || given.length === 0 || !given.every((name) => name === null || typeof name === "string")) throw wrong;
  return given as (string | null)[];
}
