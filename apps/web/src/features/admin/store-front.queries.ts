import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api.ts";

const key = ["admin", "store-front"] as const;
export const adminCollectionsQuery = queryOptions({
  queryKey: [...key, "collections"],
  queryFn: ({ signal }) => api.adminCollections.collections({ query: { limit: 200 } }, { signal }),
});
export const adminCategoriesQuery = queryOptions({
  queryKey: [...key, "categories"],
  queryFn: ({ signal }) => api.adminCollections.categories({ query: { limit: 200 } }, { signal }),
});

type Routes = typeof api.adminCollections;
type BodyOf<Name extends "createCategory" | "updateCategory" | "createCollection" | "updateCollection"> = Parameters<
  Routes[Name]
>[0]["body"];

/** Changes of collections and categories. The store shows them at its next visit. */
export function useStoreFront() {
  const queryClient = useQueryClient();
  const onSettled = () =>
    Promise.all([queryClient.invalidateQueries({ queryKey: key }), queryClient.invalidateQueries({ queryKey: ["marketplace"] })]);
  return {
    createCategory: useMutation({
      mutationFn: (body: BodyOf<"createCategory">) => api.adminCollections.createCategory({ body }),
      onSettled,
    }),
    updateCategory: useMutation({
      mutationFn: ({ slug, body }: { slug: string; body: BodyOf<"updateCategory"> }) =>
        api.adminCollections.updateCategory({ params: { slug }, body }),
      onSettled,
    }),
    orderCategories: useMutation({ mutationFn: (order: string[]) => api.adminCollections.orderCategories({ body: { order } }), onSettled }),
    createCollection: useMutation({
      mutationFn: (body: BodyOf<"createCollection">) => api.adminCollections.createCollection({ body }),
      onSettled,
    }),
    updateCollection: useMutation({
      mutationFn: ({ id, body }: { id: string; body: BodyOf<"updateCollection"> }) =>
        api.adminCollections.updateCollection({ params: { collection_id: id }, body }),
      onSettled,
    }),
    orderCollections: useMutation({
      mutationFn: (order: string[]) => api.adminCollections.orderCollections({ body: { order } }),
      onSettled,
    }),
    removeCollection: useMutation({
      mutationFn: (id: string) => api.adminCollections.removeCollection({ params: { collection_id: id }, body: {} }),
      onSettled,
    }),
  };
}

/** The order after a step of one place up or down. */
export function swapped(order: readonly string[], id: string, step: -1 | 1): string[] {
  const from = order.indexOf(id);
  const to = from + step;
  const next = [...order];
  const other = next[to];
  if (from < 0 || other === undefined) return next;
  next[to] = id;
  next[from] = other;
  return next;
}
