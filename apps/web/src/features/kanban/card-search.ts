import { object, type InferOutput } from "valibot";
import type { CardPriority, CardType } from "@tesslate/contract";
import { oneOfParam, wordsParam } from "../../lib/search-params.ts";

/** What the board shows: search parameters of the workbench's route. */
export const cardSearch = {
  q: wordsParam(),
  priority: oneOfParam(["low", "medium", "high", "critical", "urgent"] satisfies CardPriority[]),
  type: oneOfParam(["feature", "bug", "task", "epic", "story", "enhancement", "refactor", "docs", "testing"] satisfies CardType[]),
  tag: wordsParam(50),
  /** A user's id, or `none`. */
  assignee: wordsParam(36),
};
const cardSearchSchema = object(cardSearch);
export type CardSearch = InferOutput<typeof cardSearchSchema>;
