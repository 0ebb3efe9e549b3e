import type { QueryClient } from "@tanstack/react-query";
import { queryOptions } from "@tanstack/react-query";
import { ApiError } from "@tesslate/contract/client";
import type { LoginResponse } from "@tesslate/contract";
import { api, session } from "../../api.ts";
import { meQuery } from "../users/users.queries.ts";

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
  await api.auth.logout();
  session.reset();
  queryClient.clear();
}

// accounts-projects 2: the second step. The route table does not carry these two yet, so they are spelled here.
async function post(path: string, body: unknown): Promise<unknown> {
  const response = await session.fetch(path, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiError(response.status, answer as ConstructorParameters<typeof ApiError>[1], response.headers);
  return answer;
}
export const verifyCode = (temp_token: string, code: string): Promise<LoginResponse> =>
  post("/api/auth/2fa/verify", { temp_token, code }) as Promise<LoginResponse>;
export const resendCode = (temp_token: string): Promise<unknown> => post("/api/auth/2fa/resend", { temp_token });
