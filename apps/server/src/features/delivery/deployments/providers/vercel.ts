import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { FrameworkId } from "@tesslate/contract";
import type { Outbound } from "../../../../platform/outbound.ts";
import {
  commonFrameworks,
  type Artifact,
  type Credential,
  type DeployRequest,
  type ProviderAdapter,
  type ProviderCapabilities,
  type PromoteOptions,
  type RemoteState,
  type SiteRef,
} from "./provider.ts";
import {
  valueAt,
  createProviderClient,
  createUnderFreeName,
  listAt,
  createIdempotently,
  requiredText,
  ProviderError,
  textAt,
  textsAt,
  unlessMissing,
  type RetryPolicy,
  type ProviderClient,
} from "./client.ts";
import { textFile, uploadRequested, withFile } from "./files.ts";

const provider = "Vercel";
const createMs = 300_000;
const uploadsAtOnce = 5;
const maxLogLines = 2000;
/** Metadata that identifies our deployment, so that it can be found when the response was lost. */
const deploymentIdKey = "studioDeploymentId";
/** The same for a promotion. */
const promotionIdKey = "studioPromotionOf";

/** Vercel's framework presets; without one Vercel detects nothing and runs the given commands. */
const frameworks: Partial<Record<FrameworkId, string>> = {
  nextjs: "nextjs",
  vite: "vite",
  react: "create-react-app",
  vue: "vue",
  svelte: "svelte",
  sveltekit: "sveltekit-1",
  angular: "angular",
  nuxt: "nuxtjs",
  astro: "astro",
  gatsby: "gatsby",
  remix: "remix",
  solid: "solidstart-1",
};

export const vercelCapabilities: ProviderCapabilities = {
  title: provider,
  buildModes: ["source", "pre-built"],
  frameworks: new Set([
    ...commonFrameworks,
    "nextjs",
    "vue",
    "svelte",
    "sveltekit",
    "astro",
    "nuxt",
    "remix",
    "solid",
    "angular",
    "gatsby",
  ]),
  limits: { fileBytes: 100 * 2 ** 20, files: 15_000, totalBytes: 100 * 2 ** 20 },
  runsServers: false,
  hasRuntimeVariables: true,
  keepsVersions: true,
  removesWholeSite: false,
  requiredMetadata: [],
  hasOauth: true,
};

