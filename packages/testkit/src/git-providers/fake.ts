import { createHash, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import { recorderOf, type PublishedProvider, type Recorder } from "../specifications/index.ts";
import { startGitHost, type Certificate, type GitCall, type GitHost, type NewRepository } from "../git-host.ts";

/** The user signed in at the provider. */
export interface FakeAccount {
  id: number;
  login: string;
  name: string;
  email: string;
}
export interface FakeRepository {
  id: number;
  /** All groups and the name: `ada/shop`. */
  fullName: string;
  description: string | null;
  isPrivate: boolean;
  language: string | null;
  stars: number;
  updatedAt: string;
  /** Listed only; cannot be cloned. */
  isHollow: boolean;
}
export interface FakePull {
  number: number;
  repo: string;
  title: string;
  body: string;
  head: string;
  base: string;
}
/** A fault for the next calls. */
export interface Failure {
  /** 0: the connection breaks. */
  status: number;
  headers?: Record<string, string>;
  /** Number of calls. Default: until `recover()`. */
  times?: number;
  /** Calls whose path matches; default: everything but pages and git. */
  path?: RegExp;
}
export interface ProviderCall {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** The body as sent. */
  text: string;
  form: URLSearchParams;
  json: Record<string, unknown>;
}
export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}
interface Token {
  kind: "oauth" | "personal";
  scope: string;
  expiresAtMs: number | undefined;
}

/** Differences between the four providers. */
export interface Dialect {
  name: "github" | "gitlab" | "bitbucket" | "gitea";
  /** Prefix of the API's paths. */
  apiPath: string;
  /** The specification to compare calls with; some providers publish none. */
  publishedAs?: PublishedProvider;
  authorizePath: string;
  tokenPath: string;
  /** Client authentication at the token endpoint. */
  clientAuth: "post" | "basic";
  hasPkce: boolean;
  /** Seconds; unset: tokens do not expire. */
  expiresIn?: number;
  rotatesRefreshTokens: boolean;
  /** Granted whatever was requested. */
  fixedScope?: string;
  /** Status of the token endpoint's errors. */
  refusalStatus: number;
  /** User names that git may send with a token. */
  gitUsers: readonly string[];
  mayPush(scope: string): boolean;
  /** Extracts the token from API headers. */
  tokenOf(headers: IncomingHttpHeaders): string | undefined;
  /** Rejections that apply to every caller. */
  refuse?(call: ProviderCall): Reply | undefined;
  unauthorized: unknown;
  /** Calls without a user: revocation. */
  open?(call: ProviderCall, provider: ProviderState): Reply | undefined;
  api(call: ProviderCall, provider: ProviderState): Reply | undefined;
}
/** State that a dialect may read and change. */
export interface ProviderState {
  url: string;
  apiUrl: string;
  clientId: string;
  clientSecret: string;
  account: FakeAccount;
  repositories: FakeRepository[];
  pulls: FakePull[];
  find(fullName: string): FakeRepository | undefined;
  add(fullName: string, repository?: NewFakeRepository): FakeRepository;
  branches(fullName: string): { name: string; sha: string }[];
  defaultBranch(fullName: string): string | null;
  commit(fullName: string, path: string, content: string): string;
  revoke(token: string): boolean;
}
export interface NewFakeRepository {
  files?: NewRepository["files"];
  description?: string | null;
  /** Default true. */
  isPrivate?: boolean;
  isHollow?: boolean;
  updatedAt?: string;
}

