import type { Outbound } from "../../../../platform/outbound.ts";
import {
  commonFrameworks,
  type ArtifactFile,
  type Credential,
  type DeployRequest,
  type ProviderAdapter,
  type ProviderCapabilities,
  type SiteRef,
} from "./provider.ts";
import { assetHash, assetPart, multipart, textPart } from "./files.ts";
import { forEachConcurrently } from "../../../../platform/concurrency.ts";
import {
  valueAt,
  createProviderClient,
  freeNames,
  listAt,
  requiredText,
  ProviderError,
  textAt,
  unlessMissing,
  type RetryPolicy,
  type ProviderClient,
} from "./client.ts";
import { readFileText } from "./files.ts";

const provider = "Cloudflare";
const uploadMs = 300_000;
const uploadsAtOnce = 3;
const hashesAtOnce = 8;
const compatibilityDate = "2025-01-13";
/** A preview URL puts eight characters of the version and a dash before the script name, in one DNS label. */
const maxScriptName = 63 - 9;
/** _headers and _redirects are configuration, not served files. */
const rulesBytes = 100 * 1024;

// Handles requests for which no asset exists and the not-found handling did not apply.
const worker = `export default {
  fetch: (request, env) => env.ASSETS.fetch(request),
};
`;

// A preview deployment is a version of a script, so a site whose first version is a preview deployment needs an empty live script.
const placeholder = `export default {
  fetch: () => new Response("Nothing is live here yet.", { status: 404 }),
};
`;

export const cloudflareCapabilities: ProviderCapabilities = {
  title: provider,
  buildModes: ["pre-built"],
  frameworks: new Set([...commonFrameworks, "vue", "svelte", "sveltekit", "astro", "solid", "angular"]),
  limits: { fileBytes: 25 * 2 ** 20, files: 15_000, totalBytes: 100 * 2 ** 20 },
  runsServers: false,
  hasRuntimeVariables: true,
  // In a dispatch namespace scripts have no versions.
  keepsVersions: false,
  removesWholeSite: true,
  requiredMetadata: ["account_id"],
  hasOauth: false,
};

/**
 * Deploys versions of a Worker script. Remote ids are `account/script` or `account/script@version`, so that a credential of another
 * account never affects a script there with the same name. In a dispatch namespace (`metadata.dispatch_namespace`) scripts have neither
 * versions nor URLs.
 */