export function createVercel({ baseUrl, outbound, retry }: { baseUrl: string; outbound: Outbound; retry?: RetryPolicy }): ProviderAdapter {
  const clientOf = ({ token, metadata }: Credential): ProviderClient =>
    createProviderClient({
      name: provider,
      baseUrl,
      token,
      query: { teamId: metadata["team_id"] },
      outbound,
      reasonOf: (body) => ({ message: textAt(body, "error", "message"), code: textAt(body, "error", "code") }),
      ...(retry && { retry }),
    });

  /** The known project, otherwise a new one; never a project that was created for something else. */
  const ensureProject = async (client: ProviderClient, request: DeployRequest): Promise<SiteRef> => {
    const { signal } = request;
    if (request.site) {
      // Vercel responds with 403 for a project of a team that the token cannot access.
      const known = await client.call(`/v9/projects/${encodeURIComponent(request.site.id)}`, { signal }).catch(unlessInaccessible);
      if (known) return siteOf(known.body);
      request.log(`Vercel no longer has the project ${request.site.name}. Creating a new one.`);
    }
    const framework = request.mode === "source" ? (frameworks[request.framework] ?? null) : null;
    return createUnderFreeName(request, {
      provider,
      create: async (name) => {
        const { body } = await client.call("/v11/projects", { method: "POST", json: { name, framework }, retry: "if-unprocessed", signal });
        return siteOf(body);
      },
      isTaken: ({ kind }) => kind === "taken",
    });
  };

  const upload = (client: ProviderClient, artifact: Artifact, digests: readonly string[], signal: AbortSignal): Promise<void> =>
    uploadRequested(artifact, digests, { provider, concurrency: uploadsAtOnce, signal }, (file, uploadSignal) =>
      client.call("/v2/files", {
        method: "POST",
        headers: { "content-type": "application/octet-stream", "x-vercel-digest": file.sha1 },
        stream: { length: file.size, open: () => file.open() },
        timeoutMs: createMs,
        signal: uploadSignal,
      }),
    );

  /** A deployment with our metadata. */
  const find = async (client: ProviderClient, site: SiteRef, { deploymentId, signal }: DeployRequest): Promise<Deployed | undefined> => {
    const { body } = await client.call("/v7/deployments", { query: { projectId: site.id, limit: "20" }, signal });
    const found = listAt(body, "deployments").find((item) => textAt(item, "meta", deploymentIdKey) === deploymentId);
    return found === undefined
      ? undefined
      : { id: requiredText(provider, found, "uid"), url: `https://${requiredText(provider, found, "url")}` };
  };

  const create = async (client: ProviderClient, site: SiteRef, request: DeployRequest, artifact: Artifact): Promise<Deployed> => {
    const json = {
      name: site.name,
      project: site.id,
      // Without a target it is a preview deployment.
      ...(request.environment === "production" && { target: "production" }),
      files: artifact.files.map(({ path, sha1, size, mode }) => ({
        file: path,
        sha: sha1,
        size,
        ...(request.mode === "source" && (mode & 0o111) !== 0 && { mode: 0o100755 }),
      })),
      projectSettings: settingsOf(request),
      meta: { [deploymentIdKey]: request.deploymentId },
    };
    const make = async (): Promise<Deployed | string[]> => {
      try {
        const { body } = await client.call("/v13/deployments", {
          method: "POST",
          query: { skipAutoDetectionConfirmation: "1" },
          json,
          retry: "if-unprocessed",
          timeoutMs: createMs,
          signal: request.signal,
        });
        return { id: requiredText(provider, body, "id"), url: `https://${requiredText(provider, body, "url")}` };
      } catch (error) {
        if (error instanceof ProviderError && error.providerCode === "missing_files") return textsAt(error.body, "error", "missing");
        throw error;
      }
    };
    // Ask again after uploading: Vercel may discard files.
    for (let round = 0; ; round++) {
      const made = await createIdempotently({ find: () => find(client, site, request), make, retry, signal: request.signal });
      if (!Array.isArray(made)) return made;
      if (round === 3 || made.length === 0)
        throw new ProviderError("refused", "Vercel repeatedly requested files that were already uploaded.");
      request.log(`Uploading ${made.length} of ${artifact.files.length} files.`);
      await upload(client, artifact, made, request.signal);
    }
  };

  /** Vercel does not promote a preview deployment itself; it creates a production deployment from it. */
  const promotePreview = async (client: ProviderClient, site: SiteRef, remoteId: string, { env, log, signal }: PromoteOptions) => {
    const find = async (): Promise<Deployed | undefined> => {
      const { body } = await client.call("/v7/deployments", { query: { projectId: site.id, limit: "20" }, signal });
      const found = listAt(body, "deployments").find((item) => textAt(item, "meta", promotionIdKey) === remoteId);
      return found === undefined
        ? undefined
        : { id: requiredText(provider, found, "uid"), url: `https://${requiredText(provider, found, "url")}` };
    };
    const make = async (): Promise<Deployed> => {
      const json = {
        deploymentId: remoteId,
        name: site.name,
        project: site.id,
        target: "production",
        meta: { [promotionIdKey]: remoteId },
      };
      const { body } = await client.call("/v13/deployments", {
        method: "POST",
        json,
        retry: "if-unprocessed",
        timeoutMs: createMs,
        signal,
      });
      return { id: requiredText(provider, body, "id"), url: `https://${requiredText(provider, body, "url")}` };
    };
    await syncEnv(client, site, { env, environment: "production", log, signal });
    const made = (await find()) ?? (await createIdempotently({ find, make, retry, signal }));
    return { remoteId: made.id, url: made.url };
  };

  const attachDomain = async (client: ProviderClient, site: SiteRef, request: DeployRequest, name: string): Promise<void> => {
    const domains = `/v10/projects/${encodeURIComponent(site.id)}/domains`;
    const attached = await client
      .call(domains, { method: "POST", json: { name }, signal: request.signal })
      .catch(async (error: unknown) => {
        if (!(error instanceof ProviderError) || error.kind === "auth") throw error;
        // Already attached by an earlier deployment.
        const own = `/v9/projects/${encodeURIComponent(site.id)}/domains/${encodeURIComponent(name)}`;
        return client.call(own, { signal: request.signal }).catch(() => void request.log(`${name} was not attached. ${error.message}`));
      });
    if (!attached) return;
    if (valueAt(attached.body, "verified") !== false) return void request.log(`${name} now points to this project.`);
    for (const record of listAt(attached.body, "verification"))
      request.log(`${name} needs a DNS record: ${textAt(record, "type")} ${textAt(record, "domain")} ${textAt(record, "value")}`);
  };

  return {
    provider: "vercel",

    submit: async (request) => {
      const client = clientOf(request.credential);
      if (request.remoteId !== undefined && request.site) {
        const { body } = (await client.call(deploymentPath(request.remoteId), { signal: request.signal }).catch(unlessMissing)) ?? {};
        const url = textAt(body, "url");
        if (url !== undefined) return { remoteId: request.remoteId, site: request.site, url: `https://${url}` };
      }
      const site = await ensureProject(client, request);
      await request.remember({ site });
      request.log(`Project ${site.name} at Vercel.`);
      await syncEnv(client, site, request);
      const artifact =
        request.mode === "pre-built" && request.spaFallback
          ? withFile(request.artifact, textFile("vercel.json", spaRewrite))
          : request.artifact;
      const { id: remoteId, url } =
        (request.site?.id === site.id ? await find(client, site, request) : undefined) ?? (await create(client, site, request, artifact));
      await request.remember({ remoteId, site, url });
      if (request.customDomain !== undefined) await attachDomain(client, site, request, request.customDomain);
      return { remoteId, site, url };
    },

    state: async (credential, remoteId) => {
      const response = await clientOf(credential).call(deploymentPath(remoteId), { retry: "never" }).catch(unlessMissing);
      return response ? stateOf(response.body) : { state: "failed", error: "Vercel no longer has this deployment.", raw: null };
    },

    logs: async (credential, remoteId) => {
      const { body } = (await clientOf(credential)
        .call(`/v3/deployments/${encodeURIComponent(remoteId)}/events`, { query: { builds: "1", limit: "-1", direction: "forward" } })
        .catch(unlessMissing)) ?? { body: [] };
      return (Array.isArray(body) ? (body as unknown[]) : [])
        .flatMap((event) => {
          const text = textAt(event, "text") ?? textAt(event, "payload", "text");
          return text === undefined ? [] : [`[${textAt(event, "type") ?? "log"}] ${text.slice(0, 2000)}`];
        })
        .slice(-maxLogLines);
    },

    promote: async (credential, site, remoteId, as) => {
      const client = clientOf(credential);
      if (as) return promotePreview(client, site, remoteId, as);
      const path = `/v10/projects/${encodeURIComponent(site.id)}/promote/${encodeURIComponent(remoteId)}`;
      await client.call(path, { method: "POST" });
      const project = await client.call(`/v9/projects/${encodeURIComponent(site.id)}`).catch(unlessMissing);
      const url = (project && siteOf(project.body).url) ?? site.url;
      return url === undefined ? {} : { url };
    },

    remove: async (credential, remoteId) => {
      await clientOf(credential).call(deploymentPath(remoteId), { method: "DELETE" }).catch(unlessMissing);
    },

    check: async (credential) => {
      const client = clientOf(credential);
      const team_id = credential.metadata["team_id"];
      try {
        const { body } = await client.call("/v10/projects", { query: { limit: "100" } });
        const project_count = listAt(body, "projects").length;
        if (!(await mayDeploy(client)))
          return {
            valid: false,
            error: "This token cannot deploy. It needs full access to the account or team that you deploy to.",
            info: { project_count },
          };
        // Return the teams so that the user can choose one; a token limited to one team may not list them.
        const teams = await client.call("/v2/teams", { query: { limit: "100", teamId: undefined }, retry: "never" }).then(
          (response) =>
            listAt(response.body, "teams").map((team) => ({ id: textAt(team, "id"), name: textAt(team, "name") ?? textAt(team, "slug") })),
          () => [],
        );
        return { valid: true, info: { project_count, ...(team_id !== undefined && { team_id }), teams } };
      } catch (error) {
        // Vercel also responds with 403 for an invalid token.
        if (error instanceof ProviderError && (error.kind === "auth" || valueAt(error.body, "error", "invalidToken") === true))
          return { valid: false, error: "Vercel rejected this token.", info: {} };
        if (error instanceof ProviderError && (error.kind === "forbidden" || error.kind === "not_found"))
          return { valid: false, error: "This token cannot access the projects of that account or team.", info: {} };
        throw error;
      }
    },
  };
}

