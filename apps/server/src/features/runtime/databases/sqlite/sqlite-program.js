/*
 * Runs in the sandbox of a project and opens one SQLite file of it, because a file can be made to exploit the library that reads it. Requests
 * and answers are lines of JSON; a request is answered before the next one is read.
 */
const [path, mode] = process.argv.slice(1);
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const failed = (error) =>
  answer({ error: { message: String(error?.message ?? error), code: error?.errcode ?? null, index: error?.index ?? null } });

let sqlite;
try {
  sqlite = require("node:sqlite");
} catch {
  answer({ error: { message: "no sqlite", code: "unsupported" } });
  process.exit(0);
}
const open = (location) => {
  const database = new sqlite.DatabaseSync(location, { readOnly: mode === "read", timeout: 3000 });
  // Opening is lazy: this reads the file.
  database.prepare("select count(*) from sqlite_schema").get();
  return database;
};
let database;
try {
  database = open(path);
} catch (error) {
  // In a folder that cannot be written, a file in WAL mode without open connections opens only as one that nobody changes.
  const isWal = mode === "read" && error?.errcode === 14;
  try {
    if (!isWal || require("node:fs").existsSync(`${path}-wal`)) throw error;
    database = open(new URL(`${require("node:url").pathToFileURL(path)}?immutable=1`));
  } catch {
    failed(error);
    process.exit(0);
  }
}
/** Values as SQLite writes them as text: whole numbers are bigints, so a number is a real one. */
const textOf = (value) => {
  if (value === null || typeof value === "string") return value;
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`;
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(value);
};

/** Runs a statement for each of the rows. An error names the row. */
function runBatch({ sql, batch }) {
  const statement = database.prepare(sql);
  for (const [index, values] of batch.entries())
    try {
      statement.run(...values);
    } catch (error) {
      throw Object.assign(error, { index });
    }
}
let iterator;
let names = [];
/** The next rows of the query that was begun with its text. */
function continueQuery({ cursor, limit, maxBytes }) {
  if (cursor !== "next") {
    const statement = database.prepare(cursor);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    names = statement.columns().map(({ name, type }) => ({ name, type: type ?? "" }));
    iterator = statement.iterate();
  }
  const rows = [];
  for (let bytes = 0; rows.length < limit && bytes < maxBytes;) {
    const { value, done } = iterator.next();
    if (done) return { columns: names, rows, hasMore: false, affected: null };
    rows.push(value.map(textOf));
    bytes += rows.at(-1).reduce((sum, cell) => sum + (cell?.length ?? 0) + 4, 0);
  }
  return { columns: names, rows, hasMore: true, affected: null };
}

function run({ sql, values = [], limit = 0, skip = 0, cellLength, maxBytes, toEnd = false }) {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const columns = statement.columns().map(({ name, type }) => ({ name, type: type ?? "" }));
  if (columns.length === 0) {
    const { changes } = statement.run(...values);
    return { columns, rows: [], hasMore: false, affected: Number(changes) };
  }
  const before = database.prepare("select total_changes() as n").get().n;
  const rows = [];
  let hasMore = false;
  let bytes = 0;
  let left = skip;
  for (const row of statement.iterate(...values)) {
    if (left > 0) left -= 1;
    else if (hasMore) continue;
    else if (rows.length === limit) hasMore = true;
    else {
      const cells = row.map((value) => {
        const text = textOf(value);
        return cellLength !== undefined && text !== null && text.length > cellLength ? text.slice(0, cellLength + 1) : text;
      });
      bytes += cells.reduce((sum, cell) => sum + (cell?.length ?? 0) + 4, 0);
      if (bytes > maxBytes && rows.length > 0) hasMore = true;
      else rows.push(cells);
    }
    if (hasMore && !toEnd) break;
  }
  const changes = database.prepare("select total_changes() as n").get().n - before;
  return { columns, rows, hasMore, affected: changes > 0 ? Number(changes) : null };
}

let rest = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines)
    try {
      const request = JSON.parse(line);
      answer({ result: (request.batch ? runBatch(request) : request.cursor ? continueQuery(request) : run(request)) ?? null });
    } catch (error) {
      failed(error);
    }
});
process.stdin.on("end", () => {
  // A transaction that was not committed is undone.
  database.close();
});
answer({ result: "open" });
