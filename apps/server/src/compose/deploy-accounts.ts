import type { RemoteProvider } from "@tesslate/contract";
import {
  createDeploymentCredentials,
  createDeploymentCredentialsStore,
  mountDeploymentCredentials,
  type DeploymentCredentials,
} from "../features/delivery/deployment-credentials/index.ts";
import { createAuthCookies, createOauthConnect, createOauthStates, createOauthStore } from "../features/accounts/auth/index.ts";
import {
  createDeploymentOauth,
  createOauthApps,
  mountDeploymentOauth,
  tokenRenewalOf,
} from "../features/delivery/deployment-oauth/index.ts";
import { createProviderAdapters, type ProviderAdapter } from "../features/delivery/deployments/index.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";

/** Remote providers and users' accounts there. */
export interface DeployAccountsArea extends Area {
  providers: Record<RemoteProvider, ProviderAdapter>;
  getCredential: DeploymentCredentials["getCredential"];
  hasCredential: DeploymentCredentials["hasCredential"];
}

export function composeDeployAccounts(
  { config, log, db, box, outbound }: Platform,
  { sessions }: Pick<AccountsArea, "sessions">,
  { projects }: ProjectsArea,
): DeployAccountsArea {
  const providers = createProviderAdapters(config.deployProviders, outbound);
  const apps = createOauthApps(config.deployProviders, outbound);
  const credentials = createDeploymentCredentials({
    store: createDeploymentCredentialsStore(db),
    box,
    providers,
    tokens: tokenRenewalOf(apps),
    requireProject: projects.require,
    log,
  });
  const oauth = createDeploymentOauth({
    apps,
    oauth: createOauthConnect({ states: createOauthStates({ store: createOauthStore(db), box }), findSession: sessions.find }),
    credentials,
    requireProject: projects.require,
    log,
  });
  return {
    providers,
    getCredential: credentials.getCredential,
    hasCredential: credentials.hasCredential,
    mount(mount) {
      mountDeploymentCredentials(mount, { credentials });
      mountDeploymentOauth(mount, { oauth, cookies: createAuthCookies(config.auth), appBaseUrl: config.http.appBaseUrl });
    },
  };
}
