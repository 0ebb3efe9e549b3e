import type { GitProviderBranch, GitProviderName, GitProviderRepo, GitPull } from "@tesslate/contract";
import type { Static, TSchema } from "typebox";
import type { SecretValue } from "../../../platform/secret.ts";

/**
 * API calls of one account at one host. Throws `AppError`s with messages for users; responses that do not match their schema are
 * `bad_gateway`.
 */
export interface ProviderApi {
  /** Of the host, without a trailing slash. */
  readonly baseUrl: string;
  /** `path` begins with a slash or is an absolute URL of the same API, such as a next-page link. */
  get<S extends TSchema>(path: string, schema: S): Promise<{ body: Static<S>; headers: Headers }>;
  /** Undefined on 404 and when access is denied. */
  find<S extends TSchema>(path: string, schema: S): Promise<Static<S> | undefined>;
  /** JSON or a form. */
  post<S extends TSchema>(path: string, body: Record<string, unknown> | URLSearchParams, schema: S): Promise<Static<S>>;
}
/** How a token is sent. */
export interface TokenUse {
  kind: "oauth" | "token";
  token: string;
  /** Given by the token's owner. */
  username: string | null;
}
export interface ProviderUser {
  id: string;
  username: string | null;
  email: string | null;
}
export interface RepoName {
  /** Including all groups. */
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

/** Configuration of a provider. */
export interface ProviderConfig {
  baseUrl: string;
  apiUrl: string;
  clientId: string;
  clientSecret?: SecretValue;
  redirectUri: string;
}

/** A provider's OAuth details; paths are relative to its host. */
export interface OauthFacts {
  authorizePath: string;
  tokenPath: string;
  clientAuth: "post" | "basic";
  hasPkce: boolean;
  /** Scopes are part of the client's registration and not requested. */
  hasFixedScopes?: true;
  /** Additional authorization parameters. */
  extra?: Record<string, string>;
  /** The request that revokes a token. */
  revocation?: (providerConfig: ProviderConfig, token: string) => { url: string; init: RequestInit };
}

/** API operations besides git. Lists are paged as the provider returns them. */
export interface Browsing {
  /** API URL of a self-hosted `baseUrl`; undefined when there is only the public host. */
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

/** A kind of git host; one file each in `providers/`. */
export interface GitProviderAdapter {
  name: GitProviderName;
  displayName: string;
  icon: string;
  description: string;
  /** Requested by default. */
  scopes: string;
  /** The user name for git over HTTPS. */
  gitUser(use: TokenUse): string;
  oauth?: OauthFacts;
  browsing?: Browsing;
}
