import { Secret } from "./platform/secret.ts";
import { settings, type Setting } from "./settings.ts";

const searchAddresses: Record<"brave" | "tavily" | "searxng", string | undefined> = {
  brave: "https://api.search.brave.com",
  tavily: "https://api.tavily.com",
  searxng: undefined,
};

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

/** Values for free, basic, pro and ultra; a missing one repeats the last one given. */
function byTier(values: number[]): Record<"free" | "basic" | "pro" | "ultra", number> {
  const at = (i: number) => values[i] ?? values.at(-1) ?? 0;
  return { free: at(0), basic: at(1), pro: at(2), ultra: at(3) };
}

const supportOf = ([free = "", basic = "", pro = "", ultra = ""]: string[]) => ({ free, basic, pro, ultra });
const packagesOf = ([small = 0, medium = 0, large = 0, team = 0]: number[]) => ({ small, medium, large, team });

const tracesOf = ({
  isOff,
  ...traces
}: {
  url: string;
  isOff: boolean;
  protocol: "http/protobuf" | "http/json";
  headers: Secret | undefined;
  serviceName: string;
  attributes: string;
  ratio: number;
  delayMs: number;
}) => (isOff || traces.url === "" ? undefined : traces);

/** Reads the environment once. Throws a `ConfigError` that lists every problem with an example. */
export function readConfig(environment: Record<string, string | undefined>) {
  const problems: string[] = [];
  const text = (name: keyof typeof settings): string => {
    const setting: Setting = settings[name];
    // The proxy variables are also commonly set in lower case.
    const given = (environment[name] || (/^(HTTPS?|NO)_PROXY$/.test(name) ? environment[name.toLowerCase()] : undefined))?.trim();
    const value = given === undefined || given === "" ? (setting.default ?? "") : given;
    const problem = value === "" ? undefined : setting.check?.(value);
    if (problem)
      problems.push(
        `${name} ${problem} (got ${/KEY|PASSWORD|SECRET|URL|HEADERS|PROXY/.test(name) ? "a value that is not" : JSON.stringify(value)}). Example: ${name}=${setting.example}`,
      );
    return value;
  };
  const secret = (name: keyof typeof settings) => {
    const value = text(name);
    return value === "" ? undefined : new Secret(value);
  };
  /** A base URL that paths are appended to. */
  const base = (name: keyof typeof settings) => text(name).replace(/\/+$/, "");
  const list = (name: keyof typeof settings) =>
    text(name)
      .split(",")
      .map((v) => v.trim())
      .filter(Boolean);
  const ofTier = (prefix: "TIER_MAX_PROJECTS" | "TIER_MAX_RUNNING" | "TIER_MAX_DEPLOYS") => ({
    free: Number(text(`${prefix}_FREE`)),
    basic: Number(text(`${prefix}_BASIC`)),
    pro: Number(text(`${prefix}_PRO`)),
    ultra: Number(text(`${prefix}_ULTRA`)),
  });
  const isTrue = (name: keyof typeof settings) => ["true", "1"].includes(text(name));
  const stripeKey = secret("STRIPE_SECRET_KEY");
  const payouts = (text("PAYOUTS") || (stripeKey ? "stripe" : "off")) as "off" | "manual" | "stripe";
  if (payouts === "stripe" && !stripeKey) problems.push("PAYOUTS=stripe requires a Stripe account. Example: STRIPE_SECRET_KEY=sk_live_…");
  if (stripeKey && !secret("STRIPE_WEBHOOK_SECRET"))
    problems.push("STRIPE_SECRET_KEY also requires the signing secret of its webhook endpoint. Example: STRIPE_WEBHOOK_SECRET=whsec_…");
  const isUnlimited = (prefix: "TIER_MAX_PROJECTS" | "TIER_MAX_DEPLOYS") =>
    text("UNLIMITED_TIERS") === ""
      ? !stripeKey && !["FREE", "BASIC", "PRO", "ULTRA"].some((tier) => environment[`${prefix}_${tier}`]?.trim())
      : isTrue("UNLIMITED_TIERS");
  /** Unlimited is `Infinity`. */
  const cappedByTier = (prefix: "TIER_MAX_PROJECTS" | "TIER_MAX_DEPLOYS") => (isUnlimited(prefix) ? byTier([Infinity]) : ofTier(prefix));

  const listenPort = Number(text("PORT"));
  const appBaseUrl = (text("APP_BASE_URL") || `http://localhost:${listenPort}`).replace(/\/+$/, "");
  const previewDomain = text("PREVIEW_DOMAIN").toLowerCase();
  const appHost = URL.parse(appBaseUrl)?.hostname ?? "localhost";
  if (appHost === previewDomain || (previewDomain.endsWith(`.${appHost}`) && appHost !== "localhost"))
    problems.push(
      `PREVIEW_DOMAIN must be a different site than the app (${appHost}), otherwise project code could read its cookies. Example: PREVIEW_DOMAIN=preview.localhost`,
    );
  for (const origin of list("CORS_ORIGINS"))
    if (origin.includes("*") || URL.parse(origin)?.origin !== origin || new URL(origin).hostname.endsWith(previewDomain))
      problems.push(
        `CORS_ORIGINS must list exact origins outside the preview domain (got ${JSON.stringify(origin)}). Example: CORS_ORIGINS=https://admin.example.com`,
      );

  if (isTrue("TWO_FA_ENABLED") && (text("SMTP_HOST") === "" || text("SMTP_SENDER_EMAIL") === ""))
    problems.push("TWO_FA_ENABLED sends codes by email and requires SMTP_HOST and SMTP_SENDER_EMAIL. Example: SMTP_HOST=smtp.example.com");

  if ((text("OIDC_ISSUER") === "") !== (text("OIDC_CLIENT_ID") === ""))
    problems.push("OIDC_ISSUER and OIDC_CLIENT_ID must be set together. Example: OIDC_CLIENT_ID=tesslate-studio");

  const searchProvider = text("WEB_SEARCH_PROVIDER") as "" | keyof typeof searchAddresses;
  const searchUrl = text("WEB_SEARCH_BASE_URL") || (searchProvider && (searchAddresses[searchProvider] ?? ""));
  const searchKey = secret("WEB_SEARCH_API_KEY");
  if (searchProvider === "searxng" && searchUrl === "")
    problems.push("WEB_SEARCH_PROVIDER=searxng requires its base URL. Example: WEB_SEARCH_BASE_URL=http://searxng.lan:8080");
  if ((searchProvider === "brave" || searchProvider === "tavily") && !searchKey)
    problems.push(`WEB_SEARCH_PROVIDER=${searchProvider} requires an API key. Example: WEB_SEARCH_API_KEY=BSA…`);

  const config = {
    http: {
      port: listenPort,
      host: text("HOST"),
      isLoopbackOnly: ["127.0.0.1", "::1", "localhost"].includes(text("HOST")),
      appBaseUrl,
      appHost,
      previewDomain,
      corsOrigins: list("CORS_ORIGINS"),
      rateLimitFactor: Number(text("RATE_LIMIT_FACTOR")),
      trustProxy: isTrue("TRUST_PROXY"),
      /** Not configurable; here so that tests can shorten it. */
      socketPingMs: 30_000,
    },
    dataDir: text("DATA_DIR"),
    database: { url: secret("DATABASE_URL") },
    runtime: {
      driver: text("RUNTIME_DRIVER") as "auto" | "sandbox" | "docker" | "process" | "memory",
      docker: { host: text("DOCKER_HOST"), certPath: text("DOCKER_CERT_PATH") || undefined, image: text("DOCKER_IMAGE") || undefined },
      idleFreezeMs: Number(text("IDLE_FREEZE_MINUTES")) * 60_000,
      idleStopMs: Number(text("IDLE_STOP_MINUTES")) * 60_000,
      orphanGraceMs: Number(text("ORPHANED_STOP_MINUTES")) * 60_000 || undefined,
      backoff: { attempts: Number(text("RESTART_ATTEMPTS")), firstMs: 1000, capMs: 60_000, stableMs: 60_000 },
      memory: { watermarkPercent: Number(text("MEMORY_WATERMARK_PERCENT")), everyMs: 10_000 },
    },
    features: {
      planMode: isTrue("TESSLATE_FEATURE_PLAN_MODE"),
      streaming: isTrue("TESSLATE_FEATURE_STREAMING"),
      subagents: isTrue("TESSLATE_FEATURE_SUBAGENTS"),
      applyPatch: isTrue("TESSLATE_FEATURE_APPLY_PATCH"),
    },
    projects: {
      diskBytes: byTier(list("PROJECT_DISK_MB").map((mb) => Number(mb) * 2 ** 20)),
      maxCount: cappedByTier("TIER_MAX_PROJECTS"),
      maxRunning: ofTier("TIER_MAX_RUNNING"),
      maxDeploys: cappedByTier("TIER_MAX_DEPLOYS"),
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
      secretKey: secret("SECRET_KEY"),
      sealingKey: secret("DEPLOYMENT_ENCRYPTION_KEY"),
      formerSealingKeys: list("DEPLOYMENT_ENCRYPTION_KEYS_FORMER").map((value) => new Secret(value)),
      /** Argon2id at the OWASP minimum. Only tests, which sign up by the thousand, use cheaper parameters. */
      passwordCost: { memoryKib: 19_456, passes: 2 },
      accessTokenMs: Number(text("ACCESS_TOKEN_EXPIRE_MINUTES")) * 60_000,
      refreshTokenMs: Number(text("REFRESH_TOKEN_EXPIRE_DAYS")) * 86_400_000,
      cookie: {
        secure: text("COOKIE_SECURE") === "" ? appBaseUrl.startsWith("https:") : isTrue("COOKIE_SECURE"),
        sameSite: text("COOKIE_SAMESITE") as "lax" | "strict" | "none",
        domain: text("COOKIE_DOMAIN") || undefined,
      },
      csrfKey: secret("CSRF_SECRET_KEY"),
      csrfMaxAgeMs: Number(text("CSRF_TOKEN_MAX_AGE")) * 1000,
      twoFactor: {
        isForAll: isTrue("TWO_FA_ENABLED"),
        codeMs: Number(text("TWO_FA_CODE_EXPIRY_SECONDS")) * 1000,
        maxTries: Number(text("TWO_FA_MAX_ATTEMPTS")),
        attemptMs: Number(text("TWO_FA_TEMP_TOKEN_EXPIRY_SECONDS")) * 1000,
      },
      oauth: {
        google: {
          clientId: text("GOOGLE_CLIENT_ID"),
          clientSecret: secret("GOOGLE_CLIENT_SECRET"),
          redirectUri: text("GOOGLE_OAUTH_REDIRECT_URI") || `${appBaseUrl}/api/auth/google/callback`,
          issuer: text("GOOGLE_ISSUER"),
        },
        github: {
          clientId: text("GITHUB_CLIENT_ID"),
          clientSecret: secret("GITHUB_CLIENT_SECRET"),
          redirectUri: text("GITHUB_OAUTH_REDIRECT_URI") || `${appBaseUrl}/api/auth/github/callback`,
          baseUrl: base("GITHUB_BASE_URL"),
          apiUrl: base("GITHUB_API_URL"),
        },
        oidc: {
          clientId: text("OIDC_CLIENT_ID"),
          clientSecret: secret("OIDC_CLIENT_SECRET"),
          redirectUri: text("OIDC_OAUTH_REDIRECT_URI") || `${appBaseUrl}/api/auth/oidc/callback`,
          issuer: text("OIDC_ISSUER"),
          name: text("OIDC_NAME"),
          trustsEmail: isTrue("OIDC_TRUST_EMAIL"),
        },
      },
      ingressSecret: secret("INGRESS_SHARED_SECRET"),
    },
    /** Timeout of one fetch, pull or push. */
    git: { networkMs: 300_000 },
    /** GitHub is configured in `auth.oauth.github`. */
    gitProviders: {
      gitlab: { clientId: text("GITLAB_CLIENT_ID"), clientSecret: secret("GITLAB_CLIENT_SECRET"), baseUrl: base("GITLAB_BASE_URL") },
      bitbucket: {
        clientId: text("BITBUCKET_CLIENT_ID"),
        clientSecret: secret("BITBUCKET_CLIENT_SECRET"),
        baseUrl: base("BITBUCKET_BASE_URL"),
        apiUrl: base("BITBUCKET_API_URL"),
      },
      gitea: { clientId: text("GITEA_CLIENT_ID"), clientSecret: secret("GITEA_CLIENT_SECRET"), baseUrl: base("GITEA_BASE_URL") },
      /** Delays between retries of a call; here so that tests can shorten them. */
      backoffMs: [500, 2_000],
    },
    models: {
      openai: { key: secret("OPENAI_API_KEY"), baseUrl: text("OPENAI_BASE_URL") },
      anthropic: { key: secret("ANTHROPIC_API_KEY"), baseUrl: text("ANTHROPIC_BASE_URL") },
      google: { key: secret("GOOGLE_GENERATIVE_AI_API_KEY"), baseUrl: text("GOOGLE_GENERATIVE_AI_BASE_URL") },
      ollama: { baseUrl: text("OLLAMA_BASE_URL") || undefined },
      defaults: list("DEFAULT_MODELS"),
      fallbacks: list("MODEL_FALLBACKS"),
      pricesFile: text("MODEL_PRICES") || undefined,
      isDemo: isTrue("DEMO"),
    },
    deployProviders: {
      vercel: {
        apiUrl: base("VERCEL_API_URL"),
        authorizeUrl: text("VERCEL_AUTHORIZE_URL"),
        clientId: text("VERCEL_CLIENT_ID"),
        clientSecret: secret("VERCEL_CLIENT_SECRET"),
        redirectUri: text("VERCEL_OAUTH_REDIRECT_URI") || `${appBaseUrl}/api/deployment-oauth/vercel/callback`,
      },
      netlify: {
        apiUrl: base("NETLIFY_API_URL"),
        authorizeUrl: text("NETLIFY_AUTHORIZE_URL"),
        clientId: text("NETLIFY_CLIENT_ID"),
        clientSecret: secret("NETLIFY_CLIENT_SECRET"),
        redirectUri: text("NETLIFY_OAUTH_REDIRECT_URI") || `${appBaseUrl}/api/deployment-oauth/netlify/callback`,
      },
      cloudflare: { apiUrl: base("CLOUDFLARE_API_URL") },
      /** Attempts of a call and the delays between them; here so that tests can shorten them. */
      retry: { tries: 4, firstMs: 1000, maxWaitMs: 90_000 },
    },
    billing: {
      isOn: isTrue("BILLING_ENABLED"),
      byokTiers: list("BYOK_ENABLED_TIERS"),
      terms: {
        allowance: byTier(list("TIER_BUNDLED_CREDITS").map(Number)),
        support: supportOf(list("TIER_SUPPORT")),
        dailyCredits: Number(text("DAILY_CREDITS")),
        lowPercent: Number(text("LOW_BALANCE_PERCENT")),
        creatorSharePercent: Number(text("CREATOR_SHARE_PERCENT")),
      },
      welcome: {
        dailyCredits: Number(text("DAILY_CREDITS")),
        bonusCredits: Number(text("SIGNUP_BONUS_CREDITS")),
        bonusDays: Number(text("SIGNUP_BONUS_DAYS")),
        support: supportOf(list("TIER_SUPPORT")).free,
      },
      packages: packagesOf(list("CREDIT_PACKAGES_CENTS").map(Number)),
      tierPrices: byTier(list("TIER_PRICES_CENTS").map(Number)),
      deploySlotCents: Number(text("DEPLOY_SLOT_PRICE_CENTS")),
      stripe: stripeKey && {
        secretKey: stripeKey,
        webhookSecret: secret("STRIPE_WEBHOOK_SECRET") ?? new Secret(""),
        publishableKey: text("STRIPE_PUBLISHABLE_KEY") || undefined,
        apiUrl: text("STRIPE_API_URL"),
        prices: {
          basic: { monthly: text("STRIPE_PRICE_BASIC_MONTHLY"), annual: text("STRIPE_PRICE_BASIC_ANNUAL") },
          pro: { monthly: text("STRIPE_PRICE_PRO_MONTHLY"), annual: text("STRIPE_PRICE_PRO_ANNUAL") },
          ultra: { monthly: text("STRIPE_PRICE_ULTRA_MONTHLY"), annual: text("STRIPE_PRICE_ULTRA_ANNUAL") },
        },
      },
    },
    creators: {
      referralRewardCredits: Number(text("REFERRAL_REWARD_CREDITS")),
      payouts: {
        mode: payouts,
        minimumCents: Number(text("PAYOUT_MINIMUM_CENTS")),
        holdDays: Number(text("PAYOUT_HOLD_DAYS")),
      },
    },
    agent: {
      recordsCassettes: isTrue("RECORD_CASSETTES"),
      namesChats: isTrue("AGENT_CHAT_TITLES"),
      maxIterations: Number(text("AGENT_MAX_ITERATIONS_PER_RUN")),
      maxRunMs: Number(text("AGENT_MAX_RUN_SECONDS")) * 1000,
      maxCostPerRunCents: Number(text("AGENT_MAX_COST_PER_RUN")) * 100,
      maxCostPerDayCents: Number(text("AGENT_MAX_COST_PER_DAY")) * 100,
      approvalTimeoutMs: Number(text("AGENT_APPROVAL_TIMEOUT_SECONDS")) * 1000,
    },
    /** Timeouts of MCP servers; here so that tests can shorten them. */
    mcp: { connectMs: 15_000, callMs: 60_000 },
    /** Delays between the five attempts; here so that tests can shorten them. */
    webhooks: { backoffMs: [2_000, 10_000, 60_000, 300_000] },
    snapshots: {
      maxManual: Number(text("MAX_SNAPSHOTS_PER_PROJECT")),
      maxAutomatic: Number(text("MAX_AUTOMATIC_SNAPSHOTS_PER_PROJECT")),
      retentionMs: Number(text("SNAPSHOT_RETENTION_DAYS")) * 86_400_000,
      readyTimeoutMs: Number(text("SNAPSHOT_READY_TIMEOUT_SECONDS")) * 1000,
    },
    /** Not configurable; here so that tests can shorten it. */
    repairs: { quietMs: 1500 },
    verify: {
      chromiumPath: text("CHROMIUM_PATH") || undefined,
      maxOpen: Number(text("VERIFY_MAX_BROWSERS")),
      maxMemoryBytes: 1.5 * 2 ** 30,
      /** How long a step waits for its target. Not configurable; here so that tests can shorten it. */
      stepMs: 6_000,
    },
    web: {
      isOn: isTrue("TESSLATE_FEATURE_WEB_SEARCH"),
      search: searchProvider ? { provider: searchProvider, baseUrl: searchUrl, key: searchKey } : undefined,
    },
    outbound: {
      allowHosts: list("OUTBOUND_ALLOW_HOSTS"),
      caFile: text("OUTBOUND_CA_FILE") || undefined,
      proxy: { http: secret("HTTP_PROXY"), https: secret("HTTPS_PROXY"), none: list("NO_PROXY") },
    },
    mail: {
      host: text("SMTP_HOST"),
      port: Number(text("SMTP_PORT")),
      username: text("SMTP_USERNAME"),
      password: secret("SMTP_PASSWORD"),
      isTls: isTrue("SMTP_USE_TLS"),
      sender: text("SMTP_SENDER_EMAIL"),
    },
    log: { level: text("LOG_LEVEL") },
    metrics: { token: secret("METRICS_TOKEN") },
    traces: tracesOf({
      url:
        text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ||
        (text("OTEL_EXPORTER_OTLP_ENDPOINT") && `${text("OTEL_EXPORTER_OTLP_ENDPOINT").replace(/\/+$/, "")}/v1/traces`),
      protocol: text("OTEL_EXPORTER_OTLP_PROTOCOL") as "http/protobuf" | "http/json",
      headers: secret("OTEL_EXPORTER_OTLP_HEADERS"),
      serviceName: text("OTEL_SERVICE_NAME"),
      attributes: text("OTEL_RESOURCE_ATTRIBUTES"),
      ratio: Math.min(1, Number(text("OTEL_TRACES_SAMPLER_ARG"))),
      delayMs: Number(text("OTEL_BSP_SCHEDULE_DELAY")),
      isOff: isTrue("OTEL_SDK_DISABLED"),
    }),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}
export type Config = ReturnType<typeof readConfig>;