export function createCloudflare({
  baseUrl,
  outbound,
  retry,
}: {
  baseUrl: string;
  outbound: Outbound;
  retry?: RetryPolicy;
}): ProviderAdapter {
  const accountOf = ({ token, metadata }: Credential) => {
    const account = metadata["account_id"];
    if (account === undefined) throw new ProviderError("refused", "The Cloudflare credential has no account id.");
    const namespace = metadata["dispatch_namespace"];
    const client = createProviderClient({
      name: provider,
      baseUrl: baseUrl,
      token,
      outbound,
      reasonOf: (body) => ({ message: textAt(body, "errors", 0, "message"), code: textAt(body, "errors", 0, "code") }),
      ...(retry && { retry }),
    });
    const root = `/accounts/${encodeURIComponent(account)}/workers`;
    const namespacePath = namespace === undefined ? undefined : `${root}/dispatch/namespaces/${encodeURIComponent(namespace)}`;
    const scripts = `${namespacePath ?? root}/scripts`;
    const accountKey = namespace === undefined ? account : `${account}:${namespace}`;
    return {
      client,
      root,
      scripts,
      namespace,
      namespacePath,
      accountKey,
      scriptPath: (name: string) => `${scripts}/${encodeURIComponent(name)}`,
    };
  };
  type Account = ReturnType<typeof accountOf>;

  /** The existing script, otherwise a name that is free in the account: uploading to a used name would replace that script. */
  const chooseScript = async ({ client, scriptPath, accountKey }: Account, request: DeployRequest): Promise<SiteRef> => {
    if (request.site?.id === `${accountKey}/${request.site?.name}`) return request.site;
    for (const name of freeNames(request.name.slice(0, maxScriptName - 7).replace(/-+$/, ""))) {
      const taken = await client.call(scriptPath(name), { statusOnly: true, signal: request.signal }).catch(unlessMissing);
      if (!taken) return { id: `${accountKey}/${name}`, name };
      request.log(`The name ${name} is taken in this Cloudflare account.`);
    }
    throw new ProviderError("taken", `No name like ${request.name} is free in this Cloudflare account.`);
  };

  /** Uploads missing assets and returns the completion token. */
  const uploadAssets = async (
    { client, root, scriptPath }: Account,
    script: string,
    files: readonly ArtifactFile[],
    { signal, log }: Pick<DeployRequest, "signal" | "log">,
  ): Promise<string> => {
    const byHash = new Map<string, ArtifactFile>();
    const manifest: Record<string, { hash: string; size: number }> = {};
    await forEachConcurrently(files, hashesAtOnce, signal, async (file) => {
      const hash = await assetHash(file);
      byHash.set(hash, file);
      manifest[`/${file.path}`] = { hash, size: file.size };
    });
    const session = (
      await client.call(`${scriptPath(script)}/assets-upload-session`, { method: "POST", json: { manifest }, timeoutMs: uploadMs, signal })
    ).body;
    const buckets = listAt(session, "result", "buckets").filter((bucket) => Array.isArray(bucket)) as unknown[][];
    const token = requiredText(provider, session, "result", "jwt");
    log(`Uploading ${buckets.flat().length} of ${files.length} files.`);
    if (buckets.length === 0) return token;
    let completion: string | undefined;
    await forEachConcurrently(buckets, uploadsAtOnce, signal, async (bucket, uploadSignal) => {
      const parts = bucket.map((hash) => {
        const file = typeof hash === "string" ? byHash.get(hash) : undefined;
        if (!file) throw new ProviderError("refused", "Cloudflare asks for a file that is not part of this deployment.");
        return assetPart(hash as string, file);
      });
      const { contentType, body } = multipart(parts);
      const { body: response } = await client.call(`${root}/assets/upload`, {
        method: "POST",
        query: { base64: "true" },
        headers: { "content-type": contentType },
        stream: body,
        token,
        timeoutMs: uploadMs,
        signal: uploadSignal,
      });
      completion = textAt(response, "result", "jwt") ?? completion;
    });
    if (completion === undefined) throw new ProviderError("refused", "Cloudflare did not confirm that the upload is complete.");
    return completion;
  };

  /** Upload body of a script: metadata and one module. */
  const scriptBody = (metadata: Record<string, unknown>, module: string) =>
    multipart([
      textPart(
        "metadata",
        "metadata.json",
        "application/json",
        JSON.stringify({ main_module: "index.js", compatibility_date: compatibilityDate, ...metadata }),
      ),
      textPart("index.js", "index.js", "application/javascript+module", module),
    ]);
  const versionBody = (request: DeployRequest, jwt: string, rules: Rules) =>
    scriptBody(
      {
        assets: {
          jwt,
          config: {
            html_handling: "auto-trailing-slash",
            not_found_handling: request.spaFallback ? "single-page-application" : "404-page",
            ...rules,
          },
        },
        bindings: [
          { type: "assets", name: "ASSETS" },
          ...Object.entries(request.env).map(([name, text]) => ({
            type: request.secretNames?.has(name) ? "secret_text" : "plain_text",
            name,
            text,
          })),
        ],
      },
      worker,
    );
  /** Uploads the script as the live version. */
  const putScript = async (
    { client, scriptPath }: Account,
    script: string,
    { contentType, body }: ReturnType<typeof multipart>,
    signal: AbortSignal,
  ): Promise<void> => {
    const headers = { "content-type": contentType };
    await client.call(scriptPath(script), { method: "PUT", headers, stream: body, timeoutMs: uploadMs, signal });
  };
  /** Uploads a version without making it live. */
  const putVersion = async (
    { client, scriptPath }: Account,
    script: string,
    { contentType, body }: ReturnType<typeof multipart>,
    signal: AbortSignal,
  ): Promise<string> => {
    const headers = { "content-type": contentType };
    const response = await client.call(`${scriptPath(script)}/versions`, {
      method: "POST",
      headers,
      stream: body,
      timeoutMs: uploadMs,
      signal,
    });
    return requiredText(provider, response.body, "result", "id");
  };

  /** The live version; undefined when there is none. */
  const liveVersion = async ({ client, scriptPath, namespace }: Account, script: string, signal?: AbortSignal) => {
    if (namespace !== undefined) return undefined;
    const response = await client.call(`${scriptPath(script)}/deployments`, { ...(signal && { signal }) }).catch((error: unknown) => {
      if (error instanceof ProviderError) return undefined;
      throw error;
    });
    return textAt(response?.body, "result", "deployments", 0, "versions", 0, "version_id");
  };

  /** Enables the workers.dev URL: of the script, or, for a preview deployment, of its versions only. */
  const openAddress = async (
    account: Account,
    script: string,
    { log, signal, version }: { log: DeployRequest["log"]; signal?: AbortSignal; version?: string },
  ): Promise<string> => {
    const { client, root, scriptPath, namespace } = account;
    const given = signal ? { signal } : {};
    if (namespace !== undefined) {
      log(`${script} is in dispatch namespace ${namespace}: reach it through your dispatch worker.`);
      return "";
    }
    const path = `${scriptPath(script)}/subdomain`;
    const { body: now } = (await client.call(path, given).catch(unlessMissing)) ?? {};
    const json = {
      enabled: version === undefined || valueAt(now, "result", "enabled") === true,
      previews_enabled: version !== undefined || valueAt(now, "result", "previews_enabled") === true,
    };
    await client.call(path, { method: "POST", json, ...given }).catch((error: unknown) => {
      // Already enabled.
      if (!(error instanceof ProviderError && error.status === 409)) throw error;
    });
    const { body } = (await client.call(`${root}/subdomain`, given).catch(unlessMissing)) ?? {};
    const subdomain = textAt(body, "result", "subdomain");
    if (!subdomain) {
      log("This Cloudflare account has no workers.dev subdomain. Choose one in the Cloudflare dashboard under Workers.");
      return "";
    }
    if (version !== undefined && script.length > maxScriptName) {
      log(`The name ${script} is too long for a preview URL. View this preview in the Cloudflare dashboard.`);
      return "";
    }
    return `https://${version === undefined ? "" : `${version.slice(0, 8)}-`}${script}.${subdomain}.workers.dev`;
  };

  /** What an earlier attempt of this deployment uploaded. */
  const taken = async (account: Account, { site, signal, log, environment }: DeployRequest, remoteId: string) => {
    const { client, scriptPath, accountKey } = account;
    const { script, version } = partsOf(remoteId, accountKey);
    if (script === undefined || site?.id !== `${accountKey}/${script}`) return undefined;
    const found = await client.call(scriptPath(script), { statusOnly: true, signal }).catch(unlessMissing);
    if (!found) return undefined;
    const isPreview = environment === "preview" && version !== undefined;
    return { remoteId, site, url: isPreview ? await openAddress(account, script, { log, signal, version }) : (site.url ?? "") };
  };

  const attachDomain = async ({ client, root, namespace }: Account, script: string, hostname: string, request: DeployRequest) => {
    const { signal, log } = request;
    if (namespace !== undefined) return void log(`${hostname} was not attached: scripts in a dispatch namespace cannot have domains.`);
    try {
      const zone = await zoneOf(client, hostname, signal);
      if (zone === undefined) return void log(`${hostname} was not attached: this Cloudflare account has no zone for it.`);
      const json = { hostname, service: script, zone_id: zone };
      await client.call(`${root}/domains`, { method: "PUT", json, signal });
      log(`${hostname} now points to this script.`);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind === "auth") throw error;
      log(`${hostname} was not attached. ${error.message}`);
    }
  };

  return {
    provider: "cloudflare",

    submit: async (request) => {
      const account = accountOf(request.credential);
      const done = request.remoteId === undefined ? undefined : await taken(account, request, request.remoteId);
      if (done) return done;
      const site = await chooseScript(account, request);
      // Remembered before the upload, so that a retry does not take the script for someone else's.
      await request.remember({ site });
      request.log(`Script ${site.name} at Cloudflare.`);
      const { files, rules } = await separateRules(request.artifact.files);
      const { log, signal } = request;
      if (request.environment === "preview") {
        if (account.namespace !== undefined)
          throw new ProviderError(
            "refused",
            "Scripts in a dispatch namespace have no versions at Cloudflare, so previews are not supported.",
          );
        const isThere = await account.client.call(account.scriptPath(site.name), { statusOnly: true, signal }).catch(unlessMissing);
        if (!isThere) await putScript(account, site.name, scriptBody({ bindings: [] }, placeholder), signal);
        const jwt = await uploadAssets(account, site.name, files, request);
        const version = await putVersion(account, site.name, versionBody(request, jwt, rules), signal);
        const remoteId = `${site.id}@${version}`;
        await request.remember({ remoteId, site });
        const url = await openAddress(account, site.name, { log, signal, version });
        return { remoteId, site, url };
      }
      const jwt = await uploadAssets(account, site.name, files, request);
      await putScript(account, site.name, versionBody(request, jwt, rules), signal);
      const url = await openAddress(account, site.name, { log, signal });
      const version = await liveVersion(account, site.name, signal);
      const remoteId = version === undefined ? site.id : `${site.id}@${version}`;
      const known: SiteRef = { ...site, ...(url !== "" && { url }) };
      await request.remember({ remoteId, site: known, url });
      if (request.customDomain !== undefined) await attachDomain(account, site.name, request.customDomain, request);
      return { remoteId, site: known, url };
    },

    state: async (credential, remoteId) => {
      const { client, scriptPath, accountKey } = accountOf(credential);
      const { script, version } = partsOf(remoteId, accountKey);
      const found = script && (await client.call(scriptPath(script), { statusOnly: true, retry: "never" }).catch(unlessMissing));
      const raw = { script: script ?? null, version: version ?? null, exists: Boolean(found) };
      return found ? { state: "success", raw } : { state: "failed", error: "Cloudflare did not find the script.", raw };
    },

    logs: async () => ["Cloudflare has no deployment log: a script is live as soon as it is uploaded."],

    promote: async (credential, _site, remoteId) => {
      const account = accountOf(credential);
      const { client, scriptPath, namespace, accountKey } = account;
      const { script, version } = partsOf(remoteId, accountKey);
      if (namespace !== undefined || script === undefined || version === undefined) return false;
      const json = { strategy: "percentage", versions: [{ version_id: version, percentage: 100 }] };
      // Without `force` Cloudflare rejects a version older than a secrets change; a rollback includes the old secrets.
      await client.call(`${scriptPath(script)}/deployments`, { method: "POST", query: { force: "true" }, json });
      // If the first version was a preview deployment, the URL is not enabled yet.
      const url = await openAddress(account, script, { log: () => undefined });
      return url === "" ? {} : { url };
    },

    remove: async (credential, remoteId, environment) => {
      // Single versions cannot be deleted; their URLs are not public.
      if (environment === "preview") return;
      const { client, scriptPath, accountKey } = accountOf(credential);
      const { script } = partsOf(remoteId, accountKey);
      if (script !== undefined) await client.call(scriptPath(script), { method: "DELETE", query: { force: "true" } }).catch(unlessMissing);
    },

    check: async (credential) => {
      const { client, scripts, namespace, namespacePath } = accountOf(credential);
      const account_id = credential.metadata["account_id"];
      try {
        const { body } = await client.call(namespacePath ?? scripts);
        const info = {
          account_id,
          script_count: namespacePath === undefined ? listAt(body, "result").length : Number(textAt(body, "result", "script_count") ?? 0),
          ...(namespace !== undefined && { dispatch_namespace: namespace }),
        };
        return { valid: true, info };
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error;
        const reason = refusals[error.kind];
        // Cloudflare responds with 400 for a malformed token.
        if (reason === undefined && error.status !== 400) throw error;
        return { valid: false, error: reason ?? error.message, info: {} };
      }
    },
  };
}

