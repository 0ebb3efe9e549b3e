import { useMutation } from "@tanstack/react-query";
import { api } from "../../api.ts";
import { useMarketplaceChanged } from "../marketplace/index.ts";

/** Public: everybody may find it; private: only its maker. */
export function usePublishBase() {
  const changed = useMarketplaceChanged();
  return useMutation({
    mutationFn: ({ id, isPublic }: { id: string; isPublic: boolean }) =>
      api.marketplaceBases.update({ params: { id }, body: { visibility: isPublic ? "public" : "private" } }),
    onSuccess: changed,
  });
}
