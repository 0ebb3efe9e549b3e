import { createHmac } from "node:crypto";
import pg from "pg";
import type { PoolClient } from "pg";
import { limitMessages, LimitedStream } from "../../../../platform/limited-stream.ts";
import type { Logger } from "../../../../platform/logger.ts";
import type { PostgresTarget } from "../../containers/index.ts";
import { canceled, timedOut } from "../engine.ts";
import { isLoginRefused, unreachable } from "./failures.ts";

/** Largest row that is read, and idle time until a connection is closed. */
const maxMessageBytes = 16 * 2 ** 20;
const idleMs = 30_000;
const connectMs = 5_000;
const maxConnections = 4;
/** A canceled statement that does not end within this time loses its connection. */
const cancelMs = 2_000;

/**
 * The role that reads for the data view. The role of a project is a superuser, which could write files and run programs even in a read-only
 * transaction; this one has no rights but to read.
 */
const readerRole = "studio_reader";
/** As the values are shown: independent of what the database is set to. */
const sessionOptions = [
  "datestyle=ISO",
  "timezone=UTC",
  "intervalstyle=postgres",
  "bytea_output=hex",
  "extra_float_digits=1",
  "lock_timeout=3000",
  "idle_in_transaction_session_timeout=180000",
  "client_connection_check_interval=1000",
]
  .map((option) => `-c ${option}`)
  .join(" ");

/** A container of a project, and where it is now. */
export interface PostgresContainer {
  projectId: string;
  containerId: string;
  target: PostgresTarget;
}

/** Who a connection belongs to: `reader` can only read, `owner` is the role of the project. */
export type Role = "reader" | "owner";

/** A session during one use. Errors of its statements are those of the library. */
export interface Session {
  client: PoolClient;
  /** The statement changed the session, so its connection is not used again. */
  spoil(): void;
}

interface Pools {
  projectId: string;
  fingerprint: string;
  /** Where it is now: its sandbox may have been opened again. */
  target: PostgresTarget;
  reader: pg.Pool;
  owner: pg.Pool;
  /** Resolves when the reading role exists. */
  reading: Promise<void> | undefined;
  /** The role of the project is no superuser, so it reads itself. */
  readsAsOwner: boolean;
}

