import { Readable } from "node:stream";

/**
 * One cell. User text that starts like a formula is prefixed with an apostrophe, because spreadsheets would execute it. Numbers
 * are written as they are.
 */
const cellOf = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `"${(/^[\s]*[=+\-@\t\r\n|%]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
};

/** Streams a table as text/csv (RFC 4180); only one page of rows is in memory. */
export function csvOf<Row extends object>(columns: readonly (keyof Row & string)[], pages: AsyncIterable<readonly Row[]>): Readable {
  async function* lines() {
    yield `${columns.join(",")}\r\n`;
    for await (const rows of pages) yield rows.map((row) => `${columns.map((name) => cellOf(row[name])).join(",")}\r\n`).join("");
  }
  return Readable.from(lines());
}

/** Iterates a list by key: `next` returns the rows after the given one. */
export async function* pagesOf<Row>(next: (after: Row | undefined) => Promise<Row[]>): AsyncGenerator<Row[]> {
  for (let rows = await next(undefined); rows.length > 0; rows = await next(rows.at(-1))) yield rows;
}
