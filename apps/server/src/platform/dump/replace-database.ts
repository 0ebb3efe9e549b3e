import pg from "pg";
import { quoteIdentifier } from "./connection.ts";
import { openDump } from "./load.ts";

const userSchemas = `select n.nspname as name from pg_namespace n
  where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'`;

/** Whether the database has no tables. */
export async function isDatabaseEmpty(client: Pick<pg.Client, "query">): Promise<boolean> {
  const { rowCount } = await client.query(
    `select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm') and n.nspname in (${userSchemas}) limit 1`,
  );
  return rowCount === 0;
}

/** Fills an empty database with a dump, or replaces everything in it, in one transaction: a failure changes nothing. */
export async function replaceDatabase(
  connection: pg.ClientConfig,
  dump: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  /** In the same transaction, when everything is there. */
  finish: (client: pg.Client) => Promise<void> = async () => undefined,
): Promise<void> {
  const { apply } = await openDump(dump);
  const client = new pg.Client({ ...connection, application_name: "tesslate-studio restore" });
  const failure = new Promise<never>((_, reject) => client.on("error", reject));
  failure.catch(() => undefined);
  await client.connect();
  try {
    const work = async () => {
      await client.query("begin");
      await client.query("set local idle_in_transaction_session_timeout to 0");
      if (!(await isDatabaseEmpty(client))) {
        const { rows } = await client.query<{ name: string }>(userSchemas);
        for (const { name } of rows) await client.query(`drop schema ${quoteIdentifier(name)} cascade`);
        await client.query("create schema public");
      }
      await apply(client, signal);
      await finish(client);
      await client.query("commit");
    };
    await Promise.race([work(), failure]);
  } finally {
    await client.end().catch(() => undefined);
  }
}
