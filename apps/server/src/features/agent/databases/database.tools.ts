import { defineTool, done, ToolFailure, type Tool } from "@tesslate/agent";
import { Type, type DataSource, type SqlErrorDetails, type SqlResult } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import type { Databases } from "../../runtime/databases/index.ts";
import type { FeatureTools, RunDetails } from "../runs/index.ts";

type Run = Pick<RunDetails, "user_id" | "project" | "task_id">;

const redisTool = "redis_command";
const category = "project_management" as const;
const reads = { approval: false, plan_blocked: false, read_only: true };
const writes = { approval: true, plan_blocked: true, read_only: false };
/** Characters of one answer, and of a value in it. */
const maxText = 30_000;
const maxValue = 300;
const defaultRows = 50;

const Database = Type.Optional(
  Type.String({ maxLength: 1_400, description: "Name or id; may be left out if the project has one database" }),
);

/** Provides the tools to runs in projects with a database that can be opened. */
export function createDatabaseTools({ databases }: { databases: Databases }): FeatureTools {
  return {
    provideTools: async (run) => {
      const kinds = new Set((await listOpenable(databases, run)).map((one) => one.kind === "redis"));
      return { tools: databaseTools(databases, () => run).filter(({ name }) => kinds.has(name === redisTool)) };
    },
    tools: databaseTools(databases, notInARun),
  };
}
function notInARun(): never {
  throw new ToolFailure("This tool only works in a run.");
}

/** Without the data of deployments: only people read and change that of visitors. */
const listOpenable = async (databases: Databases, { user_id, project }: Run): Promise<DataSource[]> =>
  (await databases.list(user_id, project.id, { limit: 100 })).items.filter(
    ({ state, environment }) => state !== "unsupported" && environment === "development",
  );

function databaseTools(databases: Databases, runOf: () => Run): Tool[] {
  const choose = async (name: string | undefined, isRedis = false): Promise<{ ref: string; id: string; name: string }> => {
    const run = runOf();
    const all = (await listOpenable(databases, run)).filter(({ kind }) => (kind === "redis") === isRedis);
    const found = name === undefined ? (all.length === 1 ? all : []) : all.filter((one) => one.id === name || one.name === name);
    const [one] = found;
    if (!one)
      throw new ToolFailure(name === undefined ? "Which database?" : `There is no database ${name} in this project.`, {
        suggestion: `Set \`database\` to one of: ${all.map((each) => each.name).join(", ")}.`,
      });
    return { ref: run.project.id, id: one.id, name: one.name };
  };

  return [
    defineTool({
      name: "database_schema",
      category,
      description: "Tables of a database with their columns, keys and relations.",
      parameters: Type.Object({
        database: Database,
        tables: Type.Optional(
          Type.Array(Type.String({ maxLength: 260 }), { maxItems: 50, description: "Only these, as name or schema.name. Default: all" }),
        ),
      }),
      gate: reads,
      run: async ({ database, tables }, { signal }) => {
        const at = await choose(database);
        const schema = await reporting(databases.schema(runOf().user_id, at, signal));
        const wanted = tables && new Set(tables);
        const chosen = schema.tables.filter((table) => !wanted || wanted.has(table.name) || wanted.has(`${table.schema}.${table.name}`));
        const { text, rest } = bounded(chosen.map(describeTable));
        const more = rest > 0 ? `\n… ${rest} more tables: name those you need in \`tables\`.` : "";
        return done(`${chosen.length} tables of ${at.name}.`, { schema: `${text}${more}` || "No tables." });
      },
    }),
    defineTool({
      name: "database_query",
      category,
      description:
        "Run SQL in a database of the project. Read-only unless `write` is true; then all statements are one transaction. Values are shortened, so select what you need.",
      parameters: Type.Object({
        sql: Type.String({ minLength: 1, maxLength: 100_000 }),
        database: Database,
        write: Type.Optional(Type.Boolean({ description: "The statements may change data or tables" })),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: `Rows of each result, default ${defaultRows}` })),
      }),
      gate: reads,
      gateOf: ({ write }) => (write ? writes : reads),
      run: async ({ sql, database, write = false, limit = defaultRows }, { signal }) => {
        const { user_id: userId, task_id: taskId } = runOf();
        const at = await choose(database);
        const { results } = await reporting(
          write ? databases.execute({ userId, taskId }, at, { sql, limit }, signal) : databases.query(userId, at, { sql, limit }, signal),
        );
        const { text, rest } = bounded(results.map(describeResult));
        return done(write ? `Changed data in ${at.name}.` : `Read from ${at.name}.`, {
          results: `${text}${rest > 0 ? `\n… ${rest} more results were left out.` : ""}`,
          details: { database: at.name, sql, write },
        });
      },
    }),
    defineTool({
      name: redisTool,
      category,
      description:
        "Run one command in a Redis of the project, written as for redis-cli. Read-only unless `write` is true. KEYS is refused: use SCAN, and read large values in parts.",
      parameters: Type.Object({
        command: Type.String({ minLength: 1, maxLength: 100_000 }),
        database: Database,
        write: Type.Optional(Type.Boolean({ description: "The command may change data" })),
      }),
      gate: reads,
      gateOf: ({ write }) => (write ? writes : reads),
      run: async ({ command, database, write = false }, { signal }) => {
        const { user_id: userId, task_id: taskId } = runOf();
        const at = await choose(database, true);
        const { text, is_truncated: isTruncated } = await reporting(
          write ? databases.executeCommand({ userId, taskId }, at, command, signal) : databases.command(userId, at, command, signal),
        );
        const isCut = isTruncated || text.length > maxText;
        return done(write ? `Changed data in ${at.name}.` : `Read from ${at.name}.`, {
          reply: `${text.slice(0, maxText)}${isCut ? "\n… the rest was left out." : ""}`,
          details: { database: at.name, command, write },
        });
      },
    }),
  ];
}

