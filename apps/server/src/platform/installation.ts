import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { ServerSettings } from "./server-settings.ts";

/** In the settings of the server. */
const installationKey = "installation";

/** Identifies the installation of a database. */
export interface Installation {
  id: string;
  /**
   * The backup that the database was restored from, until `./studio claim` says that this installation replaces the original. Until then the
   * original may still run: this one deletes nothing that both use, and makes no scheduled backups.
   */
  restored_from: string | null;
}

/** Several servers of one installation get the same. */
export const readInstallation = (settings: Pick<ServerSettings, "setOnce">): Promise<Installation> =>
  settings.setOnce<Installation>(installationKey, { id: randomUUID(), restored_from: null });

/** Makes the restored content of a database another installation than the original. */
export async function markRestored(client: Pick<pg.ClientBase, "query">, backupId: string): Promise<void> {
  const value: Installation = { id: randomUUID(), restored_from: backupId };
  await client.query(
    "insert into public.server_settings (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value, updated_at = now()",
    [installationKey, JSON.stringify(value)],
  );
}

/** Says that this installation replaces the one it was restored from. Returns its id. */
export async function confirmInstallation(client: Pick<pg.Pool, "query">): Promise<string> {
  const value: Installation = { id: randomUUID(), restored_from: null };
  const { rows } = await client.query<{ id: string }>(
    `insert into server_settings as s (key, value) values ($1, $2)
      on conflict (key) do update set value = jsonb_set(s.value, '{restored_from}', 'null'), updated_at = now() returning value ->> 'id' as id`,
    [installationKey, JSON.stringify(value)],
  );
  return rows[0]?.id ?? value.id;
}

/** The backup that the installation was restored from, until `./studio claim` confirms that it replaces the original. */
export async function readUnconfirmedRestore(client: Pick<pg.Pool, "query">): Promise<string | undefined> {
  const { rows } = await client.query<{ backup: string | null }>(
    "select value ->> 'restored_from' as backup from server_settings where key = $1",
    [installationKey],
  );
  return rows[0]?.backup ?? undefined;
}
