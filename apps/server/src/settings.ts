/** One setting of the environment. */
export interface Setting {
  /** Shown in `.env.example` and in error messages. */
  example: string;
  about: string;
  default?: string;
  check?: (value: string) => string | undefined;
}
const port: Setting["check"] = (v) => (/^\d{1,5}$/.test(v) && Number(v) <= 65535 ? undefined : "must be a port number");
const integer =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (v: string) =>
    /^\d+$/.test(v) && Number(v) >= min && Number(v) <= max
      ? undefined
      : max === Number.MAX_SAFE_INTEGER
        ? `must be a whole number, ${min} or more`
        : `must be a whole number from ${min} to ${max}`;
const number: Setting["check"] = (v) => (Number.isFinite(Number(v)) && Number(v) >= 0 ? undefined : "must be a number, 0 or more");
const url: Setting["check"] = (v) => (/^https?:$/.test(URL.parse(v)?.protocol ?? "") ? undefined : "must be an http(s) URL");
const flag: Setting["check"] = (v) => (["true", "false", "1", "0"].includes(v) ? undefined : "must be true or false");
const percentEncoded: Setting["check"] = (v) => {
  try {
    decodeURIComponent(v);
    return undefined;
  } catch {
    return "must be comma-separated key=value pairs with percent-encoded values (%25 for a percent sign)";
  }
};
const byTierList: Setting["check"] = (v) => (/^\d+(\s*,\s*\d+){3}$/.test(v) ? undefined : "must be four comma-separated whole numbers");
const oneOf =
  (...values: string[]) =>
  (v: string) =>
    values.includes(v) ? undefined : `must be one of ${values.join(", ")}`;