export type PostgresConnections = ReturnType<typeof createPostgresConnections>;
/** Connections to the PostgreSQL containers of projects: few for each, closed when they are idle or the container stops. */
export function createPostgresConnections({ log }: { log: Logger }) {
  const known = new Map<string, Pools>();

  const poolOf = (current: () => PostgresTarget, user: string, password: string, database: string): pg.Pool => {
    const pool = new pg.Pool({
      user,
      password,
      database,
      ssl: false,
      max: maxConnections,
      idleTimeoutMillis: idleMs,
      connectionTimeoutMillis: connectMs,
      allowExitOnIdle: true,
      application_name: "Tesslate Studio",
      options: sessionOptions,
      stream: () => new LimitedStream((options) => current().at.connect(options), limitMessages(maxMessageBytes)) as never,
    });
    // A connection that ends while it is idle, for example because the container stopped.
    pool.on("error", () => undefined);
    return pool;
  };
  const open = ({ projectId, containerId, target }: PostgresContainer): Pools => {
    const fingerprint = JSON.stringify(target);
    const before = known.get(containerId);
    if (before?.fingerprint === fingerprint) {
      before.target = target;
      return before;
    }
    if (before) close(containerId);
    const current = () => pools.target;
    const pools: Pools = {
      projectId,
      fingerprint,
      target,
      reader: poolOf(current, readerRole, readerPassword(containerId, target), target.database),
      owner: poolOf(current, target.user, target.password, target.database),
      reading: undefined,
      readsAsOwner: false,
    };
    known.set(containerId, pools);
    return pools;
  };
  const close = (containerId: string): void => {
    const pools = known.get(containerId);
    if (!pools) return;
    known.delete(containerId);
    for (const pool of [pools.reader, pools.owner])
      pool.end().catch((err: unknown) => log.warn({ err, container_id: containerId }, "connections to a database not closed"));
  };

  /**
   * Creates the reading role, so that no failed sign-in appears in the log of the database. `isRefused`: the role exists with another
   * password, and gets this one. The statements are not written to that log, because they contain the password.
   */
  const prepareReader = async ({ containerId, target }: PostgresContainer, pools: Pools, isRefused: boolean): Promise<void> => {
    const client = await pools.owner.connect();
    try {
      const { rows } = await client.query<{ is_superuser: boolean; has_reader: boolean; has_settings: boolean }>(
        `select rolsuper as is_superuser, exists (select from pg_roles where rolname = $1) as has_reader,
           not exists (select from pg_settings where name = 'event_triggers') or exists (
             select from pg_roles where rolname = $1 and 'event_triggers=off' = any(rolconfig)) as has_settings
         from pg_roles where rolname = current_user`,
        [readerRole],
      );
      const [found] = rows;
      pools.readsAsOwner = found?.is_superuser !== true;
      if (pools.readsAsOwner || (found?.has_reader && found.has_settings && !isRefused)) return;
      await client.query("begin");
      await client.query("set local log_statement = 'none'; set local log_min_error_statement = 'panic'");
      if (!found?.has_reader) await client.query(`create role ${readerRole}`);
      await client.query(
        `alter role ${readerRole} with login nosuperuser nocreatedb nocreaterole noreplication bypassrls password ${pg.escapeLiteral(readerPassword(containerId, target))};
         alter role ${readerRole} set default_transaction_read_only = on;
         grant pg_read_all_data, pg_read_all_stats to ${readerRole}`,
      );
      // Functions that are called at each sign-in would run with the rights of their owner.
      const { rows: triggers } = await client.query("select from pg_settings where name = 'event_triggers'");
      if (triggers.length > 0) await client.query(`alter role ${readerRole} set event_triggers = off`);
      await client.query("commit");
    } catch (error) {
      await client.query("rollback").catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  };
  /** The same once for concurrent callers. */
  const ready = (container: PostgresContainer, pools: Pools, isRefused: boolean): Promise<void> => {
    if (isRefused) pools.reading = undefined;
    const work = (pools.reading ??= prepareReader(container, pools, isRefused));
    work.catch(() => {
      if (pools.reading === work) pools.reading = undefined;
    });
    return work;
  };
  const connect = async (container: PostgresContainer, role: Role): Promise<PoolClient> => {
    const pools = open(container);
    try {
      if (role === "owner") return await pools.owner.connect();
      await ready(container, pools, false);
      try {
        return await (pools.readsAsOwner ? pools.owner : pools.reader).connect();
      } catch (error) {
        if (pools.readsAsOwner || !isLoginRefused(error)) throw error;
      }
      await ready(container, pools, true);
      return await pools.reader.connect();
    } catch (error) {
      throw unreachable(error);
    }
  };

  return {
    /**
     * Calls `work` with a connection. An abort of `signal`, and the end of `timeoutMs`, cancel its statement; if that does not end, the
     * connection is closed.
     */
    use: async <T>(
      container: PostgresContainer,
      role: Role,
      { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
      work: (session: Session) => Promise<T>,
    ): Promise<T> => {
      if (signal.aborted) throw canceled();
      const client = await connect(container, role);
      let isSpoiled = false;
      let isTimedOut = false;
      let cut: NodeJS.Timeout | undefined;
      // The library ends the statements of a lost connection; without a listener the process would end as well.
      const lost = () => (isSpoiled = true);
      client.on("error", lost);
      const cancel = () => {
        isSpoiled = true;
        sendCancel(container.target, client).catch((err: unknown) => log.debug({ err }, "a statement could not be ended"));
        cut ??= setTimeout(() => socketOf(client)?.destroy(), cancelMs);
      };
      const timer = setTimeout(() => {
        isTimedOut = true;
        cancel();
      }, timeoutMs);
      signal.addEventListener("abort", cancel, { once: true });
      try {
        if (signal.aborted) throw canceled();
        return await work({ client, spoil: () => (isSpoiled = true) });
      } catch (error) {
        if (signal.aborted) throw canceled(error);
        if (isTimedOut) throw timedOut(timeoutMs, error);
        throw error;
      } finally {
        clearTimeout(timer);
        clearTimeout(cut);
        signal.removeEventListener("abort", cancel);
        client.off("error", lost);
        if (isSpoiled) client.on("error", () => undefined);
        client.release(isSpoiled);
      }
    },
    /** Closes the connections to a container, or to all of a project; running statements end with an error. */
    release: ({ project_id, container_id }: { project_id: string; container_id?: string }): void => {
      for (const [id, { projectId }] of known) if (projectId === project_id && (container_id ?? id) === id) close(id);
    },
    closeAll: (): void => {
      for (const id of known.keys()) close(id);
    },
  };
}

/** Derived, so that all servers of an installation know it and none stores it. */
const readerPassword = (containerId: string, { password }: PostgresTarget): string =>
  createHmac("sha256", password).update(`${readerRole}:${containerId}`).digest("base64url");

interface WithKeys {
  processID?: number;
  secretKey?: number;
  connection?: { stream?: { destroy(): void } };
}
const socketOf = (client: PoolClient) => (client as unknown as WithKeys).connection?.stream;

/** PostgreSQL's CancelRequest: a message on a connection of its own. */
async function sendCancel({ at }: PostgresTarget, client: PoolClient): Promise<void> {
  const { processID, secretKey } = client as unknown as WithKeys;
  if (processID === undefined || secretKey === undefined) return;
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(80_877_102, 4);
  message.writeInt32BE(processID, 8);
  message.writeInt32BE(secretKey, 12);
  const stream = await at.connect({ signal: AbortSignal.timeout(cancelMs) });
  const timer = setTimeout(() => stream.destroy(), cancelMs).unref();
  stream
    .on("error", () => undefined)
    .on("close", () => clearTimeout(timer))
    .end(message);
}
