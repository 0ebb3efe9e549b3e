import { useEffect, useState } from "react";
import { maxBatchPaths } from "@tesslate/contract/limits";
import { counted } from "../../../lib/counted.ts";
import { sentenceOf } from "../../../lib/errors.ts";
import { useHandler } from "../../../lib/use-handler.ts";
import { useServices } from "../../../project/services.ts";
import { toast, toastWithUndo } from "../../../ui/toast.tsx";
import { writeFile } from "../../editor/index.ts";
import { hitsIn, patternOf, replaced, type Replacement, type SearchOptions } from "./replace.ts";

export interface ReplacePlan {
  list: readonly Replacement[] | undefined;
  failure: string | undefined;
}

/** What would be replaced, read once when the dialog opens. */
export function useReplacePlan(projectId: string, paths: readonly string[], options: SearchOptions, by: string): ReplacePlan {
  const { api } = useServices();
  const [plan, setPlan] = useState<ReplacePlan>({ list: undefined, failure: undefined });
  const read = useHandler(async (signal: AbortSignal): Promise<Replacement[]> => {
    const pattern = patternOf(options);
    if (typeof pattern === "string") throw new Error(pattern);
    const list: Replacement[] = [];
    for (let from = 0; from < paths.length; from += maxBatchPaths) {
      const body = { paths: paths.slice(from, from + maxBatchPaths) };
      const { files } = await api.files.batch({ params: { id: projectId }, body }, { signal });
      for (const { path, etag, content, is_binary } of files) {
        if (is_binary || content === null) continue;
        const { after, count } = replaced(content, pattern, by, options.isRegex);
        if (count > 0 && after !== content) list.push({ path, etag, before: content, after, count });
      }
    }
    return list;
  });
  useEffect(() => {
    const abort = new AbortController();
    read(abort.signal).then(
      (list) => setPlan({ list, failure: undefined }),
      (error: unknown) => {
        if (!abort.signal.aborted) setPlan({ list: undefined, failure: sentenceOf(error) });
      },
    );
    return () => abort.abort();
  }, [read]);
  return plan;
}

/** Writes the confirmed replacements. Skips files that changed since they were read, and resolves with their paths. */
export function useReplacing(projectId: string) {
  const { api } = useServices();
  return async (list: readonly Replacement[]): Promise<string[]> => {
    const left: string[] = [];
    const done: Replacement[] = [];
    for (const one of list) {
      const result = await writeFile(api, projectId, one.path, one.after, one.etag);
      if (result.kind === "written") done.push({ ...one, etag: result.etag });
      else left.push(one.path);
    }
    const undo = async () => {
      const lost: string[] = [];
      for (const { path, before, etag } of done)
        if ((await writeFile(api, projectId, path, before, etag)).kind !== "written") lost.push(path);
      if (lost.length > 0)
        toast(`Couldn't undo in ${counted(lost.length, "file")} with newer changes: ${lost.slice(0, 3).join(", ")}`, { kind: "failed" });
    };
    if (done.length > 0) toastWithUndo(`Replaced ${counted(hitsIn(done), "match", "matches")} in ${counted(done.length, "file")}.`, undo);
    return left;
  };
}
