import { RuntimeError, type Entry, type Tree } from "@tesslate/runtime";
import { forEachConcurrently } from "../../../platform/concurrency.ts";

const concurrency = 4;
const everyFiles = 200;

async function copyFile(from: Tree, to: Tree, { path, mode = 0o644 }: Entry): Promise<void> {
  const { data } = await from.stream(path);
  const staged = await to.stage(data, { mode, isDurable: false });
  await staged.place(path, { overwrite: true });
}
/** Copies the link itself, not its target. */
async function copyLink(from: Tree, to: Tree, path: string): Promise<void> {
  const target = await from.readLink(path);
  if (target === undefined) return;
  if (await to.stat(path)) await to.remove(path);
  await to.link(path, target);
}

/** Makes `to` equal to `from`, except for names in `skip`. Links are copied as links. */
export async function copyTree(
  from: Tree,
  to: Tree,
  { skip, signal, report }: { skip: ReadonlySet<string>; signal: AbortSignal; report?: (done: number, total: number) => Promise<void> },
): Promise<void> {
  const [wanted, there] = await Promise.all([from.walk({ skip }), to.walk({ skip })]);
  const paths = new Map(wanted.map((entry) => [entry.path, entry]));
  for (const entry of there) {
    const same = paths.get(entry.path);
    if (!same || same.isDirectory !== entry.isDirectory) await to.remove(entry.path, { recursive: true }).catch(ignoreMissing);
  }
  for (const { path, isDirectory } of wanted) if (isDirectory) await to.mkdir(path);
  const files = wanted.filter((entry) => !entry.isDirectory);
  let done = 0;
  await forEachConcurrently(files, concurrency, signal, async (entry) => {
    await (entry.isLink ? copyLink(from, to, entry.path) : copyFile(from, to, entry)).catch(ignoreMissing);
    if (++done % everyFiles === 0) await report?.(done, files.length);
  });
}

/** Deleted in between, or a pipe: not copied. */
function ignoreMissing(error: unknown): undefined {
  const isFine =
    error instanceof RuntimeError && ["not_found", "outside_tree", "is_directory", "not_directory", "not_supported"].includes(error.code);
  if (!isFine) throw error;
  return undefined;
}
