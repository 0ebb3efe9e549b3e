import { badRequest, conflict } from "../../platform/errors.ts";
import { operationOf } from "./git.reading.ts";
import { treePath } from "./git.writing.ts";
import type { WorkingRepo } from "./working-repo.ts";

/** One commit (agent-git-deploy 5.3). A merge or rebase that waits is brought to its end by it. */
export async function commit(
  repo: WorkingRepo,
  { message, files, staged_only }: { message: string; files?: string[]; staged_only?: boolean },
): Promise<string> {
  if ((await repo.unmerged()).length > 0) throw conflict("unresolved_conflicts", "Some conflicts are not resolved yet.");
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
