import { Type, type Static } from "typebox";
import { agent, features, recording, verify, web } from "./agent.ts";
import { oidc, sessionSettings, signIn } from "./auth.ts";
import { billing, creators, projectSettings } from "./billing.ts";
import { address, domains, forwardAuth, listen, outbound, requests, reverseProxy, servers } from "./http.ts";
import { mail } from "./mail.ts";
import { demo, models } from "./models.ts";
import { log, metrics, traces } from "./monitoring.ts";
import { deployProviderSettings, gitProviders } from "./providers.ts";
import { driver, idle, kubernetes, newProjects, preparation, projectLimits, recovery, runner } from "./runtime.ts";
import { backups, keys, objects, snapshotSettings, storage } from "./storage.ts";

/**
 * Every setting. `config.ts` puts the groups into the configuration: `requests.rateLimitFactor`, read from `RATE_LIMIT_FACTOR`, becomes
 * `config.http.rateLimitFactor`. The order of the groups is the order of `.env.example`.
 */
export const settings = Type.Object({
  listen,
  servers,
  storage,
  driver,
  runner,
  kubernetes,
  preparation,
  projectLimits,
  newProjects,
  address,
  domains,
  keys,
  backups,
  objects,
  billing,
  creators,
  models,
  requests,
  outbound,
  sessions: sessionSettings,
  signIn,
  deployProviders: deployProviderSettings,
  gitProviders,
  oidc,
  forwardAuth,
  mail,
  projects: projectSettings,
  recovery,
  snapshots: snapshotSettings,
  idle,
  agent,
  verify,
  recording,
  web,
  features,
  log,
  metrics,
  traces,
  demo,
  reverseProxy,
});
export type Settings = Static<typeof settings>;
