import { bearerOf, linksOf, newestFirst, pageOf, pathParameters, type Dialect, type FakeRepository, type ProviderState } from "./fake.ts";

const noSuch = { status: 404, body: { message: "The target couldn't be found." } };

export const gitea: Dialect = {
  name: "gitea",
  apiPath: "/api/v1",
  authorizePath: "/login/oauth/authorize",
  tokenPath: "/login/oauth/access_token",
  clientAuth: "post",
  hasPkce: true,
  expiresIn: 3600,
  rotatesRefreshTokens: true,
  refusalStatus: 400,
  gitUsers: ["oauth2", "x-access-token"],
  mayPush: (scope) => scope.includes("write:repository"),
  tokenOf: (headers) => bearerOf(headers, "token"),
  unauthorized: { message: "invalid username, password or token" },
  api: (call, provider) => {
    const { method, path, json } = call;
    const { account } = provider;
    if (method === "GET" && path === "/user")
      return { status: 200, body: { id: account.id, login: account.login, full_name: account.name, email: account.email } };
    if (path === "/user/repos" && method === "GET") {
      // The server's default limit is 50.
      const { items, page, last, total } = pageOf(newestFirst(provider.repositories), call, "limit", 50, 30);
      return {
        status: 200,
        body: items.map((r) => presentRepository(r, provider)),
        headers: { "x-total-count": String(total), ...linksOf(provider.apiUrl, call, page, last) },
      };
    }
    if (path === "/user/repos" && method === "POST") {
      const fullName = `${account.login}/${String(json["name"])}`;
      if (provider.find(fullName)) return { status: 409, body: { message: "The repository with the same name already exists." } };
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
      const { items, page, last } = pageOf(provider.branches(repo.fullName), call, "limit", 50, 30);
      return {
        status: 200,
        body: items.map((b) => ({ name: b.name, commit: { id: b.sha }, protected: b.name === "main" })),
        headers: linksOf(provider.apiUrl, call, page, last),
      };
    }
    if (method === "POST" && pathParameters(path, "/repos/{}/{}/pulls")) {
      const { title = "", head = "", base = "", body = "" } = json as Record<string, string>;
      if (provider.pulls.some((p) => p.repo === repo.fullName && p.head === head && p.base === base))
        return { status: 409, body: { message: "pull request already exists for these targets" } };
      const number = provider.pulls.length + 1;
      provider.pulls.push({ number, repo: repo.fullName, title, body, head, base });
      return {
        status: 201,
        body: {
          id: 9000 + number,
          number,
          title,
          html_url: `${provider.url}/${repo.fullName}/pulls/${number}`,
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
  const branch = defaultBranch(repo.fullName);
  return {
    id: repo.id,
    name,
    full_name: repo.fullName,
    owner: { id: 1, login: owner },
    description: repo.description ?? "",
    private: repo.isPrivate,
    empty: branch === null,
    html_url: `${url}/${repo.fullName}`,
    clone_url: `${url}/${repo.fullName}.git`,
    default_branch: branch ?? "main",
    updated_at: repo.updatedAt,
    language: repo.language ?? "",
    stars_count: repo.stars,
    forks_count: 0,
  };
};
