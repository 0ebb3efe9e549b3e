import type { ReviewFile } from "@tesslate/contract";
import type { Comparison, History } from "@tesslate/runtime";
import type { Redactor } from "../../projects/secrets/index.ts";
import type { ChangeSetRow, Rejection } from "../../../db/schema/source.ts";
import { parseHunks, selectedHunks, splitHunk, type ParsedHunk } from "./hunks.ts";

/** Larger patches are listed without their hunks. */
const maxFilePatch = 200 * 1024;
const maxPatches = 1024 * 1024;
/** Total patch limit, so that one long patch does not displace the others. */
const maxRead = 6 * 1024 * 1024;

/** A changed file whose hunks can be selected individually. */
export interface ChangedText {
  path: string;
  old_path: string | null;
  status: ReviewFile["status"];
  is_binary: boolean;
  is_too_large: boolean;
  additions: number;
  deletions: number;
  hunks: ParsedHunk[];
}
export interface Changes extends Pick<Comparison, "additions" | "deletions"> {
  files: ChangedText[];
  total: number;
}

/** Changes between two points of the history, without ignored files. The result for two points never changes. `maxFiles`: default 1,000. */
export async function changesBetween(
  history: History,
  from: string,
  to: string,
  { signal, maxFiles }: { signal?: AbortSignal; maxFiles?: number } = {},
): Promise<Changes> {
  const found = await history.compare(from, to, {
    withoutIgnored: true,
    maxPatchBytes: maxRead,
    ...(maxFiles !== undefined && { maxFiles }),
    ...(signal && { signal }),
  });
  let budget = maxPatches;
  const files = found.files.map(({ path, oldPath, status, isBinary, additions, deletions, patch }): ChangedText => {
    const length = patch?.length ?? 0;
    const isTooLarge = !isBinary && additions + deletions > 0 && (patch === undefined || length > maxFilePatch || length > budget);
    const isShown = patch !== undefined && !isTooLarge;
    if (isShown) budget -= length;
    return {
      path,
      old_path: oldPath ?? null,
      status,
      is_binary: isBinary,
      is_too_large: isTooLarge,
      additions,
      deletions,
      hunks: isShown ? hunksOf(path, patch, status) : [],
    };
  });
  return { files, total: found.totalFiles, additions: found.additions, deletions: found.deletions };
}

/** An added or deleted file is one hunk. */
const hunksOf = (path: string, patch: string, status: ReviewFile["status"]): ParsedHunk[] => {
  const hunks = parseHunks(path, patch);
  return status === "added" || status === "deleted" ? hunks : hunks.flatMap((hunk) => splitHunk(path, hunk));
};

/** The API representation: redacted, with rejected parts marked. */
export function shownFile(
  file: ChangedText,
  { redactor, rejection, byUser }: { redactor: Redactor; rejection: Rejection | undefined; byUser: ChangeSetRow["by_person"] },
): ReviewFile {
  const change = byUser.find((one) => one.path === file.path);
  const rejected = selectedHunks(file.hunks, rejection?.hunks ?? []);
  return {
    ...file,
    hunks: file.hunks.map((hunk) => ({
      id: hunk.id,
      old_start: hunk.old_start,
      old_lines: hunk.old_lines,
      new_start: hunk.new_start,
      new_lines: hunk.new_lines,
      section: redactor.redact(hunk.section),
      lines: hunk.lines.map((line) => redactor.redact(line)),
      is_rejected: rejection?.is_whole === true || rejected.has(hunk.id),
    })),
    is_rejected: rejection?.is_whole ?? false,
    changed_by: change === undefined ? "run" : change.is_shared ? "both" : "person",
  };
}
