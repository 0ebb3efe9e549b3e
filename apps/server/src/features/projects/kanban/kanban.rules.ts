import { cardPriorities, cardTypes, type CardPriority, type CardType } from "@tesslate/contract";
import { invalid } from "../../../platform/errors.ts";

/** Columns of a new board. */
export const firstColumns = [
  { name: "Backlog", position: 0, color: "gray", is_backlog: true },
  { name: "To Do", position: 1, color: "blue" },
  { name: "In Progress", position: 2, color: "orange", run_stage: "in_progress" as const },
  { name: "Review", position: 3, color: "purple", run_stage: "review" as const },
  { name: "Done", position: 4, color: "green", is_completed: true },
];

const lowered = <T extends string>(values: readonly T[], loc: string[], given: string | null | undefined): T | null | undefined => {
  if (given === null || given === undefined) return given;
  const found = values.find((value) => value === given.trim().toLowerCase());
  if (!found) throw invalid(loc, `Input should be one of ${values.join(", ")}`, "enum");
  return found;
};
/** Lowercases the value; 422 if it is not one of the allowed ones. */
export const priorityOf = (given: string | null | undefined, where: "body" | "query"): CardPriority | null | undefined =>
  lowered(cardPriorities, [where, "priority"], given);
export const typeOf = (given: string | null | undefined, where: "body" | "query"): CardType | null | undefined =>
  lowered(cardTypes, [where, "task_type"], given);

/** Trimmed and without duplicates. */
export const tagsOf = (given: string[]): string[] => [...new Set(given.map((tag) => tag.trim()))];

/** `ids` with `id` at `position` (clamped), or last without a position. */
export function withIdAt(ids: readonly string[], id: string, position = Number.POSITIVE_INFINITY): string[] {
  const others = ids.filter((other) => other !== id);
  const at = Math.min(position, others.length);
  return [...others.slice(0, at), id, ...others.slice(at)];
}
