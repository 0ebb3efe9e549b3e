import { ApiError } from "@tesslate/client/core";
import type { QueryClient } from "@tanstack/react-query";
import { queryOptions } from "@tanstack/react-query";
import type { User } from "@tesslate/contract";
import { api, session } from "../../api.ts";
import { meQuery } from "../users/index.ts";

/** The public configuration, which the sign-in pages need. */
export const configQuery = queryOptions({
  queryKey: ["system", "config"],
  queryFn: ({ signal }) => api.system.config(undefined, { signal }),
  staleTime: 5 * 60_000,
});

/** Set once the server said that there is no session, so that the next public page does not ask again. */
const visitorKey = ["users", "visitor"] as const;
export const isVisitor = (queryClient: QueryClient): boolean => queryClient.getQueryData(visitorKey) === true;
export const noteVisitor = (queryClient: QueryClient): void => void queryClient.setQueryData(visitorKey, true);

/** Loads the user of the new session, which the guards of the routes check. */
export async function enter(queryClient: QueryClient): Promise<User> {
  session.reset();
  queryClient.removeQueries({ queryKey: visitorKey });
  const user = await queryClient.fetchQuery({ ...meQuery, staleTime: 0 });
  void queryClient.invalidateQueries({ queryKey: configQuery.queryKey });
  return user;
}

export async function signOut(queryClient: QueryClient): Promise<void> {
  // A 401 means that the session has already ended.
  await api.auth.logout().catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  });
  session.reset();
  queryClient.clear();
}

/** Completes a sign-in that requires two-factor authentication. */
export const verifyCode = (temp_token: string, given: { code: string } | { recovery_code: string }) =>
  api.auth.twoFactorVerify({ body: { temp_token, ...given } });
export const resendCode = (temp_token: string) => api.auth.twoFactorResend({ body: { temp_token } });
