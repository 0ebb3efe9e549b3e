import type { ElementPart, InspectedElement, PageElement } from "@tesslate/contract";
import { formatNumber } from "../../../lib/numbers.ts";

/** What an edit of an element changes besides it. */
export interface Repetition {
  note: string;
  /** The note is about every part that can be edited, not only about styles and classes. */
  isOfAll: boolean;
}

/**
 * Whether the source renders the element several times, as items of a list, so that an edit changes all of them. Undefined if the page does
 * not say so. A value of one item, such as a text of the array that is shown, is before the element in the file, and changes only that item.
 */
export function repetitionOf(element: PageElement, inspected: InspectedElement): Repetition | undefined {
  const isEditable = ({ reason }: ElementPart) => reason === null;
  const styles = [...inspected.classes, inspected.new_class].filter(isEditable);
  const all = [...styles, ...[...inspected.texts, ...inspected.attributes].filter(isEditable)];
  const isRepeated = (part: ElementPart) => countsAt(element, part) !== undefined;
  const isOfAll = all.every(isRepeated);
  const [first] = isOfAll ? all : styles.every(isRepeated) ? styles : [];
  const counts = first && countsAt(element, first);
  if (!counts) return undefined;
  const [only] = counts;
  const what = only !== undefined && counts.length === 1 ? `all ${formatNumber(only)} items of this list` : "all items of these lists";
  return { note: isOfAll ? `Changes ${what}.` : `Styles and classes change ${what}.`, isOfAll };
}

/** The lengths of the lists whose items have the same part, from the inside. */
function countsAt(element: PageElement, { reason, path, line }: ElementPart): number[] | undefined {
  if (reason !== null || path === null || line === null) return undefined;
  // A component and its use can be in the same file: the part is of the one that starts last before it.
  const starts = element.origins.map((origin) => (origin.file === path && origin.line <= line ? origin.line : 0));
  const at = starts.indexOf(Math.max(1, ...starts));
  if (at < 0) return undefined;
  const counts = element.origins.slice(at).flatMap(({ items }) => items.flatMap(({ count }) => (count > 1 ? [count] : [])));
  return counts.length > 0 ? counts : undefined;
}
