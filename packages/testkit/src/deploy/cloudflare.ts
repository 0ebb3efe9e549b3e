import { createHash, randomBytes } from "node:crypto";
import {
  isText,
  newId,
  Refusal,
  startProvider,
  staticSite,
  type Endpoint,
  type Provider,
  type ProviderCall,
  type Reply,
} from "./provider.ts";

type Manifest = Record<string, { hash: string; size: number }>;
interface Version {
  id: string;
  manifest: Manifest;
  bindings: { type: string; name: string; text?: string }[];
  config: Record<string, unknown>;
  compatibilityDate: string;
  worker: string;
}
interface Script {
  name: string;
  /** The dispatch namespace. */
  namespace: string | undefined;
  versions: Version[];
  live: string;
  hasAddress: boolean;
  /** Whether versions have URLs. */
  hasPreviews: boolean;
}
interface Session {
  script: string;
  manifest: Manifest;
  /** The paths of each hash. */
  paths: Map<string, string[]>;
  missing: Set<string>;
}

export interface CloudflareFake extends Provider {
  apiUrl: string;
  accountId: string;
  /** The account's dispatch namespaces. */
  namespaces: Set<string>;
  /** The account's workers.dev subdomain; undefined: not chosen yet. */
  setSubdomain(name: string | undefined): void;
  /** Zones: name to id. */
  zones: Map<string, string>;
  /** Host name to script. */
  domains: Map<string, string>;
  /** Creates a script that someone else uploaded before. */
  occupy(name: string): void;
  script(name: string, namespace?: string): Script | undefined;
  /** The live version. */
  live(name: string, namespace?: string): Version;
  files(name: string, namespace?: string): Map<string, Buffer>;
  /** Files served at a workers.dev URL: a script's own, or one of its versions'. Undefined: the URL is not enabled. */
  filesAt(url: string): Map<string, Buffer> | undefined;
  openSite(name: string): Promise<string>;
}

const failed = (status: number, code: number, message: string): Reply => ({
  status,
  body: { result: null, success: false, errors: [{ code, message }], messages: [] },
});
const refuse = (reply: Reply): never => {
  throw new Refusal(reply);
};
const result = (value: unknown, status = 200): Reply => ({ status, body: { result: value, success: true, errors: [], messages: [] } });
const api = "/client/v4";
const perBucket = 40;
const maxFileBytes = 25 * 2 ** 20;
const metadataKeys = new Set([
  "main_module",
  "compatibility_date",
  "compatibility_flags",
  "assets",
  "bindings",
  "tags",
  "keep_bindings",
  "annotations",
]);
const configKeys = new Set(["html_handling", "not_found_handling", "run_worker_first", "_headers", "_redirects"]);
const bindingTypes = new Set(["assets", "plain_text", "secret_text", "json"]);
const extensionOf = (path: string) => /[^/]\.([^./]*)$/.exec(path)?.[1] ?? "";

const formOf = ({ headers, body }: ProviderCall): Promise<FormData> =>
  new Response(new Uint8Array(body), { headers: { "content-type": headers["content-type"] ?? "" } }).formData();

