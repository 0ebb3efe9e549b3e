import { deploymentOauthRoutes } from "@tesslate/contract";
import type { Context } from "../../../http/context.ts";
import type { Mount } from "../../../http/mount.ts";
import type { AuthCookies } from "../../accounts/auth/index.ts";
import type { DeploymentOauth, Finished } from "./connecting.ts";
import { popupPage } from "./popup.page.ts";

const cookie = "tesslate_deploy_connect";
const cookieSeconds = 600;

/** agent-git-deploy 9. */
export function mountDeploymentOauth(
  mount: Mount,
  { oauth, cookies, appBaseUrl }: { oauth: DeploymentOauth; cookies: AuthCookies; appBaseUrl: string },
): void {
  // Lax whatever our other cookies are: the browser must bring it along when the provider sends it back.
  const bindBrowser = ({ setCookie, setHeader }: Pick<Context<unknown>, "setCookie" | "setHeader">, browser: string) => {
    setCookie(cookie, browser, { ...cookies.flags, sameSite: "lax", path: "/api/deployment-oauth", maxAge: cookieSeconds });
    setHeader("cache-control", "no-store");
  };
  const pageOf = (provider: string, finished: Finished) => {
    const appOrigin = new URL(appBaseUrl).origin;
    const outcome = (success: boolean) => ({ type: "deployment-oauth" as const, provider, success });
    switch (finished.kind) {
      case "connected":
        return popupPage({
          title: "Connected",
          sentence: finished.hasChoice
            ? "This account has teams: choose in the app which one to deploy for. This window closes by itself."
            : "You can deploy now. This window closes by itself.",
          outcome: { ...outcome(true), has_choice: finished.hasChoice },
          appOrigin,
        });
      case "begin":
        return popupPage({
          title: "One more step",
          sentence: "The app is installed there. To connect your account here, allow it once more.",
          next: { url: finished.url, label: "Continue" },
          outcome: undefined,
          appOrigin,
        });
      case "failed":
        return popupPage({ title: "Not connected", sentence: finished.sentence, outcome: outcome(false), appOrigin });
    }
  };
  mount("deploymentOauth", deploymentOauthRoutes, {
    authorize: async (context, { params, query }) => {
      const { url, browser } = await oauth.begin(context.user, params.provider, { project_id: query.project_id }, context.cookies[cookie]);
      bindBrowser(context, browser);
      return { authorization_url: url };
    },
    callback: async (context, { params }, { request, reply }) => {
      const answer = new URL(request.url, appBaseUrl).searchParams;
      // Whoever acts for somebody else does not connect accounts in their name.
      const user = context.user?.impersonator ? undefined : context.user;
      const finished = await oauth.finish(params.provider, answer, { browser: context.cookies[cookie], user });
      if (finished.kind === "begin") bindBrowser(context, finished.browser);
      const { html, headers } = pageOf(params.provider.toLowerCase(), finished);
      if (finished.kind === "failed" && finished.status === 401) reply.header("www-authenticate", "Bearer");
      return reply
        .code(finished.kind === "failed" ? finished.status : 200)
        .headers(headers)
        .send(html);
    },
  });
}
