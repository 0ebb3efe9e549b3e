import { keepPreviousData, queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { api } from "../../api.ts";
import { categoryName, kinds, type Kind } from "./marketplace-search.ts";
import { itemsPerPage, keys, useMarketplaceChanged } from "./marketplace.queries.ts";

/** One page of what a creator offers, most installed first. */
export const creatorItemsQuery = (creator: string, { type, page = 1 }: { type?: Kind | undefined; page?: number | undefined }) =>
  queryOptions({
    queryKey: [...keys.all, "creator", creator.toLowerCase(), { type, page }],
    queryFn: ({ signal }) =>
      api.marketplaceItems.list(
        { query: { creator, ...(type && { item_type: kinds[type].item_type }), sort: "popular", page, limit: itemsPerPage } },
        { signal },
      ),
    placeholderData: keepPreviousData,
  });

/** The categories of the store, in display order. */
export const categoriesQuery = queryOptions({
  queryKey: [...keys.all, "categories"],
  queryFn: async ({ signal }) => (await api.marketplaceCollections.categories({ query: { limit: 200 } }, { signal })).items,
  staleTime: 5 * 60_000,
});
/** The label of a category; one that is not offered any more by its slug. */
export function useCategoryName(): (slug: string) => string {
  const { data } = useQuery(categoriesQuery);
  return (slug) => data?.find((category) => category.slug === slug)?.name ?? categoryName(slug);
}
export const collectionsQuery = queryOptions({
  queryKey: [...keys.all, "collections"],
  queryFn: async ({ signal }) => (await api.marketplaceCollections.list({ query: { limit: 50 } }, { signal })).items,
});

/** Published versions of an agent with their notes, newest first. */
export const agentVersionsQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.all, "agent-versions", id],
    queryFn: ({ signal }) => api.marketplaceAgents.versions({ params: { id }, query: { limit: 20 } }, { signal }),
  });
/** Runs of the library's agent use its latest version from then on. */
export function useUpdateVersion() {
  const changed = useMarketplaceChanged();
  return useMutation({ mutationFn: (id: string) => api.library.updateVersion({ params: { id } }), onSuccess: changed });
}
/** Uploads and deletes the picture of an own template. */
export function useBasePicture(id: string) {
  const changed = useMarketplaceChanged();
  return {
    set: useMutation({
      mutationFn: (file: File) => {
        const form = new FormData();
        form.append("file", file);
        return api.marketplacePictures.setBasePicture({ params: { id }, form });
      },
      onSuccess: changed,
    }),
    remove: useMutation({ mutationFn: () => api.marketplacePictures.removeBasePicture({ params: { id } }), onSuccess: changed }),
  };
}
