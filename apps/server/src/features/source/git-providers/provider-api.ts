import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { AppError, conflict, badRequest, notFound } from "../../../platform/errors.ts";
import { isRateLimited, retryAfterOf } from "../../../platform/outbound-retries.ts";
import type { Browsing, GitProviderAdapter, ProviderApi, TokenUse } from "./provider.ts";

const timeoutMs = 30_000;

/** The current token, and how to renew it when the host rejects it: undefined when that is impossible. */
export interface TokenSource {
  current: TokenUse;
  renew(): Promise<TokenUse | undefined>;
  /** Called when the host accepted it. */
  taken?(): Promise<void>;
}

/**
 * API calls with an account. A 401 renews the token once. Throws `provider_token_expired`, `rate_limited`, `not_found`, `conflict`,
 * `bad_request`, `bad_gateway`; never with the provider's own message.
 */
export function createProviderApi({
  adapter: { displayName },
  browsing,
  baseUrl,
  apiUrl,
  source,
  fetch,
}: {
  adapter: Pick<GitProviderAdapter, "displayName">;
  browsing: Browsing;
  baseUrl: string;
  apiUrl: string;
  source: TokenSource;
  /** Retries on its own where that is safe. */
  fetch: typeof globalThis.fetch;
}): ProviderApi {
  const send = (url: string, init: RequestInit, use: TokenUse): Promise<Response> =>
    fetch(url, {
      ...init,
      headers: {
        accept: "application/json",
        "user-agent": "tesslate-studio",
        ...browsing.headers,
        ...(init.headers as Record<string, string> | undefined),
        authorization: browsing.authorization?.(use) ?? `Bearer ${use.token}`,
      },
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      if (error instanceof AppError) throw error;
      throw new AppError("bad_gateway", `${displayName} is not reachable right now. Try again in a minute.`, { cause: error });
    });
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const url = path.startsWith("/") ? apiUrl + path : path;
    // Next-page URLs come from the provider: send the token to its own API only.
    if (!url.startsWith(`${apiUrl}/`) || URL.parse(url)?.origin !== new URL(apiUrl).origin)
      throw new AppError("bad_gateway", `${displayName} returned a link to another host.`);
    let response = await send(url, init, source.current);
    if (response.status === 401) {
      await response.body?.cancel();
      const renewed = await source.renew();
      if (!renewed) throw refused(displayName);
      response = await send(url, init, renewed);
      if (response.status === 401) throw refused(displayName);
    }
    if (response.ok) await source.taken?.();
    return response;
  };
  const read = async <S extends TSchema>(response: Response, schema: S): Promise<Static<S>> => {
    if (!response.ok) throw await failureOf(response, displayName);
    try {
      const text = await response.text();
      return Value.Parse(schema, text === "" ? {} : (JSON.parse(text) as unknown));
    } catch (cause) {
      throw new AppError("bad_gateway", `${displayName} returned an unexpected response.`, { cause });
    }
  };
  return {
    baseUrl,
    get: async (path, schema) => {
      const response = await call(path, { method: "GET" });
      return { body: await read(response, schema), headers: response.headers };
    },
    find: async (path, schema) => {
      const response = await call(path, { method: "GET" });
      const isHidden = response.status === 404 || (response.status === 403 && !isRateLimited(response));
      if (!isHidden) return read(response, schema);
      await response.body?.cancel();
      return undefined;
    },
    post: async (path, body, schema) => {
      const isForm = body instanceof URLSearchParams;
      const init: RequestInit = isForm ? { body } : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      return read(await call(path, { ...init, method: "POST" }), schema);
    },
  };
}

export const refused = (displayName: string) =>
  conflict("provider_token_expired", `${displayName} rejected the stored token: it has expired or was revoked. Connect the account again.`);

async function failureOf(response: Response, displayName: string): Promise<AppError> {
  const { status } = response;
  // Inspected, never shown.
  const text = await response.text().catch(() => "");
  if (isRateLimited(response))
    return new AppError("rate_limited", `${displayName} rate limit reached. Wait a few minutes, then try again.`, {
      retryAfterSeconds: retryAfterOf(response) ?? 60,
    });
  if (status === 403)
    return conflict("provider_token_expired", `${displayName} denied access: the connected account's token lacks a permission.`, {
      lacks_permission: true,
    });
  if (status === 404) return notFound("Repository");
  if (status >= 500 || status < 400) return new AppError("bad_gateway", `${displayName} is currently unavailable. Try again in a minute.`);
  return /already (exists|been taken)|same name|already exist/i.test(text) || status === 409
    ? conflict("conflict", `${displayName} already has one with that name.`)
    : badRequest(`${displayName} rejected the request.`);
}