interface Deployed {
  id: string;
  url: string;
}

const probe = Buffer.from("Tesslate Studio checks that this token may deploy.\n");
/** Uploads a test file, as every deployment does. No deployment refers to it, so Vercel discards it. */
async function mayDeploy(client: ProviderClient): Promise<boolean> {
  try {
    await client.call("/v2/files", {
      method: "POST",
      headers: { "content-type": "application/octet-stream", "x-vercel-digest": createHash("sha1").update(probe).digest("hex") },
      stream: { length: probe.length, open: () => Readable.from([probe], { objectMode: false }) },
    });
    return true;
  } catch (error) {
    if (error instanceof ProviderError && error.kind === "forbidden") return false;
    throw error;
  }
}

const unlessInaccessible = (error: unknown): undefined => {
  if (error instanceof ProviderError && error.kind === "forbidden" && valueAt(error.body, "error", "invalidToken") !== true)
    return undefined;
  return unlessMissing(error);
};
const deploymentPath = (id: string) => `/v13/deployments/${encodeURIComponent(id)}`;
const spaRewrite = `${JSON.stringify({ rewrites: [{ source: "/(.*)", destination: "/index.html" }] })}\n`;

function siteOf(body: unknown): SiteRef {
  const name = requiredText(provider, body, "name");
  const alias = listAt(body, "targets", "production", "alias").find((item) => typeof item === "string");
  return { id: requiredText(provider, body, "id"), name, ...(typeof alias === "string" && { url: `https://${alias}` }) };
}

