import type { Static, TSchema } from "typebox";
import { Value } from "typebox/value";
import { AppError, conflict, badRequest, notFound } from "../../../platform/errors.ts";
import { isRateLimited, retryAfterOf } from "../../../platform/outbound-retries.ts";
import type { Browsing, GitProviderDriver, ProviderApi, TokenUse } from "./provider.ts";

const timeoutMs = 30_000;

/** A token as it is now, and how to get another one when the host refuses it: undefined when there is none. */
export interface TokenSource {
  current: TokenUse;
  renew(): Promise<TokenUse | undefined>;
  /** The host took it. */
  taken?(): Promise<void>;
}

/**
 * An account's calls of a provider's API. A 401 renews the token once. Throws `provider_token_expired`, `rate_limited`, `not_found`, `conflict`,
 * `bad_request`, `bad_gateway`; never with the provider's own words.
 */
export function createProviderApi({
  driver: { displayName },
  browsing,
  baseUrl,
  apiUrl,
  source,
  fetch,
}: {
  driver: Pick<GitProviderDriver, "displayName">;
  browsing: Browsing;
  baseUrl: string;
  apiUrl: string;
  source: TokenSource;
  /** Tries again by itself what may be tried again. */
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
      throw new AppError("bad_gateway", `${displayName} cannot be reached at the moment.`, { cause: error });
    });
  const call = async (path: string, init: RequestInit): Promise<Response> => {
    const url = path.startsWith("/") ? apiUrl + path : path;
    // The address of a next page is the other side's to write: the token goes to its own API alone.
    if (!url.startsWith(`${apiUrl}/`) || URL.parse(url)?.origin !== new URL(apiUrl).origin)
      throw new AppError("bad_gateway", `${displayName} pointed to another host.`);
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
      throw new AppError("bad_gateway", `${displayName} answered something that was not understood.`, { cause });
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
  conflict("provider_token_expired", `${displayName} refused the stored account: its token has expired or was revoked. Connect it again.`);

async function failureOf(response: Response, displayName: string): Promise<AppError> {
  const { status } = response;
  // Looked at, never shown.
  const said = await response.text().catch(() => "");
  if (isRateLimited(response))
    return new AppError("rate_limited", `${displayName} had too many calls. Wait a while, then try again.`, {
      retryAfterSeconds: retryAfterOf(response) ?? 60,
    });
  if (status === 403)
    return conflict("provider_token_expired", `${displayName} does not let the connected account do this: its token lacks a permission.`, {
      lacks_permission: true,
    });
  if (status === 404) return notFound("Repository");
  if (status >= 500 || status < 400) return new AppError("bad_gateway", `${displayName} does not work at the moment.`);
  return /already (exists|been taken)|same name|already exist/i.test(said) || status === 409
    ? conflict("conflict", `${displayName} has one of that kind already.`)
    : badRequest(`${displayName} did not accept this.`);
}
