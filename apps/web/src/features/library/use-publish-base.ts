import { useMutation } from "@tanstack/react-query";
import { api } from "../../api.ts";
import { useMarketplaceChanged } from "../marketplace/index.ts";

/** Makes a template public (listed in the store) or private (visible to its creator only). */
export function usePublishBase() {
  const changed = useMarketplaceChanged();
  return useMutation({
    mutationFn: ({ id, isPublic }: { id: string; isPublic: boolean }) =>
      api.marketplaceBases.update({ params: { id }, body: { visibility: isPublic ? "public" : "private" } }),
    onSuccess: changed,
  });
}
