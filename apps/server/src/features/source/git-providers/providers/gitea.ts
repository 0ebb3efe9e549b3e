import type { Browsing, GitProviderAdapter, OauthFacts } from "../provider.ts";
import { githubCompatible, GithubUser } from "./github-compatible.ts";

const oauth: OauthFacts = {
  authorizePath: "/login/oauth/authorize",
  tokenPath: "/login/oauth/access_token",
  clientAuth: "post",
  hasPkce: true,
};

const browsing: Browsing = {
  apiUrlOf: (baseUrl) => `${baseUrl}/api/v1`,
  // Personal tokens use this scheme in every version.
  authorization: ({ kind, token }) => `${kind === "token" ? "token" : "Bearer"} ${token}`,
  user: async (api) => {
    const { body } = await api.get("/user", GithubUser);
    return { id: String(body.id), username: body.login, email: body.email || null };
  },
  // 50 is the server's default page limit.
  ...githubCompatible({ provider: "gitea", pages: "limit=50", pulls: "pulls", newRepo: { default_branch: "main" } }),
};

export const gitea: GitProviderAdapter = {
  name: "gitea",
  displayName: "Gitea",
  icon: "gitea-logo",
  description: "Import, push and open pull requests on Gitea or Forgejo",
  scopes: "write:user write:repository",
  gitUser: () => "oauth2",
  oauth,
  browsing,
};
