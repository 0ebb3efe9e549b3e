import type { GitProviderBranch, GitProviderName, GitProviderRepo, GitPull } from "@tesslate/contract";
import type { Static, TSchema } from "typebox";
import type { Secret } from "../../../platform/secret.ts";

/** Calls of one account at one host. Throws `AppError`s with sentences for people; answers that do not fit their schema are `bad_gateway`. */
export interface ProviderApi {
  /** Of the host, without a slash at its end. */
  readonly baseUrl: string;
  /** `path` begins with a slash, or is a whole address of the same API, as the ones of next pages are. */
  get<S extends TSchema>(path: string, schema: S): Promise<{ body: Static<S>; headers: Headers }>;
  /** Undefined where the account may not see it. */
  find<S extends TSchema>(path: string, schema: S): Promise<Static<S> | undefined>;
  /** JSON, or a form. */
  post<S extends TSchema>(path: string, body: Record<string, unknown> | URLSearchParams, schema: S): Promise<Static<S>>;
}
/** What a token is sent with. */
export interface TokenUse {
  kind: "oauth" | "token";
  token: string;
  /** Given by the owner of a token. */
  username: string | null;
}
export interface ProviderUser {
  id: string;
  username: string | null;
  email: string | null;
}
export interface RepoName {
  /** With all groups. */
  owner: string;
  name: string;
}
export interface NewRepo {
  name: string;
  description: string | null;
  isPrivate: boolean;
  isInitialised: boolean;
}
export interface NewPull {
  title: string;
  body: string;
  head: string;
  base: string;
}

/** Where a provider is, by the operator's word. */
export interface ProviderSite {
  baseUrl: string;
  apiUrl: string;
  clientId: string;
  clientSecret: Secret | undefined;
  redirectUri: string;
}

/** How a provider does OAuth; paths are those of its host. */
export interface OauthFacts {
  authorizePath: string;
  tokenPath: string;
  clientAuth: "post" | "basic";
  hasPkce: boolean;
  /** Scopes are those of the client: they are not asked for. */
  hasFixedScopes?: true;
  /** More of the authorization address. */
  extra?: Record<string, string>;
  /** The call that takes a token back. */
  revocation?: (site: ProviderSite, token: string) => { url: string; init: RequestInit };
}

/** What can be done at a host beside git itself. Lists come in pages, as the provider gives them. */
export interface Browsing {
  /** Of a host whose address is `baseUrl`; undefined where there is only one such host. */
  apiUrlOf?: (baseUrl: string) => string;
  headers?: Record<string, string>;
  /** The API's Authorization header. Default `Bearer <token>`. */
  authorization?: (use: TokenUse) => string;
  user(api: ProviderApi): Promise<ProviderUser>;
  repos(api: ProviderApi): AsyncIterable<GitProviderRepo[]>;
  branches(api: ProviderApi, repo: RepoName): AsyncIterable<GitProviderBranch[]>;
  createRepo(api: ProviderApi, repo: NewRepo): Promise<GitProviderRepo>;
  createPull(api: ProviderApi, repo: RepoName, pull: NewPull): Promise<GitPull>;
}

/** A kind of host. One file each in `providers/`. */
export interface GitProviderDriver {
  name: GitProviderName;
  displayName: string;
  icon: string;
  description: string;
  /** Asked for by default. */
  scopes: string;
  /** The user name that git gives with a token. */
  gitUser(use: TokenUse): string;
  oauth?: OauthFacts;
  browsing?: Browsing;
}