export interface GitProviderFake extends AsyncDisposable {
  name: Dialect["name"];
  /** `https://localhost:<port>`: pages, OAuth and git. */
  url: string;
  apiUrl: string;
  clientId: string;
  clientSecret: string;
  account: FakeAccount;
  /** All tokens it issued: access, refresh and personal ones. */
  tokens: string[];
  /** Authorization headers of git, in order; undefined when missing. */
  gitAuthorizations: (string | undefined)[];
  /** Calls compared with the provider's published specification. A call that does not match is rejected and fails `close`. */
  published: Recorder | undefined;
  /** Every call except git's: method, path, query, headers. */
  calls: ProviderCall[];
  /** Every request to the token endpoint. */
  redemptions: URLSearchParams[];
  pulls: FakePull[];
  /** Adds a repository with files; returns its clone URL. */
  add(fullName: string, repository?: NewFakeRepository): string;
  /** Adds repositories that are only listed. */
  addListed(count: number, owner?: string): void;
  git(fullName: string, ...argv: (string | GitCall)[]): string;
  /** Commits a file as someone else to a branch, default `main`. */
  commit(fullName: string, path: string, content: string, branch?: string): string;
  /** A personal access token of the account. */
  personalToken(): string;
  /** Acts as the browser: opens the consent page and returns the redirect. */
  consent(authorizationUrl: string): Promise<URL>;
  denyNext(): void;
  fail(failure: Failure): void;
  recover(): void;
  /** Invalidates all tokens, including refresh tokens. */
  revokeAll(): void;
  /** Expires access tokens; they can be renewed. */
  expireAccess(): void;
  isLive(token: string): boolean;
  /** git requests with that path prefix get no response, until the returned function is called. */
  stall(prefix: string): () => void;
  /** Redirects requests with that path prefix. */
  redirect(prefix: string, location: string): void;
  close(): Promise<void>;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("base64url");
const secret = (prefix: string) => `${prefix}${randomBytes(18).toString("hex")}`;
const basicOf = (header: string | undefined): [string, string] | undefined => {
  const coded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header ?? "")?.[1];
  if (coded === undefined) return undefined;
  const [user = "", ...rest] = Buffer.from(coded, "base64").toString().split(":");
  return [user, rest.join(":")];
};
/** `Bearer …`, and in some dialects `token …`. */
export const bearerOf = (headers: IncomingHttpHeaders, also = "Bearer"): string | undefined =>
  new RegExp(`^(?:Bearer|${also}) (\\S+)$`).exec(headers.authorization ?? "")?.[1];

/**
 * As strict as the real provider: methods, headers, paging, PKCE, single-use codes, scopes; its repositories are cloned with the tokens it
 * issued.
 */
