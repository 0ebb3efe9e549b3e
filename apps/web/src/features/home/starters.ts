import type { Template } from "@tesslate/contract";
import { projectNameOf } from "../projects/index.ts";

export interface Starter {
  title: string;
  prompt: string;
}

const ideas: Starter[] = [
  {
    title: "Book a table",
    prompt: "A booking page for a small restaurant: pick a day, a time and a number of guests; the owner sees the evening's list.",
  },
  { title: "Stock count", prompt: "A stock count for a shop: items with amounts, a minimum for each, and a list of what must be ordered." },
  { title: "Shift swap", prompt: "A week plan for a team of eight where people offer a shift and someone else takes it." },
  { title: "To-do list", prompt: "A to-do list with due dates, a filter for today, and everything kept in the browser." },
  { title: "Landing page", prompt: "A landing page for a bicycle repair shop: what it fixes, prices, opening hours, and how to find it." },
  { title: "Counter", prompt: "A counter app: one large number, buttons to increase and decrease it, and a reset with a confirmation." },
];

/** Four example prompts, which fit into a row: those of the selected template first. */
export function startersOf(template: Template | undefined): Starter[] {
  const own = (template?.starter_prompts ?? []).map((prompt) => ({ title: shortTitleOf(prompt), prompt }));
  const all = [...own, ...ideas];
  return all.filter((starter, index) => all.findIndex((other) => other.title === starter.title) === index).slice(0, 4);
}

const trailing = /\s+(?:an?|the|for|with|of|and|or|to|in|on|by|from|into|at|that|which|where|my|our|your)$/i;

/** At most four words of a prompt, without an article or preposition at the end. */
export function shortTitleOf(prompt: string): string {
  let title = projectNameOf(prompt).split(/\s+/).slice(0, 4).join(" ");
  while (trailing.test(title)) title = title.replace(trailing, "");
  return title;
}
