import { createHmac } from "node:crypto";
import { createConnection, escape, type Connection } from "mysql2";
import type { SandboxPort } from "@tesslate/runtime";
import { limitMessages, LimitedStream, mysqlFraming } from "../../../../platform/limited-stream.ts";
import type { Logger } from "../../../../platform/logger.ts";
import { canceled, timedOut } from "../engine.ts";
import { isLoginRefused, unreachable } from "./failures.ts";
import { readPage } from "./statements.store.ts";

/** Largest row that is read, and idle time until a connection is closed. */
const maxMessageBytes = 0xff_ff_fe;
const idleMs = 30_000;
const connectMs = 5_000;
const maxConnections = 4;
/** A canceled statement that does not end within this time loses its connection. */
const cancelMs = 2_000;

/** The user that reads for the data view. It has no rights but to read, so it can call no routines, write no files and lock nothing. */
const readerUser = "studio_reader";
/** As the values are shown and compared: independent of what the database is set to. */
const sessionSettings =
  "set names utf8mb4, time_zone = '+00:00', innodb_lock_wait_timeout = 3, lock_wait_timeout = 3, sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'";

/** Where a running MySQL or MariaDB is, and its users. */
export interface MysqlTarget {
  at: SandboxPort;
  user: string;
  password: string;
  rootPassword: string;
  database: string;
}
/** A container of a project, and where it is now. */
export interface MysqlContainer {
  projectId: string;
  containerId: string;
  target: MysqlTarget;
}
/** Who a connection belongs to: `reader` can only read, `owner` is the user of the project. */
export type Role = "reader" | "owner";

/** A session during one use. Errors of its statements are those of the library. */
export interface Session {
  connection: Connection;
  /** The statement changed the session or its rows were not read to the end, so its connection is not used again. */
  spoil(): void;
}

interface Known {
  projectId: string;
  fingerprint: string;
  /** Idle connections, the last used one at the end. */
  idle: Record<Role, { connection: Connection; timer: NodeJS.Timeout }[]>;
  open: Set<Connection>;
  used: number;
  waiting: (() => void)[];
  /** Resolves when the reading user exists. */
  reading: Promise<void> | undefined;
  isClosed: boolean;
}

