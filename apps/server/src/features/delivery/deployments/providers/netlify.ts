import { setTimeout as sleep } from "node:timers/promises";
import type { Outbound } from "../../../../platform/outbound.ts";
import {
  commonFrameworks,
  type Artifact,
  type Credential,
  type DeployRequest,
  type ProviderAdapter,
  type ProviderCapabilities,
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

const provider = "Netlify";
const uploadsAtOnce = 5;
const uploadMs = 300_000;
/** From this number of files Netlify prepares the deploy asynchronously. */
const asyncFrom = 100;
const prepareMs = 300_000;

export const netlifyCapabilities: ProviderCapabilities = {
  title: provider,
  buildModes: ["pre-built"],
  frameworks: new Set([...commonFrameworks, "nextjs", "vue", "svelte", "sveltekit", "astro", "gatsby", "nuxt", "angular", "solid"]),
  limits: { fileBytes: 100 * 2 ** 20, files: 15_000, totalBytes: 100 * 2 ** 20 },
  runsServers: false,
  hasRuntimeVariables: false,
  keepsVersions: true,
  removesWholeSite: false,
  requiredMetadata: [],
  hasOauth: true,
};

export function createNetlify({ baseUrl, outbound, retry }: { baseUrl: string; outbound: Outbound; retry?: RetryPolicy }): ProviderAdapter {
  const clientOf = ({ token }: Credential): ProviderClient =>
    createProviderClient({ name: provider, baseUrl, token, outbound, reasonOf, ...(retry && { retry }) });

  const ensureSite = async (client: ProviderClient, request: DeployRequest): Promise<SiteRef> => {
    const { signal } = request;
    if (request.site) {
      const known = await client.call(`/sites/${encodeURIComponent(request.site.id)}`, { signal }).catch(unlessMissing);
      if (known) return siteOf(known.body);
      request.log(`Netlify no longer has the site ${request.site.name}. Creating a new one.`);
    }
    const account = request.credential.metadata["account_slug"];
    const path = account === undefined ? "/sites" : `/${encodeURIComponent(account)}/sites`;
    return createUnderFreeName(request, {
      provider,
      create: async (name) => siteOf((await client.call(path, { method: "POST", json: { name }, retry: "if-unprocessed", signal })).body),
      isTaken: ({ status }) => status === 422,
    });
  };

  /** Digests of files that Netlify still needs; empty when it has all. */
  const prepared = async (client: ProviderClient, deploy: unknown, signal: AbortSignal): Promise<string[]> => {
    const id = requiredText(provider, deploy, "id");
    const end = Date.now() + prepareMs;
    for (let body = deploy, pause = 500; ; pause = Math.min(pause * 1.5, 5000)) {
      const state = textAt(body, "state");
      if (state === "error") throw new ProviderError("refused", `Netlify rejected the deploy: ${errorOf(body)}`);
      const isKnown = textsAt(body, "required").length > 0 || !["new", "pending", "preparing"].includes(state ?? "new");
      if (isKnown) return state === "ready" || state === "processing" ? [] : textsAt(body, "required");
      if (Date.now() > end) throw new ProviderError("down", "Netlify took too long to process the file list.");
      await sleep(retry?.firstMs === undefined ? pause : Math.min(pause, retry.firstMs), undefined, { signal });
      body = (await client.call(deployPath(id), { signal })).body;
    }
  };

  const upload = (client: ProviderClient, id: string, artifact: Artifact, digests: readonly string[], signal: AbortSignal): Promise<void> =>
    uploadRequested(artifact, digests, { provider, concurrency: uploadsAtOnce, signal }, (file, uploadSignal) =>
      client.call(`${deployPath(id)}/files/${file.path.split("/").map(encodeURIComponent).join("/")}`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        stream: { length: file.size, open: () => file.open() },
        timeoutMs: uploadMs,
        signal: uploadSignal,
      }),
    );

  const create = async (client: ProviderClient, site: SiteRef, request: DeployRequest, artifact: Artifact): Promise<unknown> => {
    const path = `/sites/${encodeURIComponent(site.id)}/deploys`;
    const { signal } = request;
    // The title identifies our deployment, so that a deploy can be found when the response was lost.
    const title = titleOf(request);
    const find = async () =>
      listAt((await client.call(path, { query: { per_page: "20" }, signal })).body).find((deploy) => textAt(deploy, "title") === title);
    const json = {
      files: Object.fromEntries(artifact.files.map(({ path: name, sha1 }) => [`/${name}`, sha1])),
      ...(artifact.files.length > asyncFrom && { async: true }),
      ...(request.environment === "preview" && { draft: true }),
    };
    const make = async () =>
      (await client.call(path, { method: "POST", query: { title }, json, retry: "if-unprocessed", timeoutMs: uploadMs, signal })).body;
    return (request.site && (await find())) ?? (await createIdempotently({ find, make, retry, signal }));
  };

  const attachDomain = async (client: ProviderClient, site: SiteRef, request: DeployRequest, domain: string): Promise<void> => {
    const path = `/sites/${encodeURIComponent(site.id)}`;
    try {
      const { body } = await client.call(path, { signal: request.signal });
      const [main, others] = [textAt(body, "custom_domain"), textsAt(body, "domain_aliases")];
      if (main === domain || others.includes(domain)) return;
      // A domain that the user set remains the primary one.
      const json = main === undefined || main === "" ? { custom_domain: domain } : { domain_aliases: [...others, domain] };
      await client.call(path, { method: "PATCH", json, signal: request.signal });
      request.log(`${domain} now points to this site.`);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind === "auth") throw error;
      request.log(`${domain} was not attached. ${error.message}`);
    }
  };

  return {
    provider: "netlify",

    submit: async (request) => {
      const client = clientOf(request.credential);
      const { signal } = request;
      const site = await ensureSite(client, request);
      await request.remember({ site });
      request.log(`Site ${site.name} at Netlify.`);
      if (Object.keys(request.env).length > 0)
        request.log("Environment variables were available at build time; Netlify serves static files without them.");
      const artifact = request.spaFallback ? withFile(request.artifact, textFile("_redirects", "/* /index.html 200\n")) : request.artifact;
      const existing = request.remoteId && (await client.call(deployPath(request.remoteId), { signal }).catch(unlessMissing));
      const known = existing && textAt(existing.body, "state") !== "error" ? existing.body : undefined;
      const deploy = known ?? (await create(client, site, request, artifact));
      const remoteId = requiredText(provider, deploy, "id");
      const url = (request.environment === "preview" ? draftAddressOf(deploy) : (site.url ?? addressOf(deploy))) ?? "";
      await request.remember({ remoteId, site, url });
      const digests = await prepared(client, deploy, signal);
      request.log(`Uploading ${new Set(digests).size} of ${artifact.files.length} files.`);
      await upload(client, remoteId, artifact, digests, signal);
      if (request.customDomain !== undefined) await attachDomain(client, site, request, request.customDomain);
      return { remoteId, site, url };
    },

    state: async (credential, remoteId) => {
      const response = await clientOf(credential).call(deployPath(remoteId), { retry: "never" }).catch(unlessMissing);
      return response ? stateOf(response.body) : { state: "failed", error: "Netlify no longer has this deploy.", raw: null };
    },

    // Netlify has no log API; report what the deploy object contains.
    logs: async (credential, remoteId) => {
      const { body } = (await clientOf(credential).call(deployPath(remoteId)).catch(unlessMissing)) ?? {};
      const seconds = textAt(body, "deploy_time");
      return [
        ...(textAt(body, "state") === undefined ? [] : [`[state] ${textAt(body, "state")}`]),
        ...(seconds === undefined ? [] : [`[deploy_time] ${seconds} s`]),
        ...(textAt(body, "error_message") ? [`[error] ${textAt(body, "error_message")?.slice(0, 2000)}`] : []),
      ];
    },

    promote: async (credential, site, remoteId) => {
      const path = `/sites/${encodeURIComponent(site.id)}/deploys/${encodeURIComponent(remoteId)}/restore`;
      const url = addressOf((await clientOf(credential).call(path, { method: "POST" })).body);
      return url === undefined ? {} : { url };
    },

    remove: async (credential, remoteId) => {
      await clientOf(credential).call(deployPath(remoteId), { method: "DELETE" }).catch(unlessMissing);
    },

    check: async (credential) => {
      const client = clientOf(credential);
      try {
        const { body } = await client.call("/sites", { query: { per_page: "100", page: "1" } });
        return { valid: true, info: { site_count: listAt(body).length } };
      } catch (error) {
        if (error instanceof ProviderError && (error.kind === "auth" || error.kind === "forbidden"))
          return { valid: false, error: "Netlify rejected this token.", info: {} };
        throw error;
      }
    },
  };
}

