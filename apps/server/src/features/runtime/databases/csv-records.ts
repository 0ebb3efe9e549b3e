import { Readable } from "node:stream";
import { parse, CsvError, type Info } from "csv-parse";
import type { DataColumn, SqlErrorDetails } from "@tesslate/contract";
import { AppError, invalid } from "../../../platform/errors.ts";
import type { ImportOptions } from "./engine.ts";

const maxRecordBytes = 8 * 1024 * 1024;
/** Records over several lines whose places are remembered. */
const maxPlaces = 100_000;

/** The error of a CSV file, with the place in it. */
export function importFailed(details: SqlErrorDetails, cause?: unknown): AppError {
  const { row, column, message } = details;
  const where = row === undefined ? "" : ` in row ${row}${column === undefined ? "" : `, column ${column}`}`;
  const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
  return new AppError("import_failed", `The file has an error${where}. No rows were imported. ${/[.!?]$/.test(text) ? text : `${text}.`}`, {
    cause,
    details: { ...details },
  });
}

/** One line of a CSV file, as PostgreSQL writes it: NULL is an empty field, an empty text is quoted. */
export const csvLine = (cells: readonly (string | null)[]): string =>
  `${cells.map((cell) => (cell === null ? "" : cell === "" || /[",\r\n]/.test(cell) || cell === "\\." ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;

interface Parsed {
  record: string[];
  info: Info & { lines: number };
}

/** Reads the records of a CSV file one after another, mapped to columns of a table. An empty field without quotes is NULL. */
export function createCsvRecords({ columns, hasHeader, delimiter }: ImportOptions, known: readonly DataColumn[]) {
  /** First line and number of each record that does not follow on the line after the one before it. */
  const places: { row: number; line: number }[] = [];
  let mapping: (string | null)[] = [];
  let source: AsyncIterator<Parsed> | undefined;
  let first: Parsed | undefined;
  let lineOfNext = 1;

  const next = async (): Promise<Parsed | undefined> => {
    try {
      const found = await source?.next();
      return found?.done ? undefined : found?.value;
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      const line = typeof error["lines"] === "number" ? error["lines"] : undefined;
      throw importFailed({ message: error.message, ...(line !== undefined && { line }) }, error);
    }
  };

  return {
    /** Reads the header. Returns the columns that are written. Throws 422 for a wrong mapping. */
    open: async (data: AsyncIterable<Uint8Array>): Promise<string[]> => {
      const parser = parse({
        delimiter,
        bom: true,
        info: true,
        relax_column_count: true,
        max_record_size: maxRecordBytes,
        // Only what was written without quotes can be NULL.
        cast: (value, { quoting }) => (value === "" && !quoting ? (null as unknown as string) : value),
      });
      const input = Readable.from(data);
      input.on("error", (error) => parser.destroy(error));
      source = input.pipe(parser)[Symbol.asyncIterator]() as AsyncIterator<Parsed>;
      const head = hasHeader ? await next() : undefined;
      lineOfNext = (head?.info.lines ?? 0) + 1;
      first = await next();
      const names: (string | null)[] | undefined =
        columns ?? (hasHeader ? head?.record : known.filter((one) => !one.is_generated).map(({ name }) => name));
      if (!names) throw importFailed({ message: "The file is empty" });
      mapping = names;
      const target = names.filter((name) => name !== null);
      if (target.length === 0) throw invalid(["body", "columns"], "Must name at least one column");
      const wrong = target.find(
        (name, index) => !known.some((one) => one.name === name && !one.is_generated) || target.indexOf(name) !== index,
      );
      if (wrong !== undefined)
        throw invalid(
          ["body", "columns"],
          `“${wrong.slice(0, 100)}” is not a column of the table that can be set, or is named twice. Map the fields of the file to columns`,
        );
      return target;
    },
    rows: async function* (): AsyncGenerator<(string | null)[]> {
      let row = 0;
      for (let parsed = first; parsed; parsed = await next()) {
        const { record, info } = parsed;
        const begins = lineOfNext;
        lineOfNext = info.lines + 1;
        // In a file of one field, an empty line is a row with NULL.
        if (mapping.length > 1 && record.length === 1 && !record[0]) continue;
        row += 1;
        const previous = places.at(-1);
        if (places.length < maxPlaces && (!previous || begins !== previous.line + row - previous.row)) places.push({ row, line: begins });
        if (record.length !== mapping.length)
          throw importFailed({ message: `The row has ${record.length} fields instead of ${mapping.length}`, row, line: begins });
        yield record.flatMap((value, index) => (mapping[index] === null ? [] : [value]));
      }
    },
    /** Where a record is in the file. */
    placeOf: (row: number): { row: number; line?: number } => {
      const place = places.findLast((one) => one.row <= row);
      return place && places.length < maxPlaces ? { row, line: place.line + row - place.row } : { row };
    },
  };
}
