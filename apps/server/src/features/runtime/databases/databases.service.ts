import type { Readable } from "node:stream";
import {
  maxImportBytes,
  type ChangedRows,
  type DataChange,
  type DataSchema,
  type DataSource,
  type DataTable,
  type DatabaseKind,
  type List,
  type ProjectEventData,
  type RedisChange,
  type RedisInfo,
  type RedisKeyPage,
  type RedisReply,
  type RedisValue,
  type QueryPlan,
  type ReadRows,
  type RowPage,
  type SqlResults,
  type TableStructure,
} from "@tesslate/contract";
import type { SandboxPort } from "@tesslate/runtime";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { AppError, conflict, invalid, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { IdlePolicy, Services } from "../containers/index.ts";
import { deployedEnvironments, deployedId, parseDeployedId, type DeployedEnvironment, type FindDeployedService } from "./deployed.ts";
import type { DatabaseEngine, Filtered, ImportOptions, TableName } from "./engine.ts";
import type { MysqlConnections } from "./mysql/connections.store.ts";
import { createMysqlEngine } from "./mysql/mysql-engine.ts";
import type { PostgresConnections } from "./postgres/connections.store.ts";
import { createPostgresEngine } from "./postgres/postgres-engine.ts";
import { createRedisEngine, type RedisEngine } from "./redis/redis-engine.ts";
import { findSqliteFiles, isSqlite, pathOfId, presentFile } from "./sqlite/files.ts";
import { createSqliteEngine } from "./sqlite/sqlite-engine.ts";

type Project = Awaited<ReturnType<Projects["require"]>>;

/** Who changes data: a person, or a run of theirs. */
export interface Actor {
  userId: string;
  taskId?: string;
}
/** A database of a project: `ref` is the project's id or slug. */
export interface DatabaseRef {
  ref: string;
  id: string;
}

/** Stores the rows of a CSV file. */
export type StoreImport = (options: ImportOptions, data: AsyncIterable<Uint8Array>) => Promise<{ rows: number }>;

const kindOf: Record<string, DatabaseKind> = { postgres: "postgres", mysql: "mysql", redis: "redis" };
const isDatabase = (row: ContainerRow): boolean =>
  row.deployment_mode === "container" && row.container_type === "service" && kindOf[row.service_slug ?? ""] !== undefined;

export type Databases = ReturnType<typeof createDatabases>;
/** Tables, rows and SQL of a project's databases. */
export function createDatabases({
  projects,
  listContainers,
  services,
  idle,
  findDeployed,
  connections,
  events,
}: {
  projects: Pick<Projects, "require" | "sandboxOf" | "sandboxForChange" | "used" | "touch">;
  listContainers: (projectId: string) => Promise<ContainerRow[]>;
  services: Pick<Services, "reach" | "environmentOf">;
  idle: Pick<IdlePolicy, "hold" | "keepAwake">;
  findDeployed: FindDeployedService;
  connections: { postgres: PostgresConnections; mysql: MysqlConnections };
  events: EventLog;
}) {
  const kindFor = (row: ContainerRow): DatabaseKind => kindOf[row.service_slug ?? ""] ?? "postgres";
  const present = async (project: Project, row: ContainerRow): Promise<DataSource> => {
    const source = {
      id: row.id,
      kind: kindFor(row),
      environment: "development" as const,
      name: row.name,
      container_id: row.id,
      path: null,
      size_bytes: null,
    };
    const found = await services.reach(project, row, { mayWake: false });
    if (!("status" in found)) return { ...source, state: "ready", message: null };
    return found.status === "frozen"
      ? { ...source, state: "asleep", message: null }
      : { ...source, state: found.status, message: found.message };
  };
  const findDeployedOf = (project: Project, row: ContainerRow, environment: DeployedEnvironment) =>
    findDeployed(project.id, { container_id: row.id, slug: row.service_slug ?? "" }, environment);
  /** The same database as it runs for deployments. */
  const presentDeployed = async (
    project: Project,
    row: ContainerRow,
    environment: DeployedEnvironment,
  ): Promise<DataSource | undefined> => {
    const found = await findDeployedOf(project, row, environment);
    return (
      found && {
        id: deployedId(environment, row.id),
        kind: kindFor(row),
        environment,
        name: row.name,
        container_id: row.id,
        path: null,
        size_bytes: null,
        ...("at" in found ? { state: "ready", message: null } : { state: found.status, message: found.message }),
      }
    );
  };

  /** A running container, or what runs of it for deployments. `key`: of its connections. */
  interface Reached {
    key: string;
    at: SandboxPort;
    env: Record<string, string>;
  }
  const reach = async (project: Project, row: ContainerRow): Promise<Reached> => {
    const found = await services.reach(project, row, { mayWake: true });
    if ("status" in found) throw notRunning(row, found);
    return { key: row.id, at: found, env: await services.environmentOf(project, row) };
  };
  const reachDeployed = async (project: Project, row: ContainerRow, environment: DeployedEnvironment): Promise<Reached> => {
    const found = await findDeployedOf(project, row, environment);
    if (!found) throw notFound("Database");
    if ("at" in found) return { key: deployedId(environment, row.id), ...found };
    throw conflict("not_running", `${row.name} of the deployments is not running. ${found.message}`, {
      container_id: row.id,
      name: row.name,
      status: found.status,
    });
  };
  const open = (project: Project, row: ContainerRow, { key, at, env }: Reached): DatabaseEngine => {
    const container = { projectId: project.id, containerId: key };
    if (row.service_slug === "mysql") {
      const target = {
        at,
        user: env["MYSQL_USER"] ?? "app",
        password: env["MYSQL_PASSWORD"] ?? "",
        rootPassword: env["MYSQL_ROOT_PASSWORD"] ?? "",
        database: env["MYSQL_DATABASE"] ?? "app",
      };
      return createMysqlEngine({ connections: connections.mysql, container: { ...container, target } });
    }
    const user = env["POSTGRES_USER"] ?? "postgres";
    const target = { at, user, password: env["POSTGRES_PASSWORD"] ?? "", database: env["POSTGRES_DB"] ?? user };
    return createPostgresEngine({ connections: connections.postgres, container: { ...container, target } });
  };
  const noRelease = (): void => undefined;
  /** A service, reached. Keeps the project awake until the returned `release` is called; that of a deployment does not sleep. */
  const acquireService = async (
    project: Project,
    id: string,
    isChange: boolean,
    check: (row: ContainerRow | undefined) => void,
  ): Promise<{ row: ContainerRow; reached: Reached; release: () => void }> => {
    const deployed = parseDeployedId(id);
    const row = (await listContainers(project.id)).find((one) => one.id === (deployed?.containerId ?? id) && isDatabase(one));
    check(row);
    if (!row) throw notFound("Database");
    if (deployed) return { row, reached: await reachDeployed(project, row, deployed.environment), release: noRelease };
    if (isChange) await projects.sandboxForChange(project);
    const release = idle.hold(project.id);
    try {
      return { row, reached: await reach(project, row), release };
    } catch (error) {
      release();
      throw error;
    }
  };
  /** Keeps the project awake until the returned `release` is called. */
  const acquire = async (userId: string, { ref, id }: DatabaseRef, isChange: boolean) => {
    const project = await projects.require(userId, ref);
    const path = pathOfId(id);
    if (path !== undefined) {
      const sandbox = await (isChange ? projects.sandboxForChange(project) : projects.sandboxOf(project));
      if (!(await isSqlite(sandbox.files, path))) throw notFound("Database");
      const release = await idle.keepAwake(project.id);
      return { project, name: path, engine: createSqliteEngine({ sandbox, path }), release };
    }
    const { row, reached, release } = await acquireService(project, id, isChange, (row) => {
      if (row?.service_slug === "redis") throw new AppError("not_supported", `${row.name} has keys, not tables.`);
    });
    return { project, name: row.name, engine: open(project, row, reached), release };
  };
  /** The same for a Redis. */
  const acquireRedis = async (userId: string, { ref, id }: DatabaseRef, isChange: boolean) => {
    const project = await projects.require(userId, ref);
    const { row, reached, release } = await acquireService(project, id, isChange, (row) => {
      if (row ? row.service_slug !== "redis" : pathOfId(id) !== undefined)
        throw new AppError("not_supported", "This database has tables, not keys.");
    });
    return {
      project,
      name: row.name,
      engine: createRedisEngine({ at: reached.at, password: reached.env["REDIS_PASSWORD"] ?? "" }),
      release,
    };
  };
  const readWith = async <E, T>(
    { project, engine, release }: { project: Project; engine: E; release: () => void },
    work: (engine: E) => Promise<T>,
  ): Promise<T> => {
    try {
      return await work(engine);
    } finally {
      release();
      await projects.used(project.id);
    }
  };
  const read = async <T>(userId: string, at: DatabaseRef, work: (engine: DatabaseEngine) => Promise<T>): Promise<T> =>
    readWith(await acquire(userId, at, false), work);
  const readRedis = async <T>(userId: string, at: DatabaseRef, work: (engine: RedisEngine) => Promise<T>): Promise<T> =>
    readWith(await acquireRedis(userId, at, false), work);
  const changeWith = async <E, T>(
    { project, name, engine, release }: { project: Project; name: string; engine: E; release: () => void },
    { userId, taskId, id, ...what }: Actor & { id: string } & Pick<ProjectEventData<"data_changed">, "op" | "tables">,
    work: (engine: E) => Promise<T>,
  ): Promise<T> => {
    try {
      const result = await work(engine);
      await events.append(project.id, {
        type: "data_changed",
        data: { database_id: id, name, ...what, user_id: userId },
        ...(taskId !== undefined && { task_id: taskId }),
      });
      return result;
    } finally {
      release();
      await projects.touch(project.id);
    }
  };

  const change = async <T>(
    actor: Actor,
    at: DatabaseRef,
    what: Pick<ProjectEventData<"data_changed">, "op" | "tables">,
    work: (engine: DatabaseEngine) => Promise<T>,
  ): Promise<T> => changeWith(await acquire(actor.userId, at, true), { ...actor, id: at.id, ...what }, work);
  const changeRedis = async <T>(
    actor: Actor,
    at: DatabaseRef,
    what: Pick<ProjectEventData<"data_changed">, "op" | "tables">,
    work: (engine: RedisEngine) => Promise<T>,
  ): Promise<T> => changeWith(await acquireRedis(actor.userId, at, true), { ...actor, id: at.id, ...what }, work);

  const run = (engine: DatabaseEngine, request: Parameters<DatabaseEngine["run"]>[0], signal: AbortSignal): Promise<SqlResults> => {
    requireText(request.sql);
    return engine.run(request, signal);
  };

  return {
    list: async (userId: string, ref: string, query: PageQuery): Promise<List<DataSource>> => {
      const project = await projects.require(userId, ref);
      const rows = (await listContainers(project.id)).filter(isDatabase);
      const services = await Promise.all(rows.map((row) => present(project, row)));
      const deployed = await Promise.all(
        deployedEnvironments.flatMap((environment) => rows.map((row) => presentDeployed(project, row, environment))),
      );
      const files = (await findSqliteFiles((await projects.sandboxOf(project)).files)).map(presentFile);
      const page = pageOf(query);
      const all = [...services, ...files, ...deployed.filter((source) => source !== undefined)];
      return page.envelope(all.slice(page.offset, page.offset + page.limit), all.length);
    },
    tables: async (
      userId: string,
      at: DatabaseRef,
      { q, ...query }: PageQuery & { q?: string },
      signal: AbortSignal,
    ): Promise<List<DataTable>> => {
      const wanted = q?.toLowerCase();
      const all = await read(userId, at, (engine) => engine.tables(signal));
      const found = wanted ? all.filter(({ schema, name }) => `${schema}.${name}`.toLowerCase().includes(wanted)) : all;
      const page = pageOf(query);
      return page.envelope(found.slice(page.offset, page.offset + page.limit), found.length);
    },
    schema: (userId: string, at: DatabaseRef, signal: AbortSignal): Promise<DataSchema> =>
      read(userId, at, (engine) => engine.schema(signal)),
    structure: (userId: string, at: DatabaseRef, table: TableName, signal: AbortSignal): Promise<TableStructure> =>
      read(userId, at, (engine) => engine.structure(table, signal)),
    rows: (userId: string, at: DatabaseRef, request: ReadRows, signal: AbortSignal): Promise<RowPage> =>
      read(userId, at, (engine) => engine.rows(request, signal)),
    cell: (userId: string, at: DatabaseRef, request: Parameters<DatabaseEngine["cell"]>[0], signal: AbortSignal) =>
      read(userId, at, (engine) => engine.cell(request, signal)),
    count: async (userId: string, at: DatabaseRef, request: Filtered, signal: AbortSignal) => ({
      count: await read(userId, at, (engine) => engine.count(request, signal)),
    }),
    change: (actor: Actor, at: DatabaseRef, changes: readonly DataChange[], signal: AbortSignal): Promise<ChangedRows> =>
      change(actor, at, { op: "rows", tables: [...new Set(changes.map(({ schema, table }) => `${schema}.${table}`))] }, (engine) =>
        engine.change(changes, signal),
      ),
    /** Runs statements that cannot write. */
    query: (
      userId: string,
      at: DatabaseRef,
      { sql, limit = 100, skip = 0, timeout_ms: timeoutMs = 30_000 }: { sql: string; limit?: number; skip?: number; timeout_ms?: number },
      signal: AbortSignal,
    ): Promise<SqlResults> => read(userId, at, (engine) => run(engine, { sql, limit, skip, timeoutMs, write: false }, signal)),
    /** Runs statements that may write. */
    execute: (
      actor: Actor,
      at: DatabaseRef,
      { sql, limit = 100, timeout_ms: timeoutMs = 30_000 }: { sql: string; limit?: number; timeout_ms?: number },
      signal: AbortSignal,
    ): Promise<SqlResults> =>
      change(actor, at, { op: "sql", tables: [] }, (engine) => run(engine, { sql, limit, skip: 0, timeoutMs, write: true }, signal)),
    explain: (
      userId: string,
      at: DatabaseRef,
      { sql, analyze = false }: { sql: string; analyze?: boolean },
      signal: AbortSignal,
    ): Promise<QueryPlan> =>
      read(userId, at, (engine) => {
        requireText(sql);
        return engine.explain({ sql, analyze }, signal);
      }),
    /** The CSV of a table or a query; the project stays awake until the stream is closed. */
    export: async (userId: string, at: DatabaseRef, what: TableName | { sql: string }, signal: AbortSignal): Promise<Readable> => {
      const { project, engine, release } = await acquire(userId, at, false);
      try {
        if ("sql" in what) requireText(what.sql);
        const stream = await engine.export(what, signal);
        stream.once("close", release);
        return stream;
      } catch (error) {
        release();
        throw error;
      } finally {
        await projects.used(project.id);
      }
    },
    /** `receive` calls its argument with the file while it arrives; it is called when the caller is known to have access. */
    import: async (
      actor: Actor,
      at: DatabaseRef,
      receive: (store: StoreImport) => Promise<{ rows: number }>,
      signal: AbortSignal,
    ): Promise<{ rows: number }> => {
      await projects.require(actor.userId, at.ref);
      return receive((options, data) =>
        change(actor, at, { op: "import", tables: [`${options.schema}.${options.table}`] }, (engine) =>
          engine.import(options, bounded(data), signal),
        ),
      );
    },
    keys: (userId: string, at: DatabaseRef, request: Parameters<RedisEngine["keys"]>[0], signal: AbortSignal): Promise<RedisKeyPage> =>
      readRedis(userId, at, (engine) => engine.keys(request, signal)),
    value: (userId: string, at: DatabaseRef, request: Parameters<RedisEngine["value"]>[0], signal: AbortSignal): Promise<RedisValue> =>
      readRedis(userId, at, (engine) => engine.value(request, signal)),
    info: (userId: string, at: DatabaseRef, signal: AbortSignal): Promise<RedisInfo> =>
      readRedis(userId, at, (engine) => engine.info(signal)),
    changeKey: (actor: Actor, at: DatabaseRef, given: RedisChange, signal: AbortSignal): Promise<{ inverse: RedisChange | null }> =>
      changeRedis(actor, at, { op: "rows", tables: [] }, async (engine) => ({ inverse: await engine.change(given, signal) })),
    /** Runs a command that only reads. */
    command: (userId: string, at: DatabaseRef, command: string, signal: AbortSignal): Promise<RedisReply> =>
      readRedis(userId, at, (engine) => engine.run({ command, write: false }, signal)),
    /** Runs a command that may write. */
    executeCommand: (actor: Actor, at: DatabaseRef, command: string, signal: AbortSignal): Promise<RedisReply> =>
      changeRedis(actor, at, { op: "sql", tables: [] }, (engine) => engine.run({ command, write: true }, signal)),
    /** The name of a database; undefined if it does not exist. */
    nameOf: async (projectId: string, id: string): Promise<string | undefined> =>
      pathOfId(id) ??
      (await listContainers(projectId)).find((one) => one.id === (parseDeployedId(id)?.containerId ?? id) && isDatabase(one))?.name,
  };
}

/** A NUL character would end the text for a database. */
function requireText(sql: string): void {
  if (sql.includes("\0")) throw invalid(["body", "sql"], "Must not contain NUL characters");
}

function notRunning(row: ContainerRow, { status, message }: { status: string; message: string }): AppError {
  const sentence =
    status === "starting"
      ? `${row.name} is starting. Try again in a moment.`
      : status === "failed"
        ? `${row.name} failed: ${message} Look at its logs and start it again.`
        : `${row.name} is stopped. Start it to see its data.`;
  return conflict("not_running", sentence, { container_id: row.id, name: row.name, status });
}

async function* bounded(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of data) {
    bytes += chunk.byteLength;
    if (bytes > maxImportBytes)
      throw new AppError("payload_too_large", `A CSV file is limited to ${maxImportBytes / 1024 ** 2} MiB. Split it.`);
    yield chunk;
  }
}