const refusals: Partial<Record<ProviderError["kind"], string>> = {
  auth: "Cloudflare rejected this token.",
  forbidden: "This token cannot access the account's Workers. It needs the permission Account, Workers Scripts, Edit.",
  not_found: "Cloudflare did not find that account or dispatch namespace.",
};

/** Undefined when the deployment belongs to another account or namespace. */
function partsOf(remoteId: string, accountKey: string): { script: string | undefined; version: string | undefined } {
  const [, key, script, version] = /^(.*)\/([^/@]+)(?:@(.+))?$/.exec(remoteId) ?? [];
  return { script: key === accountKey ? script : undefined, version };
}

type Rules = { _headers?: string; _redirects?: string };
async function separateRules(all: readonly ArtifactFile[]): Promise<{ files: ArtifactFile[]; rules: Rules }> {
  const rules: Rules = {};
  const files: ArtifactFile[] = [];
  for (const file of all) {
    if (file.path === "_headers" || file.path === "_redirects") {
      const text = await readFileText(file, rulesBytes);
      if (text === undefined) throw new ProviderError("refused", `${file.path} exceeds the limit of ${rulesBytes / 1024} KiB.`);
      rules[file.path] = text;
    } else if (file.path !== ".assetsignore") files.push(file);
  }
  return { files, rules };
}

/** The zone of a host name: the closest parent domain that is a zone. */
async function zoneOf(client: ProviderClient, hostname: string, signal: AbortSignal): Promise<string | undefined> {
  const labels = hostname.split(".");
  for (let i = 0; i < labels.length - 1; i++) {
    const { body } = await client.call("/zones", { query: { name: labels.slice(i).join(".") }, signal });
    const id = textAt(valueAt(body, "result", 0), "id");
    if (id !== undefined) return id;
  }
  return undefined;
}
