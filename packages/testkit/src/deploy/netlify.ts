import { createHash } from "node:crypto";
import { createOauthApp, type OauthApp } from "./oauth.ts";
import { isText, newId, Refusal, startProvider, staticSite, type BuildPlan, type Endpoint, type Provider, type Reply } from "./provider.ts";

interface Site {
  id: string;
  name: string;
  custom_domain: string | null;
  domain_aliases: string[];
  live: string | undefined;
}
interface Deploy {
  id: string;
  site: Site;
  title: string | null;
  draft: boolean;
  files: Map<string, string>;
  state: "preparing" | "prepared" | "uploading" | "processing" | "ready" | "error";
  required: Set<string>;
  plan: BuildPlan;
  polls: number;
}

export interface NetlifyFake extends Provider {
  /** Including the path of Netlify's API. */
  apiUrl: string;
  oauth: OauthApp;
  /** Names taken by other accounts. */
  foreignNames: Set<string>;
  foreignDomains: Set<string>;
  plan(plan: BuildPlan): void;
  sites: Site[];
  /** Newest first. */
  deploys: Deploy[];
  /** Path to content of what is live, or of one deploy. */
  files(site: string, deployId?: string): Map<string, Buffer>;
  /** Content types of uploads, in order. */
  uploads: number;
  openSite(site: string): Promise<string>;
}

const failed = (status: number, message: string): Reply => ({ status, body: { code: status, message } });
const unprocessable = (errors: Record<string, string[]>): Reply => ({ status: 422, body: { code: 422, errors } });
const refuse = (reply: Reply): never => {
  throw new Refusal(reply);
};
const api = "/api/v1";

