import type { GitChange } from "@tesslate/contract";
import { badRequest } from "../../../platform/errors.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { GitAccess } from "./access.ts";
import { gitStatusOf } from "./read.ts";
import { gitTimes } from "./working-repo.ts";

/** Of the patch, for the model. */
const maxPatchChars = 16_000;

/** Asks a model for the message of a commit; undefined when it cannot write one. */
export type WriteCommitMessage = (userId: string, project: ProjectRow, patch: string) => Promise<string | undefined>;

/** Proposes a message for what is staged, or for everything if nothing is. */
export const createProposeMessage =
  (access: Pick<GitAccess, "reading">, write: WriteCommitMessage) =>
  (userId: string, ref: string): Promise<{ message: string }> =>
    access.reading(userId, ref, async ({ project, repo }) => {
      const { changes, staged_count } = await gitStatusOf(repo);
      const included = staged_count > 0 ? changes.filter(({ staged }) => staged) : changes;
      if (included.length === 0) throw badRequest("There is nothing to commit.", "nothing_to_commit");
      // Without a commit there is nothing to compare with; the names of the files have to do.
      const range = staged_count > 0 ? ["--cached"] : (await repo.head()) === undefined ? undefined : ["HEAD"];
      const patch = range && (await repo.read(["diff", "--no-ext-diff", "--no-textconv", ...range], { timeoutMs: gitTimes.diff }));
      const names = included.map(({ status, path }) => `${status} ${path}`).join("\n");
      const text = `${names.slice(0, maxPatchChars / 4)}\n${patch ?? ""}`.slice(0, maxPatchChars);
      return { message: (await write(userId, project, text)) ?? namesOf(included) };
    });

const namesOf = (changes: readonly GitChange[]): string => {
  const [first, ...rest] = changes.map(({ path }) => path.split("/").at(-1) ?? path);
  return rest.length === 0 ? `Change ${first}` : `Change ${first} and ${rest.length} more ${rest.length === 1 ? "file" : "files"}`;
};
