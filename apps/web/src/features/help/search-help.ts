import { queryOptions } from "@tanstack/react-query";
import type MiniSearch from "minisearch";
import { loadWithRetry } from "../../lib/chunks.ts";
import type { HelpEntry } from "./search-options.ts";

export interface HelpResult {
  /** The address below `/help/`, and the part of the page. */
  slug: string;
  anchor: string;
  title: string;
  page: string;
  excerpt: string;
}

/** The index of all pages, which the build made. */
export const helpIndexQuery = queryOptions({
  queryKey: ["help-index"],
  queryFn: () =>
    loadWithRetry(async () => {
      const [{ default: Index }, { default: json }, { searchOptions }] = await Promise.all([
        import("minisearch"),
        import("virtual:help-search"),
        import("./search-options.ts"),
      ]);
      return Index.loadJSON<HelpEntry>(json, searchOptions);
    }),
  staleTime: Infinity,
  structuralSharing: false,
});

/** The parts of pages that have all these words, or words that begin like them, best first. */
export function findHelp(index: MiniSearch<HelpEntry>, words: string, limit: number): HelpResult[] {
  return index
    .search(words)
    .slice(0, limit)
    .map((found) => {
      const { id, title, page, excerpt } = found as typeof found & Omit<HelpEntry, "text">;
      const [slug = "", anchor = ""] = String(id).split("#");
      return { slug, anchor, title, page, excerpt };
    });
}
