import { array, maxLength, object, optional, picklist, pipe, string, type InferOutput } from "valibot";
import { oneOfParam, optionalParam, textParam } from "../../lib/search-params.ts";

const name = pipe(string(), maxLength(128));
export const pageSizes = [25, 50, 100, 200] as const;
export const defaultPageSize = 100;

/** What the Data view shows: search parameters of the workbench's route. Operators of filters are checked by the view. */
export const dataSearch = {
  database: textParam,
  schema: textParam,
  table: textParam,
  tab: oneOfParam(["structure"]),
  panel: oneOfParam(["sql", "relations", "console", "figures"]),
  /** A key of a Redis, and whether its name is written as bytes. */
  key: textParam,
  bytes: oneOfParam(["hex"]),
  filters: optionalParam(
    pipe(array(object({ column: name, op: string(), value: optional(string()), values: optional(array(string())) })), maxLength(20)),
  ),
  match: oneOfParam(["any"]),
  sort: optionalParam(pipe(array(object({ column: name, direction: picklist(["asc", "desc"]) })), maxLength(8))),
  size: optionalParam(picklist(pageSizes)),
};
const dataSearchSchema = object(dataSearch);
export type DataSearch = InferOutput<typeof dataSearchSchema>;