/** Netlify's API as documented, on loopback; strict where the real one is. */
export async function startNetlify(): Promise<NetlifyFake> {
  const sites: Site[] = [];
  const deploys: Deploy[] = [];
  const blobs = new Map<string, Buffer>();
  const foreignNames = new Set<string>();
  const foreignDomains = new Set<string>();
  let plan: BuildPlan = {};
  const counts = { uploads: 0 };

  const siteOf = (id: string | undefined): Site => sites.find((s) => s.id === id) ?? refuse(failed(404, "Not Found"));
  const deployOf = (id: string | undefined): Deploy => deploys.find((d) => d.id === id) ?? refuse(failed(404, "Not Found"));
  const presentSite = (s: Site) => ({
    id: s.id,
    name: s.name,
    url: `http://${s.name}.netlify.app`,
    ssl_url: `https://${s.name}.netlify.app`,
    custom_domain: s.custom_domain,
    domain_aliases: s.domain_aliases,
    published_deploy: s.live === undefined ? null : { id: s.live },
  });
  const presentDeploy = (d: Deploy) => ({
    id: d.id,
    site_id: d.site.id,
    title: d.title,
    draft: d.draft,
    state: d.state,
    required: d.state === "preparing" ? [] : [...d.required],
    ssl_url: `https://${d.site.name}.netlify.app`,
    deploy_ssl_url: `https://${d.id}--${d.site.name}.netlify.app`,
    error_message: d.state === "error" ? d.plan.error : null,
    deploy_time: d.state === "ready" ? 3 : null,
  });
  const finishUpload = (d: Deploy): void => {
    if (d.required.size === 0) d.state = "processing";
  };
  const advance = (d: Deploy): void => {
    if (d.state === "preparing") {
      d.state = "prepared";
      finishUpload(d);
    } else if (d.state === "processing") {
      d.polls += 1;
      if (d.polls <= (d.plan.polls ?? 1)) return;
      d.state = d.plan.error === undefined ? "ready" : "error";
      if (d.state === "ready" && !d.draft) d.site.live = d.id;
    }
  };
  const makeSite = (name: string): Site => {
    const made: Site = { id: newId(""), name, custom_domain: null, domain_aliases: [], live: undefined };
    sites.push(made);
    return made;
  };
  const createSite: Endpoint["answer"] = ({ json }) => {
    const { name } = json();
    if (name !== undefined) {
      if (!isText(name) || !/^[a-z0-9-]{1,63}$/.test(name)) return unprocessable({ subdomain: ["is invalid"] });
      if (foreignNames.has(name) || sites.some((s) => s.name === name)) return unprocessable({ subdomain: ["must be unique"] });
    }
    return { status: 201, body: presentSite(makeSite(isText(name) ? name : `quiet-${newId("").slice(0, 8)}`)) };
  };
  const createDeploy: Endpoint["answer"] = ({ params, json, query }) => {
    const site = siteOf(params["site"]);
    const body = json();
    const odd = Object.keys(body).find((key) => !["files", "async", "draft", "functions", "branch", "framework"].includes(key));
    if (odd !== undefined) return failed(400, `unknown field ${odd}`);
    const files = Object.entries((body["files"] ?? {}) as Record<string, string>);
    if (files.length === 0) return unprocessable({ files: ["are missing"] });
    if (body["draft"] !== undefined && typeof body["draft"] !== "boolean") return failed(400, "draft must be a boolean");
    const bad = files.find(([path, sha]) => !path.startsWith("/") || /[#?]/.test(path) || !/^[0-9a-f]{40}$/.test(sha));
    if (bad) return unprocessable({ files: [`invalid path or digest: ${bad[0]}`] });
    const deploy: Deploy = {
      id: newId(""),
      site,
      title: query.get("title"),
      draft: body["draft"] === true,
      files: new Map(files),
      state: body["async"] === true ? "preparing" : "uploading",
      required: new Set(files.map(([, sha]) => sha).filter((sha) => !blobs.has(sha))),
      plan,
      polls: 0,
    };
    deploys.unshift(deploy);
    if (deploy.state === "uploading") finishUpload(deploy);
    return { status: 200, body: presentDeploy(deploy) };
  };
  const upload: Endpoint["answer"] = ({ params, headers, body }) => {
    const deploy = deployOf(params["deploy"]);
    if (headers["content-type"] !== "application/octet-stream") return failed(415, "Content-Type must be application/octet-stream");
    if (deploy.state !== "uploading" && deploy.state !== "prepared") return failed(422, `deploy is ${deploy.state}`);
    const path = `/${(params["rest"] ?? "").split("/").map(decodeURIComponent).join("/")}`;
    const wanted = deploy.files.get(path);
    if (wanted === undefined) return failed(404, `${path} is not part of this deploy`);
    if (createHash("sha1").update(body).digest("hex") !== wanted) return failed(422, "the content does not have that digest");
    counts.uploads += 1;
    blobs.set(wanted, body);
    deploy.state = "uploading";
    deploy.required.delete(wanted);
    finishUpload(deploy);
    return { status: 200, body: { id: path, path, sha: wanted, size: body.length } };
  };
  const patchSite: Endpoint["answer"] = ({ params, json }) => {
    const site = siteOf(params["site"]);
    const body = json();
    const wanted = [body["custom_domain"], body["domain_aliases"]].flat().filter(isText);
    if (wanted.some((domain) => foreignDomains.has(domain))) return unprocessable({ custom_domain: ["must be unique"] });
    if (isText(body["custom_domain"])) site.custom_domain = body["custom_domain"];
    if (Array.isArray(body["domain_aliases"])) site.domain_aliases = body["domain_aliases"].filter(isText);
    return { status: 200, body: presentSite(site) };
  };

  const oauth = createOauthApp({
    tokens: (): Set<string> => provider.tokens,
    takes: "form",
    authorizeRoute: "GET /authorize",
    tokenRoute: "POST /oauth/token",
  });
  const provider: Provider = await startProvider({
    publishedAs: "netlify",
    apiPath: api,
    denied: failed(401, "Access Denied"),
    unknown: () => failed(404, "Not Found"),
    endpoints: [
      ...oauth.endpoints,
      {
        route: `GET ${api}/user`,
        answer: () => ({ status: 200, body: { id: "u1", full_name: "Ada Lovelace", email: "ada@example.org" } }),
      },
      {
        route: `GET ${api}/sites`,
        query: ["name", "filter", "page", "per_page"],
        answer: ({ query }) => {
          const [page, size] = [Number(query.get("page") ?? 1), Number(query.get("per_page") ?? 100)];
          return { status: 200, body: sites.slice((page - 1) * size, page * size).map(presentSite) };
        },
      },
      { route: `POST ${api}/sites`, answer: createSite },
      { route: `POST ${api}/:account/sites`, answer: createSite },
      { route: `GET ${api}/sites/:site`, answer: ({ params }) => ({ status: 200, body: presentSite(siteOf(params["site"])) }) },
      { route: `PATCH ${api}/sites/:site`, answer: patchSite },
      {
        route: `GET ${api}/sites/:site/deploys`,
        query: ["page", "per_page"],
        answer: ({ params }) => {
          const site = siteOf(params["site"]);
          return { status: 200, body: deploys.filter((d) => d.site === site).map(presentDeploy) };
        },
      },
      { route: `POST ${api}/sites/:site/deploys`, query: ["title"], answer: createDeploy },
      {
        route: `POST ${api}/sites/:site/deploys/:deploy/restore`,
        answer: ({ params }) => {
          const deploy = deployOf(params["deploy"]);
          if (deploy.site !== siteOf(params["site"]) || deploy.state !== "ready") return failed(422, "cannot be restored");
          deploy.site.live = deploy.id;
          return { status: 201, body: presentDeploy(deploy) };
        },
      },
      {
        route: `GET ${api}/deploys/:deploy`,
        answer: ({ params }) => {
          const deploy = deployOf(params["deploy"]);
          advance(deploy);
          return { status: 200, body: presentDeploy(deploy) };
        },
      },
      {
        route: `DELETE ${api}/deploys/:deploy`,
        answer: ({ params }) => {
          const deploy = deployOf(params["deploy"]);
          deploys.splice(deploys.indexOf(deploy), 1);
          if (deploy.site.live === deploy.id) deploy.site.live = undefined;
          return { status: 204 };
        },
      },
      { route: `PUT ${api}/deploys/:deploy/files/*`, query: ["size"], answer: upload },
    ],
  });

  const filesOf = ({ files }: Deploy) => new Map([...files].map(([path, sha]) => [path.slice(1), blobs.get(sha) ?? Buffer.alloc(0)]));
  const files = (name: string, deployId?: string) => {
    const wanted = deployId ?? sites.find((s) => s.name === name)?.live;
    const deploy = deploys.find((d) => d.id === wanted);
    return deploy ? filesOf(deploy) : new Map<string, Buffer>();
  };
  return {
    ...provider,
    apiUrl: `${provider.url}${api}`,
    oauth: oauth.app,
    foreignNames,
    foreignDomains,
    plan: (next) => void (plan = next),
    sites,
    deploys,
    files,
    get uploads() {
      return counts.uploads;
    },
    openSite: (name) =>
      provider.open(
        staticSite(
          () => files(name),
          () => (/^\/\*\s+\/index\.html\s+200/m.test(files(name).get("_redirects")?.toString() ?? "") ? "index.html" : undefined),
        ),
      ),
  };
}
