import { Readable } from "node:stream";
import { attachment } from "../../../http/attachment.ts";
import { csvOf } from "../../../platform/csv.ts";

interface Reply {
  type(contentType: string): { send(body: Readable): unknown };
}
/** Responds with rows as a CSV file named after `name` and the day. Values that a spreadsheet would execute are escaped. */
export async function sendCsv<Row extends object>(
  { setHeader }: { setHeader(name: string, value: string): void },
  { request, reply }: { request: { method: string }; reply: Reply },
  name: string,
  columns: readonly (keyof Row & string)[],
  pages: AsyncIterable<readonly Row[]>,
) {
  setHeader("content-disposition", attachment(`${name}-${new Date().toISOString().slice(0, 10)}.csv`));
  setHeader("cache-control", "no-store");
  return reply.type("text/csv; charset=utf-8").send(request.method === "HEAD" ? Readable.from([]) : csvOf(columns, pages));
}