/** All settings, in the order of `.env.example`. */
export const settings = {
  PORT: { default: "8000", example: "8000", about: "Port of the web UI, the API and the previews", check: port },
  HOST: {
    default: "127.0.0.1",
    example: "0.0.0.0",
    about: "Address to listen on. On a loopback address the first account becomes administrator without the setup token",
  },
  DATA_DIR: { default: "./data", example: "/var/lib/tesslate", about: "Folder of all persistent data: database, projects, keys, caches" },
  DATABASE_URL: {
    example: "postgres://user:password@db:5432/tesslate",
    about: "PostgreSQL 15 or newer, used by this server only. Default: an embedded PostgreSQL in DATA_DIR",
    check: (v) => (/^postgres(ql)?:\/\//.test(v) ? undefined : "must be a postgres:// URL"),
  },
  RUNTIME_DRIVER: {
    default: "auto",
    example: "sandbox",
    about: "Where project code runs: auto, sandbox, docker, process (no isolation), memory (tests)",
    check: oneOf("auto", "sandbox", "docker", "process", "memory"),
  },
  DOCKER_HOST: {
    default: "unix:///var/run/docker.sock",
    example: "tcp://127.0.0.1:2375",
    about: "Docker Engine for the docker driver; it must run on this host",
    check: (v) => (/^(unix:\/\/\/|tcp:\/\/|https?:\/\/)\S+$/.test(v) ? undefined : "must be unix:///path or tcp://host:port"),
  },
  DOCKER_CERT_PATH: {
    default: "",
    example: "/etc/docker/client",
    about: "Folder with ca.pem, cert.pem and key.pem for a Docker Engine with TLS",
  },
  DOCKER_IMAGE: {
    default: "",
    example: "node:24-bookworm",
    about: "Image that runs project code with the docker driver. Default: an empty image with the programs of this host mounted read-only",
  },
  APP_BASE_URL: { example: "https://studio.example.com", about: "Public URL of the app. Default: http://localhost:PORT", check: url },
  PREVIEW_DOMAIN: {
    default: "preview.localhost",
    example: "preview.example.net",
    about: "Domain of previews, <project>-<container>.<PREVIEW_DOMAIN>; must be a different site than the app",
  },
  SECRET_KEY: {
    example: "at-least-32-random-characters-here-please",
    about: "Signs sessions and encrypts secrets. Default: generated in DATA_DIR on first start",
    check: (v) => (Buffer.byteLength(v) >= 32 ? undefined : "must be at least 32 bytes long"),
  },
  DEPLOYMENT_ENCRYPTION_KEY: {
    example: "a-third-random-value-of-32-characters",
    about: "Encrypts stored secrets and credentials. Default: derived from SECRET_KEY. Run ./studio rotate-keys after changing it",
    check: (v) => (Buffer.byteLength(v) >= 32 ? undefined : "must be at least 32 bytes long"),
  },
  DEPLOYMENT_ENCRYPTION_KEYS_FORMER: {
    default: "",
    example: "the-value-before-that-of-32-characters",
    about: "Previous values of DEPLOYMENT_ENCRYPTION_KEY (or of SECRET_KEY), comma-separated; needed until ./studio rotate-keys has run",
  },
  BILLING_ENABLED: {
    default: "false",
    example: "true",
    about: "Charge credits for calls to the models of this server. false: usage is free",
    check: flag,
  },
  STRIPE_SECRET_KEY: {
    example: "sk_live_…",
    about:
      "Stripe secret key for payments. Requires BILLING_ENABLED=true, otherwise bought credits are never used. Unset: purchases are disabled",
  },
  STRIPE_PUBLISHABLE_KEY: { default: "", example: "pk_live_…", about: "Stripe publishable key of the same account" },
  STRIPE_WEBHOOK_SECRET: {
    example: "whsec_…",
    about:
      "Signing secret of the webhook endpoint APP_BASE_URL/api/webhooks/stripe, in the account and mode of the key, in any API version, with the events checkout.session.completed, checkout.session.async_payment_succeeded, customer.subscription.created, customer.subscription.updated, customer.subscription.deleted, customer.subscription.paused, customer.subscription.resumed, invoice.payment_succeeded, invoice.payment_failed, charge.refunded, charge.dispute.created, charge.dispute.closed",
  },
  STRIPE_API_URL: { default: "https://api.stripe.com", example: "http://localhost:12111", about: "Base URL of the Stripe API", check: url },
  STRIPE_PRICE_BASIC_MONTHLY: { default: "", example: "price_…", about: "Stripe price of the basic plan, billed monthly; empty: not sold" },
  STRIPE_PRICE_BASIC_ANNUAL: { default: "", example: "price_…", about: "Stripe price of the basic plan, billed annually; empty: not sold" },
  STRIPE_PRICE_PRO_MONTHLY: { default: "", example: "price_…", about: "Stripe price of the pro plan, billed monthly; empty: not sold" },
  STRIPE_PRICE_PRO_ANNUAL: { default: "", example: "price_…", about: "Stripe price of the pro plan, billed annually; empty: not sold" },
  STRIPE_PRICE_ULTRA_MONTHLY: { default: "", example: "price_…", about: "Stripe price of the ultra plan, billed monthly; empty: not sold" },
  STRIPE_PRICE_ULTRA_ANNUAL: { default: "", example: "price_…", about: "Stripe price of the ultra plan, billed annually; empty: not sold" },
  UNLIMITED_TIERS: {
    default: "",
    example: "true",
    about: "No limits on projects and hosted projects. Default: true without Stripe, except for TIER_MAX_… that are set",
    check: flag,
  },
  TIER_PRICES_CENTS: {
    default: "0,2000,4900,14900",
    example: "0,2000,4900,14900",
    about: "Displayed monthly prices of the plans (free, basic, pro, ultra) in cents; Stripe charges its own prices",
    check: byTierList,
  },
  TIER_BUNDLED_CREDITS: {
    default: "0,500,2000,8000",
    example: "0,500,2000,8000",
    about: "Credits included in each plan (free, basic, pro, ultra), per 30 days",
    check: byTierList,
  },
  TIER_SUPPORT: {
    default: "community,email,priority,priority",
    example: "community,email,priority,priority",
    about: "Displayed support level of each plan (free, basic, pro, ultra)",
    check: (v) => (/^[\w -]+(,[\w -]+){3}$/.test(v) ? undefined : "must be four comma-separated words"),
  },
  DAILY_CREDITS: { default: "5", example: "5", about: "Daily credits of free accounts", check: integer(0, 1_000_000) },
  SIGNUP_BONUS_CREDITS: { default: "15000", example: "15000", about: "Credits that new accounts start with", check: integer(0, 1_000_000) },
  SIGNUP_BONUS_DAYS: { default: "60", example: "60", about: "Days after which unused sign-up credits expire", check: integer(0, 3650) },
  CREDIT_PACKAGES_CENTS: {
    default: "500,2500,10000,50000",
    example: "500,2500,10000,50000",
    about: "Credits in each credit package (small, medium, large, team); one credit costs one cent",
    check: (v) =>
      byTierList(v) ??
      (v.split(",").every((cents) => Number(cents) >= 50 && Number(cents) <= 99_999_999)
        ? undefined
        : "must be amounts from 50 to 99999999"),
  },
  LOW_BALANCE_PERCENT: {
    default: "20",
    example: "20",
    about: "Percentage of a plan's credits below which a low balance is reported",
    check: integer(0, 100),
  },
  CREATOR_SHARE_PERCENT: {
    default: "90",
    example: "90",
    about: "Creator's share of a sale in percent, rounded down",
    check: integer(0, 100),
  },
  DEPLOY_SLOT_PRICE_CENTS: {
    default: "1000",
    example: "1000",
    about: "One-time price of an additional hosted project, in cents",
    check: integer(50),
  },
  BYOK_ENABLED_TIERS: {
    default: "basic,pro,ultra",
    example: "free,basic,pro,ultra",
    about: "Plans that may use their own model keys when billing is enabled; without billing all may",
  },
  REFERRAL_REWARD_CREDITS: {
    default: "0",
    example: "500",
    about: "Credits for referrer and new user when an account is created with a referral code",
    check: integer(0, 1_000_000),
  },
  PAYOUTS: {
    example: "manual",
    about:
      "How creators are paid. off: not at all; manual: they request a payout and the operator pays it manually; stripe: to their connected Stripe account. Default: stripe if payments are configured",
    check: oneOf("off", "manual", "stripe"),
  },
  PAYOUT_MINIMUM_CENTS: { default: "1000", example: "1000", about: "Minimum payout to a creator, in cents", check: integer(1) },
  PAYOUT_HOLD_DAYS: {
    default: "7",
    example: "7",
    about: "Days before a sale can be paid out",
    check: integer(0, 365),
  },
  OPENAI_API_KEY: { example: "sk-…", about: "API key of OpenAI or an OpenAI-compatible service" },
  OPENAI_BASE_URL: {
    default: "https://api.openai.com/v1",
    example: "http://localhost:8080/v1",
    about: "Base URL of OpenAI or the OpenAI-compatible service",
    check: url,
  },
  ANTHROPIC_API_KEY: { example: "sk-ant-…", about: "API key of Anthropic" },
  ANTHROPIC_BASE_URL: {
    default: "https://api.anthropic.com/v1",
    example: "https://api.anthropic.com/v1",
    about: "Base URL of the Anthropic API",
    check: url,
  },
  GOOGLE_GENERATIVE_AI_API_KEY: { example: "AIza…", about: "API key of Google Gemini" },
  GOOGLE_GENERATIVE_AI_BASE_URL: {
    default: "https://generativelanguage.googleapis.com/v1beta",
    example: "https://generativelanguage.googleapis.com/v1beta",
    about: "Base URL of the Gemini API",
    check: url,
  },
  OLLAMA_BASE_URL: {
    example: "http://localhost:11434/v1",
    about: "Base URL of a local Ollama, llama.cpp or vLLM (OpenAI-compatible)",
    check: url,
  },
  DEFAULT_MODELS: {
    default: "",
    example: "anthropic/claude-sonnet-4.6,openai/gpt-5.1",
    about: "Default models as provider/model ids in order of preference; the first one with an API key is used",
  },
  MODEL_FALLBACKS: {
    default: "",
    example: "openai/gpt-5-mini,ollama/qwen3:8b",
    about: "Fallback models for an overloaded model, provider/model ids in order; projects and users can override them",
  },
  MODEL_PRICES: {
    default: "",
    example: "/etc/tesslate/prices.json",
    about: "JSON file with model prices in US dollars per million tokens, in addition to the bundled ones; reloaded when it changes",
  },
  RATE_LIMIT_FACTOR: { default: "1", example: "0", about: "Multiplies every rate limit; 0 disables rate limits", check: number },
  CORS_ORIGINS: {
    default: "",
    example: "https://admin.example.com",
    about: "Additional origins that may call the API with cookies, comma-separated. No wildcards, no preview hosts",
  },
  OUTBOUND_ALLOW_HOSTS: {
    default: "",
    example: "localhost:11434,ollama.lan",
    about: "Private hosts (host or host:port) that outgoing requests may reach, for git also over http://; comma-separated",
  },
  HTTP_PROXY: {
    example: "http://proxy.lan:3128",
    about: "Proxy for outgoing http requests of the server and of projects (also as http_proxy). The proxy resolves host names",
    check: url,
  },
  HTTPS_PROXY: {
    example: "http://proxy.lan:3128",
    about: "Proxy for outgoing https requests (also as https_proxy). Private addresses are refused first; the proxy resolves host names",
    check: url,
  },
  NO_PROXY: {
    default: "",
    example: "gitlab.lan,.example.internal",
    about: "Hosts that bypass the proxy, comma-separated: host, host:port, .domain or * (also as no_proxy). Loopback always does",
  },
  OUTBOUND_CA_FILE: {
    default: "",
    example: "/etc/ssl/company-ca.pem",
    about: "Additional CA certificates (PEM) to trust for outgoing requests and git clones",
  },
  ACCESS_TOKEN_EXPIRE_MINUTES: { default: "15", example: "15", about: "Lifetime of an access token in minutes", check: integer(1) },
  REFRESH_TOKEN_EXPIRE_DAYS: { default: "14", example: "14", about: "Days of inactivity after which a session expires", check: integer(1) },
  COOKIE_SECURE: { example: "true", about: "Secure attribute of cookies. Default: true if APP_BASE_URL is https", check: flag },
  COOKIE_SAMESITE: { default: "lax", example: "strict", about: "SameSite attribute of cookies", check: oneOf("lax", "strict", "none") },
  COOKIE_DOMAIN: { default: "", example: "studio.example.com", about: "Domain attribute of cookies; empty: host-only cookies" },
  CSRF_SECRET_KEY: {
    default: "",
    example: "another-random-value-of-32-characters",
    about: "Signs CSRF tokens. Default: derived from SECRET_KEY",
  },
  CSRF_TOKEN_MAX_AGE: { default: "86400", example: "86400", about: "Lifetime of a CSRF token in seconds", check: integer(60) },
  TWO_FA_ENABLED: {
    default: "false",
    example: "true",
    about: "Require a code sent by email after the password, for all users",
    check: flag,
  },
  TWO_FA_CODE_EXPIRY_SECONDS: { default: "600", example: "600", about: "Lifetime of a two-factor code in seconds", check: integer(30) },
  TWO_FA_MAX_ATTEMPTS: {
    default: "5",
    example: "5",
    about: "Wrong attempts after which a two-factor code is invalid",
    check: integer(1, 20),
  },
  TWO_FA_TEMP_TOKEN_EXPIRY_SECONDS: {
    default: "600",
    example: "600",
    about: "Seconds a sign-in waits for its two-factor code",
    check: integer(30),
  },
  GOOGLE_CLIENT_ID: { default: "", example: "1234.apps.example.com", about: "OAuth client for sign-in with Google; empty: disabled" },
  GOOGLE_CLIENT_SECRET: { default: "", example: "…", about: "Secret of the Google OAuth client" },
  GOOGLE_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/auth/google/callback",
    about: "Redirect URI of sign-in with Google. Default: APP_BASE_URL/api/auth/google/callback",
    check: url,
  },
  GOOGLE_ISSUER: {
    default: "https://accounts.google.com",
    example: "https://keycloak.example.com/realms/studio",
    about: "OpenID Connect issuer used for sign-in with Google",
    check: url,
  },
  GITHUB_CLIENT_ID: {
    default: "",
    example: "Iv1.0123456789abcdef",
    about: "OAuth client for sign-in with GitHub and access to its repositories; empty: disabled",
  },
  GITHUB_CLIENT_SECRET: { default: "", example: "…", about: "Secret of the GitHub OAuth client" },
  GITHUB_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/auth/github/callback",
    about: "Redirect URI of sign-in with GitHub. Default: APP_BASE_URL/api/auth/github/callback",
    check: url,
  },
  GITHUB_BASE_URL: {
    default: "https://github.com",
    example: "https://github.example.com",
    about: "URL of GitHub or a GitHub Enterprise Server",
    check: url,
  },
  GITHUB_API_URL: {
    default: "https://api.github.com",
    example: "https://github.example.com/api/v3",
    about: "API URL of GitHub or the GitHub Enterprise Server",
    check: url,
  },
  VERCEL_API_URL: {
    default: "https://api.vercel.com",
    example: "https://api.vercel.com",
    about: "Vercel API, for deployments",
    check: url,
  },
  VERCEL_AUTHORIZE_URL: {
    default: "https://vercel.com/oauth/authorize",
    example: "https://vercel.com/oauth/authorize",
    about: "Vercel OAuth authorization page",
    check: url,
  },
  VERCEL_CLIENT_ID: {
    default: "",
    example: "cl_0123456789abcdef",
    about:
      "Sign in with Vercel app, to connect Vercel accounts in the browser; empty: access tokens only. Vercel must have granted the app permission to deploy",
  },
  VERCEL_CLIENT_SECRET: { default: "", example: "…", about: "Secret of the Vercel app" },
  VERCEL_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/deployment-oauth/vercel/callback",
    about: "Redirect URI of the Vercel app. Default: APP_BASE_URL/api/deployment-oauth/vercel/callback",
    check: url,
  },
  NETLIFY_API_URL: {
    default: "https://api.netlify.com/api/v1",
    example: "https://api.netlify.com/api/v1",
    about: "Netlify API, for deployments",
    check: url,
  },
  NETLIFY_AUTHORIZE_URL: {
    default: "https://app.netlify.com/authorize",
    example: "https://app.netlify.com/authorize",
    about: "Netlify OAuth authorization page",
    check: url,
  },
  NETLIFY_CLIENT_ID: {
    default: "",
    example: "0123456789abcdef",
    about: "Netlify OAuth client, to connect Netlify accounts in the browser; empty: access tokens only",
  },
  NETLIFY_CLIENT_SECRET: { default: "", example: "…", about: "Secret of the Netlify OAuth client" },
  NETLIFY_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/deployment-oauth/netlify/callback",
    about: "Redirect URI of the Netlify OAuth client. Default: APP_BASE_URL/api/deployment-oauth/netlify/callback",
    check: url,
  },
  CLOUDFLARE_API_URL: {
    default: "https://api.cloudflare.com/client/v4",
    example: "https://api.cloudflare.com/client/v4",
    about: "Cloudflare API, for deployments",
    check: url,
  },
  GITLAB_CLIENT_ID: {
    default: "",
    example: "0123456789abcdef",
    about:
      "OAuth client for GitLab repositories; empty: disabled. The redirect URI of every git provider is APP_BASE_URL/api/git-providers/<name>/callback",
  },
  GITLAB_CLIENT_SECRET: { default: "", example: "…", about: "Secret of the GitLab OAuth client" },
  GITLAB_BASE_URL: {
    default: "https://gitlab.com",
    example: "https://gitlab.example.com",
    about: "URL of GitLab or a self-managed instance",
    check: url,
  },
  BITBUCKET_CLIENT_ID: {
    default: "",
    example: "0123456789abcdef",
    about: "OAuth client for Bitbucket repositories; empty: disabled",
  },
  BITBUCKET_CLIENT_SECRET: { default: "", example: "…", about: "Secret of the Bitbucket OAuth client" },
  BITBUCKET_BASE_URL: {
    default: "https://bitbucket.org",
    example: "https://bitbucket.example.com",
    about: "URL of Bitbucket Cloud",
    check: url,
  },
  BITBUCKET_API_URL: {
    default: "https://api.bitbucket.org/2.0",
    example: "https://api.bitbucket.example.com/2.0",
    about: "API URL of Bitbucket Cloud",
    check: url,
  },
  GITEA_CLIENT_ID: {
    default: "",
    example: "0123456789abcdef",
    about: "OAuth client for Gitea or Forgejo repositories; empty: disabled",
  },
  GITEA_CLIENT_SECRET: { default: "", example: "…", about: "Secret of the Gitea or Forgejo OAuth client" },
  GITEA_BASE_URL: {
    default: "",
    example: "https://git.example.com",
    about: "URL of the Gitea or Forgejo instance; users can connect other instances with an access token",
    check: url,
  },
  OIDC_ISSUER: {
    default: "",
    example: "https://keycloak.example.com/realms/studio",
    about: "OpenID Connect issuer for single sign-on (Keycloak, Authentik, Entra, Okta …); empty: disabled",
    check: url,
  },
  OIDC_CLIENT_ID: { default: "", example: "tesslate-studio", about: "OpenID Connect client" },
  OIDC_CLIENT_SECRET: { default: "", example: "…", about: "Secret of the OpenID Connect client; empty for a public client" },
  OIDC_NAME: { default: "Single sign-on", example: "Example Corp", about: "Label of the single sign-on button" },
  OIDC_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/auth/oidc/callback",
    about: "Redirect URI of single sign-on. Default: APP_BASE_URL/api/auth/oidc/callback",
    check: url,
  },
  OIDC_TRUST_EMAIL: {
    default: "false",
    example: "true",
    about: "Trust email addresses the provider does not mark as verified (Entra). Only if users there cannot choose their own address",
    check: flag,
  },
  INGRESS_SHARED_SECRET: {
    default: "",
    example: "a-fourth-random-value-of-32-characters",
    about: "Secret that an external proxy sends as X-Ingress-Secret to verify-pod-access; empty: not required",
  },
  SMTP_HOST: { default: "", example: "smtp.example.com", about: "SMTP server for outgoing email; empty: email is disabled" },
  SMTP_PORT: { default: "587", example: "587", about: "Port of the SMTP server", check: port },
  SMTP_USERNAME: { default: "", example: "studio", about: "User name at the SMTP server" },
  SMTP_PASSWORD: { default: "", example: "…", about: "Password at the SMTP server" },
  SMTP_USE_TLS: { default: "true", example: "true", about: "Use STARTTLS", check: flag },
  SMTP_SENDER_EMAIL: { default: "", example: "studio@example.com", about: "From address of outgoing email; empty: email is disabled" },
  PROJECT_DISK_MB: {
    default: "2048,4096,8192,16384",
    example: "4096",
    about: "Disk limit of a project in MiB, by plan (free, basic, pro, ultra); a single number applies to all",
    check: (v) => (/^\d+(\s*,\s*\d+){0,3}$/.test(v) && /[1-9]/.test(v) ? undefined : "must be one to four comma-separated whole numbers"),
  },
  TIER_MAX_PROJECTS_FREE: { default: "3", example: "3", about: "Maximum number of projects per user on the free plan", check: integer(0) },
  TIER_MAX_PROJECTS_BASIC: {
    default: "7",
    example: "7",
    about: "Maximum number of projects per user on the basic plan",
    check: integer(0),
  },
  TIER_MAX_PROJECTS_PRO: { default: "15", example: "15", about: "Maximum number of projects per user on the pro plan", check: integer(0) },
  TIER_MAX_PROJECTS_ULTRA: {
    default: "40",
    example: "40",
    about: "Maximum number of projects per user on the ultra plan",
    check: integer(0),
  },
  TIER_MAX_RUNNING_FREE: {
    default: "5",
    example: "5",
    about: "Maximum number of running projects per user on the free plan",
    check: integer(1),
  },
  TIER_MAX_RUNNING_BASIC: {
    default: "10",
    example: "10",
    about: "Maximum number of running projects per user on the basic plan",
    check: integer(1),
  },
  TIER_MAX_RUNNING_PRO: {
    default: "20",
    example: "20",
    about: "Maximum number of running projects per user on the pro plan",
    check: integer(1),
  },
  TIER_MAX_RUNNING_ULTRA: {
    default: "50",
    example: "50",
    about: "Maximum number of running projects per user on the ultra plan",
    check: integer(1),
  },
  TIER_MAX_DEPLOYS_FREE: {
    default: "1",
    example: "1",
    about: "Maximum number of hosted (always running) projects per user on the free plan",
    check: integer(0),
  },
  TIER_MAX_DEPLOYS_BASIC: {
    default: "3",
    example: "3",
    about: "Maximum number of hosted (always running) projects per user on the basic plan",
    check: integer(0),
  },
  TIER_MAX_DEPLOYS_PRO: {
    default: "5",
    example: "5",
    about: "Maximum number of hosted (always running) projects per user on the pro plan",
    check: integer(0),
  },
  TIER_MAX_DEPLOYS_ULTRA: {
    default: "20",
    example: "20",
    about: "Maximum number of hosted (always running) projects per user on the ultra plan",
    check: integer(0),
  },
  RESTART_ATTEMPTS: {
    default: "5",
    example: "0",
    about: "How often an exited container is restarted, after 1 s, 2 s, 4 s … up to 60 s; 0 = never",
    check: integer(0),
  },
  MEMORY_WATERMARK_PERCENT: {
    default: "90",
    example: "85",
    about: "Memory use above which idle projects are stopped, longest idle first; 0 = never",
    check: (v) => (/^\d{1,3}$/.test(v) && Number(v) <= 100 ? undefined : "must be a whole number from 0 to 100"),
  },
  MAX_SNAPSHOTS_PER_PROJECT: {
    default: "20",
    example: "20",
    about: "Maximum number of manual snapshots per project",
    check: integer(1),
  },
  MAX_AUTOMATIC_SNAPSHOTS_PER_PROJECT: {
    default: "5",
    example: "5",
    about: "Maximum number of automatic snapshots (before a restore or a clone) per project; the oldest is replaced",
    check: integer(1),
  },
  SNAPSHOT_RETENTION_DAYS: {
    default: "30",
    example: "30",
    about: "Days that checkpoints, and the snapshots of deleted projects, are kept",
    check: integer(1),
  },
  SNAPSHOT_READY_TIMEOUT_SECONDS: { default: "90", example: "90", about: "Timeout of taking a snapshot, in seconds", check: integer(1) },
  IDLE_FREEZE_MINUTES: { default: "2", example: "2", about: "Idle minutes after which a project is frozen", check: number },
  IDLE_STOP_MINUTES: { default: "30", example: "30", about: "Idle minutes after which a project is stopped", check: number },
  ORPHANED_STOP_MINUTES: {
    default: "15",
    example: "15",
    about: "Minutes that projects keep running after the server has exited and is not restarted; 0 = forever",
    check: number,
  },
  AGENT_MAX_ITERATIONS_PER_RUN: { default: "200", example: "200", about: "Maximum model calls per run; 0 = unlimited", check: integer(0) },
  AGENT_MAX_COST_PER_RUN: {
    default: "5",
    example: "5",
    about: "Maximum cost of model calls per run, in US dollars; 0 = unlimited",
    check: number,
  },
  AGENT_MAX_COST_PER_DAY: {
    default: "20",
    example: "20",
    about: "Maximum cost of model calls per user and day (UTC), in US dollars; 0 = unlimited. Calls with the user's own keys do not count",
    check: number,
  },
  AGENT_MAX_RUN_SECONDS: {
    default: "600",
    example: "600",
    about: "Maximum duration of a run in seconds, without waiting for approvals",
    check: integer(1),
  },
  AGENT_CHAT_TITLES: {
    default: "1",
    example: "1",
    about: "Name a chat with a short model call after the first answer; 0 = use the first words of the message",
    check: flag,
  },
  AGENT_APPROVAL_TIMEOUT_SECONDS: {
    default: "300",
    example: "300",
    about: "Seconds a run waits for an approval or answer",
    check: integer(1),
  },
  CHROMIUM_PATH: {
    default: "",
    example: "/usr/bin/chromium",
    about: "Browser in which the agent verifies apps. Default: an installed Chromium or Chrome; without one verification is disabled",
  },
  VERIFY_MAX_BROWSERS: { default: "2", example: "2", about: "Maximum number of agent browsers at once", check: integer(1, 50) },
  RECORD_CASSETTES: {
    default: "false",
    example: "true",
    about:
      "Record every run for replay (GET /api/chat/runs/{task_id}/cassette); the project setting record_cassettes does so for one project",
    check: flag,
  },
  TESSLATE_FEATURE_WEB_SEARCH: { default: "true", example: "0", about: "Enable the agent's tools web_fetch and web_search", check: flag },
  WEB_SEARCH_PROVIDER: {
    default: "",
    example: "brave",
    about: "Search provider of the agent: brave, tavily or searxng; empty: web_search is disabled",
    check: oneOf("brave", "tavily", "searxng"),
  },
  WEB_SEARCH_API_KEY: { default: "", example: "BSA…", about: "API key of the search provider; not needed for searxng" },
  WEB_SEARCH_BASE_URL: {
    example: "http://searxng.lan:8080",
    about: "Base URL of the search provider; required for searxng",
    check: url,
  },
  TESSLATE_FEATURE_STREAMING: {
    default: "1",
    example: "0",
    about: "Stream answers while the model writes them; 0 shows each turn when it is complete. Agents can override it",
    check: flag,
  },
  TESSLATE_FEATURE_SUBAGENTS: { default: "1", example: "0", about: "Allow the agent to start sub-agents", check: flag },
  TESSLATE_FEATURE_APPLY_PATCH: { default: "1", example: "0", about: "Enable the agent's tool apply_patch", check: flag },
  TESSLATE_FEATURE_PLAN_MODE: {
    default: "1",
    example: "0",
    about: "Enable the agent's plan tools: plans that users edit and build from",
    check: flag,
  },
  LOG_LEVEL: {
    default: "info",
    example: "debug",
    about: "error, warn, info, debug or silent",
    check: oneOf("error", "warn", "info", "debug", "silent"),
  },
  METRICS_TOKEN: {
    default: "",
    example: "a-fifth-random-value-of-32-characters",
    about: "Bearer token for /metrics. Empty: administrators and, if project code has its own network, programs on this host",
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    example: "http://localhost:4318",
    about: "OpenTelemetry collector for traces over OTLP/HTTP; unset: no traces",
    check: url,
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    example: "http://localhost:4318/v1/traces",
    about: "Full URL of the OTLP traces endpoint, instead of OTEL_EXPORTER_OTLP_ENDPOINT",
    check: url,
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    default: "",
    example: "x-api-key=…",
    about: "Headers for the collector, key=value, comma-separated",
    check: percentEncoded,
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    default: "http/protobuf",
    example: "http/json",
    about: "http/protobuf or http/json",
    check: oneOf("http/protobuf", "http/json"),
  },
  OTEL_SERVICE_NAME: { default: "tesslate-studio", example: "studio-eu", about: "Service name in traces" },
  OTEL_RESOURCE_ATTRIBUTES: {
    default: "",
    example: "deployment.environment=prod",
    about: "Additional resource attributes in traces, key=value, comma-separated",
    check: percentEncoded,
  },
  OTEL_TRACES_SAMPLER_ARG: { default: "1", example: "0.1", about: "Sampling ratio of traces, 0 to 1", check: number },
  OTEL_BSP_SCHEDULE_DELAY: { default: "5000", example: "1000", about: "Interval between span exports in milliseconds", check: integer(1) },
  OTEL_SDK_DISABLED: { default: "false", example: "true", about: "Disable traces", check: flag },
  DEMO: { default: "false", example: "true", about: "Use scripted replies instead of a model (./studio demo)", check: flag },
  TRUST_PROXY: {
    default: "false",
    example: "true",
    about: "Trust X-Forwarded-* of a reverse proxy in front of the server",
    check: flag,
  },
} as const satisfies Record<string, Setting>;

/** The content of `.env.example`, generated from the settings. */
export const envExample = () =>
  [
    "# All settings with their default or an example. Copy this file to .env, which ./studio reads, and change what you need.",
    ...Object.entries(settings as Record<string, Setting>).flatMap(([name, s]) => [
      "",
      `# ${s.about}`,
      `# ${name}=${s.default || s.example}`,
    ]),
    "",
  ].join("\n");
