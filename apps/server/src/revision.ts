import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const commitRule = /^[0-9a-f]{40,64}$/;

/** The commit that this program was built from: of its checkout, or from the file `REVISION` of an image. Undefined where neither is there. */
export async function readRevision(folder = root): Promise<string | undefined> {
  const commit = (await read(join(folder, "REVISION"))) ?? (await readHead(folder));
  return commit !== undefined && commitRule.test(commit) ? commit : undefined;
}

/** Without running git, which may not be installed. */
async function readHead(folder: string): Promise<string | undefined> {
  // In a worktree `.git` is a file that names the folder.
  const named = /^gitdir: (.+)$/.exec((await read(join(folder, ".git"))) ?? "")?.[1];
  const own = named === undefined ? join(folder, ".git") : isAbsolute(named) ? named : join(folder, named);
  const common = join(own, (await read(join(own, "commondir"))) ?? ".");
  const head = await read(join(own, "HEAD"));
  const ref = /^ref: (refs\/\S+)$/.exec(head ?? "")?.[1];
  if (ref === undefined) return head;
  const packed = async () => (await read(join(common, "packed-refs")))?.split("\n").find((line) => line.endsWith(` ${ref}`));
  return (await read(join(common, ref))) ?? (await packed())?.split(" ")[0];
}

const read = async (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
