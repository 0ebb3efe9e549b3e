import { createHash } from "node:crypto";
import { createOauthApp, type OauthApp } from "./oauth.ts";
import { isText, newId, Refusal, startProvider, staticSite, type BuildPlan, type Endpoint, type Provider, type Reply } from "./provider.ts";

interface Variable {
  id: string;
  key: string;
  value: string;
  type: string;
  target: string[];
  comment?: string;
}
interface Project {
  id: string;
  name: string;
  scope: string;
  framework: string | null;
  env: Variable[];
  domains: string[];
  live: string | undefined;
}
interface Deployment {
  id: string;
  project: Project;
  target: "production" | null;
  url: string;
  files: { file: string; sha: string; size: number; mode?: number }[];
  settings: Record<string, unknown>;
  meta: Record<string, string>;
  state: "QUEUED" | "BUILDING" | "READY" | "ERROR";
  plan: BuildPlan;
  polls: number;
  env: Record<string, string>;
}

export interface VercelFake extends Provider {
  oauth: OauthApp;
  /** Whether tokens of the OAuth app may do more than identify the user; Vercel grants that to few apps. */
  mayOauthDeploy(isAllowed: boolean): void;
  /** Tokens with read-only access. */
  readOnly: Set<string>;
  /** Teams visible to the account; every token may act for them. */
  teams: { id: string; name: string; slug: string }[];
  /** Creates a project that someone else made before. */
  occupy(name: string, teamId?: string): void;
  /** Outcome of later deployments. */
  plan(plan: BuildPlan): void;
  /** The deployment of that id, or the newest. */
  deployment(id?: string): Deployment;
  deployments: Deployment[];
  project(name: string, teamId?: string): Project | undefined;
  /** Path to content of the live version, or of one deployment. */
  files(project: string, deploymentId?: string): Map<string, Buffer>;
  /** Domains of other accounts. */
  foreignDomains: Set<string>;
  /** Serves the live site over HTTP. Sources are served as they are: nothing is built. */
  openSite(project: string): Promise<string>;
}

const failed = (status: number, code: string, message: string, more: Record<string, unknown> = {}): Reply => ({
  status,
  body: { error: { code, message, ...more } },
});
const refuse = (...args: Parameters<typeof failed>): never => {
  throw new Refusal(failed(...args));
};
const createKeys = new Set([
  "name",
  "project",
  "target",
  "files",
  "projectSettings",
  "meta",
  "gitMetadata",
  "customEnvironmentSlugOrId",
  "deploymentId",
]);
const isTargets = (target: unknown): boolean =>
  Array.isArray(target) && target.length > 0 && target.every((one) => ["production", "preview", "development"].includes(String(one)));
const settingKeys = new Set([
  "framework",
  "buildCommand",
  "outputDirectory",
  "installCommand",
  "devCommand",
  "rootDirectory",
  "nodeVersion",
]);

