import * as client from "openid-client";
import { Type } from "typebox";
import { Value } from "typebox/value";
import type { SignInProvider } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import type { Outbound } from "../../../platform/outbound.ts";

/** The user's profile at the provider. */
export interface Profile {
  account_id: string;
  email: string | undefined;
  /** The provider has verified the email. */
  isEmailVerified: boolean;
  name: string | null;
  avatar_url: string | null;
}

/** A provider of the authorization code flow with PKCE. Any error means that the sign-in failed. */
export interface OAuthProvider {
  authorizationUrl(input: { state: string; nonce: string; challenge: string; scopes: readonly string[] }): Promise<string>;
  /** `answer`: the query of the callback. */
  redeem(input: { answer: URLSearchParams; state: string; nonce: string; verifier: string }): Promise<Profile>;
}

const callMs = 15_000;
const maxAnswerBytes = 1024 * 1024;

/** Names of the providers that people can sign in with. */
export const configuredProviders = ({ google, github, oidc }: Config["auth"]["oauth"]): SignInProvider[] => [
  ...(google.clientId && google.clientSecret ? (["google"] as const) : []),
  ...(github.clientId && github.clientSecret ? (["github"] as const) : []),
  ...(oidc.clientId && oidc.issuer ? (["oidc"] as const) : []),
];

/** The configured providers. */
export function createProviders({
  config,
  outbound,
}: {
  config: Config["auth"]["oauth"];
  outbound: Outbound;
}): Partial<Record<SignInProvider, OAuthProvider>> {
  const fetch = outbound.limited({ timeoutMs: callMs, maxBytes: maxAnswerBytes });
  const { google, github, oidc } = config;
  const create: Record<SignInProvider, () => OAuthProvider> = {
    google: () => openIdProvider({ ...google, trustsEmail: false, isSubjectGlobal: true }, fetch),
    github: () => gitHubProvider(github, fetch),
    oidc: () => openIdProvider({ ...oidc, isSubjectGlobal: false }, fetch),
  };
  return Object.fromEntries(configuredProviders(config).map((name) => [name, create[name]()]));
}

type Fetch = typeof globalThis.fetch;
const isPlainHttp = (url: string) => url.startsWith("http:");

interface OpenIdConfig extends Pick<Config["auth"]["oauth"]["google"], "clientId" | "clientSecret" | "redirectUri" | "issuer"> {
  /** Emails count as verified unless the provider says otherwise. */
  trustsEmail: boolean;
  /** User ids are globally unique; otherwise they are only unique per issuer. */
  isSubjectGlobal: boolean;
}

function openIdProvider(config: OpenIdConfig, fetch: Fetch): OAuthProvider {
  let discovering: Promise<client.Configuration> | undefined;
  /** Cached; a failure is not cached. */
  const discover = () =>
    (discovering ??= client
      .discovery(new URL(config.issuer), config.clientId, undefined, authenticationOf(config), {
        [client.customFetch]: fetch as client.CustomFetch,
        // Verify ID token signatures even over TLS, in case an intercepting proxy is compromised.
        execute: [client.enableNonRepudiationChecks, ...(isPlainHttp(config.issuer) ? [client.allowInsecureRequests] : [])],
      })
      .catch((error: unknown) => {
        discovering = undefined;
        throw error;
      }));
  return {
    authorizationUrl: async ({ state, nonce, challenge, scopes }) =>
      client.buildAuthorizationUrl(await discover(), {
        redirect_uri: config.redirectUri,
        scope: scopeOf(["openid", "email", "profile"], scopes),
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: "S256",
      }).href,
    redeem: async ({ answer, state, nonce, verifier }) => {
      const tokens = await client.authorizationCodeGrant(await discover(), addressOf(config.redirectUri, answer), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const identity = tokens.claims();
      if (!identity) throw new Error("the provider sent no identity");
      const { iss, sub } = identity;
      const server = await discover();
      // Some providers omit the profile from the ID token and only return it from the userinfo endpoint.
      const isThin = identity["email"] === undefined && server.serverMetadata().userinfo_endpoint !== undefined;
      const { email, email_verified, name, picture } = isThin ? await client.fetchUserInfo(server, tokens.access_token, sub) : identity;
      return {
        account_id: config.isSubjectGlobal ? sub : `${iss} ${sub}`,
        email: typeof email === "string" ? email : undefined,
        isEmailVerified: email_verified === true || email_verified === "true" || (config.trustsEmail && email_verified === undefined),
        name: typeof name === "string" ? name : null,
        avatar_url: typeof picture === "string" ? picture : null,
      };
    },
  };
}

const GitHubUser = Type.Object({
  id: Type.Integer(),
  login: Type.String(),
  name: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  avatar_url: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
const GitHubEmails = Type.Array(Type.Object({ email: Type.String(), primary: Type.Boolean(), verified: Type.Boolean() }));

function gitHubProvider(config: Config["auth"]["oauth"]["github"], fetch: Fetch): OAuthProvider {
  const server = new client.Configuration(
    {
      issuer: config.baseUrl,
      authorization_endpoint: `${config.baseUrl}/login/oauth/authorize`,
      token_endpoint: `${config.baseUrl}/login/oauth/access_token`,
    },
    config.clientId,
    config.clientSecret?.reveal(),
  );
  server[client.customFetch] = fetch as client.CustomFetch;
  if (isPlainHttp(config.baseUrl)) client.allowInsecureRequests(server);
  const fetchJson = async (path: string, token: string): Promise<unknown> => {
    const response = await fetch(`${config.apiUrl}${path}`, {
      headers: { accept: "application/vnd.github+json", authorization: `Bearer ${token}`, "user-agent": "tesslate-studio" },
    });
    if (!response.ok) throw new Error(`GitHub answered ${response.status} to ${path}`);
    return response.json();
  };
  return {
    authorizationUrl: async ({ state, challenge, scopes }) =>
      client.buildAuthorizationUrl(server, {
        redirect_uri: config.redirectUri,
        scope: scopeOf(["user:email", "read:user"], scopes),
        state,
        code_challenge: challenge,
        code_challenge_method: "S256",
      }).href,
    redeem: async ({ answer, state, verifier }) => {
      const { access_token } = await client.authorizationCodeGrant(server, addressOf(config.redirectUri, answer), {
        pkceCodeVerifier: verifier,
        expectedState: state,
      });
      const [user, emails] = await Promise.all([fetchJson("/user", access_token), fetchJson("/user/emails", access_token)]);
      const { id, login, name, avatar_url } = Value.Parse(GitHubUser, user);
      const known = Value.Parse(GitHubEmails, emails);
      const chosen = known.find((e) => e.primary && e.verified) ?? known.find((e) => e.verified) ?? known.find((e) => e.primary);
      return {
        account_id: String(id),
        email: chosen?.email,
        isEmailVerified: chosen?.verified === true,
        name: name ?? login,
        avatar_url: avatar_url ?? null,
      };
    },
  };
}

const authenticationOf = ({ clientSecret }: Pick<OpenIdConfig, "clientSecret">) =>
  clientSecret ? client.ClientSecretPost(clientSecret.reveal()) : client.None();
const scopeOf = (own: string[], more: readonly string[]) => [...new Set([...own, ...more])].join(" ");
function addressOf(redirectUri: string, answer: URLSearchParams): URL {
  const url = new URL(redirectUri);
  url.search = answer.toString();
  return url;
}
