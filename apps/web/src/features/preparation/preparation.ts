import type { PreparationItem } from "@tesslate/contract";

export interface PreparationSummary {
  text: string;
  /** 0 to 1; undefined while nothing can be counted. */
  share: number | undefined;
}

/** What the server prepares now; undefined when it prepares nothing. Templates first, which a new project may wait for. */
export function summaryOf(items: readonly PreparationItem[]): PreparationSummary | undefined {
  const templates = items.filter(({ kind, state }) => kind === "template" && state !== "off");
  const current = templates.find(({ state }) => state === "preparing");
  const done = templates.filter(({ state }) => state === "ready").length;
  if (current)
    return { text: `Preparing templates: ${current.name}, ${done + 1} of ${templates.length}`, share: (done + 0.5) / templates.length };
  const browser = items.find(({ kind, state }) => kind === "browser" && state === "preparing");
  return browser && { text: `Installing ${browser.name}, in which the agent checks apps`, share: undefined };
}

/** Names of what could not be prepared. */
export const failedNames = (items: readonly PreparationItem[]): string[] =>
  items.filter(({ state }) => state === "failed").map(({ name }) => name);
