import type { MarketplaceFacets } from "@tesslate/contract";

/** How many items are of one kind in every respect that can be filtered by, and equally close to what is searched. */
export interface FacetCell {
  category: string;
  pricing_type: string;
  is_official: boolean;
  /** As in `search.store.ts`; all are the same where nothing is searched. */
  closeness: number;
  n: number;
}
export type FacetChoice = Partial<Record<keyof MarketplaceFacets, string | undefined>>;

const maxValues = 50;
const keys = ["category", "pricing_type", "creator_type"] as const;
const valueOf = (cell: FacetCell, key: (typeof keys)[number]): string =>
  key === "creator_type" ? (cell.is_official ? "official" : "community") : cell[key];

/** The cells that the filters let through. */
export const chosenOf = (cells: readonly FacetCell[], chosen: FacetChoice, except?: string): FacetCell[] =>
  cells.filter((cell) => keys.every((key) => key === except || chosen[key] === undefined || valueOf(cell, key) === chosen[key]));
export const totalOf = (cells: readonly FacetCell[]): number => cells.reduce((sum, { n }) => sum + n, 0);

/** The total under all filters, and for each filter what its choices would give with the others as they are. */
export function facetsOf(cells: readonly FacetCell[], chosen: FacetChoice): { total: number; facets: MarketplaceFacets } {
  const countsOf = (key: (typeof keys)[number]) => {
    const counts = new Map<string, number>();
    for (const cell of chosenOf(cells, chosen, key)) counts.set(valueOf(cell, key), (counts.get(valueOf(cell, key)) ?? 0) + cell.n);
    return Array.from(counts, ([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, maxValues);
  };
  return {
    total: totalOf(chosenOf(cells, chosen)),
    facets: { category: countsOf("category"), pricing_type: countsOf("pricing_type"), creator_type: countsOf("creator_type") },
  };
}
