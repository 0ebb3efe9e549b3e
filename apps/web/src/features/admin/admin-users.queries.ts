import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { AdminUserDetail, SuspendUsers, UpdateAdminUser, UserFilter } from "@tesslate/contract";
import { api, session } from "../../api.ts";
import { announceUserChange } from "../../lib/identity.ts";
import type { TableRequest } from "./table/table-search.ts";

export const usersKey = ["admin", "users"] as const;
const isTrue = (value: string | undefined) => (value === undefined ? undefined : value === "true");

/** The query of the user list for the state of the table. */
export function userQueryOf({
  page,
  limit,
  search,
  sort_by,
  sort_order,
  filters,
}: TableRequest): UserFilter & { page: number; limit: number } {
  const { tier, status } = filters as { tier?: NonNullable<UserFilter["tier"]>; status?: NonNullable<UserFilter["status"]> };
  const is_superuser = isTrue(filters["is_superuser"]);
  const verified = isTrue(filters["verified"]);
  return {
    page,
    limit,
    ...(search && { search }),
    ...(sort_by && { sort_by: sort_by as NonNullable<UserFilter["sort_by"]> }),
    ...(sort_order && { sort_order }),
    ...(tier && { tier }),
    ...(status && { status }),
    ...(is_superuser !== undefined && { is_superuser }),
    ...(verified !== undefined && { verified }),
  };
}

/** The query without page and order: an export contains all rows. */
export const exportQueryOf = ({
  page: _page,
  limit: _limit,
  sort_by: _by,
  sort_order: _order,
  ...filter
}: ReturnType<typeof userQueryOf>) => filter;

export const userQuery = (id: string) =>
  queryOptions({ queryKey: [...usersKey, "one", id], queryFn: ({ signal }) => api.adminUsers.get({ params: { id } }, { signal }) });
export const userSessionsQuery = (id: string) =>
  queryOptions({
    queryKey: [...usersKey, "sessions", id],
    queryFn: ({ signal }) => api.adminUsers.sessions({ params: { id }, query: { limit: 20 } }, { signal }),
  });
export const userTrailQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "audit", "of", id],
    queryFn: ({ signal }) => api.adminAudit.list({ query: { target_id: id, limit: 20 } }, { signal }),
  });

/** Suspends or unsuspends several users. */
export function useBulkSuspension() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: SuspendUsers) => api.adminUsers.suspend({ body }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["admin"] }),
  });
}

export function useUserActions(id: string) {
  const queryClient = useQueryClient();
  /** Refetch after success and failure. */
  const onSettled = () => queryClient.invalidateQueries({ queryKey: ["admin"] });
  return {
    update: useMutation({
      mutationFn: (body: UpdateAdminUser) => api.adminUsers.update({ params: { id }, body }),
      onSuccess: (user) => queryClient.setQueryData<AdminUserDetail>(userQuery(id).queryKey, user),
      onSettled,
    }),
    endSessions: useMutation({
      mutationFn: (body: { reason: string; api_keys: boolean }) => api.adminUsers.endSessions({ params: { id }, body }),
      onSettled,
    }),
    remove: useMutation({
      mutationFn: (body: { reason: string; notify_user: boolean }) => api.adminUsers.remove({ params: { id }, body }),
      onSettled,
    }),
    restore: useMutation({
      mutationFn: (body: { reason: string }) => api.adminUsers.restore({ params: { id }, body }),
      onSuccess: (user) => queryClient.setQueryData<AdminUserDetail>(userQuery(id).queryKey, user),
      onSettled,
    }),
    resetPassword: useMutation({
      mutationFn: (body: { reason: string }) => api.adminUsers.resetPassword({ params: { id }, body }),
      onSettled,
    }),
    resetSecondFactor: useMutation({
      mutationFn: (body: { reason: string }) => api.adminUsers.resetSecondFactor({ params: { id }, body }),
      onSettled,
    }),
    impersonate: useMutation({
      mutationFn: (body: { reason: string }) => api.adminUsers.impersonate({ params: { id }, body }),
      onSuccess: () => {
        session.reset();
        announceUserChange();
        // Reload: all cached data belongs to the administrator.
        location.assign("/");
      },
    }),
  };
}
