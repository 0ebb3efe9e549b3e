import { badRequest, conflict } from "../../../platform/errors.ts";
import { operationOf } from "./read.ts";
import { treePath } from "./write.ts";
import type { WorkingRepo } from "./working-repo.ts";

/** Creates one commit. Concludes a merge or rebase in progress. */
export async function commit(
  repo: WorkingRepo,
  { message, files, staged_only }: { message: string; files?: string[]; staged_only?: boolean },
): Promise<string> {
  const unmerged = await repo.unmerged();
  if (unmerged.length > 0) await requireResolved(repo, unmerged, files?.map(treePath) ?? []);
  if (files) await repo.write(["add", "--all"], { paths: files.map(treePath) });
  else if (!staged_only) await repo.write(["add", "--all", "--", "."]);
  const operation = await operationOf(repo);
  if (operation === "rebase") await repo.write(["rebase", "--continue"]);
  else {
    const isEmpty = (await repo.attempt(["diff", "--no-ext-diff", "--cached", "--quiet"])).exitCode === 0;
    if (isEmpty && operation === null) throw badRequest("There is nothing to commit.", "nothing_to_commit");
    await repo.write(["commit", "--quiet", "--no-verify", "--cleanup=whitespace", "--file=-"], { input: message });
  }
  return (await repo.read(["rev-parse", "HEAD"])).trim();
}

/** As in git, naming a file marks its conflict as resolved, unless it has conflict markers. Throws `unresolved_conflicts`. */
async function requireResolved(repo: WorkingRepo, unmerged: readonly string[], named: readonly string[]): Promise<void> {
  const isNamed = (path: string) => named.some((one) => one === "." || path === one || path.startsWith(`${one}/`));
  const open = unmerged.filter((path) => !isNamed(path));
  const here = unmerged.filter(isNamed);
  // Exit code 1: no match in any file. Deleted files do not match.
  const marked =
    open.length > 0 || here.length === 0
      ? ""
      : await repo.read(["grep", "--no-color", "--no-index", "-I", "-l", "-z", "-E", "-e", "^(<{7}|>{7}) "], { paths: here, allow: [1] });
  const files = [...open, ...marked.split("\0").filter(Boolean)];
  if (files.length === 0) return;
  throw conflict(
    "unresolved_conflicts",
    open.length > 0
      ? "Some conflicts are not resolved. Edit these files and name them in the commit, or resolve them one by one."
      : "These files still have conflict markers. Remove them first.",
    { files },
  );
}