export type MysqlConnections = ReturnType<typeof createMysqlConnections>;
/** Connections to the MySQL and MariaDB containers of projects: few for each, closed when they are idle or the container stops. */
export function createMysqlConnections({ log }: { log: Logger }) {
  const known = new Map<string, Known>();

  const close = (containerId: string): void => {
    const found = known.get(containerId);
    if (!found) return;
    known.delete(containerId);
    found.isClosed = true;
    for (const connection of found.open) connection.destroy();
    for (const { timer } of [...found.idle.reader, ...found.idle.owner]) clearTimeout(timer);
    for (const wake of found.waiting.splice(0)) wake();
  };
  const open = ({ projectId, containerId, target }: MysqlContainer): Known => {
    const fingerprint = JSON.stringify(target);
    const before = known.get(containerId);
    if (before?.fingerprint === fingerprint) return before;
    if (before) close(containerId);
    const made: Known = {
      projectId,
      fingerprint,
      idle: { reader: [], owner: [] },
      open: new Set(),
      used: 0,
      waiting: [],
      reading: undefined,
      isClosed: false,
    };
    known.set(containerId, made);
    return made;
  };

  const connect = async (target: MysqlTarget, user: { user: string; password: string; database?: string }): Promise<Connection> => {
    const { at } = target;
    const connection = createConnection({
      ...user,
      stream: () => new LimitedStream((options) => at.connect(options), limitMessages(maxMessageBytes, mysqlFraming)).connect(),
      connectTimeout: connectMs,
      charset: "utf8mb4",
      // Names of columns come from the database: no parser is compiled from them.
      disableEval: true,
      flags: ["-LOCAL_FILES", "FOUND_ROWS"],
      multipleStatements: false,
    });
    // A connection that ends while it is idle, for example because the container stopped.
    connection.on("error", () => undefined);
    try {
      await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  };
  /** Creates the reading user. */
  const prepareReader = async ({ containerId, target }: MysqlContainer): Promise<void> => {
    const connection = await connect(target, { user: "root", password: target.rootPassword });
    try {
      const name = `${escape(readerUser)}@'%'`;
      for (const sql of [
        `create user if not exists ${name} identified by ${escape(readerPassword(containerId, target))}`,
        `alter user ${name} identified by ${escape(readerPassword(containerId, target))}`,
        `grant select, show view on *.* to ${name}`,
      ])
        await readPage(connection, sql, { limit: 1 });
    } finally {
      connection.destroy();
    }
  };
  const login = async (container: MysqlContainer, of: Known, role: Role): Promise<Connection> => {
    const { containerId, target } = container;
    const { user, password, database } = target;
    if (role === "owner") return connect(target, { user, password, database });
    const reader = { user: readerUser, password: readerPassword(containerId, target), database };
    try {
      return await connect(target, reader);
    } catch (error) {
      if (!isLoginRefused(error)) throw error;
    }
    of.reading ??= prepareReader(container).finally(() => (of.reading = undefined));
    await of.reading;
    return connect(target, reader);
  };
  const take = async (container: MysqlContainer, of: Known, role: Role, signal: AbortSignal): Promise<Connection> => {
    while (of.used >= maxConnections && !of.isClosed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      of.waiting.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      if (signal.aborted) throw canceled();
    }
    of.used += 1;
    try {
      const idle = of.idle[role].pop();
      if (idle) {
        clearTimeout(idle.timer);
        return idle.connection;
      }
      const connection = await login(container, of, role);
      of.open.add(connection);
      await readPage(connection, sessionSettings, { limit: 1 });
      if (role === "reader") await readPage(connection, "set session transaction read only", { limit: 1 });
      return connection;
    } catch (error) {
      give(of);
      throw unreachable(error);
    }
  };
  const give = (of: Known): void => {
    of.used -= 1;
    of.waiting.shift()?.();
  };
  const drop = (of: Known, connection: Connection): void => {
    of.open.delete(connection);
    connection.destroy();
  };
  const keep = (of: Known, role: Role, connection: Connection): void => {
    const list = of.idle[role];
    const entry = {
      connection,
      timer: setTimeout(() => {
        list.splice(list.indexOf(entry), 1);
        drop(of, connection);
      }, idleMs).unref(),
    };
    list.push(entry);
  };

  return {
    /**
     * Calls `work` with a connection. An abort of `signal`, and the end of `timeoutMs`, end its statement; if that does not help, the
     * connection is closed.
     */
    use: async <T>(
      container: MysqlContainer,
      role: Role,
      { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
      work: (session: Session) => Promise<T>,
    ): Promise<T> => {
      if (signal.aborted) throw canceled();
      const of = open(container);
      const connection = await take(container, of, role, signal);
      let isSpoiled = false;
      let isTimedOut = false;
      let cut: NodeJS.Timeout | undefined;
      const lost = () => (isSpoiled = true);
      connection.on("error", lost);
      const cancel = () => {
        isSpoiled = true;
        cut ??= setTimeout(() => connection.destroy(), cancelMs);
        const { user, password } = container.target;
        const who =
          role === "owner" ? { user, password } : { user: readerUser, password: readerPassword(container.containerId, container.target) };
        connect(container.target, who)
          .then(async (other) => {
            await readPage(other, `kill query ${Number(connection.threadId)}`, { limit: 1 }).finally(() => other.destroy());
          })
          .catch((err: unknown) => log.debug({ err }, "a statement could not be ended"));
      };
      const timer = setTimeout(() => {
        isTimedOut = true;
        cancel();
      }, timeoutMs);
      signal.addEventListener("abort", cancel, { once: true });
      try {
        if (signal.aborted) throw canceled();
        const result = await work({ connection, spoil: () => (isSpoiled = true) });
        // A statement that was ended can end without an error.
        if (isTimedOut) throw timedOut(timeoutMs);
        return result;
      } catch (error) {
        if (signal.aborted) throw canceled(error);
        if (isTimedOut) throw timedOut(timeoutMs, error);
        throw error;
      } finally {
        clearTimeout(timer);
        clearTimeout(cut);
        signal.removeEventListener("abort", cancel);
        connection.off("error", lost);
        if (isSpoiled || of.isClosed) drop(of, connection);
        else keep(of, role, connection);
        give(of);
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
const readerPassword = (containerId: string, { rootPassword }: MysqlTarget): string =>
  createHmac("sha256", rootPassword).update(`${readerUser}:${containerId}`).digest("base64url");
