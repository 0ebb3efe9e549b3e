import { Readable } from "node:stream";

/**
 * One cell. What begins like a formula gets an apostrophe in front: spreadsheets would run it, and it came from people (names, reasons). Numbers of
 * ours are numbers.
 */
const cellOf = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `"${(/^[\s]*[=+\-@\t\r\n|%]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
};

/** A table as text/csv (RFC 4180), written as its rows come: as much is in memory as one page. */
export function csvOf<Row extends object>(columns: readonly (keyof Row & string)[], pages: AsyncIterable<readonly Row[]>): Readable {
  async function* lines() {
    yield `${columns.join(",")}\r\n`;
    for await (const rows of pages) yield rows.map((row) => `${columns.map((name) => cellOf(row[name])).join(",")}\r\n`).join("");
  }
  return Readable.from(lines());
}

/** Every page of a list that goes by key: `next` gives the rows after the last one seen. */
export async function* pagesOf<Row>(next: (after: Row | undefined) => Promise<Row[]>): AsyncGenerator<Row[]> {
  for (let rows = await next(undefined); rows.length > 0; rows = await next(rows.at(-1))) yield rows;
}
