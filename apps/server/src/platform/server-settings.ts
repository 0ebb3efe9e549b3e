import { sql } from "drizzle-orm";
import type { Bus } from "./bus.ts";
import type { CryptoBox } from "./crypto.ts";
import type { Database, Queries } from "./database.ts";
import { serverSettings } from "../db/schema/platform.ts";
import type { EncryptedColumn } from "./encrypted-column.ts";

/** Facts of this installation kept in the database; secret ones encrypted. Other processes learn of changes through `onChange`. */
export interface ServerSettings {
  get<T>(key: string, q?: Queries): Promise<T | undefined>;
  set(key: string, value: unknown): Promise<void>;
  /** Keeps what is there already, also when two processes set it at once. Returns what is stored now. */
  setOnce<T>(key: string, value: T): Promise<T>;
  getSecret(key: string): Promise<string | undefined>;
  setSecret(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
  onChange(handler: (key: string) => void): void;
}

const channel = "server_settings";

/** Additional authenticated data of a secret setting. */
const settingAad = (key: string): string => `server_settings:${key}`;
/** Settings with a secret value: `{"sealed": base64}`. */
export const encryptedSettings: EncryptedColumn = {
  name: "server_settings.value",
  column: serverSettings.value,
  take: async (tx, header, afterId, limit) => {
    const bytes = sql`decode(${serverSettings.value} ->> 'sealed', 'base64')`;
    const { rows } = await tx.execute<{ key: string; encrypted: Buffer }>(
      sql`select ${serverSettings.key} as key, ${bytes} as encrypted from ${serverSettings}
        where jsonb_typeof(${serverSettings.value} -> 'sealed') = 'string' and substring(${bytes} from 1 for ${header.length}) <> ${header}
        ${afterId === undefined ? sql`` : sql`and ${serverSettings.key} > ${afterId}`} order by ${serverSettings.key} limit ${limit} for update`,
    );
    return rows.map(({ key, encrypted }) => ({ id: key, encrypted, aad: settingAad(key) }));
  },
  write: async (tx, key, encrypted) => {
    await tx
      .update(serverSettings)
      .set({ value: { sealed: encrypted.toString("base64") } })
      .where(sql`${serverSettings.key} = ${key}`);
  },
};

export function createServerSettings({ db, bus, box }: { db: Database; bus: Bus; box: CryptoBox }): ServerSettings {
  const read = async (key: string, q: Queries = db) =>
    (
      await q
        .select()
        .from(serverSettings)
        .where(sql`${serverSettings.key} = ${key}`)
    )[0]?.value;
  const write = async (key: string, value: unknown) => {
    await db
      .insert(serverSettings)
      .values({ key, value })
      .onConflictDoUpdate({ target: serverSettings.key, set: { value, updated_at: sql`now()` } });
    await bus.notify(channel, { key });
  };
  return {
    get: async <T>(key: string, q?: Queries) => (await read(key, q)) as T | undefined,
    set: write,
    setOnce: async <T>(key: string, value: T) => {
      const [row] = await db.insert(serverSettings).values({ key, value }).onConflictDoNothing().returning();
      return (row ? row.value : await read(key)) as T;
    },
    getSecret: async (key) => {
      const stored = (await read(key)) as { sealed: string } | undefined;
      return stored && box.open(Buffer.from(stored.sealed, "base64"), settingAad(key));
    },
    setSecret: (key, value) => write(key, { sealed: box.seal(value, settingAad(key)).toString("base64") }),
    remove: async (key) => {
      await db.delete(serverSettings).where(sql`${serverSettings.key} = ${key}`);
      await bus.notify(channel, { key });
    },
    onChange: (handler) => bus.listen<{ key: string }>(channel, ({ key }) => handler(key)),
  };
}
