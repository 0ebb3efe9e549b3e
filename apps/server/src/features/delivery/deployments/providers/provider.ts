import type { Readable } from "node:stream";
import type { BuildMode, DeployEnvironment, DeployProvider, FrameworkId, RemoteProvider } from "@tesslate/contract";

/** Build output as a list that can be read repeatedly. Paths are POSIX, relative, without a leading slash, and unique. */
export interface Artifact {
  files: readonly ArtifactFile[];
  totalBytes: number;
}
export interface ArtifactFile {
  path: string;
  /** In bytes. */
  size: number;
  /** Of the content, lower-case hex. */
  sha1: string;
  sha256: string;
  /** Permission bits. */
  mode: number;
  /** A new stream from the first byte; may be called repeatedly and concurrently. */
  open(): Readable;
}

/** An access token and its metadata: `team_id`, `account_id`, `dispatch_namespace`, … */
export interface Credential {
  token: string;
  metadata: Readonly<Record<string, string>>;
}

/** A project at Vercel, a site at Netlify, a script at Cloudflare. */
export interface SiteRef {
  id: string;
  name: string;
  /** The permanent URL of the live version. */
  url?: string;
}

export interface DeployRequest {
  projectId: string;
  containerId: string;
  deploymentId: string;
  /** A preview deployment gets its own URL and does not change the live site. */
  environment: DeployEnvironment;
  /** Preferred name: lower case, digits and dashes, at most 63 characters. When it is taken, the next free one is used. */
  name: string;
  /** The site of an earlier deployment of the same container; reused whatever its name. */
  site?: SiteRef;
  /** Set by an earlier attempt of this deployment through `remember`: resume it instead of deploying twice. */
  remoteId?: string;
  mode: "source" | "pre-built";
  framework: FrameworkId;
  buildCommand?: string;
  outputDirectory?: string;
  env: Readonly<Record<string, string>>;
  /** Names in `env` whose values the provider must store as secrets. */
  secretNames?: ReadonlySet<string>;
  customDomain?: string;
  artifact: Artifact;
  /** Serve `index.html` for unknown paths. */
  spaFallback: boolean;
  credential: Credential;
  log(line: string): void;
  signal: AbortSignal;
  /** Awaited as soon as the provider returned an id or a site, so that a restarted server resumes instead of deploying twice. */
  remember(known: { remoteId?: string; site?: SiteRef; url?: string }): Promise<void>;
}

/** `raw`: the provider's response. `retryAfterMs`: wait this long before the next request. */
export interface RemoteState {
  state: "deploying" | "success" | "failed";
  url?: string;
  error?: string;
  raw: unknown;
  retryAfterMs?: number;
}

/** Options for promoting a preview deployment. */
export type PromoteOptions = Pick<DeployRequest, "env" | "log" | "signal">;
/** `url`: the new URL, if it changed. `remoteId`: the provider started another deployment; wait for its end. */
export interface PromoteResult {
  url?: string;
  remoteId?: string;
}

/** What a provider can do, and its rules: a constant beside each adapter. `capabilities.ts` finds it by the provider's name. */
export interface ProviderCapabilities {
  /** Its name, as its own users know it. */
  title: string;
  /** The default first. */
  buildModes: readonly [BuildMode, ...BuildMode[]];
  /** The frameworks of apps it can host; undefined: all. */
  frameworks?: ReadonlySet<FrameworkId>;
  /** Checked before anything is uploaded. */
  limits?: { fileBytes: number; files: number; totalBytes: number };
  /** Runs servers that were built here. Otherwise what is built here must be static files. */
  runsServers: boolean;
  /** Variables apply at run time too, not only during the build. */
  hasRuntimeVariables: boolean;
  /** It keeps earlier versions, so that a rollback needs no stored files. */
  keepsVersions: boolean;
  /** It has no single deployments: deleting one deletes the whole site. */
  removesWholeSite: boolean;
  /** Keys of the metadata that an account needs besides its token. */
  requiredMetadata: readonly string[];
  /** An account can be connected in the browser, with OAuth; otherwise with a token only. */
  hasOauth: boolean;
}

/** Static pages and Vite apps work everywhere; unrecognized apps are attempted. */
export const commonFrameworks: readonly FrameworkId[] = ["static", "vite", "react", "unknown"];

/**
 * Deploys to one provider. Methods throw `ProviderError`, whose message is for users and never contains the token; safe requests are
 * retried internally.
 */
export interface ProviderAdapter {
  readonly provider: RemoteProvider;
  /** Resolves when everything is uploaded; the pipeline waits for the result. `url` is empty when the provider assigns none. */
  submit(request: DeployRequest): Promise<{ remoteId: string; site: SiteRef; url: string }>;
  /** One request, without retries. A deleted deployment is `failed`. */
  state(credential: Credential, remoteId: string, site?: SiteRef): Promise<RemoteState>;
  /** The provider's log lines, oldest first, at most 2,000; empty when it has none. */
  logs(credential: Credential, remoteId: string): Promise<string[]>;
  /** Makes an earlier version or a preview deployment live. `false`: the site has no versions, so deploy the stored artifact again. */
  promote?(credential: Credential, site: SiteRef, remoteId: string, as?: PromoteOptions): Promise<PromoteResult | false>;
  /** Deletes the deployment; succeeds when it does not exist. Deleting a preview deployment never affects the live version. */
  remove(credential: Credential, remoteId: string, environment: DeployEnvironment): Promise<void>;
  check(credential: Credential): Promise<{ valid: boolean; error?: string; info: Record<string, unknown> }>;
}

/** The adapter of a provider; undefined for `local`. */
export type FindProvider = (provider: DeployProvider) => ProviderAdapter | undefined;
/** Whether an account is connected, without a request to the provider. */
export type HasCredential = (userId: string, projectId: string, provider: RemoteProvider) => Promise<boolean>;
/** The project's own credential, otherwise the user's default. Undefined when no account is connected. */
export type GetCredential = (userId: string, projectId: string, provider: RemoteProvider) => Promise<Credential | undefined>;
/** The providers that projects are deployed to, with the accounts there. */
export interface ProviderAccess {
  find: FindProvider;
  getCredential: GetCredential;
  hasCredential: HasCredential;
}
