import type { Readable } from "node:stream";
import type { DeployEnvironment, DeployProvider, FrameworkId } from "@tesslate/contract";

/** What was built, as a list that can be read as often as needed. Paths are POSIX, relative, without a leading slash, each once. */
export interface Artifact {
  files: readonly ArtifactFile[];
  totalBytes: number;
}
export interface ArtifactFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Of the content, lower-case hex. */
  sha1: string;
  sha256: string;
  /** Permission bits. */
  mode: number;
  /** A fresh stream from the first byte on, any number of times, several at once. */
  open(): Readable;
}

/** An access token and what its owner said of it: `team_id`, `account_id`, `dispatch_namespace`, … */
export interface Credential {
  token: string;
  metadata: Readonly<Record<string, string>>;
}

/** What a provider calls project (Vercel), site (Netlify) or script (Cloudflare). */
export interface SiteRef {
  id: string;
  name: string;
  /** Its lasting address, that of the live version. */
  url?: string;
}

export interface DeployRequest {
  projectId: string;
  containerId: string;
  deploymentId: string;
  /** A preview gets an address of its own and leaves alone what the site's own address shows. */
  environment: DeployEnvironment;
  /** Proposed for the site: lower case, digits and dashes, at most 63. Taken by somebody else: the next free one is used. */
  name: string;
  /** What an earlier deployment of the same project, container and provider was given: it is used again, whatever its name. */
  site?: SiteRef;
  /** What an earlier try of this very deployment told through `remember`: it is gone on with instead of deploying twice. */
  remoteId?: string;
  mode: "source" | "pre-built";
  framework: FrameworkId;
  buildCommand?: string;
  outputDirectory?: string;
  env: Readonly<Record<string, string>>;
  /** Those of `env` that a provider must never show again. */
  secretNames?: ReadonlySet<string>;
  customDomain?: string;
  artifact: Artifact;
  /** Unknown paths are answered with `index.html`. */
  spaFallback: boolean;
  credential: Credential;
  log(line: string): void;
  signal: AbortSignal;
  /** Called and awaited as soon as the provider has given an id or a site, so that a restart of the server continues instead of deploying twice. */
  remember(known: { remoteId?: string; site?: SiteRef; url?: string }): Promise<void>;
}

/** `raw`: the provider's own answer. `retryAfterMs`: it asks not to be asked before. */
export interface RemoteState {
  state: "deploying" | "success" | "failed";
  url?: string;
  error?: string;
  raw: unknown;
  retryAfterMs?: number;
}

/** What a preview brings along when it becomes what visitors see. */
export type PromoteOptions = Pick<DeployRequest, "env" | "log" | "signal">;
/** `url`: its address, where it is another one than before. `remoteId`: the provider makes another deployment of it, whose end is to be waited for. */
export interface PromoteResult {
  url?: string;
  remoteId?: string;
}

/**
 * One place that deployments go to (agent-git-deploy 7.8-7.10). Everything throws `ProviderError` (`targets/client.ts`), whose message is for a
 * person and never holds the token; calls that may be repeated are repeated inside.
 */
export interface ProviderAdapter {
  readonly provider: "vercel" | "netlify" | "cloudflare";
  /** What is refused before anything is sent. */
  readonly limits: { fileBytes: number; files: number; totalBytes: number };
  /** Ends when the provider has everything; the waiting for its result is the pipeline's. `url` is empty where the provider gives no address. */
  submit(request: DeployRequest): Promise<{ remoteId: string; site: SiteRef; url: string }>;
  /** One query. A deployment that is gone is `failed`. */
  state(credential: Credential, remoteId: string, site?: SiteRef): Promise<RemoteState>;
  /** The provider's own lines, oldest first, at most 2,000; none when it has none. */
  logs(credential: Credential, remoteId: string): Promise<string[]>;
  /**
   * Makes this version, an earlier one or a preview, what the site's own address shows. `false`: this site keeps no versions; the kept artifact is
   * deployed once more, as without this verb.
   */
  promote?(credential: Credential, site: SiteRef, remoteId: string, as?: PromoteOptions): Promise<PromoteResult | false>;
  /** Takes it down. Nothing there is fine. What is live stays when a preview is taken down. */
  remove(credential: Credential, remoteId: string, environment: DeployEnvironment): Promise<void>;
  check(credential: Credential): Promise<{ valid: boolean; error?: string; info: Record<string, unknown> }>;
}

/** The adapter of a provider; none for this server itself. */
export type FindProvider = (provider: DeployProvider) => ProviderAdapter | undefined;
/** Whether somebody has an account there, without asking anybody. */
export type HasCredential = (userId: string, projectId: string, provider: ProviderAdapter["provider"]) => Promise<boolean>;
/** What opens a person's account there: the project's own, else their usual one. Undefined when nothing is connected. */
export type GetCredential = (userId: string, projectId: string, provider: ProviderAdapter["provider"]) => Promise<Credential | undefined>;
