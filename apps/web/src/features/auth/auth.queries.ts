import { ApiError } from "@tesslate/client/core";
import type { QueryClient } from "@tanstack/react-query";
import { queryOptions } from "@tanstack/react-query";
import { api, session } from "../../api.ts";
import { meQuery } from "../users/index.ts";

/** What the sign-in pages must know before anyone is signed in. */
export const configQuery = queryOptions({
  queryKey: ["system", "config"],
  queryFn: ({ signal }) => api.system.config(undefined, { signal }),
  staleTime: 5 * 60_000,
});

/** Loads the user of the new session, so that the guard lets the next page through. */
export async function enter(queryClient: QueryClient): Promise<void> {
  session.reset();
  await queryClient.fetchQuery({ ...meQuery, staleTime: 0 });
  void queryClient.invalidateQueries({ queryKey: configQuery.queryKey });
}

export async function signOut(queryClient: QueryClient): Promise<void> {
  // Of a session that is over already there is nothing left to end.
  await api.auth.logout().catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  });
  session.reset();
  queryClient.clear();
}

/** The second step of signing in. */
export const verifyCode = (temp_token: string, given: { code: string } | { recovery_code: string }) =>
  api.auth.twoFactorVerify({ body: { temp_token, ...given } });
export const resendCode = (temp_token: string) => api.auth.twoFactorResend({ body: { temp_token } });
