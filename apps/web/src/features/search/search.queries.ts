import { queryOptions } from "@tanstack/react-query";
import { maxSearchLength } from "@tesslate/contract/limits";
import { api } from "../../api.ts";

/** What the server finds. The sources of the palette share one request for a text. */
export const searchQuery = (text: string) => {
  const q = text.trim().slice(0, maxSearchLength);
  return queryOptions({
    queryKey: ["search", q],
    queryFn: ({ signal }) => api.search.find({ query: { q } }, { signal }),
    staleTime: 15_000,
    gcTime: 60_000,
    retry: false,
  });
};