/** Sets every field, also to null: Vercel guesses missing fields, or waits for an answer. */
function settingsOf({ mode, framework, buildCommand, outputDirectory }: DeployRequest) {
  if (mode === "pre-built") return { framework: null, buildCommand: null, outputDirectory: null, installCommand: null };
  const known = frameworks[framework];
  return {
    framework: known ?? null,
    buildCommand: buildCommand ?? null,
    // Vercel knows the output folder of Next.js and Nuxt.
    outputDirectory: known === "nextjs" || known === "nuxtjs" ? null : (outputDirectory ?? null),
  };
}

/** The production alias: Vercel protects generated URLs with a login by default. */
function addressOf(body: unknown): string | undefined {
  const alias = textAt(body, "target") === "production" ? textAt(body, "alias", 0) : undefined;
  const host = alias ?? textAt(body, "url");
  return host === undefined ? undefined : `https://${host}`;
}

function stateOf(body: unknown): RemoteState {
  const state = textAt(body, "readyState") ?? textAt(body, "status") ?? "";
  const url = addressOf(body);
  const facts = { raw: body, ...(url !== undefined && { url }) };
  if (state === "READY") return { ...facts, state: "success" };
  if (["ERROR", "CANCELED", "BLOCKED", "DELETED"].includes(state))
    return {
      ...facts,
      state: "failed",
      error: textAt(body, "errorMessage") ?? `Vercel ended this deployment with status ${state.toLowerCase()}.`,
    };
  return { ...facts, state: "deploying" };
}

/** Comment on the variables we set, so that removed ones can be deleted without touching the user's own. */
const envMark = "Set by Tesslate Studio";

interface KnownVariable {
  id: string;
  key: string;
  targets: string[];
  isOurs: boolean;
  /** Limited to one Git branch. */
  isOfBranch: boolean;
}

/** Sets a project's variables for one environment and leaves the other unchanged. */
async function syncEnv(
  client: ProviderClient,
  site: SiteRef,
  request: Pick<DeployRequest, "env" | "environment" | "log" | "signal">,
): Promise<void> {
  const { env, environment, signal } = request;
  const path = `/v10/projects/${encodeURIComponent(site.id)}/env`;
  const known = listAt((await client.call(path, { signal })).body, "envs").flatMap(toKnownVariable);
  for (const variable of known) {
    if (variable.isOfBranch || !variable.targets.includes(environment)) continue;
    const isWanted = Object.hasOwn(env, variable.key);
    if (!isWanted && !variable.isOurs) continue;
    const one = `/v9/projects/${encodeURIComponent(site.id)}/env/${encodeURIComponent(variable.id)}`;
    // A record may apply to several environments: overwriting it would change the others too.
    const others = variable.targets.filter((target) => target !== environment);
    if (others.length > 0) await client.call(one, { method: "PATCH", json: { target: others }, signal });
    else if (!isWanted) await client.call(one, { method: "DELETE", signal });
    else continue;
    if (!isWanted) request.log(`Removed the environment variable ${variable.key} from Vercel: it is no longer part of this project.`);
  }
  const values = Object.entries(env).map(([key, value]) => ({ key, value, type: "encrypted", target: [environment], comment: envMark }));
  if (values.length === 0) return;
  const { body } = await client.call(path, { method: "POST", query: { upsert: "true" }, json: values, signal });
  const [failed] = listAt(body, "failed");
  if (failed !== undefined)
    throw new ProviderError(
      "refused",
      `Vercel rejected the environment variable ${textAt(failed, "error", "key") ?? textAt(failed, "error", "envVarKey") ?? ""}: ${textAt(failed, "error", "message") ?? "no reason given"}`,
    );
}

function toKnownVariable(item: unknown): KnownVariable[] {
  const [id, key, target] = [textAt(item, "id"), textAt(item, "key"), textAt(item, "target")];
  if (id === undefined || key === undefined) return [];
  return [
    {
      id,
      key,
      targets: target === undefined ? textsAt(item, "target") : [target],
      isOurs: textAt(item, "comment") === envMark,
      isOfBranch: textAt(item, "gitBranch") !== undefined,
    },
  ];
}
