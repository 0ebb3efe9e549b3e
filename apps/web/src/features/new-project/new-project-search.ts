import { object, type InferOutput } from "valibot";
import { pageParam, wordsParam } from "../../lib/search-params.ts";

/** Search and filter of the gallery, and what its sheet shows: a bundled template or one of the store, by slug. */
export const newProjectSearch = object({
  q: wordsParam(),
  category: wordsParam(50),
  page: pageParam,
  template: wordsParam(63),
  base: wordsParam(120),
});
export type NewProjectSearch = InferOutput<typeof newProjectSearch>;
