import { getTableColumns, getTableName, sql, type Column, type SQL, type Table } from "drizzle-orm";
import type { CryptoBox } from "./crypto.ts";
import type { Database, Queries } from "./database.ts";

/** One column whose values are sealed. */
export interface SealedColumn {
  /** `table.column`, for people. */
  name: string;
  /** The column itself, so that a test can tell what is missing in the list. */
  column: Column;
  /** Up to `limit` rows whose value does not bear `header`, after `afterId`, locked until the transaction ends. */
  take(tx: Queries, header: Buffer, afterId: string | undefined, limit: number): Promise<{ id: string; sealed: Buffer; place: string }[]>;
  write(tx: Queries, id: string, sealed: Buffer): Promise<void>;
}

/** A `bytea` column. `place` says what each row's value is bound to; `needs` are the columns it is made of. */
export function sealedBytes<T extends Table>(
  table: T,
  { id, column, place, needs }: { id: Column; column: Column; place: (row: Record<string, string>) => string; needs: readonly Column[] },
): SealedColumn {
  return {
    name: `${getTableName(table)}.${column.name}`,
    column,
    take: async (tx, header, afterId, limit) => {
      const parts: SQL[] = needs.map((c) => sql`${c}::text as ${sql.identifier(c.name)}`);
      const { rows } = await tx.execute<{ sealed_id: string; sealed_bytes: Buffer } & Record<string, string | Buffer>>(
        sql`select ${sql.join([sql`${id}::text as sealed_id`, sql`${column} as sealed_bytes`, ...parts], sql`, `)} from ${table}
          where ${column} is not null and substring(${column} from 1 for ${header.length}) <> ${header}
          ${afterId === undefined ? sql`` : sql`and ${id}::text > ${afterId}`} order by ${id}::text limit ${limit} for update`,
      );
      return rows.map((row) => ({ id: row.sealed_id, sealed: row.sealed_bytes, place: place(row as Record<string, string>) }));
    },
    write: async (tx, rowId, sealed) => {
      await tx.execute(sql`update ${table} set ${sql.identifier(column.name)} = ${sealed} where ${id}::text = ${rowId}`);
    },
  };
}

/** The columns of a table that hold bytes. */
export const bytesOf = (table: Table): Column[] =>
  Object.values(getTableColumns(table)).filter((column) => column.getSQLType() === "bytea");

export interface Resealed {
  /** Values that bear the current key now and did not before. */
  done: number;
  /** `table.column id` of what no known key opens. */
  unreadable: string[];
}

const batchSize = 100;

/**
 * Seals everything with the current key that bears another one. Each batch is a transaction of its own, and what is done is known by its key:
 * after an end at any moment it goes on where it stopped.
 */
export async function reseal({
  db,
  box,
  columns,
  onProgress = () => undefined,
}: {
  db: Database;
  box: CryptoBox;
  columns: readonly SealedColumn[];
  onProgress?: (column: SealedColumn, done: number) => void;
}): Promise<Resealed> {
  const result: Resealed = { done: 0, unreadable: [] };
  for (const column of columns) {
    let after: string | undefined;
    for (let isMore = true; isMore;) {
      isMore = await db.transaction(async (tx) => {
        const rows = await column.take(tx, box.header, after, batchSize);
        for (const { id, sealed, place } of rows) {
          after = id;
          let plain: string;
          try {
            plain = box.open(sealed, place);
          } catch {
            result.unreadable.push(`${column.name} ${id}`);
            continue;
          }
          await column.write(tx, id, box.seal(plain, place));
          result.done += 1;
        }
        return rows.length === batchSize;
      });
      onProgress(column, result.done);
    }
  }
  return result;
}
