import {
  bearerOf,
  linksOf,
  newestFirst,
  pageOf,
  pathParameters,
  type Dialect,
  type FakeRepository,
  type ProviderCall,
  type ProviderState,
  type Reply,
} from "./fake.ts";

const noSuch = (what: string): Reply => ({ status: 404, body: { message: `404 ${what} Not Found` } });
const listed = <T>(call: ProviderCall, { apiUrl }: ProviderState, all: readonly T[], wire: (item: T) => unknown): Reply => {
  const { items, page, last, total } = pageOf(all, call, "per_page", 100, 20);
  return {
    status: 200,
    body: items.map(wire),
    headers: {
      "x-page": String(page),
      "x-next-page": page < last ? String(page + 1) : "",
      "x-total": String(total),
      "x-total-pages": String(last),
      ...linksOf(apiUrl, call, page, last),
    },
  };
};

export const gitlab: Dialect = {
  name: "gitlab",
  apiPath: "/api/v4",
  authorizePath: "/oauth/authorize",
  tokenPath: "/oauth/token",
  clientAuth: "post",
  hasPkce: true,
  expiresIn: 7200,
  rotatesRefreshTokens: true,
  refusalStatus: 400,
  gitUsers: ["oauth2"],
  mayPush: (scope) => /(^| )(api|write_repository)( |$)/.test(scope),
  tokenOf: (headers) => bearerOf(headers) ?? (headers["private-token"] as string | undefined),
  unauthorized: { message: "401 Unauthorized" },
  open: ({ method, path, form }, provider) => {
    if (path !== "/oauth/revoke") return undefined;
    const isClient = form.get("client_id") === provider.clientId && form.get("client_secret") === provider.clientSecret;
    if (method !== "POST" || !isClient) return { status: 403, body: { error: "unauthorized_client" } };
    provider.revoke(form.get("token") ?? "");
    return { status: 200, body: {} };
  },
  api: (call, provider) => {
    const { method, path, json } = call;
    const { account } = provider;
    if (method === "GET" && path === "/user")
      return { status: 200, body: { id: account.id, username: account.login, name: account.name, email: account.email } };
    if (method === "GET" && path === "/projects") {
      if (call.query.get("membership") !== "true") return { status: 200, body: [] };
      const isRight = call.query.get("order_by") === "updated_at" || call.query.get("order_by") === "last_activity_at";
      if (!isRight) return { status: 400, body: { error: "order_by does not have a valid value" } };
      return listed(call, provider, newestFirst(provider.repositories), (r) => presentRepository(r, provider));
    }
    if (method === "POST" && path === "/projects") {
      const name = String(json["path"] ?? json["name"]);
      if (provider.find(`${account.login}/${name}`))
        return { status: 400, body: { message: { name: ["has already been taken"], path: ["has already been taken"] } } };
      const made = provider.add(`${account.login}/${name}`, {
        description: (json["description"] as string | undefined) ?? null,
        isPrivate: json["visibility"] !== "public",
        files: json["initialize_with_readme"] === true ? { "README.md": `# ${name}\n` } : {},
      });
      return { status: 201, body: presentRepository(made, provider) };
    }
    // A project is addressed by its encoded path.
    const [id = ""] = pathParameters(path, "/projects/{}(?:/.*)?") ?? [];
    const repo = provider.find(id);
    if (!repo) return noSuch("Project");
    if (method === "GET" && pathParameters(path, "/projects/{}")) return { status: 200, body: presentRepository(repo, provider) };
    if (method === "GET" && pathParameters(path, "/projects/{}/repository/branches"))
      return listed(call, provider, provider.branches(repo.fullName), (b) => ({
        name: b.name,
        commit: { id: b.sha },
        default: b.name === provider.defaultBranch(repo.fullName),
        protected: b.name === "main",
      }));
    if (method === "POST" && pathParameters(path, "/projects/{}/merge_requests")) {
      const { title, source_branch: head = "", target_branch: base = "", description: body = "" } = json as Record<string, string>;
      if (!title || !head || !base) return { status: 400, body: { error: "title is missing" } };
      if (provider.pulls.some((p) => p.repo === repo.fullName && p.head === head && p.base === base))
        return { status: 409, body: { message: ["Another open merge request already exists for this source branch: !1"] } };
      const number = provider.pulls.length + 1;
      provider.pulls.push({ number, repo: repo.fullName, title, body, head, base });
      return {
        status: 201,
        body: {
          id: 9000 + number,
          iid: number,
          title,
          web_url: `${provider.url}/${repo.fullName}/-/merge_requests/${number}`,
          source_branch: head,
          target_branch: base,
        },
      };
    }
    return undefined;
  },
};

const presentRepository = (repo: FakeRepository, { url, defaultBranch }: ProviderState) => {
  const segments = repo.fullName.split("/");
  const path = segments.at(-1) ?? "";
  return {
    id: repo.id,
    // The display name, which differs from the path.
    name: `The ${path}`,
    path,
    path_with_namespace: repo.fullName,
    namespace: { full_path: segments.slice(0, -1).join("/"), kind: "user" },
    description: repo.description,
    visibility: repo.isPrivate ? "private" : "public",
    web_url: `${url}/${repo.fullName}`,
    http_url_to_repo: `${url}/${repo.fullName}.git`,
    default_branch: defaultBranch(repo.fullName),
    last_activity_at: repo.updatedAt,
    star_count: repo.stars,
    forks_count: 0,
  };
};
