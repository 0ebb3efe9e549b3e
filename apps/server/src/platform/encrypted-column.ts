import { getTableColumns, getTableName, sql, type Column, type SQL, type Table } from "drizzle-orm";
import type { CryptoBox } from "./crypto.ts";
import type { Database, Queries } from "./database.ts";

/** A column with encrypted values. */
export interface EncryptedColumn {
  /** `table.column`, for messages. */
  name: string;
  /** The column itself, so that a test can find columns missing in the list. */
  column: Column;
  /** Up to `limit` rows after `afterId` whose value does not start with `header`, locked until the transaction ends. */
  take(tx: Queries, header: Buffer, afterId: string | undefined, limit: number): Promise<{ id: string; encrypted: Buffer; aad: string }[]>;
  write(tx: Queries, id: string, encrypted: Buffer): Promise<void>;
}

/** A `bytea` column. `aad` returns the additional authenticated data of a row's value; `needs` are the columns it uses. */
export function encryptedBytes<T extends Table>(
  table: T,
  { id, column, aad, needs }: { id: Column; column: Column; aad: (row: Record<string, string>) => string; needs: readonly Column[] },
): EncryptedColumn {
  return {
    name: `${getTableName(table)}.${column.name}`,
    column,
    take: async (tx, header, afterId, limit) => {
      const parts: SQL[] = needs.map((c) => sql`${c}::text as ${sql.identifier(c.name)}`);
      const { rows } = await tx.execute<{ encrypted_id: string; encrypted_bytes: Buffer } & Record<string, string | Buffer>>(
        sql`select ${sql.join([sql`${id}::text as encrypted_id`, sql`${column} as encrypted_bytes`, ...parts], sql`, `)} from ${table}
          where ${column} is not null and substring(${column} from 1 for ${header.length}) <> ${header}
          ${afterId === undefined ? sql`` : sql`and ${id}::text > ${afterId}`} order by ${id}::text limit ${limit} for update`,
      );
      return rows.map((row) => ({ id: row.encrypted_id, encrypted: row.encrypted_bytes, aad: aad(row as Record<string, string>) }));
    },
    write: async (tx, rowId, encrypted) => {
      await tx.execute(sql`update ${table} set ${sql.identifier(column.name)} = ${encrypted} where ${id}::text = ${rowId}`);
    },
  };
}

/** The `bytea` columns of a table. */
export const bytesOf = (table: Table): Column[] =>
  Object.values(getTableColumns(table)).filter((column) => column.getSQLType() === "bytea");

export interface Reencrypted {
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
export async function reencrypt({
  db,
  box,
  columns,
  onProgress = () => undefined,
}: {
  db: Database;
  box: CryptoBox;
  columns: readonly EncryptedColumn[];
  onProgress?: (column: EncryptedColumn, done: number) => void;
}): Promise<Reencrypted> {
  const result: Reencrypted = { done: 0, unreadable: [] };
  for (const column of columns) {
    let after: string | undefined;
    for (let isMore = true; isMore;) {
      isMore = await db.transaction(async (tx) => {
        const rows = await column.take(tx, box.header, after, batchSize);
        for (const { id, encrypted, aad } of rows) {
          after = id;
          let plain: string;
          try {
            plain = box.open(encrypted, aad);
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
