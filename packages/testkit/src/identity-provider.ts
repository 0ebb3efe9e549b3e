import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The user signed in at the provider. */
export interface IdentityUser {
  id: number;
  email: string;
  isEmailVerified: boolean;
  name: string | null;
  picture: string | null;
}

export interface IdentityProvider {
  /** The OpenID Connect issuer and the base URL of GitHub: one server plays both. */
  url: string;
  /** GitHub's API. */
  apiUrl: string;
  clientId: string;
  clientSecret: string;
  /** Changes who signs in next. */
  be(person: Partial<IdentityUser>): void;
  /** How a broken or malicious provider behaves from now on; `{}` ends it. */
  misbehave(how: Misbehaviour): void;
  /** The next consent page responds with `access_denied`. */
  denyNext(): void;
  /** Acts as the browser: opens the consent page and returns the redirect. */
  consent(authorizationUrl: string): Promise<URL>;
  /** Every request to a token endpoint, in order. */
  redemptions: URLSearchParams[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Misbehaviour {
  /** Claims that differ from the correct ones; `undefined` omits one. */
  claims?: Record<string, unknown>;
  /** Signs the ID token with another key. */
  isForged?: boolean;
  /** Status of the token endpoint. */
  tokenStatus?: number;
  /** Email addresses in GitHub's API. */
  emails?: { email: string; primary: boolean; verified: boolean }[];
}

interface Grant {
  person: IdentityUser;
  challenge: string;
  redirectUri: string;
  nonce: string | null;
  scope: string;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("base64url");
const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * A provider for OpenID Connect (discovery, code flow, PKCE, signed ID tokens) and GitHub's OAuth with its user API. As strict as the real
 * ones: single-use codes, PKCE verifier, client secret and redirect URL are checked.
 */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const clientId = "studio-client";
  const clientSecret = randomBytes(16).toString("hex");
  const foreignKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  let odd: Misbehaviour = {};
  const grants = new Map<string, Grant>();
  const tokens = new Map<string, Grant>();
  const redemptions: URLSearchParams[] = [];
  let person: IdentityUser = { id: 4711, email: "ada@example.org", isEmailVerified: true, name: "Ada Lovelace", picture: null };
  let isDenying = false;
  let url = "";

  const send = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

  const identityOf = ({ person: who, nonce }: Grant) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: url,
      aud: clientId,
      sub: String(who.id),
      iat: now,
      exp: now + 300,
      ...(nonce !== null && { nonce }),
      email: who.email,
      email_verified: who.isEmailVerified,
      ...(who.name !== null && { name: who.name }),
      ...(who.picture !== null && { picture: who.picture }),
      ...odd.claims,
    };
    const head = `${json({ alg: "RS256", typ: "JWT", kid: "one" })}.${json(claims)}`;
    return `${head}.${createSign("RSA-SHA256")
      .update(head)
      .sign(odd.isForged ? foreignKey : privateKey)
      .toString("base64url")}`;
  };

  const authorize = (query: URLSearchParams, response: ServerResponse) => {
    const back = new URL(query.get("redirect_uri") ?? "");
    const state = query.get("state");
    if (state !== null) back.searchParams.set("state", state);
    if (query.get("client_id") !== clientId || query.get("response_type") !== "code" || query.get("code_challenge_method") !== "S256")
      return send(response, 400, { error: "invalid_request" });
    if (isDenying) {
      isDenying = false;
      back.searchParams.set("error", "access_denied");
    } else {
      const code = randomBytes(16).toString("hex");
      grants.set(code, {
        person,
        challenge: query.get("code_challenge") ?? "",
        redirectUri: query.get("redirect_uri") ?? "",
        nonce: query.get("nonce"),
        scope: query.get("scope") ?? "",
      });
      back.searchParams.set("code", code);
    }
    return response.writeHead(302, { location: back.href }).end();
  };

  const redeem = async (request: IncomingMessage, response: ServerResponse, isGitHub: boolean) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const form = new URLSearchParams(text);
    redemptions.push(form);
    if (odd.tokenStatus !== undefined) return send(response, odd.tokenStatus, { error: "server_error" });
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    const [user, secret] = basic
      ? Buffer.from(basic, "base64").toString().split(":").map(decodeURIComponent)
      : [form.get("client_id"), form.get("client_secret")];
    const grant = grants.get(form.get("code") ?? "");
    grants.delete(form.get("code") ?? "");
    const isRight =
      user === clientId &&
      secret === clientSecret &&
      grant !== undefined &&
      sha256(form.get("code_verifier") ?? "") === grant.challenge &&
      form.get("redirect_uri") === grant.redirectUri;
    // GitHub sends errors with status 200.
    if (!isRight) return send(response, isGitHub ? 200 : 400, { error: isGitHub ? "bad_verification_code" : "invalid_grant" });
    const access_token = randomBytes(16).toString("hex");
    tokens.set(access_token, grant);
    return send(response, 200, {
      access_token,
      token_type: "bearer",
      scope: grant.scope,
      ...(!isGitHub && { expires_in: 300, id_token: identityOf(grant) }),
    });
  };

  const api = (path: string, request: IncomingMessage, response: ServerResponse) => {
    const grant = tokens.get(/^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "");
    if (!grant) return send(response, 401, { message: "Bad credentials" });
    const { id, name, picture, email, isEmailVerified } = grant.person;
    if (path === "/userinfo")
      return send(response, 200, { sub: String(id), email, email_verified: isEmailVerified, ...(name !== null && { name }) });
    if (path === "/api/v3/user") return send(response, 200, { id, login: `user-${id}`, name, avatar_url: picture });
    if (odd.emails) return send(response, 200, odd.emails);
    return send(response, 200, [
      { email: `${id}+user@noreply.example.org`, primary: false, verified: false, visibility: null },
      { email, primary: true, verified: isEmailVerified, visibility: "private" },
    ]);
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    switch (`${request.method} ${pathname}`) {
      case "GET /.well-known/openid-configuration":
        return send(response, 200, {
          issuer: url,
          authorization_endpoint: `${url}/authorize`,
          token_endpoint: `${url}/token`,
          jwks_uri: `${url}/keys`,
          userinfo_endpoint: `${url}/userinfo`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
          code_challenge_methods_supported: ["S256"],
        });
      case "GET /keys":
        return send(response, 200, { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" }] });
      case "GET /authorize":
      case "GET /login/oauth/authorize":
        return authorize(searchParams, response);
      case "POST /token":
        return void redeem(request, response, false);
      case "POST /login/oauth/access_token":
        return void redeem(request, response, true);
      case "GET /userinfo":
      case "GET /api/v3/user":
      case "GET /api/v3/user/emails":
        return api(pathname, request, response);
      default:
        return send(response, 404, { message: "Not Found" });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const close = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  return {
    url,
    apiUrl: `${url}/api/v3`,
    clientId,
    clientSecret,
    be: (change) => void (person = { ...person, ...change }),
    misbehave: (how) => void (odd = how),
    denyNext: () => void (isDenying = true),
    consent: async (authorizationUrl) => {
      const response = await fetch(authorizationUrl, { redirect: "manual" });
      const location = response.headers.get("location");
      if (response.status !== 302 || location === null) throw new Error(`the consent page answered ${response.status}`);
      return new URL(location);
    },
    redemptions,
    close,
    [Symbol.asyncDispose]: close,
  };
}
