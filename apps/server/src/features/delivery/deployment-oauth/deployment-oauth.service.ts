import { RemoteProvider } from "@tesslate/contract";
import { calculatePKCECodeChallenge } from "openid-client";
import { Value } from "typebox/value";
import { AppError, badRequest } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { ConnectingUser, OauthConnect, OauthConnection } from "../../accounts/auth/index.ts";
import type { DeploymentCredentials } from "../deployment-credentials/index.ts";
import { capabilitiesOf, ProviderError } from "../deployments/index.ts";
import type { ProviderOauthApp, OauthApps } from "./apps.ts";

interface StartedConnection extends OauthConnection {
  project_id?: string;
  configuration_id?: string;
}
/** Result of the callback: connected, to be restarted from the beginning, or failed with a message for the user. */
export type CallbackResult =
  | { kind: "connected"; hasChoice: boolean }
  | { kind: "restart"; url: string; browser: string }
  | { kind: "failed"; status: 400 | 401; message: string };

const failed = (message: string, status: 400 | 401 = 400): CallbackResult => ({ kind: "failed", status, message });

export type DeploymentOauth = ReturnType<typeof createDeploymentOauth>;
/**
 * Connects an account at a remote provider in the browser: authorization code flow, with PKCE where the provider supports it. The
 * verifier stays on the server until the code is exchanged.
 */
export function createDeploymentOauth({
  apps,
  oauth,
  credentials,
  requireProject,
  log,
}: {
  apps: OauthApps;
  oauth: OauthConnect;
  credentials: Pick<DeploymentCredentials, "saveGranted">;
  requireProject: (userId: string, ref: string) => Promise<{ id: string }>;
  log: Logger;
}) {
  const flowOf = (provider: string) => `deploy ${provider.toLowerCase()}`;
  const appOf = (name: string): { provider: RemoteProvider; app: ProviderOauthApp } => {
    const provider = name.toLowerCase();
    if (!Value.Check(RemoteProvider, provider) || !capabilitiesOf(provider).hasOauth)
      throw badRequest("This provider does not support OAuth. Connect it with a token.", "oauth_not_supported");
    const app = apps[provider];
    if (!app)
      throw new AppError("oauth_not_configured", "OAuth for this provider is not configured on this server. Connect it with a token.");
    return { provider, app };
  };

  /** `browser`: the value of an earlier flow's cookie, so that several windows can be open at once. */
  const start = async (
    user: ConnectingUser,
    name: string,
    { project_id, configuration_id }: { project_id?: string | undefined; configuration_id?: string | undefined },
    browser?: string,
  ): Promise<{ url: string; browser: string }> => {
    const { provider, app } = appOf(name);
    const started = await oauth.start(flowOf(provider), user, {
      browser,
      extra: async () => ({
        ...(project_id !== undefined && { project_id: (await requireProject(user.id, project_id)).id }),
        ...(configuration_id !== undefined && { configuration_id }),
      }),
    });
    const challenge = await calculatePKCECodeChallenge(started.verifier);
    return { url: app.authorizationUrl({ state: started.state, challenge }), browser: started.browser };
  };

  const connect = async (
    provider: RemoteProvider,
    app: ProviderOauthApp,
    { code, teamId }: { code: string; teamId: string | undefined },
    started: StartedConnection,
  ): Promise<CallbackResult> => {
    try {
      const granted = await app.redeem({ code, verifier: started.verifier });
      const account = await app.accountOf(granted.access_token, granted.team_id ?? teamId);
      // The project may have been deleted or transferred.
      const project_id = started.project_id === undefined ? null : (await requireProject(started.user_id, started.project_id)).id;
      const metadata = { ...account.metadata, configuration_id: started.configuration_id };
      await credentials.saveGranted({ user_id: started.user_id, project_id, provider }, granted, metadata).catch(async (error: unknown) => {
        // The token is not stored, so revoke it.
        await app.revoke?.(granted).catch((err: unknown) => log.info({ err, provider }, "deployment token not revoked"));
        throw error;
      });
      return { kind: "connected", hasChoice: account.hasChoice };
    } catch (error) {
      if (error instanceof AppError && error.code === "not_found") return failed("The project no longer exists.");
      if (error instanceof AppError && (error.code === "credential_rejected" || error.code === "bad_gateway")) return failed(error.message);
      if (!(error instanceof ProviderError)) throw error;
      log.warn({ provider, status: error.status, provider_code: error.providerCode }, "connecting a deployment provider failed");
      return failed(`Couldn't connect the account. ${error.message}`);
    }
  };

  const finish = async (
    name: string,
    callback: URLSearchParams,
    browser: string | undefined,
    user: ConnectingUser | undefined,
  ): Promise<CallbackResult> => {
    const state = callback.get("state") ?? "";
    const configuration_id = callback.get("configurationId") ?? undefined;
    // Installed from the provider's site: this server did not request the code, so ignore it and start the flow from the beginning.
    if (state === "" && configuration_id !== undefined && user?.session_id !== undefined)
      return { kind: "restart", ...(await start(user, name, { configuration_id: configuration_id.slice(0, 200) }, browser)) };
    const started = await oauth.take<StartedConnection>(flowOf(name), state, browser, ({ user_id }) => user_id === user?.id);
    const { provider, app } = appOf(name);
    if (!(await oauth.isSameUser(started, user?.id))) return failed("Another user started this, or their session has ended. Start again.");
    const refusal = callback.get("error");
    if (refusal !== null) return failed(`The provider denied access: ${(callback.get("error_description") || refusal).slice(0, 500)}`);
    const code = callback.get("code");
    if (!code) return failed("The provider returned no code. Start again.");
    return connect(provider, app, { code, teamId: callback.get("teamId") || undefined }, started);
  };

  return {
    start,
    /** Handles the callback. */
    finish: async (
      name: string,
      callback: URLSearchParams,
      { browser, user }: { browser: string | undefined; user: ConnectingUser | undefined },
    ): Promise<CallbackResult> => {
      try {
        return await finish(name, callback, browser, user);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // Reveal nothing about the configuration to an anonymous caller without a valid state.
        return failed(error.message, user || error.code === "state_token_expired" ? 400 : 401);
      }
    },
  };
}
