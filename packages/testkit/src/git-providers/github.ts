import { bearerOf, linksOf, newestFirst, pageOf, pathParameters, type Dialect, type FakeRepository, type ProviderState } from "./fake.ts";

const noSuch = { status: 404, body: { message: "Not Found" } };

export const github: Dialect = {
  name: "github",
  apiPath: "/api/v3",
  publishedAs: "github",
  authorizePath: "/login/oauth/authorize",
  tokenPath: "/login/oauth/access_token",
  clientAuth: "post",
  hasPkce: true,
  rotatesRefreshTokens: true,
  // GitHub sends token errors with status 200.
  refusalStatus: 200,
  gitUsers: ["x-access-token"],
  mayPush: (scope) => scope.split(/[ ,]/).includes("repo"),
  tokenOf: (headers) => bearerOf(headers, "token"),
  unauthorized: { message: "Bad credentials", documentation_url: "https://docs.example.com/rest" },
  refuse: ({ headers }) => {
    if (!headers["user-agent"]) return { status: 403, body: { message: "Request forbidden by administrative rules." } };
    if (!/^application\/vnd\.github(\.v3)?\+json$/.test(headers.accept ?? ""))
      return { status: 415, body: { message: "Unsupported Accept" } };
    if (headers["x-github-api-version"] !== "2022-11-28") return { status: 400, body: { message: "Unsupported API version" } };
    return undefined;
  },
  open: ({ method, path, headers, json }, provider) => {
    if (path !== `/api/v3/applications/${provider.clientId}/token`) return undefined;
    const isClient = headers.authorization === `Basic ${Buffer.from(`${provider.clientId}:${provider.clientSecret}`).toString("base64")}`;
    if (method !== "DELETE" || !isClient) return noSuch;
    return provider.revoke(String(json["access_token"])) ? { status: 204 } : { status: 422, body: { message: "Validation Failed" } };
  },
  api: (call, provider) => {
    const { method, path, json } = call;
    const { account } = provider;
    if (method === "GET" && path === "/user")
      return { status: 200, body: { id: account.id, login: account.login, name: account.name, email: null } };
    if (method === "GET" && path === "/user/emails")
      return {
        status: 200,
        body: [
          { email: `${account.id}+${account.login}@noreply.example.com`, primary: false, verified: true, visibility: null },
          { email: account.email, primary: true, verified: true, visibility: "private" },
        ],
      };
    if (method === "GET" && path === "/user/repos") {
      const { items, page, last } = pageOf(newestFirst(provider.repositories), call, "per_page", 100, 30);
      return { status: 200, body: items.map((r) => presentRepository(r, provider)), headers: linksOf(provider.apiUrl, call, page, last) };
    }
    if (method === "POST" && path === "/user/repos") {
      const fullName = `${account.login}/${String(json["name"])}`;
      if (provider.find(fullName))
        return {
          status: 422,
          body: {
            message: "Repository creation failed.",
            errors: [{ resource: "Repository", code: "custom", field: "name", message: "name already exists on this account" }],
          },
        };
      const made = provider.add(fullName, {
        description: (json["description"] as string | undefined) ?? null,
        isPrivate: json["private"] === true,
        files: json["auto_init"] === true ? { "README.md": `# ${String(json["name"])}\n` } : {},
      });
      return { status: 201, body: presentRepository(made, provider) };
    }
    const [owner = "", name = ""] = pathParameters(path, "/repos/{}/{}(?:/.*)?") ?? [];
    const repo = provider.find(`${owner}/${name}`);
    if (!repo) return noSuch;
    if (method === "GET" && pathParameters(path, "/repos/{}/{}")) return { status: 200, body: presentRepository(repo, provider) };
    if (method === "GET" && pathParameters(path, "/repos/{}/{}/branches")) {
      const { items, page, last } = pageOf(provider.branches(repo.fullName), call, "per_page", 100, 30);
      return {
        status: 200,
        body: items.map((b) => ({ name: b.name, commit: { sha: b.sha, url: "" }, protected: b.name === "main" })),
        headers: linksOf(provider.apiUrl, call, page, last),
      };
    }
    if (method === "POST" && pathParameters(path, "/repos/{}/{}/pulls")) {
      const { title, head, base, body } = json as Record<string, string>;
      const heads = provider.branches(repo.fullName).map((b) => b.name);
      const problem = provider.pulls.some((p) => p.repo === repo.fullName && p.head === head && p.base === base)
        ? { message: `A pull request already exists for ${owner}:${head}.` }
        : heads.includes(head ?? "") && heads.includes(base ?? "")
          ? undefined
          : { resource: "PullRequest", field: "head", code: "invalid" };
      if (problem) return { status: 422, body: { message: "Validation Failed", errors: [problem] } };
      const number = provider.pulls.length + 1;
      provider.pulls.push({ number, repo: repo.fullName, title: title ?? "", body: body ?? "", head: head ?? "", base: base ?? "" });
      return {
        status: 201,
        body: {
          id: 9000 + number,
          number,
          title,
          html_url: `${provider.url}/${repo.fullName}/pull/${number}`,
          state: "open",
          head: { ref: head },
          base: { ref: base },
        },
      };
    }
    return undefined;
  },
};

const presentRepository = (repo: FakeRepository, { url, defaultBranch }: ProviderState) => {
  const [owner = "", name = ""] = repo.fullName.split("/");
  return {
    id: repo.id,
    name,
    full_name: repo.fullName,
    owner: { login: owner, id: 1 },
    private: repo.isPrivate,
    html_url: `${url}/${repo.fullName}`,
    clone_url: `${url}/${repo.fullName}.git`,
    description: repo.description,
    default_branch: defaultBranch(repo.fullName) ?? "main",
    updated_at: repo.updatedAt,
    language: repo.language,
    stargazers_count: repo.stars,
    forks_count: 0,
  };
};
