import { createHash } from "node:crypto";
import type { OutsideProvider } from "@tesslate/contract";
import { randomToken } from "../../../platform/crypto.ts";
import { AppError, badRequest } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { OauthStates } from "../../accounts/auth/index.ts";
import type { DeploymentCredentials } from "../deployment-credentials/index.ts";
import { ProviderError } from "../deployments/index.ts";
import type { OauthApp, OauthApps } from "./apps.ts";

interface Begun {
  user_id: string;
  session_id: string;
  verifier: string;
  project_id?: string;
  configuration_id?: string;
}
interface Person {
  id: string;
  session_id: string | undefined;
}
/** How it ended: connected, to be begun properly first, or not, with the sentence that says why. */
export type Finished =
  | { kind: "connected"; hasChoice: boolean }
  | { kind: "begin"; url: string; browser: string }
  | { kind: "failed"; status: 400 | 401; sentence: string };

/** 86 characters: 43 bytes as hexadecimal digits. */
const verifierBytes = 43;
const failed = (sentence: string, status: 400 | 401 = 400): Finished => ({ kind: "failed", status, sentence });

/**
 * Connecting an account with a deployment provider in the browser (agent-git-deploy 9): code flow, with PKCE where the provider has it; a state that
 * serves once, for ten minutes, for the person and the browser that asked for it; the verifier never leaves the server before the code is exchanged.
 */
export type DeploymentOauth = ReturnType<typeof createDeploymentOauth>;
export function createDeploymentOauth({
  apps,
  states,
  credentials,
  findSession,
  requireProject,
  log,
}: {
  apps: OauthApps;
  states: OauthStates;
  credentials: Pick<DeploymentCredentials, "saveGranted">;
  /** Whose session that is, while it lives. */
  findSession: (id: string) => Promise<{ user: { id: string } } | undefined>;
  requireProject: (userId: string, ref: string) => Promise<{ id: string }>;
  log: Logger;
}) {
  const flowOf = (provider: string) => `deploy ${provider.toLowerCase()}`;
  const appOf = (name: string): { provider: OutsideProvider; app: OauthApp } => {
    const provider = name.toLowerCase();
    if (provider !== "vercel" && provider !== "netlify")
      throw badRequest("This provider is connected with a token, not in the browser.", "oauth_not_supported");
    const app = apps[provider];
    if (!app) throw new AppError("oauth_not_configured", "Connecting this provider in the browser is not set up on this server.");
    return { provider, app };
  };

  /** `browser`: what this one was given before, so that several windows can be under way at once. */
  const begin = async (
    user: Person,
    name: string,
    { project_id, configuration_id }: { project_id?: string | undefined; configuration_id?: string | undefined },
    browser = randomToken(),
  ): Promise<{ url: string; browser: string }> => {
    const { provider, app } = appOf(name);
    if (user.session_id === undefined) throw new AppError("session_required", "Sign in to do this.");
    const project = project_id === undefined ? undefined : await requireProject(user.id, project_id);
    const state = randomToken();
    const verifier = Buffer.from(randomToken(verifierBytes), "base64url").toString("hex");
    const begun: Begun = {
      user_id: user.id,
      session_id: user.session_id,
      verifier,
      ...(project && { project_id: project.id }),
      ...(configuration_id !== undefined && { configuration_id }),
    };
    await states.keep(flowOf(provider), state, browser, begun);
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    return { url: app.authorizationUrl({ state, challenge }), browser };
  };

  /** Who comes back is who began: the session that began still lives, and nobody else is signed in here. */
  const isSamePerson = async ({ user_id, session_id }: Begun, user: Person | undefined): Promise<boolean> =>
    (user?.id ?? user_id) === user_id && (await findSession(session_id))?.user.id === user_id;

  const connect = async (
    provider: OutsideProvider,
    app: OauthApp,
    { code, teamId }: { code: string; teamId: string | undefined },
    begun: Begun,
  ): Promise<Finished> => {
    try {
      const granted = await app.redeem({ code, verifier: begun.verifier });
      const account = await app.accountOf(granted.access_token, granted.team_id ?? teamId);
      // It may have gone, or be somebody else's by now.
      const project_id = begun.project_id === undefined ? null : (await requireProject(begun.user_id, begun.project_id)).id;
      const metadata = { ...account.metadata, configuration_id: begun.configuration_id };
      await credentials.saveGranted({ user_id: begun.user_id, project_id, provider }, granted, metadata).catch(async (error: unknown) => {
        // Nothing keeps this token, so it should not stay valid.
        await app.revoke?.(granted).catch((err: unknown) => log.info({ err, provider }, "a deployment token was not revoked"));
        throw error;
      });
      return { kind: "connected", hasChoice: account.hasChoice };
    } catch (error) {
      if (error instanceof AppError && error.code === "not_found") return failed("The project is not there any more.");
      if (error instanceof AppError && (error.code === "credential_rejected" || error.code === "bad_gateway")) return failed(error.message);
      if (!(error instanceof ProviderError)) throw error;
      log.warn({ provider, status: error.status, code: error.code }, "connecting a deployment provider failed");
      return failed(`The connection was not made. ${error.message}`);
    }
  };

  const finish = async (
    name: string,
    answer: URLSearchParams,
    browser: string | undefined,
    user: Person | undefined,
  ): Promise<Finished> => {
    const state = answer.get("state") ?? "";
    const configuration_id = answer.get("configurationId") ?? undefined;
    // Installed at the provider: nobody here asked for that code, so it is not taken. The person goes the whole way once.
    if (state === "" && configuration_id !== undefined && user?.session_id !== undefined)
      return { kind: "begin", ...(await begin(user, name, { configuration_id: configuration_id.slice(0, 200) }, browser)) };
    const begun = await states.take<Begun>(flowOf(name), state, browser, ({ user_id }) => user_id === user?.id);
    const { provider, app } = appOf(name);
    if (!(await isSamePerson(begun, user))) return failed("This was begun by somebody else, or their session has ended. Begin again.");
    const refusal = answer.get("error");
    if (refusal !== null) return failed(`The provider did not allow it: ${(answer.get("error_description") || refusal).slice(0, 500)}`);
    const code = answer.get("code");
    if (!code) return failed("The provider sent no code. Begin again.");
    return connect(provider, app, { code, teamId: answer.get("teamId") || undefined }, begun);
  };

  return {
    begin,
    /** What the browser brought back, with whoever is signed in there. */
    finish: async (
      name: string,
      answer: URLSearchParams,
      { browser, user }: { browser: string | undefined; user: Person | undefined },
    ): Promise<Finished> => {
      try {
        return await finish(name, answer, browser, user);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        // Who is nobody, with nothing that was begun, hears nothing about what is set up here.
        return failed(error.message, user || error.code === "state_token_expired" ? 400 : 401);
      }
    },
  };
}
