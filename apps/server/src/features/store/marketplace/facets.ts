/** Number of items with one combination of filter values and one match quality. */
export interface FacetCell {
  values: Readonly<Record<string, string>>;
  /** As in `search.store.ts`; the same for all without a search. */
  closeness: number;
  n: number;
}
export type FacetChoice<Key extends string = string> = Partial<Record<Key, string | undefined>>;
export type FacetCounts = { value: string; count: number }[];

const maxValues = 50;
/** The key of the whole stars of a rating; a choice of it matches more stars, too. */
export const ratingKey = "rating";
const offeredRatings = ["4", "3"];

const matches = (cell: FacetCell, key: string, chosen: string): boolean =>
  key === ratingKey ? Number(cell.values[key]) >= Number(chosen) : cell.values[key] === chosen;

/** Cells that match the filters. */
export const chosenOf = (cells: readonly FacetCell[], chosen: FacetChoice, except?: string): FacetCell[] => {
  const wanted = Object.entries(chosen).filter(([key, value]) => key !== except && value !== undefined);
  return cells.filter((cell) => wanted.every(([key, value]) => matches(cell, key, value ?? "")));
};
export const countTotal = (cells: readonly FacetCell[]): number => cells.reduce((sum, { n }) => sum + n, 0);

/** The total under all filters, and for each filter the counts of its values under the other filters. */
export function facetsOf<Key extends string>(
  cells: readonly FacetCell[],
  chosen: Record<Key, string | undefined>,
): { total: number; facets: Record<Key, FacetCounts> } {
  const countsOf = (key: Key): FacetCounts => {
    const others = chosenOf(cells, chosen, key);
    if (key === ratingKey)
      return offeredRatings
        .map((value) => ({ value, count: countTotal(others.filter((cell) => matches(cell, key, value))) }))
        .filter(({ count }) => count > 0);
    const counts = new Map<string, number>();
    for (const cell of others) counts.set(cell.values[key] ?? "", (counts.get(cell.values[key] ?? "") ?? 0) + cell.n);
    return Array.from(counts, ([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, maxValues);
  };
  const keys = Object.keys(chosen) as Key[];
  return {
    total: countTotal(chosenOf(cells, chosen)),
    facets: Object.fromEntries(keys.map((key) => [key, countsOf(key)])) as Record<Key, FacetCounts>,
  };
}

/** The filters of the lists of agents and of templates. */
export const filtersOf = ({ category, pricing_type, creator_type }: FacetChoice<"category" | "pricing_type" | "creator_type">) => ({
  category,
  pricing_type,
  creator_type,
});
