import { Type } from "typebox";
import type { Browsing, GitProviderAdapter, OauthFacts } from "../provider.ts";
import { perPage } from "../response.ts";
import { githubCompatible, GithubUser } from "./github-compatible.ts";

const Emails = Type.Array(Type.Object({ email: Type.String(), primary: Type.Boolean() }));

const oauth: OauthFacts = {
  authorizePath: "/login/oauth/authorize",
  tokenPath: "/login/oauth/access_token",
  clientAuth: "post",
  hasPkce: true,
  extra: { allow_signup: "true" },
  revocation: ({ apiUrl, clientId, clientSecret }, token) => ({
    url: `${apiUrl}/applications/${encodeURIComponent(clientId)}/token`,
    init: {
      method: "DELETE",
      headers: {
        ...headers,
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret?.reveal() ?? ""}`).toString("base64")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ access_token: token }),
    },
  }),
};
const headers = { accept: "application/vnd.github.v3+json", "x-github-api-version": "2022-11-28" };

const browsing: Browsing = {
  apiUrlOf: (baseUrl) => `${baseUrl}/api/v3`,
  headers,
  user: async (api) => {
    const { body } = await api.get("/user", GithubUser);
    // The token may lack the permission to read email addresses.
    const emails = (await api.find("/user/emails", Emails)) ?? [];
    const primary = emails.find((email) => email.primary) ?? emails[0];
    return { id: String(body.id), username: body.login, email: primary?.email ?? body.email ?? null };
  },
  ...githubCompatible({ provider: "github", pages: `per_page=${perPage}`, repoOrder: "visibility=all&sort=updated&", pulls: "pull" }),
};

export const github: GitProviderAdapter = {
  name: "github",
  displayName: "GitHub",
  icon: "github-logo",
  description: "Import, push and open pull requests on GitHub or GitHub Enterprise Server",
  scopes: "repo user:email",
  gitUser: () => "x-access-token",
  oauth,
  browsing,
};