export async function startProvider(
  dialect: Dialect,
  { certificate, account }: { certificate: Certificate; account: FakeAccount },
): Promise<GitProviderFake> {
  const clientId = secret("client-");
  const clientSecret = secret("secret-");
  const access = new Map<string, Token>();
  const refresh = new Map<string, { scope: string; access: string }>();
  const codes = new Map<string, { challenge: string | null; redirectUri: string | null; scope: string }>();
  const tokens: string[] = [];
  const gitAuthorizations: (string | undefined)[] = [];
  const calls: ProviderCall[] = [];
  const published = dialect.publishedAs && recorderOf(dialect.publishedAs);
  const redemptions: URLSearchParams[] = [];
  const repositories: FakeRepository[] = [];
  const pulls: FakePull[] = [];
  let failure: Failure | undefined;
  let isDenying = false;

  const isLive = (token: string): boolean => {
    const found = access.get(token);
    return found !== undefined && (found.expiresAtMs === undefined || found.expiresAtMs > Date.now());
  };
  const mayUse = (header: string | undefined, url: string): boolean => {
    gitAuthorizations.push(header);
    const [user, token] = basicOf(header) ?? ["", ""];
    if (!isLive(token) || !(dialect.gitUsers.includes(user) || user === account.login)) return false;
    return !url.includes("git-receive-pack") || access.get(token)?.kind === "personal" || dialect.mayPush(access.get(token)?.scope ?? "");
  };
  const issue = (kind: Token["kind"], scope: string): string => {
    const token = secret(`${dialect.name}-${kind}-`);
    const lifetime = kind === "oauth" ? dialect.expiresIn : undefined;
    access.set(token, { kind, scope, expiresAtMs: lifetime === undefined ? undefined : Date.now() + lifetime * 1000 });
    tokens.push(token);
    return token;
  };

  const authorize = ({ query }: ProviderCall): Reply => {
    const isRight =
      query.get("client_id") === clientId &&
      (dialect.name === "github" || query.get("response_type") === "code") &&
      (!dialect.hasPkce || query.get("code_challenge_method") === "S256");
    const back = URL.parse(query.get("redirect_uri") ?? "");
    if (!isRight || !back || !query.get("state")) return { status: 400, body: { error: "invalid_request" } };
    back.searchParams.set("state", query.get("state") ?? "");
    if (isDenying) back.searchParams.set("error", "access_denied");
    else {
      const code = secret("code-");
      const scope = dialect.fixedScope ?? query.get("scope") ?? "";
      codes.set(code, { challenge: query.get("code_challenge"), redirectUri: query.get("redirect_uri"), scope });
      back.searchParams.set("code", code);
    }
    isDenying = false;
    return { status: 302, headers: { location: back.href } };
  };

  const redeem = ({ form, headers }: ProviderCall): Reply => {
    redemptions.push(form);
    const refused = (error: string): Reply => ({ status: dialect.refusalStatus, body: { error, error_description: "That did not work." } });
    const [user, password] =
      dialect.clientAuth === "basic"
        ? (basicOf(headers.authorization)?.map(decodeURIComponent) ?? [])
        : [form.get("client_id"), form.get("client_secret")];
    if (user !== clientId || password !== clientSecret) return refused("invalid_client");
    let scope: string;
    let former: string | undefined;
    if (form.get("grant_type") === "refresh_token") {
      former = form.get("refresh_token") ?? "";
      const known = refresh.get(former);
      if (!known) return refused("invalid_grant");
      access.delete(known.access);
      if (dialect.rotatesRefreshTokens) refresh.delete(former);
      scope = known.scope;
    } else {
      const code = codes.get(form.get("code") ?? "");
      codes.delete(form.get("code") ?? "");
      const isRight =
        code !== undefined &&
        (dialect.name === "github" || form.get("grant_type") === "authorization_code") &&
        code.redirectUri === form.get("redirect_uri") &&
        (!dialect.hasPkce || code.challenge === sha256(form.get("code_verifier") ?? ""));
      if (!isRight) return refused(dialect.name === "github" ? "bad_verification_code" : "invalid_grant");
      scope = code.scope;
    }
    const access_token = issue("oauth", scope);
    const scopes = dialect.name === "bitbucket" ? { scopes: scope } : { scope };
    if (dialect.expiresIn === undefined) return { status: 200, body: { access_token, token_type: "bearer", ...scopes } };
    const refresh_token = former !== undefined && !dialect.rotatesRefreshTokens ? former : secret(`${dialect.name}-refresh-`);
    tokens.push(refresh_token);
    refresh.set(refresh_token, { scope, access: access_token });
    return { status: 200, body: { access_token, token_type: "bearer", expires_in: dialect.expiresIn, refresh_token, ...scopes } };
  };

  const answer = (call: ProviderCall): Reply => {
    const { method, path } = call;
    if (path === dialect.authorizePath) return method === "GET" ? authorize(call) : { status: 405 };
    if (path === dialect.tokenPath) return method === "POST" ? redeem(call) : { status: 405 };
    const refused = dialect.refuse?.(call) ?? dialect.open?.(call, state);
    if (refused) return refused;
    if (!isLive(dialect.tokenOf(call.headers) ?? "")) return { status: 401, body: dialect.unauthorized };
    return dialect.api({ ...call, path: path.slice(dialect.apiPath.length) }, state) ?? { status: 404, body: { message: "Not Found" } };
  };
  const problemsOf = ({ method, path, query, headers, text }: ProviderCall): string[] =>
    published?.record({ method, path: path.slice(dialect.apiPath.length), query, contentType: headers["content-type"], body: text }) ?? [];
  const isApi = (path: string) =>
    path === dialect.authorizePath || path === dialect.tokenPath || path.startsWith(`${dialect.apiPath}/`) || path === "/oauth/revoke";
  const serve = (request: IncomingMessage, response: ServerResponse): boolean => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "https://x");
    if (!isApi(pathname)) return false;
    void readCall(request, pathname, searchParams).then((call) => {
      calls.push(call);
      const problems = published && pathname.startsWith(`${dialect.apiPath}/`) ? problemsOf(call) : [];
      if (problems.length > 0)
        return void response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ message: problems.join("; ") }));
      const isHit = failure && (failure.path ? failure.path.test(pathname) : pathname !== dialect.authorizePath);
      if (failure && isHit) {
        const { status, headers } = failure;
        if (failure.times !== undefined && --failure.times <= 0) failure = undefined;
        if (status === 0) return void request.socket.destroy();
        return void response.writeHead(status, { "content-type": "application/json", ...headers }).end(`{"message":"no"}`);
      }
      const { status, body, headers } = answer(call);
      response.writeHead(status, { ...(body !== undefined && { "content-type": "application/json" }), ...headers });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
    return true;
  };

  const host: GitHost = await startGitHost({ certificate, serve });
  const apiUrl = host.url + dialect.apiPath;
  const state: ProviderState = {
    url: host.url,
    apiUrl,
    clientId,
    clientSecret,
    account,
    repositories,
    pulls,
    find: (fullName) => repositories.find((r) => r.fullName.toLowerCase() === fullName.toLowerCase()),
    add: (fullName, { files = {}, description = null, isPrivate = true, isHollow = false, updatedAt } = {}) => {
      if (!isHollow) host.add(fullName, { files, ...(isPrivate && { authorization: mayUse }) });
      const repository: FakeRepository = {
        id: 1000 + repositories.length,
        fullName,
        description,
        isPrivate,
        language: "TypeScript",
        stars: repositories.length,
        updatedAt: updatedAt ?? new Date(Date.UTC(2026, 0, 1) + repositories.length * 60_000).toISOString(),
        isHollow,
      };
      repositories.push(repository);
      return repository;
    },
    branches: (fullName) =>
      host
        .git(fullName, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
        .split("\n")
        .filter(Boolean)
        .map((line) => ({ name: line.split(" ")[0] ?? "", sha: line.split(" ")[1] ?? "" })),
    defaultBranch: (fullName) => {
      if (state.find(fullName)?.isHollow) return "main";
      const names = state.branches(fullName).map(({ name }) => name);
      return names.includes("main") ? "main" : (names[0] ?? null);
    },
    commit: (...change) => host.commit(...change),
    revoke: (token) => access.delete(token),
  };
  const close = async () => {
    await host.close();
    published?.verify();
  };
  return {
    name: dialect.name,
    url: host.url,
    apiUrl,
    clientId,
    clientSecret,
    account,
    tokens,
    gitAuthorizations,
    published,
    calls,
    redemptions,
    pulls,
    add: (fullName, repository) => {
      state.add(fullName, repository);
      return `${host.url}/${fullName}.git`;
    },
    addListed: (count, owner = account.login) => {
      for (let i = 0; i < count; i++) state.add(`${owner}/listed-${i}`, { isHollow: true });
    },
    git: (fullName, ...argv) => host.git(fullName, ...argv),
    commit: (...change) => host.commit(...change),
    personalToken: () => issue("personal", "everything"),
    consent: async (authorizationUrl) => {
      const { status, location } = await open(authorizationUrl, certificate.cert);
      if (status !== 302 || location === undefined) throw new Error(`the consent page answered ${status}`);
      return new URL(location);
    },
    denyNext: () => void (isDenying = true),
    fail: (how) => void (failure = { ...how }),
    recover: () => void (failure = undefined),
    revokeAll: () => {
      access.clear();
      refresh.clear();
    },
    expireAccess: () => {
      for (const [token, known] of access) if (known.kind === "oauth") access.set(token, { ...known, expiresAtMs: 0 });
    },
    isLive,
    stall: (prefix) => host.stall(prefix),
    redirect: (prefix, location) => host.redirect(prefix, location),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function readCall(request: IncomingMessage, path: string, query: URLSearchParams): Promise<ProviderCall> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  const type = request.headers["content-type"] ?? "";
  return {
    method: request.method ?? "GET",
    path,
    query,
    headers: request.headers,
    text,
    form: new URLSearchParams(type.startsWith("application/x-www-form-urlencoded") ? text : ""),
    json: type.startsWith("application/json") && text ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}
const open = (url: string, ca: string) =>
  new Promise<{ status: number; location: string | undefined }>((resolve, reject) => {
    const call = httpsRequest(url, { ca, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, location: response.headers.location });
    });
    call.once("error", reject).end();
  });

