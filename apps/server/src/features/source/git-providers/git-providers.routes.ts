import { gitProvidersRoutes } from "@tesslate/contract";
import type { AuthCookies } from "../../accounts/auth/index.ts";
import type { Mount } from "../../../http/mount.ts";
import { AppError } from "../../../platform/errors.ts";
import type { RepositoryBrowser } from "./repositories.ts";
import type { GitConnections } from "./connections.ts";
import type { DisconnectAccounts } from "./disconnect.ts";
import type { Hosts } from "./hosts.ts";

const cookie = "tesslate_git_connect";
const lifetimeSeconds = 600;

export function mountGitProviders(
  mount: Mount,
  {
    hosts,
    connections,
    browsing,
    cookies,
    appBaseUrl,
  }: {
    hosts: Hosts;
    connections: GitConnections & { disconnect: DisconnectAccounts };
    browsing: RepositoryBrowser;
    cookies: AuthCookies;
    appBaseUrl: string;
  },
): void {
  mount("gitProviders", gitProvidersRoutes, {
    list: ({ user }, { query }) => browsing.providers(user.id, query),
    connect: async (context, { params, body }) => {
      const provider = hosts.nameOf(params.provider);
      const { token, base_url, username } = body;
      if (token) {
        const { provider_username } = await connections.withToken(context.user, provider, { token, base_url, username });
        return { authorization_url: null, provider, provider_username };
      }
      const { url, browser } = await connections.start(context.user, provider, body, context.cookies[cookie]);
      // SameSite=Lax regardless of the other cookies: the provider redirects back from another site.
      context.setCookie(cookie, browser, { ...cookies.flags, sameSite: "lax", path: "/api/git-providers", maxAge: lifetimeSeconds });
      context.setHeader("cache-control", "no-store");
      return { authorization_url: url, provider, provider_username: null };
    },
    callback: async (context, { params }, { request, reply }) => {
      const provider = hosts.nameOf(params.provider);
      const callback = new URL(request.url, appBaseUrl).searchParams;
      reply.header("cache-control", "no-store");
      const leave = (outcome: Record<string, string>, redirect_to?: string) => {
        const query = new URLSearchParams({ provider, ...outcome, ...(redirect_to !== undefined && { redirect_to }) });
        return reply.redirect(`${appBaseUrl}/oauth/connected?${query.toString()}`, 303);
      };
      try {
        const by = { browser: context.cookies[cookie], userId: context.user?.id };
        const { error, redirect_to } = await connections.finish(provider, callback, by);
        return await leave(error === undefined ? { success: "true" } : { error }, redirect_to);
      } catch (error) {
        // API clients get JSON errors; a browser that was redirected here gets a page.
        if (!(error instanceof AppError) || !/\btext\/html\b/.test(context.headers.accept ?? "")) throw error;
        return leave({ error: error.code });
      }
    },
    repos: ({ user }, { params, query }) => browsing.repos(user.id, hosts.nameOf(params.provider), query),
    createRepo: ({ user }, { params, query, body }) =>
      browsing.createRepo(user.id, hosts.nameOf(params.provider), query.base_url, {
        name: body.name,
        description: body.description ?? null,
        isPrivate: body.private ?? true,
        isInitialised: body.auto_init ?? false,
      }),
    branches: ({ user }, { params, query }) =>
      browsing.branches(user.id, hosts.nameOf(params.provider), { owner: params.owner, name: params.repo }, query),
    createPull: ({ user }, { params, query, body }) =>
      browsing.createPull(
        user.id,
        hosts.nameOf(params.provider),
        query.base_url,
        { owner: params.owner, name: params.repo },
        { ...body, body: body.body ?? "" },
      ),
    disconnect: ({ user }, { params, query }) => connections.disconnect(user.id, hosts.nameOf(params.provider), query.base_url),
  });
}
