import { RuntimeError, type Entry, type Tree } from "@tesslate/runtime";
import { generatedFolders, type DataSource } from "@tesslate/contract";

const prefix = "file-";
const extension = /\.(?:db|db3|sqlite|sqlite3|s3db)$/i;
/** The first bytes of a SQLite file. A database that nothing was written to yet is an empty file. */
const magic = "SQLite format 3\0";
const maxFiles = 50;
const skipped: ReadonlySet<string> = new Set([...generatedFolders, ".git"]);

/** The id of the file with that path. */
export const idOfPath = (path: string): string => `${prefix}${Buffer.from(path).toString("base64url")}`;
/** The path of an id; undefined if it is not the id of a file. Only a normalized path of the tree is one. */
export function pathOfId(id: string): string | undefined {
  if (!id.startsWith(prefix)) return undefined;
  const path = Buffer.from(id.slice(prefix.length), "base64url").toString();
  const isNormal = path.split("/").every((part) => part !== "" && part !== "." && part !== "..") && !path.includes("\0");
  return isNormal && extension.test(path) && idOfPath(path) === id ? path : undefined;
}

/** Whether there is a SQLite file of the project. */
export async function isSqlite(files: Tree, path: string): Promise<boolean> {
  try {
    const { data, entry } = await files.stream(path, { start: 0, end: magic.length - 1 });
    const chunks: Buffer[] = [];
    for await (const chunk of data) chunks.push(chunk as Buffer);
    return entry.size === 0 || Buffer.concat(chunks).toString("latin1") === magic;
  } catch (error) {
    if (error instanceof RuntimeError) return false;
    throw error;
  }
}

/** The SQLite files of the tree by path, at most 50. */
export async function findSqliteFiles(files: Tree): Promise<Entry[]> {
  const named = (await files.walk({ skip: skipped })).filter(
    ({ path, isDirectory, isLink }) => !isDirectory && !isLink && extension.test(path),
  );
  const found: Entry[] = [];
  for (const entry of named) {
    if (found.length === maxFiles) break;
    if (await isSqlite(files, entry.path)) found.push(entry);
  }
  return found;
}

export const presentFile = ({ path, size }: Entry): DataSource => ({
  id: idOfPath(path),
  kind: "sqlite",
  environment: "development",
  name: path,
  container_id: null,
  path,
  state: "ready",
  message: null,
  size_bytes: size,
});
