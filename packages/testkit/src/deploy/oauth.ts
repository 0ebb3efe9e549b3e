import { createHash, randomBytes } from "node:crypto";
import type { Endpoint, Reply } from "./provider.ts";

/** The OAuth side of a provider: an app, its consent page, single-use codes and refresh tokens. */
export interface OauthApp {
  clientId: string;
  clientSecret: string;
  /** Acts as the browser at the consent page and returns the redirect. */
  consent(authorizationUrl: string, how?: { deny?: string }): URL;
  /** Expires all access tokens. */
  expire(): void;
  /** Granted refreshes. */
  refreshes: number;
  /** Refresh tokens that were used twice. */
  replays: number;
  revoked: string[];
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("base64url");
const denied = (error: string, error_description: string): Reply => ({ status: 400, body: { error, error_description } });

export function createOauthApp({
  tokens,
  takes,
  lifetimeSeconds,
  authorizeRoute,
  tokenRoute,
  revokeRoute,
  extra,
}: {
  tokens: () => Set<string>;
  /** Body format of the token endpoint. */
  takes: "form" | "json";
  /** Of access tokens; unset: they do not expire and there are no refresh tokens. */
  lifetimeSeconds?: number;
  authorizeRoute: string;
  tokenRoute: string;
  revokeRoute?: string;
  /** Additional fields in token responses. */
  extra?: () => Record<string, unknown>;
}): { app: OauthApp; endpoints: Endpoint[] } {
  const codes = new Map<string, { challenge: string | null; redirectUri: string }>();
  const refreshable = new Map<string, boolean>();
  let given: string[] = [];
  const app: OauthApp = {
    clientId: `cl_${randomBytes(6).toString("hex")}`,
    clientSecret: randomBytes(16).toString("hex"),
    refreshes: 0,
    replays: 0,
    revoked: [],
    expire: () => {
      for (const token of given) tokens().delete(token);
      given = [];
    },
    consent: (address, { deny } = {}) => {
      const { searchParams: query } = new URL(address);
      if (query.get("client_id") !== app.clientId || query.get("response_type") !== "code") throw new Error("not a request of this app");
      if (lifetimeSeconds !== undefined && query.get("code_challenge_method") !== "S256") throw new Error("PKCE is needed");
      if (query.has("code_verifier")) throw new Error("the verifier is in the address");
      const back = new URL(query.get("redirect_uri") ?? "");
      back.searchParams.set("state", query.get("state") ?? "");
      if (deny !== undefined) {
        back.searchParams.set("error", "access_denied");
        back.searchParams.set("error_description", deny);
        return back;
      }
      const code = randomBytes(12).toString("hex");
      codes.set(code, { challenge: query.get("code_challenge"), redirectUri: query.get("redirect_uri") ?? "" });
      back.searchParams.set("code", code);
      return back;
    },
  };
  const fresh = (): Reply => {
    const access_token = `oat_${randomBytes(12).toString("hex")}`;
    tokens().add(access_token);
    given.push(access_token);
    const refresh_token = `ort_${randomBytes(12).toString("hex")}`;
    if (lifetimeSeconds !== undefined) refreshable.set(refresh_token, true);
    return {
      status: 200,
      body: {
        access_token,
        token_type: "Bearer",
        ...(lifetimeSeconds !== undefined && { expires_in: lifetimeSeconds, refresh_token }),
        ...extra?.(),
      },
    };
  };
  const redeem = (form: URLSearchParams): Reply => {
    if (form.get("client_id") !== app.clientId || form.get("client_secret") !== app.clientSecret)
      return denied("invalid_client", "unknown app");
    if (form.get("grant_type") === "refresh_token") {
      const presented = form.get("refresh_token") ?? "";
      if (refreshable.get(presented) === false) app.replays += 1;
      if (refreshable.get(presented) !== true) return denied("invalid_grant", "the refresh token is used up");
      refreshable.set(presented, false);
      app.refreshes += 1;
      return fresh();
    }
    const code = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    if (form.get("grant_type") !== "authorization_code" || !code) return denied("invalid_grant", "the code is not valid");
    if (code.redirectUri !== form.get("redirect_uri")) return denied("invalid_grant", "another redirect_uri");
    if (code.challenge !== null && sha256(form.get("code_verifier") ?? "") !== code.challenge)
      return denied("invalid_grant", "the verifier does not fit");
    return fresh();
  };
  const wanted = takes === "form" ? /^application\/x-www-form-urlencoded/ : /^application\/json/;
  const endpoints: Endpoint[] = [
    {
      route: authorizeRoute,
      query: ["client_id", "redirect_uri", "state", "response_type", "code_challenge", "code_challenge_method", "scope"],
      isOpen: true,
      answer: ({ query }) => ({ status: 302, headers: { location: app.consent(`http://consent/?${query.toString()}`).href } }),
    },
    {
      route: tokenRoute,
      isOpen: true,
      answer: ({ headers, body }) => {
        if (!wanted.test(headers["content-type"] ?? "")) return denied("invalid_request", "content type");
        const form =
          takes === "form"
            ? new URLSearchParams(body.toString())
            : new URLSearchParams(JSON.parse(body.toString()) as Record<string, string>);
        return redeem(form);
      },
    },
    ...(revokeRoute === undefined
      ? []
      : [
          {
            route: revokeRoute,
            isOpen: true,
            answer: ({ body }: { body: Buffer }) => {
              const token = new URLSearchParams(body.toString()).get("token") ?? "";
              app.revoked.push(token);
              tokens().delete(token);
              if (refreshable.has(token)) refreshable.set(token, false);
              return { status: 200, body: {} };
            },
          },
        ]),
  ];
  return { app, endpoints };
}