/** Turns errors of the database into failed results that the model reads. */
async function reporting<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { message, code } = error;
    const { detail, hint, sqlstate } = (error.details ?? {}) as Partial<SqlErrorDetails>;
    throw new ToolFailure(message, {
      code,
      ...(sqlstate && { sqlstate }),
      ...(detail && { detail }),
      ...(hint && { suggestion: hint }),
      ...(code === "read_only_query" && { suggestion: "Set `write` to true if the person wants this change." }),
      ...(code === "not_running" && { suggestion: "Start its container first." }),
    });
  }
}

/** As many of the texts as fit, and how many do not. */
function bounded(texts: readonly string[]): { text: string; rest: number } {
  let length = 0;
  const count = texts.findIndex((text) => (length += text.length + 2) > maxText);
  const kept = count === -1 ? texts : texts.slice(0, Math.max(1, count));
  return { text: kept.join("\n\n").slice(0, maxText), rest: texts.length - kept.length };
}

function describeTable({
  schema,
  name,
  kind,
  columns,
  primary_key,
  foreign_keys,
}: Awaited<ReturnType<Databases["schema"]>>["tables"][number]): string {
  const lines = columns.map((column) => {
    const notes = [
      ...(column.is_nullable || primary_key.includes(column.name) ? [] : ["not null"]),
      ...(column.default === null ? [] : [`default ${column.default.slice(0, maxValue)}`]),
      ...(column.is_generated ? ["generated"] : []),
      ...(column.enum_values ? [`one of ${column.enum_values.join(", ")}`] : []),
    ];
    return `  ${[column.name, column.type, ...notes].join(" ")}`;
  });
  const keys = [
    ...(primary_key.length > 0 ? [`  primary key (${primary_key.join(", ")})`] : []),
    ...foreign_keys.map((key) => `  (${key.columns.join(", ")}) → ${key.to_schema}.${key.to_table} (${key.to_columns.join(", ")})`),
  ];
  return [`${kind.replaceAll("_", " ")} ${schema}.${name}`, ...lines, ...keys].join("\n");
}

const cellOf = (cell: string | null): string =>
  cell === null
    ? "NULL"
    : `${cell.slice(0, maxValue).replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t")}${cell.length > maxValue ? "…" : ""}`;
function describeResult({ command, columns, rows, has_more, affected }: SqlResult): string {
  const count = affected === null ? "" : `: ${affected} rows`;
  if (columns.length === 0) return `${command}${count}`;
  const table = [columns.map(({ name }) => name).join("\t"), ...rows.map(({ cells }) => cells.map(cellOf).join("\t"))].join("\n");
  const text = table.length > maxText ? `${table.slice(0, maxText)}…` : table;
  return `${command}${count || `: ${rows.length} rows`}${has_more ? " (there are more)" : ""}\n${text}`;
}
