import { SecretValue } from "./platform/secret.ts";
import { publicAddress } from "./settings/http.ts";
import type { Settings } from "./settings/index.ts";
import { readSettings, type Environment } from "./settings/read.ts";
import { findConflicts } from "./settings/rules.ts";

const searchAddresses = { brave: "https://api.search.brave.com", tavily: "https://api.tavily.com", searxng: "" };

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: string[];
  constructor(problems: string[]) {
    super(
      `The configuration has ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n${problems.map((p) => `  - ${p}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** Reads the environment once. Throws a `ConfigError` that lists every problem with an example. */
export function readConfig(environment: Environment) {
  const { values, problems } = readSettings(environment);
  problems.push(...findConflicts(values));
  if (problems.length > 0) throw new ConfigError(problems);
  return createConfig(values, (name) => Boolean(environment[name]?.trim()));
}
export type Config = ReturnType<typeof readConfig>;

/** The settings by the part of the server that uses them, and beside them what is not configurable. */
function createConfig(settings: Settings, isGiven: (name: string) => boolean) {
  const { listen, keys, sessions, signIn, oidc, billing, creators, projects, deployProviders } = settings;
  const address = publicAddress(listen.port, settings.address);
  const callback = (path: string) => `${address.appBaseUrl}/api/${path}/callback`;
  const { stripe } = billing;
  /** Without limits unless one is set: a limit that is given is meant. Unlimited is `Infinity`. */
  const capped = (limits: ByTier<number>, prefix: "TIER_MAX_PROJECTS" | "TIER_MAX_DEPLOYS") => {
    const isSet = ["FREE", "BASIC", "PRO", "ULTRA"].some((tier) => isGiven(`${prefix}_${tier}`));
    return (billing.isUnlimited ?? (!stripe.secretKey && !isSet)) ? byTier([Infinity], 0) : limits;
  };
  return {
    domains: { ...settings.domains, appsDomain: settings.domains.appsDomain?.toLowerCase() },
    http: {
      ...listen,
      ...address,
      ...settings.requests,
      ...settings.reverseProxy,
      isLoopbackOnly: ["127.0.0.1", "::1", "localhost"].includes(listen.host),
      /** Not configurable; here so that tests can shorten it. */
      socketPingMs: 30_000,
    },
    /** `address`: set on each of several servers. */
    servers: {
      ...settings.servers,
      /** Not configurable; here so that tests can shorten them. */
      leaseMs: 8_000,
      silentMs: 3_000,
      renewMs: 1_000,
      /** How long a draining server waits for requests and steps of runs. */
      patienceMs: 15_000,
    },
    dataDir: settings.storage.dataDir,
    database: { url: settings.storage.databaseUrl },
    runtime: {
      ...settings.driver,
      runner: settings.runner,
      /** How long a start waits for its runner, and calls for its connection; here so that tests can shorten them. */
      runnerTiming: { startMs: 5_000, patienceMs: 15_000, backoffMs: { first: 50, max: 2_000, refused: 30_000 } },
      kubernetes: settings.kubernetes,
      ...settings.preparation,
      spareProjects: settings.preparation.spareProjects ?? (settings.preparation.preparesTemplates ? undefined : 0),
      ...settings.idle,
      orphanGraceMs: settings.idle.orphanGraceMs || undefined,
      backoff: { attempts: settings.recovery.attempts, firstMs: 1000, capMs: 60_000, stableMs: 60_000 },
      /** How soon one that was used is replaced, and how long a project that it became may take until its first start; here so that tests can shorten them. */
      spares: { pauseMs: 10_000, unusedMs: 2 * 60_000 },
      /** Delays before a failed preparation is retried; here so that tests can shorten them. */
      preparationRetryMs: [30_000, 60_000, 5 * 60_000, 15 * 60_000, 3_600_000],
      /** From the end of a setup that waited for a template until the next one is prepared: its app starts in that time; here so that tests can shorten it. */
      preparationPauseMs: 10_000,
      memory: { watermarkPercent: settings.recovery.watermarkPercent, everyMs: 10_000 },
    },
    features: settings.features,
    projects: {
      diskBytes: byTier(projects.diskBytes, 0),
      ...settings.projectLimits,
      maxCount: capped(projects.maxCount, "TIER_MAX_PROJECTS"),
      maxRunning: projects.maxRunning,
      startWithRepository: settings.newProjects.startWithRepository,
      maxDeploys: capped(projects.maxDeploys, "TIER_MAX_DEPLOYS"),
    },
    /** Not configurable; here so that tests can shorten it. */
    shell: {
      maxOpen: 100,
      idleMs: 30 * 60_000,
      maxLifeMs: 8 * 3_600_000,
      sweepMs: 60_000,
      scrollbackBytes: 10 * 2 ** 20,
      keptMs: 30_000,
      stalledMs: 10_000,
    },
    auth: {
      ...keys,
      ...sessions,
      ...settings.forwardAuth,
      /** Argon2id at the OWASP minimum. Only tests, which sign up by the thousand, use cheaper parameters. */
      passwordCost: { memoryKib: 19_456, passes: 2 },
      cookie: { ...sessions.cookie, secure: sessions.cookie.secure ?? address.appBaseUrl.startsWith("https:") },
      oauth: {
        google: { ...signIn.google, redirectUri: signIn.google.redirectUri ?? callback("auth/google") },
        github: { ...signIn.github, redirectUri: signIn.github.redirectUri ?? callback("auth/github") },
        oidc: { ...oidc, redirectUri: oidc.redirectUri ?? callback("auth/oidc") },
      },
    },
    /** Timeout of one fetch, pull or push. */
    git: { networkMs: 300_000 },
    /** GitHub is configured in `auth.oauth.github`. */
    gitProviders: {
      ...settings.gitProviders,
      /** Delays between retries of a call; here so that tests can shorten them. */
      backoffMs: [500, 2_000],
    },
    models: { ...settings.models, ...settings.demo },
    deployProviders: {
      vercel: { ...deployProviders.vercel, redirectUri: deployProviders.vercel.redirectUri ?? callback("deployment-oauth/vercel") },
      netlify: { ...deployProviders.netlify, redirectUri: deployProviders.netlify.redirectUri ?? callback("deployment-oauth/netlify") },
      cloudflare: deployProviders.cloudflare,
      /** Attempts of a call and the delays between them; here so that tests can shorten them. */
      retry: { tries: 4, firstMs: 1000, maxWaitMs: 90_000 },
    },
    billing: {
      isOn: billing.isOn,
      byokTiers: billing.byokTiers,
      terms: {
        allowance: byTier(billing.allowance, 0),
        support: byTier(billing.support, ""),
        dailyCredits: billing.dailyCredits,
        lowPercent: billing.lowPercent,
        creatorSharePercent: billing.creatorSharePercent,
      },
      welcome: {
        dailyCredits: billing.dailyCredits,
        bonusCredits: billing.bonusCredits,
        bonusDays: billing.bonusDays,
        support: byTier(billing.support, "").free,
      },
      packages: packagesOf(billing.packages),
      tierPrices: byTier(billing.tierPrices, 0),
      deploySlotCents: billing.deploySlotCents,
      stripe: stripe.secretKey && { ...stripe, secretKey: stripe.secretKey, webhookSecret: stripe.webhookSecret ?? new SecretValue("") },
    },
    creators: { ...creators, payouts: { ...creators.payouts, mode: creators.payouts.mode ?? (stripe.secretKey ? "stripe" : "off") } },
    agent: { ...settings.agent, ...settings.recording },
    /** Timeouts of MCP servers; here so that tests can shorten them. */
    mcp: { connectMs: 15_000, callMs: 60_000 },
    /** Delays between the five attempts; here so that tests can shorten them. */
    webhooks: { backoffMs: [2_000, 10_000, 60_000, 300_000] },
    snapshots: settings.snapshots,
    backups: settings.backups,
    objects: settings.objects,
    /** Not configurable; here so that tests can shorten it. */
    repairs: { quietMs: 1500 },
    /** Not configurable; here so that tests can shorten the waits before calls to models are repeated. */
    modelRetries: { timeFactor: 1 },
    verify: {
      ...settings.verify,
      /** Paths of the machine's browsers; here so that tests can be a machine without one. Undefined: the usual ones. */
      usualBrowsers: undefined as readonly string[] | undefined,
      maxMemoryBytes: 1.5 * 2 ** 30,
      /** How long a step waits for its target. Not configurable; here so that tests can shorten it. */
      stepMs: 6_000,
    },
    web: { isOn: settings.web.isOn, search: searchOf(settings.web.search) },
    outbound: settings.outbound,
    mail: settings.mail,
    log: settings.log,
    metrics: settings.metrics,
    traces: tracesOf(settings.traces),
  };
}

type ByTier<T> = Record<"free" | "basic" | "pro" | "ultra", T>;
/** Values for free, basic, pro and ultra; a missing one repeats the last one given. */
function byTier<T>(values: T[], none: T): ByTier<T> {
  const at = (i: number) => values[i] ?? values.at(-1) ?? none;
  return { free: at(0), basic: at(1), pro: at(2), ultra: at(3) };
}

const packagesOf = ([small = 0, medium = 0, large = 0, team = 0]: number[]) => ({ small, medium, large, team });

const searchOf = ({ provider, baseUrl, key }: Settings["web"]["search"]) =>
  provider && { provider, baseUrl: baseUrl ?? searchAddresses[provider], key };

function tracesOf({ endpoint, tracesEndpoint, isOff, ...traces }: Settings["traces"]) {
  const url = tracesEndpoint ?? (endpoint && `${endpoint}/v1/traces`);
  return isOff || !url ? undefined : { ...traces, url, ratio: Math.min(1, traces.ratio) };
}
