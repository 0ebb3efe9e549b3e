import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api.ts";

/** For administrators, by the id of an item. Events follow what happens then. */
export function usePreparationActions() {
  const queryClient = useQueryClient();
  const onSettled = () => Promise.all([["admin"], ["preparation"]].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
  return {
    prepare: useMutation({ mutationFn: (id: string) => api.adminPreparation.prepare({ params: { id } }), onSettled }),
    remove: useMutation({ mutationFn: (id: string) => api.adminPreparation.remove({ params: { id } }), onSettled }),
  };
}
