import type { PoolClient, QueryResult } from "pg";
import Cursor from "pg-cursor";
import { maxPageBytes } from "../engine.ts";

/** Values stay in the text form of the database. */
const asText = { getTypeParser: () => (value: unknown) => value };
/** Rows of one round trip; few, because each can be large. */
const smallBatch = 10;
const largeBatch = 200;

export interface CursorPage {
  fields: { name: string; dataTypeID: number; dataTypeModifier: number }[];
  rows: (string | null)[][];
  hasMore: boolean;
  command: string;
  affected: number | null;
}

/** Refuses what belongs to a copy: only statements with rows are read. */
class RowCursor extends Cursor<(string | null)[]> {
  handleCopyInResponse(connection: { sendCopyFail(message: string): void }): void {
    connection.sendCopyFail("COPY FROM STDIN is not available here; import a CSV file instead");
  }
  handleCopyData(): void {}
}

/**
 * Runs one statement and reads the rows `skip` to `skip + limit`. No more than a batch of rows beside the page is in memory, and the page
 * ends early at `maxPageBytes`. Cells are cut one character after `cellLength`, so that the caller sees which were longer. `toEnd`: the
 * statement runs to its end, because it may write with each row; the rows after the page are dropped.
 */
export async function readPage(
  client: PoolClient,
  statement: { text: string; values?: unknown[] },
  { limit, skip = 0, cellLength, toEnd = false }: { limit: number; skip?: number; cellLength?: number; toEnd?: boolean },
): Promise<CursorPage> {
  const cursor = client.query(new RowCursor(statement.text, statement.values ?? [], { rowMode: "array", types: asText }));
  let result: QueryResult | undefined;
  const read = (count: number): Promise<(string | null)[][]> =>
    new Promise((resolve, reject) => {
      cursor.read(count, (error, rows, given) => {
        if (error) return reject(error);
        result = given ?? result;
        total += rows.length;
        resolve(rows);
      });
    });
  const rows: (string | null)[][] = [];
  let bytes = 0;
  let largest = 0;
  let isEnd = false;
  let isFull = false;
  let left = skip;
  let total = 0;
  while (!isEnd && !isFull && rows.length <= limit) {
    const batch = largest > 16_384 || (left === 0 && rows.length === 0) ? smallBatch : largeBatch;
    const wanted = left > 0 ? Math.min(left, batch) : Math.min(limit + 1 - rows.length, batch);
    const found = await read(wanted);
    isEnd = found.length < wanted;
    for (const row of found) {
      const size = sizeOf(row);
      largest = Math.max(largest, size);
      if (left > 0) {
        left -= 1;
        continue;
      }
      const cut =
        cellLength === undefined ? row : row.map((cell) => cell && (cell.length > cellLength ? cell.slice(0, cellLength + 1) : cell));
      bytes += sizeOf(cut);
      if (bytes > maxPageBytes && rows.length > 0) {
        isFull = true;
        break;
      }
      rows.push(cut);
    }
  }
  while (toEnd && !isEnd) isEnd = (await read(largest > 16_384 ? smallBatch : largeBatch)).length === 0;
  await cursor.close();
  const hasMore = isFull || rows.length > limit;
  const { command, rowCount, fields = [] } = (result ?? {}) as Partial<QueryResult>;
  return {
    fields,
    rows: rows.slice(0, limit),
    hasMore,
    // The server names the command of a statement only when all of its rows were read.
    command: command ?? "SELECT",
    // The count of a statement that returns rows is the one of its last batch.
    affected: command !== undefined && /^(INSERT|UPDATE|DELETE|MERGE|COPY)$/.test(command) ? total || (rowCount ?? null) : null,
  };
}

const sizeOf = (row: readonly (string | null)[]): number => row.reduce((sum, cell) => sum + (cell?.length ?? 0) + 4, 0);
