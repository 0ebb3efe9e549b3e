import { scoreOfNamed } from "../../lib/rank.ts";
import { settings } from "../../settings.ts";
import { settingsPlaces } from "./settings-places.tsx";

interface FoundSetting {
  id: string;
  label: string;
  /** The label of its page. */
  page: string;
  href: string;
}

const shown = 12;

/** Single settings with the page they are on, except those that have the name of their page or are all that it has. */
export const singleSettings = Object.entries(settings).flatMap(([id, { label, page, words }]) => {
  const place = settingsPlaces.find(({ to }) => to === page);
  const isAlone = Object.values(settings).filter((other) => other.page === page).length === 1;
  return place && !isAlone && place.label !== label ? [{ id, label, page: place.label, href: `${page}#${id}`, words }] : [];
});

/** Pages and single settings that `text` names, best first. A setting that has the name of its page is found once. */
export function findSettings(text: string): FoundSetting[] {
  const pages = settingsPlaces.map(({ to, label, words }) => ({ id: to, label, page: label, href: to as string, words }));
  return [...singleSettings, ...pages]
    .map((item, index) => ({ item, index, score: scoreOfNamed({ title: item.label, hint: item.page, words: item.words }, text) }))
    .filter(({ score }) => score >= 0.3)
    .toSorted((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, shown)
    .map(({ item: { id, label, page, href } }) => ({ id, label, page, href }));
}
