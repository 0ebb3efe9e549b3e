import * as client from "openid-client";
import { AppError } from "../../../platform/errors.ts";
import type { OauthFacts, ProviderConfig } from "./provider.ts";

export interface OauthTokens {
  access: string;
  refresh: string | undefined;
  expires_at: string | null;
  scope: string | null;
}
/** Result of a renewal: new tokens, or a refusal; `isDown` when the host was not reachable. */
export type Renewal = { tokens: OauthTokens } | { tokens: undefined; isDown: boolean };

/** A provider's authorization code flow. */
export interface OauthClient {
  authorizationUrl(input: { state: string; verifier: string; scope: string }): Promise<string>;
  /** Every error means that connecting failed. */
  redeem(input: { callback: URLSearchParams; state: string; verifier: string }): Promise<OauthTokens>;
  renew(refreshToken: string): Promise<Renewal>;
}

export function createOauthClient(facts: OauthFacts, providerConfig: ProviderConfig, fetch: typeof globalThis.fetch): OauthClient {
  const { baseUrl, clientId, clientSecret, redirectUri } = providerConfig;
  const secret = clientSecret?.reveal() ?? "";
  /** One configuration per call, to record the host's response status. */
  const open = () => {
    const server = new client.Configuration(
      { issuer: baseUrl, authorization_endpoint: baseUrl + facts.authorizePath, token_endpoint: baseUrl + facts.tokenPath },
      clientId,
      undefined,
      facts.clientAuth === "basic" ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret),
    );
    let status: number | undefined;
    server[client.customFetch] = (async (url: string, init: RequestInit) => {
      const response = await fetch(url, init);
      status = response.status;
      return response;
    }) as client.CustomFetch;
    if (baseUrl.startsWith("http:")) client.allowInsecureRequests(server);
    return { server, isDown: () => status === undefined || status >= 500 || status === 429 };
  };
  return {
    authorizationUrl: async ({ state, verifier, scope }) =>
      client.buildAuthorizationUrl(open().server, {
        redirect_uri: redirectUri,
        state,
        ...facts.extra,
        ...(!facts.hasFixedScopes && { scope }),
        ...(facts.hasPkce && { code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }),
      }).href,
    redeem: async ({ callback, state, verifier }) => {
      const address = new URL(redirectUri);
      address.search = callback.toString();
      const checks = { expectedState: state, ...(facts.hasPkce && { pkceCodeVerifier: verifier }) };
      return tokensOf(await client.authorizationCodeGrant(open().server, address, checks));
    },
    renew: async (refreshToken) => {
      const { server, isDown } = open();
      try {
        return { tokens: tokensOf(await client.refreshTokenGrant(server, refreshToken)) };
      } catch (error) {
        if (error instanceof AppError) throw error;
        return { tokens: undefined, isDown: isDown() };
      }
    },
  };
}

function tokensOf(response: client.TokenEndpointResponse): OauthTokens {
  // Bitbucket calls it `scopes`.
  const scope = response.scope ?? response["scopes"];
  const { expires_in } = response;
  return {
    access: response.access_token,
    refresh: response.refresh_token,
    expires_at: expires_in === undefined ? null : new Date(Date.now() + expires_in * 1000).toISOString(),
    scope: typeof scope === "string" && scope !== "" ? scope : null,
  };
}