/** Cloudflare's Workers API with static assets as documented, on loopback; strict where the real one is. */
export async function startCloudflare(): Promise<CloudflareFake> {
  const accountId = randomBytes(16).toString("hex");
  const scripts: Script[] = [];
  const assets = new Map<string, Buffer>();
  const sessions = new Map<string, Session>();
  const completions = new Map<string, { script: string; manifest: Manifest }>();
  const namespaces = new Set<string>();
  const zones = new Map<string, string>();
  const domains = new Map<string, string>();
  let subdomain: string | undefined = "ada";

  const find = (name: string | undefined, namespace: string | undefined) =>
    scripts.find((s) => s.name === name && s.namespace === namespace);
  const scriptOf = ({ params }: ProviderCall): Script =>
    find(params["script"], params["namespace"]) ?? refuse(failed(404, 10_007, "This Worker does not exist on your account."));
  const guard =
    (answer: Endpoint["answer"]): Endpoint["answer"] =>
    (call) => {
      if (call.params["account"] !== accountId) return failed(403, 10_000, "Authentication error");
      if (call.params["namespace"] !== undefined && !namespaces.has(call.params["namespace"]))
        return failed(404, 100_119, "Dispatch namespace not found");
      if (call.params["script"] !== undefined && !/^[a-z0-9][a-z0-9_-]{0,62}$/.test(call.params["script"]))
        return failed(400, 10_016, "Invalid Worker name");
      return answer(call);
    };
  const keyOf = ({ params }: ProviderCall) => `${params["namespace"] ?? ""}/${params["script"] ?? ""}`;

  const openSession: Endpoint["answer"] = (call) => {
    const manifest = call.json()["manifest"] as Manifest;
    for (const [path, { hash, size }] of Object.entries(manifest)) {
      if (!path.startsWith("/") || !/^[0-9a-f]{32}$/.test(hash) || !Number.isInteger(size))
        return failed(400, 10_021, `invalid manifest entry ${path}`);
      if (size > maxFileBytes) return failed(400, 10_027, `asset too large: ${path}`);
    }
    const missing = [...new Set(Object.values(manifest).map(({ hash }) => hash))].filter((hash) => !assets.has(hash));
    const jwt = newId("jwt.session.");
    if (missing.length === 0) {
      completions.set(jwt, { script: keyOf(call), manifest });
      return result({ jwt, buckets: [] });
    }
    const paths = Map.groupBy(Object.keys(manifest), (path) => manifest[path]?.hash ?? "");
    sessions.set(jwt, { script: keyOf(call), manifest, paths, missing: new Set(missing) });
    const buckets = Array.from({ length: Math.ceil(missing.length / perBucket) }, (_, i) =>
      missing.slice(i * perBucket, (i + 1) * perBucket),
    );
    return result({ jwt, buckets });
  };

  const upload: Endpoint["answer"] = async (call) => {
    if (call.params["account"] !== accountId) return failed(403, 10_000, "Authentication error");
    const session = sessions.get(call.token ?? "");
    if (!session) return failed(401, 10_000, "Authentication error");
    if (call.query.get("base64") !== "true") return failed(400, 10_021, "base64=true is expected");
    for (const [hash, part] of await formOf(call)) {
      if (isText(part) || part.name !== hash) return failed(400, 10_021, "a part must be a file that is named by its hash");
      if (part.type === "") return failed(400, 10_021, "a part has no content type");
      const text = await part.text();
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return failed(400, 10_021, "the content is no base64");
      const paths = session.paths.get(hash) ?? [];
      const content = Buffer.from(text, "base64");
      const fits = paths.some(
        (path) =>
          session.manifest[path]?.size === content.length &&
          createHash("sha256")
            .update(text + extensionOf(path))
            .digest("hex")
            .slice(0, 32) === hash,
      );
      if (!fits) return failed(400, 10_021, `the content does not have the hash ${hash}`);
      assets.set(hash, content);
      session.missing.delete(hash);
    }
    if (session.missing.size > 0) return result({}, 202);
    const jwt = newId("jwt.complete.");
    completions.set(jwt, { script: session.script, manifest: session.manifest });
    return result({ jwt }, 201);
  };

  /** The version that a script's form creates. */
  const versionIn = async (call: ProviderCall): Promise<Version> => {
    const form = await formOf(call);
    const meta = form.get("metadata");
    if (meta === null) return refuse(failed(400, 10_021, "metadata is missing"));
    const metadata = JSON.parse(isText(meta) ? meta : await meta.text()) as Record<string, unknown>;
    const odd = Object.keys(metadata).find((key) => !metadataKeys.has(key));
    if (odd !== undefined) return refuse(failed(400, 10_021, `unknown metadata ${odd}`));
    const main = form.get(String(metadata["main_module"]));
    if (main === null || isText(main) || main.type !== "application/javascript+module")
      return refuse(failed(400, 10_021, "No such module"));
    if (!/^\d{4}-\d\d-\d\d$/.test(String(metadata["compatibility_date"]))) return refuse(failed(400, 10_021, "compatibility_date"));
    const { jwt, config = {} } = (metadata["assets"] ?? {}) as { jwt?: string; config?: Record<string, unknown> };
    const complete = jwt === undefined ? { script: keyOf(call), manifest: {} } : completions.get(jwt);
    if (!complete || complete.script !== keyOf(call))
      return refuse(failed(400, 10_021, "assets: the token is not a completion token of this script"));
    const oddConfig = Object.keys(config).find((key) => !configKeys.has(key));
    if (oddConfig !== undefined) return refuse(failed(400, 10_021, `unknown assets config ${oddConfig}`));
    const bindings = (metadata["bindings"] ?? []) as Version["bindings"];
    if (bindings.some(({ type, name, text }) => !bindingTypes.has(type) || !name || (type.endsWith("_text") && !isText(text))))
      return refuse(failed(400, 10_021, "invalid binding"));
    if (new Set(bindings.map(({ name }) => name)).size !== bindings.length) return refuse(failed(400, 10_021, "a binding is there twice"));
    return {
      id: crypto.randomUUID(),
      manifest: complete.manifest,
      bindings,
      config,
      compatibilityDate: String(metadata["compatibility_date"]),
      worker: await main.text(),
    };
  };
  const put: Endpoint["answer"] = async (call) => {
    const version = await versionIn(call);
    const { script: name = "", namespace } = call.params;
    const known = find(name, namespace);
    if (known) {
      known.versions.unshift(version);
      known.live = version.id;
    } else scripts.push({ name, namespace, versions: [version], live: version.id, hasAddress: false, hasPreviews: false });
    return result({ id: name, etag: version.id.slice(0, 8), has_assets: true });
  };

  const putVersion: Endpoint["answer"] = async (call) => {
    const script = scriptOf(call);
    const version = await versionIn(call);
    script.versions.unshift(version);
    return result({ id: version.id, number: script.versions.length, metadata: {}, resources: {} });
  };
  const deploymentsOf = (script: Script) => ({
    deployments: [{ id: script.live, strategy: "percentage", versions: [{ version_id: script.live, percentage: 100 }] }],
  });
  const deployVersion: Endpoint["answer"] = (call) => {
    const script = scriptOf(call);
    const body = call.json() as { strategy?: string; versions?: { version_id: string; percentage: number }[] };
    const [wanted] = body.versions ?? [];
    if (body.strategy !== "percentage" || wanted?.percentage !== 100 || !script.versions.some(({ id }) => id === wanted.version_id))
      return failed(400, 10_021, "Invalid deployment");
    script.live = wanted.version_id;
    return result(deploymentsOf(script).deployments[0]);
  };
  const putDomain: Endpoint["answer"] = (call) => {
    const { hostname, service, zone_id } = call.json() as Record<string, string>;
    const zone = [...zones].find(([, id]) => id === zone_id)?.[0];
    if (!hostname || zone === undefined || !`.${hostname}`.endsWith(`.${zone}`)) return failed(400, 100_115, "Invalid zone or hostname");
    if (!find(service, undefined)) return failed(404, 10_007, "This Worker does not exist on your account.");
    if (domains.has(hostname) && domains.get(hostname) !== service)
      return failed(409, 100_116, "Hostname already belongs to another Worker");
    domains.set(hostname, service ?? "");
    return result({ id: newId(""), hostname, service, zone_id });
  };

  const root = `${api}/accounts/:account/workers`;
  /** A script has the same API in both. */
  const scriptsRoutes = [`${root}/scripts`, `${root}/dispatch/namespaces/:namespace/scripts`];
  const provider = await startProvider({
    publishedAs: "cloudflare",
    apiPath: api,
    denied: failed(401, 10_000, "Authentication error"),
    unknown: (what) => failed(404, 7003, `Could not route to ${what}`),
    endpoints: [
      {
        route: `GET ${root}/scripts`,
        answer: guard(() => result(scripts.filter((s) => s.namespace === undefined).map(({ name }) => ({ id: name })))),
      },
      {
        route: `GET ${root}/dispatch/namespaces/:namespace`,
        answer: guard(({ params: { namespace } }) =>
          result({ namespace_name: namespace, script_count: scripts.filter((s) => s.namespace === namespace).length }),
        ),
      },
      ...scriptsRoutes.flatMap((scriptsRoute): Endpoint[] => [
        { route: `POST ${scriptsRoute}/:script/assets-upload-session`, answer: guard(openSession) },
        { route: `PUT ${scriptsRoute}/:script`, answer: guard(put) },
        {
          route: `GET ${scriptsRoute}/:script`,
          answer: guard((call) => ({
            status: 200,
            body: Buffer.from(scriptOf(call).versions[0]?.worker ?? ""),
            headers: { "content-type": "application/javascript+module" },
          })),
        },
        {
          route: `DELETE ${scriptsRoute}/:script`,
          query: ["force"],
          answer: guard((call) => {
            scripts.splice(scripts.indexOf(scriptOf(call)), 1);
            return result(null);
          }),
        },
      ]),
      { route: `POST ${root}/assets/upload`, query: ["base64"], isOpen: true, answer: upload },
      {
        route: `POST ${root}/scripts/:script/subdomain`,
        answer: guard((call) => {
          const { enabled, previews_enabled: previews = enabled } = call.json();
          if (typeof enabled !== "boolean" || typeof previews !== "boolean") return failed(400, 10_021, "enabled");
          Object.assign(scriptOf(call), { hasAddress: enabled, hasPreviews: previews });
          return result({ enabled, previews_enabled: previews });
        }),
      },
      {
        route: `GET ${root}/scripts/:script/subdomain`,
        answer: guard((call) => {
          const { hasAddress, hasPreviews } = scriptOf(call);
          return result({ enabled: hasAddress, previews_enabled: hasPreviews });
        }),
      },
      { route: `POST ${root}/scripts/:script/versions`, answer: guard(putVersion) },
      {
        route: `GET ${root}/subdomain`,
        answer: guard(() => (subdomain === undefined ? failed(404, 10_007, "No subdomain") : result({ subdomain }))),
      },
      { route: `GET ${root}/scripts/:script/deployments`, answer: guard((call) => result(deploymentsOf(scriptOf(call)))) },
      { route: `POST ${root}/scripts/:script/deployments`, query: ["force"], answer: guard(deployVersion) },
      { route: `PUT ${root}/domains`, answer: guard(putDomain) },
      {
        route: `GET ${api}/zones`,
        query: ["name"],
        answer: ({ query }) => {
          const id = zones.get(query.get("name") ?? "");
          return result(id === undefined ? [] : [{ id, name: query.get("name") }]);
        },
      },
    ],
  });

  const live = (name: string, namespace?: string): Version => {
    const script = find(name, namespace);
    const version = script?.versions.find(({ id }) => id === script.live);
    if (!version) throw new Error(`no script ${name}`);
    return version;
  };
  const filesOf = ({ manifest }: Version) =>
    new Map(Object.entries(manifest).map(([path, { hash }]) => [path.slice(1), assets.get(hash) ?? Buffer.alloc(0)]));
  const files = (name: string, namespace?: string) => filesOf(live(name, namespace));
  return {
    ...provider,
    apiUrl: `${provider.url}${api}`,
    accountId,
    namespaces,
    setSubdomain: (name) => void (subdomain = name),
    zones,
    domains,
    occupy: (name) =>
      void scripts.push({
        name,
        namespace: undefined,
        versions: [{ id: crypto.randomUUID(), manifest: {}, bindings: [], config: {}, compatibilityDate: "2024-01-01", worker: "theirs" }],
        live: "",
        hasAddress: true,
        hasPreviews: false,
      }),
    script: find,
    live,
    files,
    filesAt: (url) => {
      const [label = "", ...domain] = new URL(url).hostname.split(".");
      if (domain.join(".") !== `${subdomain}.workers.dev`) return undefined;
      const own = find(label, undefined);
      if (own) return own.hasAddress ? filesOf(live(label)) : undefined;
      const [, version = "", name] = /^([0-9a-f]{8})-(.+)$/.exec(label) ?? [];
      const script = find(name, undefined);
      const shown = script?.hasPreviews ? script.versions.find(({ id }) => id.startsWith(version)) : undefined;
      return shown && filesOf(shown);
    },
    openSite: (name) =>
      provider.open(
        staticSite(
          () => files(name),
          () => (live(name).config["not_found_handling"] === "single-page-application" ? "index.html" : undefined),
        ),
      ),
  };
}
