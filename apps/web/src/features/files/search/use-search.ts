import type { SearchEvent, SearchMatch } from "@tesslate/contract";
import { useEffect, useState } from "react";
import { sentenceOf } from "../../../lib/errors.ts";
import { compareNames } from "../../../lib/file-tree.ts";
import { useServices } from "../../../project/services.ts";
import type { SearchOptions } from "./replace.ts";

export interface SearchInput extends SearchOptions {
  glob: string;
}
export interface Found {
  path: string;
  matches: readonly SearchMatch[];
}
type Done = Extract<SearchEvent, { type: "done" }>["data"];
export interface SearchState {
  isRunning: boolean;
  found: readonly Found[];
  done: Done | undefined;
  failure: string | undefined;
}
const nothing: SearchState = { isRunning: false, found: [], done: undefined, failure: undefined };
const pauseMs = 200;
/** Results are shown in batches: a search can return thousands at once. */
const showEveryMs = 60;

/** Searches while typing; each change cancels the previous search. A new `round` repeats it. */
export function useSearch(projectId: string, { text, isRegex, isCaseSensitive, glob }: SearchInput, round: number): SearchState {
  const { api } = useServices();
  const [state, setState] = useState<SearchState>(nothing);
  const isBlank = text === "";
  const [wasBlank, setWasBlank] = useState(isBlank);
  if (wasBlank !== isBlank) {
    setWasBlank(isBlank);
    setState(nothing);
  }
  useEffect(() => {
    if (isBlank) return undefined;
    const abort = new AbortController();
    const found = new Map<string, SearchMatch[]>();
    const show = (more: Partial<SearchState> = {}) =>
      setState({
        isRunning: true,
        done: undefined,
        failure: undefined,
        // They arrive in no order.
        found: [...found]
          .map(([path, matches]) => ({ path, matches: matches.toSorted((a, b) => a.line - b.line) }))
          .sort((a, b) => compareNames(a.path, b.path)),
        ...more,
      });
    const run = async () => {
      let shownAt = 0;
      const query = { q: text, regex: isRegex, case_sensitive: isCaseSensitive, ...(glob.trim() && { glob: glob.trim() }) };
      for await (const event of api.files.search({ params: { id: projectId }, query }, { signal: abort.signal })) {
        if (event.type === "done") return show({ isRunning: false, done: event.data });
        const list = found.get(event.data.path) ?? [];
        list.push(event.data);
        found.set(event.data.path, list);
        if (performance.now() - shownAt < showEveryMs) continue;
        shownAt = performance.now();
        show();
      }
      return show({ isRunning: false });
    };
    const timer = setTimeout(() => {
      show();
      run().catch((error: unknown) => {
        if (!abort.signal.aborted) show({ isRunning: false, failure: sentenceOf(error) });
      });
    }, pauseMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [api, projectId, text, isRegex, isCaseSensitive, glob, round, isBlank]);
  return state;
}
