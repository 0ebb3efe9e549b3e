import type { RemoteProvider } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { Granted, TokenRenewal, DeploymentTokens } from "../deployment-credentials/index.ts";
import { AppError } from "../../../platform/errors.ts";
import { valueAt, createProviderClient, ProviderError, textAt, type ProviderClient } from "../deployments/index.ts";

/** The account a token belongs to, as reported by the provider. */
export interface ProviderAccount {
  metadata: Record<string, string | undefined>;
  /** The user has several teams and has not selected one. */
  hasChoice: boolean;
}
/** One provider's authorization code flow. Throws `ProviderError`. */
export interface ProviderOauthApp {
  authorizationUrl(input: { state: string; challenge: string }): string;
  redeem(input: { code: string; verifier: string }): Promise<Granted & { team_id?: string }>;
  accountOf(token: string, teamId: string | undefined): Promise<ProviderAccount>;
  renew?(refreshToken: string): Promise<Granted>;
  revoke?(tokens: DeploymentTokens): Promise<void>;
}
export type OauthApps = Partial<Record<RemoteProvider, ProviderOauthApp>>;

type AppConfig = Config["deployProviders"]["vercel"];
const callMs = 15_000;
const scope = "openid email profile offline_access";
const revokeMs = 5000;

/** Providers for which OAuth is configured. */
export function createOauthApps({ vercel, netlify }: Config["deployProviders"], outbound: Outbound): OauthApps {
  const isSetUp = ({ clientId, clientSecret, redirectUri }: AppConfig) =>
    clientId !== "" && clientSecret !== undefined && redirectUri !== "";
  return {
    ...(isSetUp(vercel) && { vercel: vercelApp(vercel, outbound) }),
    ...(isSetUp(netlify) && { netlify: netlifyApp(netlify, outbound) }),
  };
}

/** Renews and revokes tokens of these apps. */
export const tokenRenewalOf = (apps: OauthApps): TokenRenewal => ({
  isAvailable: (provider) => apps[provider] !== undefined,
  renew: async (provider, refreshToken) => {
    try {
      return await apps[provider]?.renew?.(refreshToken);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      // A rejection is final; anything else may be temporary.
      if (error.kind === "refused" || error.kind === "auth" || error.kind === "forbidden") return undefined;
      throw new AppError("bad_gateway", "The provider is not reachable, so the connection was not renewed. Try again in a minute.", {
        cause: error,
      });
    }
  },
  revoke: async (provider, tokens) => apps[provider]?.revoke?.(tokens),
});

function vercelApp(config: AppConfig, outbound: Outbound): ProviderOauthApp {
  const client = (token?: string) => clientOf("Vercel", config.apiUrl, outbound, token);
  const secrets = { client_id: config.clientId, client_secret: config.clientSecret?.reveal() ?? "" };
  const requestTokens = async (form: Record<string, string>) =>
    grantedOf(
      "Vercel",
      (
        await client().call("/login/oauth/token", {
          method: "POST",
          form: { ...form, ...secrets },
          retry: "if-unprocessed",
          timeoutMs: callMs,
        })
      ).body,
    );
  return {
    // `offline_access` requests a refresh token; permissions are part of the app's configuration.
    authorizationUrl: ({ state, challenge }) =>
      addressOf(config, state, { code_challenge: challenge, code_challenge_method: "S256", scope }),
    redeem: ({ code, verifier }) =>
      requestTokens({ grant_type: "authorization_code", code, code_verifier: verifier, redirect_uri: config.redirectUri }),
    renew: (refresh_token) => requestTokens({ grant_type: "refresh_token", refresh_token }),
    revoke: async ({ access_token, refresh_token }) => {
      for (const token of [refresh_token, access_token])
        if (token !== undefined)
          await client().call("/login/oauth/token/revoke", {
            method: "POST",
            form: { token, ...secrets },
            retry: "never",
            timeoutMs: revokeMs,
          });
    },
    accountOf: async (token, teamId) => {
      const own = client(token);
      if (teamId !== undefined) {
        const name = await own
          .call(`/v2/teams/${encodeURIComponent(teamId)}`, callOptions)
          .then(({ body }) => textAt(body, "name"), ignoreProviderError);
        return { metadata: { team_id: teamId, account_name: name }, hasChoice: false };
      }
      const [user, teams] = await Promise.all([
        own.call("/v2/user", callOptions).then(({ body }) => textAt(body, "user", "username"), ignoreProviderError),
        own.call("/v2/teams", callOptions).then(({ body }) => valueAt(body, "teams"), ignoreProviderError),
      ]);
      return { metadata: { account_name: user }, hasChoice: Array.isArray(teams) && teams.length > 0 };
    },
  };
}

function netlifyApp(config: AppConfig, outbound: Outbound): ProviderOauthApp {
  const { origin } = new URL(config.apiUrl);
  return {
    authorizationUrl: ({ state }) => addressOf(config, state, {}),
    redeem: async ({ code }) => {
      const form = {
        grant_type: "authorization_code",
        code,
        client_id: config.clientId,
        client_secret: config.clientSecret?.reveal() ?? "",
        redirect_uri: config.redirectUri,
      };
      const { body } = await clientOf("Netlify", origin, outbound).call("/oauth/token", {
        method: "POST",
        form,
        retry: "if-unprocessed",
        timeoutMs: callMs,
      });
      return grantedOf("Netlify", body);
    },
    accountOf: async (token) => {
      const body = await clientOf("Netlify", config.apiUrl, outbound, token)
        .call("/user", callOptions)
        .then((response) => response.body, ignoreProviderError);
      return { metadata: { account_name: textAt(body, "full_name") || textAt(body, "email") }, hasChoice: false };
    },
  };
}

const callOptions = { retry: "never", timeoutMs: callMs } as const;
/** The account name is optional: connect without it. */
const ignoreProviderError = (error: unknown): undefined => {
  if (!(error instanceof ProviderError)) throw error;
  return undefined;
};
const clientOf = (name: string, baseUrl: string, outbound: Outbound, token?: string): ProviderClient =>
  createProviderClient({
    name,
    baseUrl,
    outbound,
    retry: { tries: 2, firstMs: 500, maxWaitMs: 5000 },
    reasonOf: (body) => ({ message: textAt(body, "error_description") ?? textAt(body, "error"), code: textAt(body, "error") }),
    ...(token !== undefined && { token }),
  });

function addressOf({ authorizeUrl, clientId, redirectUri }: AppConfig, state: string, more: Record<string, string>): string {
  const url = new URL(authorizeUrl);
  const query = { client_id: clientId, redirect_uri: redirectUri, state, response_type: "code", ...more };
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  return url.href;
}

function grantedOf(provider: string, body: unknown): Granted & { team_id?: string } {
  const access_token = textAt(body, "access_token");
  if (!access_token) throw new ProviderError("refused", `${provider} returned no access token.`);
  const refresh_token = textAt(body, "refresh_token");
  const team_id = textAt(body, "team_id");
  const seconds = Number(textAt(body, "expires_in"));
  return {
    access_token,
    ...(refresh_token !== undefined && { refresh_token }),
    ...(team_id !== undefined && { team_id }),
    ...(Number.isFinite(seconds) && seconds > 0 && { expiresInSeconds: seconds }),
  };
}
