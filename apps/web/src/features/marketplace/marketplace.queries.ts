import { infiniteQueryOptions, keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type {
  AgentCard,
  AgentDetail,
  BaseCard,
  BaseDetail,
  List,
  MarketplaceFacets,
  Review,
  Static,
  WriteReview,
} from "@tesslate/contract";
import { api } from "../../api.ts";
import { leaveFor } from "../../lib/leave.ts";
import type { ItemType, MarketplaceSearch } from "./marketplace-search.ts";

export const itemsPerPage = 24;
export type StoreCard = AgentCard | BaseCard;
export type Detail = AgentDetail | BaseDetail;
const keys = { all: ["marketplace"] as const, library: ["library"] as const };

/** One page of matching items, with the number of matches for each filter choice. */
export const browseQuery = ({
  type = "agents" as ItemType,
  q,
  category,
  price,
  by,
  sort,
  page = 1,
}: Omit<MarketplaceSearch, "type"> & { type?: ItemType }) =>
  queryOptions({
    queryKey: [...keys.all, "list", type, { q, category, price, by, sort, page }],
    queryFn: async ({ signal }): Promise<List<StoreCard> & { facets: MarketplaceFacets }> => {
      const filter = {
        ...(q && { search: q }),
        ...(category && { category }),
        ...(by && { creator_type: by }),
        ...(sort && { sort }),
        page,
        limit: itemsPerPage,
      };
      if (type === "agents") return api.marketplaceAgents.list({ query: { ...filter, ...(price && { pricing_type: price }) } }, { signal });
      return api.marketplaceBases.list({ query: { ...filter, ...(price && price !== "api" && { pricing_type: price }) } }, { signal });
    },
    placeholderData: keepPreviousData,
  });

export const storeTypes = ["bases", "agents"] as const;
/** The first few items of the store, as its own order has them. */
export const picksQuery = (type: ItemType) =>
  queryOptions({
    queryKey: [...keys.all, "picks", type],
    queryFn: async ({ signal }): Promise<List<StoreCard>> => {
      const asked = { query: { limit: 3 } };
      return type === "agents" ? api.marketplaceAgents.list(asked, { signal }) : api.marketplaceBases.list(asked, { signal });
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
    queryFn: async ({ signal }): Promise<StoreCard[]> => {
      const asked = { params: { id }, query: { limit: 3 } };
      return type === "agents"
        ? (await api.marketplaceAgents.related(asked, { signal })).items
        : (await api.marketplaceBases.related(asked, { signal })).items;
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
