import {
  bearerOf,
  newestFirst,
  pageOf,
  pathParameters,
  type Dialect,
  type FakeRepository,
  type ProviderCall,
  type ProviderState,
  type Reply,
} from "./fake.ts";

const problem = (status: number, message: string): Reply => ({ status, body: { type: "error", error: { message } } });
const listed = <T>(call: ProviderCall, { apiUrl }: ProviderState, all: readonly T[], wire: (item: T) => unknown): Reply => {
  const { items, page, last, total } = pageOf(all, call, "pagelen", 100, 10);
  const next = new URLSearchParams(call.query);
  next.set("page", String(page + 1));
  return {
    status: 200,
    body: { values: items.map(wire), page, size: total, ...(page < last && { next: `${apiUrl}${call.path}?${next.toString()}` }) },
  };
};

export const bitbucket: Dialect = {
  name: "bitbucket",
  apiPath: "/2.0",
  authorizePath: "/site/oauth2/authorize",
  tokenPath: "/site/oauth2/access_token",
  clientAuth: "basic",
  hasPkce: false,
  expiresIn: 7200,
  rotatesRefreshTokens: false,
  fixedScope: "account repository:write repository:admin pullrequest:write",
  refusalStatus: 400,
  gitUsers: ["x-token-auth", "x-bitbucket-api-token-auth"],
  mayPush: (scope) => scope.includes("repository:write"),
  tokenOf: (headers) => {
    // An API token is the password for the email address.
    const basic = /^Basic (.+)$/.exec(headers.authorization ?? "")?.[1];
    if (basic === undefined) return bearerOf(headers);
    const [email = "", token] = Buffer.from(basic, "base64").toString().split(":");
    return email.includes("@") ? token : undefined;
  },
  unauthorized: { type: "error", error: { message: "Access token expired." } },
  refuse: ({ path }) =>
    /^\/2\.0\/(workspaces|repositories)$/.test(path) ? problem(410, "CHANGE-2770 - Functionality has been deprecated") : undefined,
  api: (call, provider) => {
    const { method, path, json } = call;
    const { account } = provider;
    if (method === "GET" && path === "/user")
      return {
        status: 200,
        body: { type: "user", uuid: `{${account.id}}`, username: account.login, display_name: account.name, account_id: `1:${account.id}` },
      };
    if (method === "GET" && path === "/user/emails")
      return { status: 200, body: { values: [{ email: account.email, is_primary: true, is_confirmed: true }] } };
    if (method === "GET" && path === "/user/workspaces") {
      const slugs = [...new Set([account.login, ...provider.repositories.map((r) => r.fullName.split("/")[0] ?? ""), "closed"])];
      return listed(call, provider, slugs, (slug) => ({
        type: "workspace_access",
        administrator: true,
        workspace: { type: "workspace_base", slug, uuid: `{${slug}}` },
      }));
    }
    const [workspace = "", slug = ""] = pathParameters(path, "/repositories/{}(?:/{})?(?:/.*)?") ?? [];
    if (method === "GET" && pathParameters(path, "/repositories/{}")) {
      if (workspace === "closed") return problem(403, "Access denied.");
      const theirs = newestFirst(provider.repositories).filter((r) => r.fullName.startsWith(`${workspace}/`));
      return listed(call, provider, theirs, (r) => presentRepository(r, provider));
    }
    const repo = provider.find(`${workspace}/${slug}`);
    if (method === "POST" && pathParameters(path, "/repositories/{}/{}")) {
      if (repo) return problem(400, "Repository with this Slug and Owner already exists.");
      const made = provider.add(`${workspace}/${slug}`, {
        description: (json["description"] as string | undefined) ?? null,
        isPrivate: json["is_private"] !== false,
      });
      return { status: 200, body: presentRepository(made, provider) };
    }
    if (!repo) return problem(404, "Repository not found");
    if (method === "GET" && pathParameters(path, "/repositories/{}/{}")) return { status: 200, body: presentRepository(repo, provider) };
    if (method === "GET" && pathParameters(path, "/repositories/{}/{}/refs/branches"))
      return listed(call, provider, provider.branches(repo.fullName), (b) => ({ type: "branch", name: b.name, target: { hash: b.sha } }));
    if (method === "POST" && pathParameters(path, "/repositories/{}/{}/src")) {
      const [[file, content] = ["", ""]] = [...call.form].filter(([key]) => !["message", "branch"].includes(key));
      provider.commit(repo.fullName, file.replace(/^\//, ""), content);
      return { status: 201 };
    }
    if (method === "POST" && pathParameters(path, "/repositories/{}/{}/pullrequests")) {
      const { title = "", description: body = "" } = json as Record<string, string>;
      const [head, base] = ["source", "destination"].map(
        (side) => (json[side] as { branch: { name: string } } | undefined)?.branch.name ?? "",
      ) as [string, string];
      const names = provider.branches(repo.fullName).map((b) => b.name);
      if (!title || !names.includes(head) || !names.includes(base)) return problem(400, "source: branch not found");
      const number = provider.pulls.length + 1;
      provider.pulls.push({ number, repo: repo.fullName, title, body, head, base });
      return {
        status: 201,
        body: {
          id: number,
          title,
          links: { html: { href: `${provider.url}/${repo.fullName}/pull-requests/${number}` } },
          source: { branch: { name: head } },
          destination: { branch: { name: base } },
        },
      };
    }
    return undefined;
  },
};

const presentRepository = (repo: FakeRepository, { url, account, defaultBranch }: ProviderState) => {
  const [workspace = "", slug = ""] = repo.fullName.split("/");
  const branch = defaultBranch(repo.fullName);
  return {
    type: "repository",
    uuid: `{${repo.id}}`,
    name: slug,
    slug,
    full_name: repo.fullName,
    workspace: { slug: workspace },
    description: repo.description ?? "",
    is_private: repo.isPrivate,
    updated_on: repo.updatedAt.replace("Z", "000+00:00"),
    language: repo.language?.toLowerCase() ?? "",
    mainbranch: branch === null ? null : { type: "branch", name: branch },
    links: {
      html: { href: `${url}/${repo.fullName}` },
      // Includes the caller's name, as at Bitbucket.
      clone: [
        { name: "https", href: `${url.replace("https://", `https://${account.login}@`)}/${repo.fullName}.git` },
        { name: "ssh", href: `git@bitbucket.example:${repo.fullName}.git` },
      ],
    },
  };
};