/** Vercel's REST API as documented, on loopback; strict where the real one is. */
export async function startVercel(): Promise<VercelFake> {
  const projects: Project[] = [];
  const deployments: Deployment[] = [];
  const blobs = new Map<string, Buffer>();
  const teams: VercelFake["teams"] = [];
  const foreignDomains = new Set<string>();
  let plan: BuildPlan = {};
  let mayOauthDeploy = true;
  const readOnly = new Set<string>();

  const scopeOf = (query: URLSearchParams): string => {
    const team = query.get("teamId");
    if (team === null) return "personal";
    if (!teams.some(({ id }) => id === team)) refuse(403, "forbidden", "Not authorized");
    return team;
  };
  const projectOf = (query: URLSearchParams, ref: string | undefined): Project => {
    const scope = scopeOf(query);
    const found = projects.find((p) => p.scope === scope && (p.id === ref || p.name === ref));
    return found ?? refuse(404, "not_found", "Project not found");
  };
  const deploymentOf = (query: URLSearchParams, id: string | undefined): Deployment => {
    const scope = scopeOf(query);
    const found = deployments.find((d) => d.project.scope === scope && d.id === id);
    return found ?? refuse(404, "not_found", "Deployment not found");
  };
  const presentProject = (p: Project) => ({
    id: p.id,
    name: p.name,
    accountId: p.scope,
    framework: p.framework,
    targets: p.live === undefined ? {} : { production: { id: p.live, alias: [`${p.name}.vercel.app`] } },
  });
  const presentDeployment = (d: Deployment) => ({
    id: d.id,
    name: d.project.name,
    url: d.url,
    readyState: d.state,
    target: d.target,
    meta: d.meta,
    alias: d.state === "READY" && d.project.live === d.id ? [`${d.project.name}.vercel.app`] : [],
    ...(d.state === "ERROR" && { errorCode: "BUILD_FAILED", errorMessage: d.plan.error }),
  });
  const advance = (d: Deployment): void => {
    if (d.state === "READY" || d.state === "ERROR") return;
    d.polls += 1;
    d.state = "BUILDING";
    if (d.polls <= (d.plan.polls ?? 1)) return;
    d.state = d.plan.error === undefined ? "READY" : "ERROR";
    if (d.state === "READY" && d.target === "production") d.project.live = d.id;
  };
  const makeProject = (scope: string, name: string, framework: string | null): Project => {
    const made: Project = { id: newId("prj_"), name, scope, framework, env: [], domains: [], live: undefined };
    projects.push(made);
    return made;
  };

  const uploadFile: Endpoint["answer"] = ({ headers, body, query }) => {
    const digest = headers["x-vercel-digest"];
    if (!isText(digest)) return failed(400, "bad_request", "Missing x-vercel-digest header");
    if (headers["content-length"] === undefined) return failed(411, "bad_request", "Missing Content-Length header");
    if (headers["content-type"] !== "application/octet-stream") return failed(415, "bad_request", "Invalid content type");
    if (createHash("sha1").update(body).digest("hex") !== digest)
      return failed(400, "invalid_sha", "The digest does not match the content");
    blobs.set(`${scopeOf(query)} ${digest}`, body);
    return { status: 200, body: { urls: [] } };
  };

  const create: Endpoint["answer"] = ({ json, query }) => {
    const scope = scopeOf(query);
    const body = json();
    const odd = Object.keys(body).find((key) => !createKeys.has(key));
    if (odd !== undefined) return failed(400, "bad_request", `Invalid request: should NOT have additional property \`${odd}\`.`);
    if (!isText(body["name"]) || !/^[a-z0-9._-]{1,100}$/.test(body["name"])) return failed(400, "invalid_name", "Invalid request: `name`.");
    const target = body["target"] ?? null;
    if (target !== null && target !== "production") return failed(400, "bad_request", "Invalid request: `target` should be `production`.");
    // A promotion: its content is that of the other deployment.
    const former = body["deploymentId"] === undefined ? undefined : deploymentOf(query, String(body["deploymentId"]));
    if (former && (body["files"] !== undefined || body["projectSettings"] !== undefined))
      return failed(400, "bad_request", "`deploymentId` replaces files and settings.");
    const settings = former ? former.settings : (body["projectSettings"] as Record<string, unknown> | undefined);
    const oddSetting = Object.keys(settings ?? {}).find((key) => !settingKeys.has(key));
    if (oddSetting !== undefined)
      return failed(400, "bad_request", `projectSettings should NOT have additional property \`${oddSetting}\`.`);
    const files = former ? former.files : (body["files"] as Deployment["files"]);
    if (!Array.isArray(files) || files.length === 0) return failed(400, "bad_request", "There are no files.");
    if (
      files.some(({ file, sha, size }) => !isText(file) || file.startsWith("/") || !/^[0-9a-f]{40}$/.test(sha) || !Number.isInteger(size))
    )
      return failed(400, "bad_request", "Invalid request: `files`.");
    if (new Set(files.map(({ file }) => file)).size !== files.length) return failed(400, "bad_request", "A file is listed twice.");
    const project =
      projects.find((p) => p.scope === scope && (p.id === body["project"] || p.name === body["project"] || p.name === body["name"])) ??
      makeProject(scope, body["name"], null);
    const isFirst = !deployments.some((d) => d.project === project);
    if (isFirst && settings === undefined && query.get("skipAutoDetectionConfirmation") !== "1")
      return failed(400, "missing_project_settings", "The `projectSettings` object is required for new projects.");
    const missing = [...new Set(files.map(({ sha }) => sha))].filter((sha) => !blobs.has(`${scope} ${sha}`));
    if (missing.length > 0) return failed(400, "missing_files", "Missing files", { missing });
    const wrong = files.find(({ sha, size }) => blobs.get(`${scope} ${sha}`)?.length !== size);
    if (wrong) return failed(400, "bad_request", `The size of ${wrong.file} does not match.`);
    const id = newId("dpl_");
    const made: Deployment = {
      id,
      project,
      target,
      url: `${project.name}-${id.slice(4, 13)}.vercel.app`,
      files,
      settings: settings ?? {},
      meta: (body["meta"] as Record<string, string> | undefined) ?? {},
      state: "QUEUED",
      plan,
      polls: 0,
      env: Object.fromEntries(
        project.env.filter((variable) => variable.target.includes(target ?? "preview")).map(({ key, value }) => [key, value]),
      ),
    };
    deployments.unshift(made);
    return { status: 200, body: presentDeployment(made) };
  };

  const variableKeys = new Set(["key", "value", "type", "target", "comment", "gitBranch"]);
  const putEnv: Endpoint["answer"] = ({ params, query, json }) => {
    const project = projectOf(query, params["id"]);
    const items = [json()].flat() as unknown as Omit<Variable, "id">[];
    const bad: unknown[] = [];
    for (const item of items) {
      const odd = Object.keys(item).find((key) => !variableKeys.has(key));
      if (odd !== undefined) return failed(400, "bad_request", `Invalid request: should NOT have additional property \`${odd}\`.`);
      if (!["plain", "encrypted", "sensitive", "secret", "system"].includes(item.type) || !isTargets(item.target))
        return failed(400, "bad_request", "Invalid request: `type` or `target`.");
      if ((item.comment ?? "").length > 500) return failed(400, "bad_request", "Invalid request: `comment`.");
      const known = project.env.find(({ key, target }) => key === item.key && target.some((one) => item.target.includes(one)));
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(item.key) || item.key.startsWith("VERCEL_"))
        bad.push({ error: { code: "ENV_INVALID", key: item.key, message: "The name of the environment variable is not allowed" } });
      else if (known && query.get("upsert") !== "true") bad.push({ error: { code: "ENV_CONFLICT", key: item.key, message: "exists" } });
      // The record changes as a whole, for all of its targets.
      else if (known) Object.assign(known, { comment: undefined }, item);
      else project.env.push({ id: newId("env_"), ...item });
    }
    return { status: 201, body: { created: items.length - bad.length, failed: bad } };
  };
  const variableOf = (query: URLSearchParams, ref: string | undefined, id: string | undefined): [Project, Variable] => {
    const project = projectOf(query, ref);
    return [project, project.env.find((variable) => variable.id === id) ?? refuse(404, "not_found", "Environment variable not found")];
  };

  const domains: Endpoint["answer"] = ({ params, query, json }) => {
    const project = projectOf(query, params["id"]);
    const name = String(json()["name"]);
    if (project.domains.includes(name)) return failed(400, "domain_already_in_use", `${name} is already assigned to this project`);
    if (foreignDomains.has(name)) return failed(409, "domain_already_in_use", `${name} is in use by another account`);
    project.domains.push(name);
    return {
      status: 200,
      body: {
        name,
        verified: false,
        verification: [{ type: "TXT", domain: `_vercel.${name}`, value: "vc-domain-verify=1", reason: "pending" }],
      },
    };
  };

  const oauth = createOauthApp({
    tokens: (): Set<string> => provider.tokens,
    takes: "form",
    lifetimeSeconds: 3600,
    authorizeRoute: "GET /oauth/authorize",
    tokenRoute: "POST /login/oauth/token",
    revokeRoute: "POST /login/oauth/token/revoke",
  });
  const team = ["teamId"];
  const provider: Provider = await startProvider({
    publishedAs: "vercel",
    denied: failed(403, "forbidden", "Not authorized", { invalidToken: true }),
    forbids: (token, what) =>
      (token.startsWith("oat_") && !mayOauthDeploy && what !== "GET /v2/user") || (readOnly.has(token) && !what.startsWith("GET "))
        ? failed(403, "forbidden", "You don't have permission to do this.")
        : undefined,
    unknown: (what) => failed(404, "not_found", `The requested API endpoint was not found: ${what}`),
    endpoints: [
      ...oauth.endpoints,
      {
        route: "GET /v2/user",
        query: team,
        answer: () => ({ status: 200, body: { user: { id: "usr_1", username: "ada", name: "Ada" } } }),
      },
      { route: "GET /v2/teams", query: ["limit", ...team], answer: () => ({ status: 200, body: { teams } }) },
      {
        route: "GET /v2/teams/:id",
        query: team,
        answer: ({ params }) => {
          const found = teams.find(({ id }) => id === params["id"]);
          return found ? { status: 200, body: found } : failed(404, "not_found", "Team not found");
        },
      },
      {
        route: "GET /v10/projects",
        query: ["limit", ...team],
        answer: ({ query }) => {
          const scope = scopeOf(query);
          return {
            status: 200,
            body: { projects: projects.filter((p) => p.scope === scope).map(presentProject), pagination: { count: 0 } },
          };
        },
      },
      {
        route: "GET /v9/projects/:id",
        query: team,
        answer: ({ params, query }) => ({ status: 200, body: presentProject(projectOf(query, params["id"])) }),
      },
      {
        route: "POST /v11/projects",
        query: team,
        answer: ({ json, query }) => {
          const { name, framework = null } = json();
          const scope = scopeOf(query);
          if (!isText(name) || !/^[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?$/.test(name))
            return failed(400, "invalid_name", "Invalid project name");
          if (projects.some((p) => p.scope === scope && p.name === name))
            return failed(409, "conflict", "A project with the same name already exists, please use a new name.");
          return { status: 200, body: presentProject(makeProject(scope, name, framework as string | null)) };
        },
      },
      { route: "POST /v10/projects/:id/env", query: ["upsert", ...team], answer: putEnv },
      {
        route: "GET /v10/projects/:id/env",
        query: ["decrypt", ...team],
        answer: ({ params, query }) => ({
          status: 200,
          body: { envs: projectOf(query, params["id"]).env.map((variable) => ({ ...variable, value: "sealed" })) },
        }),
      },
      {
        route: "PATCH /v9/projects/:id/env/:env",
        query: team,
        answer: ({ params, query, json }) => {
          const [, variable] = variableOf(query, params["id"], params["env"]);
          const { target } = json();
          if (!isTargets(target)) return failed(400, "bad_request", "Invalid request: `target`.");
          variable.target = target as string[];
          return { status: 200, body: { ...variable, value: "sealed" } };
        },
      },
      {
        route: "DELETE /v9/projects/:id/env/:env",
        query: team,
        answer: ({ params, query }) => {
          const [project, variable] = variableOf(query, params["id"], params["env"]);
          project.env.splice(project.env.indexOf(variable), 1);
          return { status: 200, body: variable };
        },
      },
      { route: "POST /v10/projects/:id/domains", query: team, answer: domains },
      {
        route: "GET /v9/projects/:id/domains/:domain",
        query: team,
        answer: ({ params, query }) =>
          projectOf(query, params["id"]).domains.includes(params["domain"] ?? "")
            ? { status: 200, body: { name: params["domain"], verified: true } }
            : failed(404, "not_found", "Project domain not found"),
      },
      {
        route: "POST /v10/projects/:id/promote/:deployment",
        query: team,
        answer: ({ params, query }) => {
          const found = deploymentOf(query, params["deployment"]);
          if (found.project !== projectOf(query, params["id"]) || found.state !== "READY" || found.target !== "production")
            return failed(400, "bad_request", "Not promotable");
          found.project.live = found.id;
          return { status: 201 };
        },
      },
      { route: "POST /v2/files", query: team, answer: uploadFile },
      { route: "POST /v13/deployments", query: ["skipAutoDetectionConfirmation", "forceNew", ...team], answer: create },
      {
        route: "GET /v13/deployments/:id",
        query: team,
        answer: ({ params, query }) => {
          const found = deploymentOf(query, params["id"]);
          advance(found);
          return { status: 200, body: presentDeployment(found) };
        },
      },
      {
        route: "DELETE /v13/deployments/:id",
        query: team,
        answer: ({ params, query }) => {
          const found = deploymentOf(query, params["id"]);
          deployments.splice(deployments.indexOf(found), 1);
          if (found.project.live === found.id) found.project.live = undefined;
          return { status: 200, body: { uid: found.id, state: "DELETED" } };
        },
      },
      {
        route: "GET /v7/deployments",
        query: ["projectId", "limit", ...team],
        answer: ({ query }) => {
          const project = projectOf(query, query.get("projectId") ?? "");
          const items = deployments
            .filter((d) => d.project === project)
            .map((d) => ({ ...presentDeployment(d), uid: d.id, id: undefined }));
          return { status: 200, body: { deployments: items.slice(0, Number(query.get("limit") ?? 20)) } };
        },
      },
      {
        route: "GET /v3/deployments/:id/events",
        query: ["builds", "limit", "direction", "follow", ...team],
        answer: ({ params, query }) => {
          const { plan } = deploymentOf(query, params["id"]);
          const lines = plan.lines ?? ["Build completed"];
          return {
            status: 200,
            body: lines.map((text, i) => ({ created: i, type: plan.error && i === lines.length - 1 ? "stderr" : "stdout", text })),
          };
        },
      },
    ],
  });

  const projectNamed = (name: string, teamId = "personal") => projects.find((p) => p.name === name && p.scope === teamId);
  const filesOf = (d: Deployment) =>
    new Map(d.files.map(({ file, sha }) => [file, blobs.get(`${d.project.scope} ${sha}`) ?? Buffer.alloc(0)]));
  const deployment = (id?: string): Deployment => {
    const found = id === undefined ? deployments[0] : deployments.find((d) => d.id === id);
    if (!found) throw new Error(`no deployment ${id ?? ""}`);
    return found;
  };
  const liveFiles = (name: string) => {
    const live = projects.find((p) => p.name === name)?.live;
    return live === undefined ? undefined : filesOf(deployment(live));
  };
  return {
    ...provider,
    oauth: oauth.app,
    mayOauthDeploy: (isAllowed) => void (mayOauthDeploy = isAllowed),
    readOnly,
    teams,
    occupy: (name, teamId = "personal") => void makeProject(teamId, name, null),
    plan: (next) => void (plan = next),
    deployment,
    deployments,
    project: projectNamed,
    files: (name, id) => (id === undefined ? (liveFiles(name) ?? new Map<string, Buffer>()) : filesOf(deployment(id))),
    foreignDomains,
    openSite: (name) =>
      provider.open(
        staticSite(
          () => liveFiles(name),
          () => (liveFiles(name)?.get("vercel.json")?.toString().includes("/index.html") ? "index.html" : undefined),
        ),
      ),
  };
}
