import { getTableColumns, getTableName, sql, type Column, type SQL, type Table } from "drizzle-orm";
import type { CryptoBox } from "./crypto.ts";
import type { Database, Queries } from "./database.ts";

/** A column with sealed values. */
export interface SealedColumn {
  /** `table.column`, for messages. */
  name: string;
  /** The column itself, so that a test can find columns missing in the list. */
  column: Column;
  /** Up to `limit` rows after `afterId` whose value does not start with `header`, locked until the transaction ends. */
  take(tx: Queries, header: Buffer, afterId: string | undefined, limit: number): Promise<{ id: string; sealed: Buffer; aad: string }[]>;
  write(tx: Queries, id: string, sealed: Buffer): Promise<void>;
}

/** A `bytea` column. `aad` returns the additional authenticated data of a row's value; `needs` are the columns it uses. */
export function sealedBytes<T extends Table>(
  table: T,
  { id, column, aad, needs }: { id: Column; column: Column; aad: (row: Record<string, string>) => string; needs: readonly Column[] },
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
      return rows.map((row) => ({ id: row.sealed_id, sealed: row.sealed_bytes, aad: aad(row as Record<string, string>) }));
    },
    write: async (tx, rowId, sealed) => {
      await tx.execute(sql`update ${table} set ${sql.identifier(column.name)} = ${sealed} where ${id}::text = ${rowId}`);
    },
  };
}

/** The `bytea` columns of a table. */
export const bytesOf = (table: Table): Column[] =>
  Object.values(getTableColumns(table)).filter((column) => column.getSQLType() === "bytea");

export interface Resealed {
  /** Number of values re-encrypted with the current key. */
  done: number;
  /** `table.column id` of values that no known key opens. */
  unreadable: string[];
}

const batchSize = 100;

/**
 * Re-encrypts all values of other keys with the current key. Each batch is a transaction, and done values are recognized by their key id,
 * so an interrupted rotation continues where it stopped.
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
        for (const { id, sealed, aad } of rows) {
          after = id;
          let plain: string;
          try {
            plain = box.open(sealed, aad);
          } catch {
            result.unreadable.push(`${column.name} ${id}`);
            continue;
          }
          await column.write(tx, id, box.seal(plain, aad));
          result.done += 1;
        }
        return rows.length === batchSize;
      });
      onProgress(column, result.done);
    }
  }
  return result;
}