/** Page number and size in that provider's format, and the items on that page. */
export function pageOf<T>(items: readonly T[], { query }: ProviderCall, size: string, max: number, byDefault: number) {
  const perPage = Math.min(Math.max(Number(query.get(size) ?? byDefault) || byDefault, 1), max);
  const page = Math.max(Number(query.get("page") ?? 1) || 1, 1);
  return {
    items: items.slice((page - 1) * perPage, page * perPage),
    page,
    last: Math.max(Math.ceil(items.length / perPage), 1),
    total: items.length,
  };
}
/** The `Link` header with the next and the last page. */
export function linksOf(apiUrl: string, { path, query }: ProviderCall, page: number, last: number): Record<string, string> {
  const to = (n: number, rel: string) => {
    const next = new URLSearchParams(query);
    next.set("page", String(n));
    return `<${apiUrl}${path}?${next.toString()}>; rel="${rel}"`;
  };
  return page < last ? { link: [to(page + 1, "next"), to(last, "last")].join(", ") } : {};
}
/** Most recently changed first. */
export const newestFirst = (repositories: readonly FakeRepository[]): FakeRepository[] =>
  [...repositories].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
/** Matches an API path such as `/repos/{}/{}/branches` and returns the decoded placeholders. */
export function pathParameters(path: string, pattern: string): string[] | undefined {
  const found = new RegExp(`^${pattern.replaceAll("{}", "([^/]+)")}$`).exec(path);
  return found?.slice(1).map(decodeURIComponent);
}
