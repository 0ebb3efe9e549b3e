import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { UpdateUser } from "@tesslate/contract";
import { api } from "../../api.ts";

/** The signed-in user; kept until sign-out. A 401 here means: no session. */
export const meQuery = queryOptions({
  queryKey: ["users", "me"],
  queryFn: ({ signal }) => api.users.me(undefined, { signal }),
  staleTime: 5 * 60_000,
});

/** For pages that visitors may open, too. Makes no request: the guards of the routes have asked. */
export const useIsSignedIn = (): boolean => useQuery({ ...meQuery, enabled: false }).data !== undefined;

export function useUpdateMe() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (change: UpdateUser) => api.users.updateMe({ body: change }),
    onSuccess: (user) => queryClient.setQueryData(meQuery.queryKey, user),
  });
}

/** Uploads the profile picture; `undefined` removes it. */
export function useSetAvatar() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (file: File | undefined) => {
      if (!file) {
        await api.users.removeAvatar();
        return api.users.me();
      }
      const form = new FormData();
      form.append("file", file);
      return api.users.setAvatar({ form });
    },
    onSuccess: (user) => queryClient.setQueryData(meQuery.queryKey, user),
  });
}