const deployPath = (id: string) => `/deploys/${encodeURIComponent(id)}`;
const titleOf = ({ deploymentId }: DeployRequest) => `studio ${deploymentId}`;
const addressOf = (body: unknown) => textAt(body, "ssl_url") ?? textAt(body, "url");
/** A draft's URL; it is never the site's own URL. */
const draftAddressOf = (body: unknown) => textAt(body, "deploy_ssl_url") ?? textAt(body, "deploy_url");
const errorOf = (body: unknown) => textAt(body, "error_message") ?? "no reason given";

function siteOf(body: unknown): SiteRef {
  const url = addressOf(body);
  return { id: requiredText(provider, body, "id"), name: requiredText(provider, body, "name"), ...(url !== undefined && { url }) };
}

function stateOf(body: unknown): RemoteState {
  const state = textAt(body, "state") ?? "";
  const url = valueAt(body, "draft") === true ? draftAddressOf(body) : addressOf(body);
  const facts = { raw: body, ...(url !== undefined && { url }) };
  if (state === "ready") return { ...facts, state: "success" };
  if (["error", "rejected", "deleted"].includes(state)) return { ...facts, state: "failed", error: errorOf(body) };
  return { ...facts, state: "deploying" };
}

/** `message`, or the field errors. */
function reasonOf(body: unknown) {
  const message = textAt(body, "message");
  if (message !== undefined) return { message, code: textAt(body, "code") };
  const errors = typeof body === "object" && body !== null && "errors" in body ? body.errors : undefined;
  return { message: errors === undefined ? undefined : JSON.stringify(errors) };
}
