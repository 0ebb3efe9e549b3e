import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { AgentCard, AgentDetail, BaseCard, BaseDetail, Review, Static, StoreItem, StoreTheme, WriteReview } from "@tesslate/contract";
import { api } from "../../api.ts";
import { leaveFor } from "../../lib/leave.ts";
import { kinds, type ItemType, type MarketplaceSearch } from "./marketplace-search.ts";

export const itemsPerPage = 24;
export type Detail = AgentDetail | BaseDetail;
/** What every page of an item shows. */
export type ShownItem = Detail | StoreTheme;
export const keys = { all: ["marketplace"] as const, library: ["library"] as const };

const noneOf = { stack: [], avatar_url: null, preview_image: null, pictures: null, swatches: null };
const itemOfAgent = (agent: AgentCard): StoreItem => ({ ...noneOf, ...agent, item_type: "agent" });
const itemOfBase = (base: BaseCard): StoreItem => ({
  ...noneOf,
  ...base,
  item_type: "base",
  stack: base.tech_stack,
  api_pricing_input: null,
  api_pricing_output: null,
});

/** One page of matching items of one kind or all, with the number of matches for each filter choice. */
export const itemsQuery = ({ type, q, category, price, rating, stack, may, by, sort, page = 1 }: MarketplaceSearch) =>
  queryOptions({
    queryKey: [...keys.all, "items", { type, q, category, price, rating, stack, may, by, sort, page }],
    queryFn: ({ signal }) =>
      api.marketplaceItems.list(
        {
          query: {
            ...(type && { item_type: kinds[type].item_type }),
            ...(q && { search: q }),
            ...(category && { category }),
            ...(price && { pricing_type: price }),
            ...(rating && { rating }),
            ...(stack && { stack }),
            ...(may && { ability: may }),
            ...(by && { creator_type: by }),
            ...(sort && { sort }),
            page,
            limit: itemsPerPage,
          },
        },
        { signal },
      ),
    placeholderData: keepPreviousData,
  });

/** Templates of the store, for other pages that list them. */
export const basesQuery = ({
  q,
  category,
  page = 1,
}: {
  q?: string | undefined;
  category?: string | undefined;
  page?: number | undefined;
}) =>
  queryOptions({
    queryKey: [...keys.all, "bases", { q, category, page }],
    queryFn: ({ signal }) =>
      api.marketplaceBases.list(
        { query: { ...(q && { search: q }), ...(category && { category }), page, limit: itemsPerPage } },
        { signal },
      ),
    placeholderData: keepPreviousData,
  });

/** The run that the page of an agent shows. */
export const recordedRunQuery = (slug: string) =>
  queryOptions({
    queryKey: [...keys.all, "agents", slug, "recorded run"],
    queryFn: ({ signal }) => api.recordedRuns.get({ params: { id: slug } }, { signal }),
  });

export const storeTypes = ["bases", "agents"] as const;
/** The first few items of the store, as its own order has them. */
export const picksQuery = (type: ItemType) =>
  queryOptions({
    queryKey: [...keys.all, "picks", type],
    queryFn: async ({ signal }): Promise<{ items: StoreItem[]; total: number }> => {
      const asked = { query: { limit: 3 } };
      if (type === "agents") {
        const { items, total } = await api.marketplaceAgents.list(asked, { signal });
        return { items: items.map(itemOfAgent), total };
      }
      const { items, total } = await api.marketplaceBases.list(asked, { signal });
      return { items: items.map(itemOfBase), total };
    },
  });

export const agentQuery = (slug: string) =>
  queryOptions({
    queryKey: [...keys.all, "agent", slug],
    queryFn: ({ signal }) => api.marketplaceAgents.get({ params: { slug } }, { signal }),
  });
export const baseQuery = (slug: string) =>
  queryOptions({
    queryKey: [...keys.all, "base", slug],
    queryFn: ({ signal }) => api.marketplaceBases.get({ params: { slug } }, { signal }),
  });
export const themePageQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.all, "theme", id],
    queryFn: ({ signal }) => api.marketplaceThemes.get({ params: { id } }, { signal }),
  });
export const versionsQuery = (slug: string) =>
  queryOptions({
    queryKey: [...keys.all, "versions", slug],
    queryFn: ({ signal }) => api.marketplaceBases.versions({ params: { slug }, query: {} }, { signal }),
    staleTime: 10 * 60_000,
  });
export const reviewsQuery = (type: ItemType, id: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.all, "reviews", type, id],
    queryFn: ({ pageParam, signal }) =>
      (type === "agents" ? api.marketplaceAgents : api.marketplaceBases).reviews(
        { params: { id }, query: { page: pageParam, limit: 100 } },
        { signal },
      ),
    initialPageParam: 1,
    getNextPageParam: (last) => (last.page < last.total_pages ? last.page + 1 : undefined),
  });
export const relatedQuery = (type: ItemType, id: string) =>
  queryOptions({
    queryKey: [...keys.all, "related", type, id],
    queryFn: async ({ signal }): Promise<StoreItem[]> => {
      const asked = { params: { id }, query: { limit: 3 } };
      return type === "agents"
        ? (await api.marketplaceAgents.related(asked, { signal })).items.map(itemOfAgent)
        : (await api.marketplaceBases.related(asked, { signal })).items.map(itemOfBase);
    },
    staleTime: 5 * 60_000,
  });

/** Lists, details and the library show whether an item is in the library, so all of them are reloaded. */
export function useMarketplaceChanged() {
  const queryClient = useQueryClient();
  return () =>
    Promise.all([queryClient.invalidateQueries({ queryKey: keys.all }), queryClient.invalidateQueries({ queryKey: keys.library })]).then(
      () => undefined,
    );
}

/** Adds an item to the library. Paid items redirect to checkout, which returns to `/marketplace/success`. */
export function useAcquire(type: ItemType) {
  const changed = useMarketplaceChanged();
  return useMutation({
    mutationFn: async (id: string): Promise<{ inLibrary: boolean }> => {
      const answer =
        type === "agents"
          ? await api.marketplaceAgents.purchase({ params: { id }, body: {} })
          : await api.marketplaceBases.purchase({ params: { id }, body: {} });
      if (answer.checkout_url) await leaveFor(answer.checkout_url);
      return { inLibrary: answer.in_library };
    },
    onSuccess: changed,
  });
}

export function useRemoveFromLibrary(type: ItemType) {
  const changed = useMarketplaceChanged();
  return useMutation({
    mutationFn: (id: string) =>
      type === "agents" ? api.library.removeAgent({ params: { id } }) : api.library.removeBase({ params: { id } }),
    // Not awaited: the row disappears when the library is reloaded, and the toast with Undo must not appear after that.
    onSuccess: () => void changed(),
  });
}

export function useReviewActions(type: ItemType, id: string) {
  const changed = useMarketplaceChanged();
  const routes = type === "agents" ? api.marketplaceAgents : api.marketplaceBases;
  return {
    write: useMutation({
      mutationFn: (body: Static<typeof WriteReview>): Promise<Review> => routes.review({ params: { id }, body }),
      onSuccess: changed,
    }),
    remove: useMutation({ mutationFn: () => routes.removeReview({ params: { id } }), onSuccess: changed }),
  };
}

export function useFork() {
  const changed = useMarketplaceChanged();
  return useMutation({ mutationFn: (id: string) => api.marketplaceAgents.fork({ params: { id }, body: {} }), onSuccess: changed });
}
