import type { MarketplaceFacets } from "@tesslate/contract";

/** Number of items with one combination of filter values and one match quality. */
export interface FacetCell {
  category: string;
  pricing_type: string;
  is_official: boolean;
  /** As in `search.store.ts`; the same for all without a search. */
  closeness: number;
  n: number;
}
export type FacetChoice = Partial<Record<keyof MarketplaceFacets, string | undefined>>;

const maxValues = 50;
const keys = ["category", "pricing_type", "creator_type"] as const;
const valueOf = (cell: FacetCell, key: (typeof keys)[number]): string =>
  key === "creator_type" ? (cell.is_official ? "official" : "community") : cell[key];

/** Cells that match the filters. */
export const chosenOf = (cells: readonly FacetCell[], chosen: FacetChoice, except?: string): FacetCell[] =>
  cells.filter((cell) => keys.every((key) => key === except || chosen[key] === undefined || valueOf(cell, key) === chosen[key]));
export const countTotal = (cells: readonly FacetCell[]): number => cells.reduce((sum, { n }) => sum + n, 0);

/** The total under all filters, and for each filter the counts of its values under the other filters. */
export function facetsOf(cells: readonly FacetCell[], chosen: FacetChoice): { total: number; facets: MarketplaceFacets } {
  const countsOf = (key: (typeof keys)[number]) => {
    const counts = new Map<string, number>();
    for (const cell of chosenOf(cells, chosen, key)) counts.set(valueOf(cell, key), (counts.get(valueOf(cell, key)) ?? 0) + cell.n);
    return Array.from(counts, ([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, maxValues);
  };
  return {
    total: countTotal(chosenOf(cells, chosen)),
    facets: { category: countsOf("category"), pricing_type: countsOf("pricing_type"), creator_type: countsOf("creator_type") },
  };
}
