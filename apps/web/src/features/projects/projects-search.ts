import type { RunStatus } from "@tesslate/contract";
import { object, type InferOutput } from "valibot";
import { oneOfParam, pageParam, wordsParam } from "../../lib/search-params.ts";
import type { SortOrder } from "./project-list.ts";

/** Search, filters and order of the list of projects. Without `sort`: last updated first; without `view`: cards. */
export const projectsSearch = object({
  q: wordsParam(),
  page: pageParam,
  status: oneOfParam(["running", "partial", "stopped", "hibernated", "error"] satisfies RunStatus[]),
  sort: oneOfParam(["name", "created"] satisfies SortOrder[]),
  view: oneOfParam(["list"]),
});
export type ProjectsSearch = InferOutput<typeof projectsSearch>;
