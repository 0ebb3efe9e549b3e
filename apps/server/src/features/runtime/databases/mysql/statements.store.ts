import type { Connection, FieldPacket, ResultSetHeader } from "mysql2";
import { maxPageBytes } from "../engine.ts";

/** The character set of bytes. */
const binary = 63;
const types = { bit: 16, json: 245, geometry: 255 };

export interface MysqlField {
  name: string;
  columnType: number;
  characterSet: number;
  columnLength: number;
  flags: number;
}
export interface MysqlPage {
  fields: MysqlField[];
  rows: (string | null)[][];
  hasMore: boolean;
  /** Changed rows; null if the statement returned rows. */
  affected: number | null;
  insertId: string | null;
}

const textTypes = new Set([15, 247, 248, 249, 250, 251, 252, 253, 254]);
export const isBytes = ({ columnType, characterSet }: MysqlField): boolean =>
  columnType === types.bit || columnType === types.geometry || (characterSet === binary && textTypes.has(columnType));
/** Values as the database writes them as text; bytes as PostgreSQL shows them. */
const textOf = (value: Buffer | null, field: MysqlField): string | null =>
  value === null ? null : isBytes(field) ? `\\x${value.toString("hex")}` : value.toString("utf8");
const sizeOf = (row: readonly (string | null)[]): number => row.reduce((sum, cell) => sum + (cell?.length ?? 0) + 4, 0);

/** Values are never part of a statement: `parameter` marks their places. */
const marked = /\ue000(\d+)\ue000/g;
export const parameterMark = (number: number): string => `\ue000${number}\ue000`;
/** A text as a literal of hexadecimal digits, which no setting of the database can misread. */
const literal = (value: string | null): string => (value === null ? "null" : `_utf8mb4 x'${Buffer.from(value, "utf8").toString("hex")}'`);
export const withValues = (sql: string, values: readonly (string | null)[]): string =>
  values.length === 0
    ? sql
    : sql.replace(marked, (whole, number: string) =>
        Number(number) <= values.length ? literal(values[Number(number) - 1] ?? null) : whole,
      );

/**
 * Runs one statement and reads the rows `skip` to `skip + limit`; the page ends early at `maxPageBytes`. Cells are cut one character after
 * `cellLength`. `toEnd`: the statement runs to its end, because it may write with each row. Otherwise a statement with more rows is left
 * running, and the caller closes the connection (`hasMore`).
 */
export function readPage(
  connection: Connection,
  sql: string,
  { limit, skip = 0, cellLength, toEnd = false }: { limit: number; skip?: number; cellLength?: number; toEnd?: boolean },
): Promise<MysqlPage> {
  return new Promise((resolve, reject) => {
    const page: MysqlPage = { fields: [], rows: [], hasMore: false, affected: null, insertId: null };
    let bytes = 0;
    let left = skip;
    const command = connection.query({ sql, rowsAsArray: true, typeCast: false, supportBigNumbers: true, bigNumberStrings: true });
    command.on("error", reject);
    command.on("fields", (fields: FieldPacket[] | undefined) => {
      if (fields && page.fields.length === 0) page.fields = fields.map(fieldOf);
    });
    command.on("result", (given: unknown) => {
      if (!Array.isArray(given)) {
        const { affectedRows, insertId } = given as ResultSetHeader;
        page.affected ??= affectedRows;
        page.insertId = String(insertId);
        return;
      }
      if (page.hasMore) return;
      if (left > 0) {
        left -= 1;
        return;
      }
      const row = (given as (Buffer | null)[]).map((value, index) => {
        const field = page.fields[index];
        const whole =
          value !== null && cellLength !== undefined && value.length > 4 * cellLength + 8 ? value.subarray(0, 4 * cellLength + 8) : value;
        const text = field ? textOf(whole, field) : null;
        return text !== null && cellLength !== undefined && text.length > cellLength ? text.slice(0, cellLength + 1) : text;
      });
      bytes += sizeOf(row);
      if (page.rows.length === limit || (bytes > maxPageBytes && page.rows.length > 0)) {
        page.hasMore = true;
        if (!toEnd) {
          // The rest is dropped with the connection.
          connection.pause();
          resolve(page);
        }
        return;
      }
      page.rows.push(row);
    });
    command.on("end", () => resolve(page));
  });
}

/** Reads all rows one after another, as fast as they are taken. Ends the statement with the connection if the caller stops. */
export async function* readAll(
  connection: Connection,
  sql: string,
): AsyncGenerator<{ fields: MysqlField[]; cells: (string | null)[] | undefined }> {
  const stream = connection.query({ sql, rowsAsArray: true, typeCast: false }).stream({ highWaterMark: 200 });
  let fields: MysqlField[] = [];
  let isFirst = true;
  stream.on("fields", (given: FieldPacket[] | undefined) => (fields = (given ?? []).map(fieldOf)));
  for await (const row of stream as AsyncIterable<unknown>) {
    isFirst = false;
    if (!Array.isArray(row)) continue;
    yield { fields, cells: (row as (Buffer | null)[]).map((value, index) => (fields[index] ? textOf(value, fields[index]) : null)) };
  }
  if (isFirst) yield { fields, cells: undefined };
}

const fieldOf = (field: FieldPacket): MysqlField => {
  const {
    name,
    columnType = 253,
    characterSet = 33,
    columnLength = 0,
    flags = 0,
  } = field as unknown as Partial<MysqlField> & { name: string };
  return { name, columnType, characterSet, columnLength, flags: Number(flags) };
};
