import { deploymentOauthRoutes } from "@tesslate/contract";
import type { Context } from "../../../http/context.ts";
import type { Mount } from "../../../http/mount.ts";
import type { AuthCookies } from "../../accounts/auth/index.ts";
import type { DeploymentOauth, CallbackResult } from "./deployment-oauth.service.ts";
import { popupPage } from "./popup.page.ts";

const cookie = "tesslate_deploy_connect";
const cookieSeconds = 600;

export function mountDeploymentOauth(
  mount: Mount,
  { oauth, cookies, appBaseUrl }: { oauth: DeploymentOauth; cookies: AuthCookies; appBaseUrl: string },
): void {
  // SameSite=Lax regardless of the other cookies: the provider redirects back from another site.
  const bindBrowser = ({ setCookie, setHeader }: Pick<Context<unknown>, "setCookie" | "setHeader">, browser: string) => {
    setCookie(cookie, browser, { ...cookies.flags, sameSite: "lax", path: "/api/deployment-oauth", maxAge: cookieSeconds });
    setHeader("cache-control", "no-store");
  };
  const pageOf = (provider: string, result: CallbackResult) => {
    const appOrigin = new URL(appBaseUrl).origin;
    const outcome = (success: boolean) => ({ type: "deployment-oauth" as const, provider, success });
    switch (result.kind) {
      case "connected":
        return popupPage({
          title: "Connected",
          message: result.hasChoice
            ? "This account has teams: select the one to deploy for in the app. This window closes automatically."
            : "You can deploy now. This window closes automatically.",
          outcome: { ...outcome(true), has_choice: result.hasChoice },
          appOrigin,
        });
      case "restart":
        return popupPage({
          title: "One more step",
          message: "The integration is installed. Allow access once more to connect your account.",
          next: { url: result.url, label: "Continue" },
          outcome: undefined,
          appOrigin,
        });
      case "failed":
        return popupPage({ title: "Not connected", message: result.message, outcome: outcome(false), appOrigin });
    }
  };
  mount("deploymentOauth", deploymentOauthRoutes, {
    authorize: async (context, { params, query }) => {
      const { url, browser } = await oauth.start(context.user, params.provider, { project_id: query.project_id }, context.cookies[cookie]);
      bindBrowser(context, browser);
      return { authorization_url: url };
    },
    callback: async (context, { params }, { request, reply }) => {
      const query = new URL(request.url, appBaseUrl).searchParams;
      // An administrator who impersonates a user cannot connect accounts.
      const user = context.user?.impersonator ? undefined : context.user;
      const result = await oauth.finish(params.provider, query, { browser: context.cookies[cookie], user });
      if (result.kind === "restart") bindBrowser(context, result.browser);
      const { html, headers } = pageOf(params.provider.toLowerCase(), result);
      if (result.kind === "failed" && result.status === 401) reply.header("www-authenticate", "Bearer");
      return reply
        .code(result.kind === "failed" ? result.status : 200)
        .headers(headers)
        .send(html);
    },
  });
}
