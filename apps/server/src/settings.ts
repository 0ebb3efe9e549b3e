/** One setting of the environment. */
export interface Setting {
  /** What `.env.example` and the error message show. */
  example: string;
  about: string;
  default?: string;
  check?: (value: string) => string | undefined;
}
const port: Setting["check"] = (v) => (/^\d{1,5}$/.test(v) && Number(v) <= 65535 ? undefined : "must be a port number");
const integer =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (v: string) =>
    /^\d+$/.test(v) && Number(v) >= min && Number(v) <= max ? undefined : `must be a whole number from ${min}`;
const number: Setting["check"] = (v) => (Number.isFinite(Number(v)) && Number(v) >= 0 ? undefined : "must be a number, 0 or more");
const url: Setting["check"] = (v) => (/^https?:$/.test(URL.parse(v)?.protocol ?? "") ? undefined : "must be an http(s) URL");
const flag: Setting["check"] = (v) => (["true", "false", "1", "0"].includes(v) ? undefined : "must be true or false");
const percentEncoded: Setting["check"] = (v) => {
  try {
    decodeURIComponent(v);
    return undefined;
  } catch {
    return "must be key=value pairs, comma-separated, with values that are percent-encoded: a percent sign is %25";
  }
};
const byTierList: Setting["check"] = (v) => (/^\d+(\s*,\s*\d+){3}$/.test(v) ? undefined : "must be four whole numbers");
const oneOf =
  (...values: string[]) =>
  (v: string) =>
    values.includes(v) ? undefined : `must be one of ${values.join(", ")}`;

/** Every setting the product reads, in the order of `.env.example`. */
export const settings = {
  PORT: { default: "8000", example: "8000", about: "Port of the app, the API and the previews", check: port },
  HOST: {
    default: "127.0.0.1",
    example: "0.0.0.0",
    about: "Address to listen on. Bound to loopback only, the first account becomes administrator without the setup token",
  },
  DATA_DIR: { default: "./data", example: "/var/lib/tesslate", about: "Every byte of state: database, projects, keys, caches" },
  DATABASE_URL: {
    example: "postgres://user:password@db:5432/tesslate",
    about: "PostgreSQL 15 or newer, for one server alone. Unset: an embedded PostgreSQL under DATA_DIR",
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
    about: "The Docker engine of the docker driver; it must run on this machine",
    check: (v) => (/^(unix:\/\/\/|tcp:\/\/|https?:\/\/)\S+$/.test(v) ? undefined : "must be unix:///path or tcp://host:port"),
  },
  DOCKER_CERT_PATH: {
    default: "",
    example: "/etc/docker/client",
    about: "Folder with ca.pem, cert.pem and key.pem for an engine behind TLS",
  },
  DOCKER_IMAGE: {
    default: "",
    example: "node:24-bookworm",
    about: "Image that project code runs in with the docker driver. Default: an empty one with the programs of this machine, read-only",
  },
  APP_BASE_URL: { example: "https://studio.example.com", about: "Public address of the app. Default http://localhost:PORT", check: url },
  PREVIEW_DOMAIN: {
    default: "preview.localhost",
    example: "preview.example.net",
    about: "Previews are served at <project>-<container>.<this>; must be another site than the app",
  },
  SECRET_KEY: {
    example: "at-least-32-random-characters-here-please",
    about: "Signs sessions and encrypts secrets. Default: generated into DATA_DIR on first start",
    check: (v) => (Buffer.byteLength(v) >= 32 ? undefined : "must have at least 32 bytes"),
  },
  DEPLOYMENT_ENCRYPTION_KEY: {
    example: "a-third-random-value-of-32-characters",
    about: "Encrypts stored secrets and credentials. Default: derived from SECRET_KEY. After a change run ./studio rotate-keys",
    check: (v) => (Buffer.byteLength(v) >= 32 ? undefined : "must have at least 32 bytes"),
  },
  DEPLOYMENT_ENCRYPTION_KEYS_FORMER: {
    default: "",
    example: "the-value-before-that-of-32-characters",
    about: "Former values of DEPLOYMENT_ENCRYPTION_KEY (or of SECRET_KEY), comma-separated, until ./studio rotate-keys has run",
  },
  BILLING_ENABLED: {
    default: "false",
    example: "true",
    about: "Take credits for calls with the models connected here. Off: nobody is charged",
    check: flag,
  },
  STRIPE_SECRET_KEY: {
    example: "sk_live_…",
    about: "Takes payments through Stripe; needs BILLING_ENABLED=true, or bought credits are never used. Unset: nothing can be bought here",
  },
  STRIPE_PUBLISHABLE_KEY: { default: "", example: "pk_live_…", about: "The public key of the same account" },
  STRIPE_WEBHOOK_SECRET: {
    example: "whsec_…",
    about:
      "Signing secret of the webhook endpoint APP_BASE_URL/api/webhooks/stripe, in the account and mode of the key, in any API version, with the events checkout.session.completed, checkout.session.async_payment_succeeded, customer.subscription.created, customer.subscription.updated, customer.subscription.deleted, customer.subscription.paused, customer.subscription.resumed, invoice.payment_succeeded, invoice.payment_failed, charge.refunded, charge.dispute.created, charge.dispute.closed",
  },
  STRIPE_API_URL: { default: "https://api.stripe.com", example: "http://localhost:12111", about: "Where Stripe's API is", check: url },
  STRIPE_PRICE_BASIC_MONTHLY: { default: "", example: "price_…", about: "Stripe price of the basic plan by the month; empty: not sold" },
  STRIPE_PRICE_BASIC_ANNUAL: { default: "", example: "price_…", about: "The same by the year" },
  STRIPE_PRICE_PRO_MONTHLY: { default: "", example: "price_…", about: "Stripe price of the pro plan by the month" },
  STRIPE_PRICE_PRO_ANNUAL: { default: "", example: "price_…", about: "The same by the year" },
  STRIPE_PRICE_ULTRA_MONTHLY: { default: "", example: "price_…", about: "Stripe price of the ultra plan by the month" },
  STRIPE_PRICE_ULTRA_ANNUAL: { default: "", example: "price_…", about: "The same by the year" },
  UNLIMITED_TIERS: {
    default: "",
    example: "true",
    about: "No limits on projects and hosted projects. Default: true without Stripe, but for those TIER_MAX_… that are set",
    check: flag,
  },
  TIER_PRICES_CENTS: {
    default: "0,2000,4900,14900",
    example: "0,2000,4900,14900",
    about: "What the plans (free, basic, pro, ultra) are said to cost per month; what is charged stands in the Stripe prices",
    check: byTierList,
  },
  TIER_BUNDLED_CREDITS: {
    default: "0,500,2000,8000",
    example: "0,500,2000,8000",
    about: "Credits that come with the plans every 30 days",
    check: byTierList,
  },
  TIER_SUPPORT: {
    default: "community,email,priority,priority",
    example: "community,email,priority,priority",
    about: "How people on the plans are helped: a word for each",
    check: (v) => (/^[\w -]+(,[\w -]+){3}$/.test(v) ? undefined : "must be four words"),
  },
  DAILY_CREDITS: { default: "5", example: "5", about: "Credits of free accounts, again every day", check: integer(0, 1_000_000) },
  SIGNUP_BONUS_CREDITS: { default: "15000", example: "15000", about: "Credits that new accounts begin with", check: integer(0, 1_000_000) },
  SIGNUP_BONUS_DAYS: { default: "60", example: "60", about: "Days after which what is left of them is gone", check: integer(0, 3650) },
  CREDIT_PACKAGES_CENTS: {
    default: "500,2500,10000,50000",
    example: "500,2500,10000,50000",
    about: "Credits that can be bought at once (small, medium, large, team); each costs a cent",
    check: (v) =>
      byTierList(v) ?? (v.split(",").every((cents) => Number(cents) >= 50 && Number(cents) <= 99_999_999) ? undefined : "must be from 50"),
  },
  LOW_BALANCE_PERCENT: {
    default: "20",
    example: "20",
    about: "Of a plan's credits, below which a balance is said to be low",
    check: integer(0, 100),
  },
  CREATOR_SHARE_PERCENT: {
    default: "90",
    example: "90",
    about: "What creators get of what is paid for their work, rounded down",
    check: integer(0, 100),
  },
  DEPLOY_SLOT_PRICE_CENTS: { default: "1000", example: "1000", about: "Price of one more hosted project, for good", check: integer(50) },
  BYOK_ENABLED_TIERS: {
    default: "basic,pro,ultra",
    example: "free,basic,pro,ultra",
    about: "Plans that may use model keys of their own, where billing is on; elsewhere everybody may",
  },
  REFERRAL_REWARD_CREDITS: {
    default: "0",
    example: "500",
    about: "Purchased credits for both sides when somebody comes by a referral code",
    check: integer(0, 1_000_000),
  },
  PAYOUTS: {
    example: "manual",
    about:
      "How creators are paid. off: not at all; manual: they ask, the amount is set aside, and the operator pays by hand; stripe: to their connected account. Default: stripe where payments are configured",
    check: oneOf("off", "manual", "stripe"),
  },
  PAYOUT_MINIMUM_CENTS: { default: "1000", example: "1000", about: "Smallest payout to a creator", check: integer(1) },
  PAYOUT_HOLD_DAYS: {
    default: "7",
    example: "7",
    about: "Days for which a sale is held back before it can be paid out",
    check: integer(0, 365),
  },
  OPENAI_API_KEY: { example: "sk-…", about: "OpenAI or any OpenAI-compatible service" },
  OPENAI_BASE_URL: {
    default: "https://api.openai.com/v1",
    example: "http://localhost:8080/v1",
    about: "Base URL of that service",
    check: url,
  },
  ANTHROPIC_API_KEY: { example: "sk-ant-…", about: "Anthropic" },
  ANTHROPIC_BASE_URL: {
    default: "https://api.anthropic.com/v1",
    example: "https://api.anthropic.com/v1",
    about: "Base URL of the Anthropic API",
    check: url,
  },
  GOOGLE_GENERATIVE_AI_API_KEY: { example: "AIza…", about: "Google Gemini" },
  GOOGLE_GENERATIVE_AI_BASE_URL: {
    default: "https://generativelanguage.googleapis.com/v1beta",
    example: "https://generativelanguage.googleapis.com/v1beta",
    about: "Base URL of the Gemini API",
    check: url,
  },
  OLLAMA_BASE_URL: { example: "http://localhost:11434/v1", about: "A local Ollama, llama.cpp or vLLM (OpenAI-compatible)", check: url },
  DEFAULT_MODELS: {
    default: "",
    example: "anthropic/claude-sonnet-4.6,openai/gpt-5.1",
    about: "Ordered provider/model ids; the first one that has a key is used",
  },
  MODEL_FALLBACKS: {
    default: "",
    example: "openai/gpt-5-mini,ollama/qwen3:8b",
    about: "Ordered provider/model ids that answer when a model is overloaded; a project or a person may name their own",
  },
  MODEL_PRICES: {
    default: "",
    example: "/etc/tesslate/prices.json",
    about: "File with prices of models in US dollars per million tokens, beside the shipped ones; read again when it changes",
  },
  RATE_LIMIT_FACTOR: { default: "1", example: "0", about: "Multiplies every rate limit; 0 switches them off", check: number },
  CORS_ORIGINS: {
    default: "",
    example: "https://admin.example.com",
    about: "Further origins that may call the API with cookies, comma-separated. Never a wildcard, never a preview host",
  },
  OUTBOUND_ALLOW_HOSTS: {
    default: "",
    example: "localhost:11434,ollama.lan",
    about: "Hosts (host or host:port) that outgoing calls may reach although they are private, and git also by http://, comma-separated",
  },
  HTTP_PROXY: {
    example: "http://proxy.lan:3128",
    about: "Proxy for outgoing http calls of the server and of projects (also as http_proxy). Names are resolved by the proxy",
    check: url,
  },
  HTTPS_PROXY: {
    example: "http://proxy.lan:3128",
    about: "The same for https calls (also as https_proxy). Private addresses are refused before; what a name leads to, the proxy decides",
    check: url,
  },
  NO_PROXY: {
    default: "",
    example: "gitlab.lan,.example.internal",
    about: "Hosts that are called without the proxy, comma-separated: host, host:port, .domain or * (also as no_proxy). Loopback always is",
  },
  OUTBOUND_CA_FILE: {
    default: "",
    example: "/etc/ssl/company-ca.pem",
    about: "Certificates (PEM) to trust in outgoing calls and clones beside the well-known authorities",
  },
  ACCESS_TOKEN_EXPIRE_MINUTES: { default: "15", example: "15", about: "Lifetime of an access token", check: integer(1) },
  REFRESH_TOKEN_EXPIRE_DAYS: { default: "14", example: "14", about: "Lifetime of a session without use", check: integer(1) },
  COOKIE_SECURE: { example: "true", about: "Secure flag of our cookies. Default: true when APP_BASE_URL is https", check: flag },
  COOKIE_SAMESITE: { default: "lax", example: "strict", about: "SameSite flag of our cookies", check: oneOf("lax", "strict", "none") },
  COOKIE_DOMAIN: { default: "", example: "studio.example.com", about: "Domain flag of our cookies; empty keeps them host-only" },
  CSRF_SECRET_KEY: {
    default: "",
    example: "another-random-value-of-32-characters",
    about: "Signs CSRF tokens; default derived from SECRET_KEY",
  },
  CSRF_TOKEN_MAX_AGE: { default: "86400", example: "86400", about: "Lifetime of a CSRF token in seconds", check: integer(60) },
  TWO_FA_ENABLED: { default: "false", example: "true", about: "Ask everybody for a mailed code after the password", check: flag },
  TWO_FA_CODE_EXPIRY_SECONDS: { default: "600", example: "600", about: "Lifetime of such a code", check: integer(30) },
  TWO_FA_MAX_ATTEMPTS: { default: "5", example: "5", about: "Wrong tries that end such a code", check: integer(1, 20) },
  TWO_FA_TEMP_TOKEN_EXPIRY_SECONDS: {
    default: "600",
    example: "600",
    about: "How long a sign-in waits for its code",
    check: integer(30),
  },
  GOOGLE_CLIENT_ID: { default: "", example: "1234.apps.example.com", about: "Sign in with Google; off when empty" },
  GOOGLE_CLIENT_SECRET: { default: "", example: "…", about: "Secret of that client" },
  GOOGLE_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/auth/google/callback",
    about: "Default APP_BASE_URL/api/auth/google/callback",
    check: url,
  },
  GOOGLE_ISSUER: {
    default: "https://accounts.google.com",
    example: "https://keycloak.example.com/realms/studio",
    about: "Any OpenID Connect issuer in Google's place",
    check: url,
  },
  GITHUB_CLIENT_ID: {
    default: "",
    example: "Iv1.0123456789abcdef",
    about: "Sign in with GitHub, and connect its repositories; off when empty",
  },
  GITHUB_CLIENT_SECRET: { default: "", example: "…", about: "Secret of that client" },
  GITHUB_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/auth/github/callback",
    about: "Default APP_BASE_URL/api/auth/github/callback",
    check: url,
  },
  GITHUB_BASE_URL: {
    default: "https://github.com",
    example: "https://github.example.com",
    about: "GitHub or a GitHub Enterprise Server",
    check: url,
  },
  GITHUB_API_URL: {
    default: "https://api.github.com",
    example: "https://github.example.com/api/v3",
    about: "API of that GitHub",
    check: url,
  },
  VERCEL_API_URL: {
    default: "https://api.vercel.com",
    example: "https://api.vercel.com",
    about: "API of Vercel, for deployments",
    check: url,
  },
  VERCEL_AUTHORIZE_URL: {
    default: "https://vercel.com/oauth/authorize",
    example: "https://vercel.com/oauth/authorize",
    about: "Where people allow this server to deploy for them at Vercel",
    check: url,
  },
  VERCEL_CLIENT_ID: {
    default: "",
    example: "cl_0123456789abcdef",
    about:
      "Connect Vercel in the browser with this Sign in with Vercel app; empty: with a token only. Vercel must have granted the app permission to deploy, or connections are refused",
  },
  VERCEL_CLIENT_SECRET: { default: "", example: "…", about: "Secret of that client" },
  VERCEL_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/deployment-oauth/vercel/callback",
    about: "Default: APP_BASE_URL/api/deployment-oauth/vercel/callback",
    check: url,
  },
  NETLIFY_API_URL: {
    default: "https://api.netlify.com/api/v1",
    example: "https://api.netlify.com/api/v1",
    about: "API of Netlify, for deployments",
    check: url,
  },
  NETLIFY_AUTHORIZE_URL: {
    default: "https://app.netlify.com/authorize",
    example: "https://app.netlify.com/authorize",
    about: "Where people allow this server to deploy for them at Netlify",
    check: url,
  },
  NETLIFY_CLIENT_ID: { default: "", example: "0123456789abcdef", about: "Connect Netlify in the browser; empty: with a token only" },
  NETLIFY_CLIENT_SECRET: { default: "", example: "…", about: "Secret of that client" },
  NETLIFY_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/deployment-oauth/netlify/callback",
    about: "Default: APP_BASE_URL/api/deployment-oauth/netlify/callback",
    check: url,
  },
  CLOUDFLARE_API_URL: {
    default: "https://api.cloudflare.com/client/v4",
    example: "https://api.cloudflare.com/client/v4",
    about: "API of Cloudflare, for deployments",
    check: url,
  },
  GITLAB_CLIENT_ID: { default: "", example: "0123456789abcdef", about: "Connect repositories of GitLab in the browser; off when empty" },
  GITLAB_CLIENT_SECRET: { default: "", example: "…", about: "Secret of that client" },
  GITLAB_BASE_URL: {
    default: "https://gitlab.com",
    example: "https://gitlab.example.com",
    about: "GitLab or one of your own. Every client of a git host comes back to APP_BASE_URL/api/git-providers/<name>/callback",
    check: url,
  },
  BITBUCKET_CLIENT_ID: {
    default: "",
    example: "0123456789abcdef",
    about: "Connect repositories of Bitbucket in the browser; off when empty",
  },
  BITBUCKET_CLIENT_SECRET: { default: "", example: "…", about: "Secret of that client" },
  BITBUCKET_BASE_URL: { default: "https://bitbucket.org", example: "https://bitbucket.example.com", about: "Bitbucket Cloud", check: url },
  BITBUCKET_API_URL: {
    default: "https://api.bitbucket.org/2.0",
    example: "https://api.bitbucket.example.com/2.0",
    about: "API of that Bitbucket",
    check: url,
  },
  GITEA_CLIENT_ID: {
    default: "",
    example: "0123456789abcdef",
    about: "Connect repositories of a Gitea or Forgejo in the browser; off when empty",
  },
  GITEA_CLIENT_SECRET: { default: "", example: "…", about: "Secret of that client" },
  GITEA_BASE_URL: {
    default: "",
    example: "https://git.example.com",
    about: "That Gitea or Forgejo; people can name others with a token",
    check: url,
  },
  OIDC_ISSUER: {
    default: "",
    example: "https://keycloak.example.com/realms/studio",
    about: "Sign in with an OpenID Connect provider of your own (Keycloak, Authentik, Entra, Okta …); off when empty",
    check: url,
  },
  OIDC_CLIENT_ID: { default: "", example: "tesslate-studio", about: "Client at that provider" },
  OIDC_CLIENT_SECRET: { default: "", example: "…", about: "Secret of that client; empty for a public one" },
  OIDC_NAME: { default: "Single sign-on", example: "Example Corp", about: "What the button on the sign-in page calls it" },
  OIDC_OAUTH_REDIRECT_URI: {
    example: "https://studio.example.com/api/auth/oidc/callback",
    about: "Default APP_BASE_URL/api/auth/oidc/callback",
    check: url,
  },
  OIDC_TRUST_EMAIL: {
    default: "false",
    example: "true",
    about: "Take addresses for confirmed of which that provider does not say so (Entra). Only where nobody there chooses their own address",
    check: flag,
  },
  INGRESS_SHARED_SECRET: {
    default: "",
    example: "a-fourth-random-value-of-32-characters",
    about: "An outside proxy that asks verify-pod-access must send it as X-Ingress-Secret; empty asks for none",
  },
  SMTP_HOST: { default: "", example: "smtp.example.com", about: "Outgoing mail; off when empty" },
  SMTP_PORT: { default: "587", example: "587", about: "Port of the mail server", check: port },
  SMTP_USERNAME: { default: "", example: "studio", about: "User at the mail server" },
  SMTP_PASSWORD: { default: "", example: "…", about: "Password at the mail server" },
  SMTP_USE_TLS: { default: "true", example: "true", about: "STARTTLS to the mail server", check: flag },
  SMTP_SENDER_EMAIL: { default: "", example: "studio@example.com", about: "Sender of our mails; mail is off when empty" },
  PROJECT_DISK_MB: {
    default: "2048,4096,8192,16384",
    example: "4096",
    about: "Disk that one project may use, in MiB, by tier (free, basic, pro, ultra); one number counts for all",
    check: (v) => (/^\d+(\s*,\s*\d+){0,3}$/.test(v) && /[1-9]/.test(v) ? undefined : "must be one to four whole numbers"),
  },
  TIER_MAX_PROJECTS_FREE: { default: "3", example: "3", about: "Projects one person of the free tier may have", check: integer(0) },
  TIER_MAX_PROJECTS_BASIC: { default: "7", example: "7", about: "The same for the basic tier", check: integer(0) },
  TIER_MAX_PROJECTS_PRO: { default: "15", example: "15", about: "The same for the pro tier", check: integer(0) },
  TIER_MAX_PROJECTS_ULTRA: { default: "40", example: "40", about: "The same for the ultra tier", check: integer(0) },
  TIER_MAX_RUNNING_FREE: { default: "5", example: "5", about: "Projects that one person of tier free may run at once", check: integer(1) },
  TIER_MAX_RUNNING_BASIC: { default: "10", example: "10", about: "The same for tier basic", check: integer(1) },
  TIER_MAX_RUNNING_PRO: { default: "20", example: "20", about: "The same for tier pro", check: integer(1) },
  TIER_MAX_RUNNING_ULTRA: { default: "50", example: "50", about: "The same for tier ultra", check: integer(1) },
  TIER_MAX_DEPLOYS_FREE: {
    default: "1",
    example: "1",
    about: "Hosted projects (always kept running) per person of tier free",
    check: integer(0),
  },
  TIER_MAX_DEPLOYS_BASIC: { default: "3", example: "3", about: "The same for tier basic", check: integer(0) },
  TIER_MAX_DEPLOYS_PRO: { default: "5", example: "5", about: "The same for tier pro", check: integer(0) },
  TIER_MAX_DEPLOYS_ULTRA: { default: "20", example: "20", about: "The same for tier ultra", check: integer(0) },
  RESTART_ATTEMPTS: {
    default: "5",
    example: "0",
    about: "How often a container that ended by itself is started again, after 1 s, 2 s, 4 s … at most 60 s; 0 = never",
    check: integer(0),
  },
  MEMORY_WATERMARK_PERCENT: {
    default: "90",
    example: "85",
    about: "Use of memory from which on idle projects are stopped, the longest idle first; 0 = never",
    check: (v) => (/^\d{1,3}$/.test(v) && Number(v) <= 100 ? undefined : "must be a whole number from 0 to 100"),
  },
  MAX_SNAPSHOTS_PER_PROJECT: {
    default: "20",
    example: "20",
    about: "Snapshots that a person may keep of a project; when there are this many, one has to be deleted first",
    check: integer(1),
  },
  MAX_AUTOMATIC_SNAPSHOTS_PER_PROJECT: {
    default: "5",
    example: "5",
    about: "Snapshots that the server takes before a restore or a clone; the oldest goes for a new one",
    check: integer(1),
  },
  SNAPSHOT_RETENTION_DAYS: {
    default: "30",
    example: "30",
    about: "How long checkpoints, and the snapshots of deleted projects, are kept",
    check: integer(1),
  },
  SNAPSHOT_READY_TIMEOUT_SECONDS: { default: "90", example: "90", about: "How long taking a snapshot may last", check: integer(1) },
  IDLE_FREEZE_MINUTES: { default: "2", example: "2", about: "Idle time after which a project is frozen", check: number },
  IDLE_STOP_MINUTES: { default: "30", example: "30", about: "Idle time after which a project is stopped", check: number },
  ORPHANED_STOP_MINUTES: {
    default: "15",
    example: "15",
    about: "How long projects go on after the end of the server when it is not started again; 0 = for ever",
    check: number,
  },
  AGENT_MAX_ITERATIONS_PER_RUN: { default: "200", example: "200", about: "Model calls of one run; 0 = unlimited", check: integer(0) },
  AGENT_MAX_COST_PER_RUN: { default: "5", example: "5", about: "Cap of one run's model calls, in US dollars; 0 = none", check: number },
  AGENT_MAX_COST_PER_DAY: {
    default: "20",
    example: "20",
    about: "Cap of one person's model calls per day (UTC), in US dollars; 0 = none. Calls with keys of their own do not count",
    check: number,
  },
  AGENT_MAX_RUN_SECONDS: {
    default: "600",
    example: "600",
    about: "Working time of one run, waits for approvals not counted",
    check: integer(1),
  },
  AGENT_CHAT_TITLES: {
    default: "1",
    example: "1",
    about: "After its first answer a thread is named by its model, with one short call; 0 = its first words stay",
    check: flag,
  },
  AGENT_APPROVAL_TIMEOUT_SECONDS: { default: "300", example: "300", about: "How long a run waits for an answer", check: integer(1) },
  CHROMIUM_PATH: {
    default: "",
    example: "/usr/bin/chromium",
    about: "The browser in which the agent checks apps. Default: one at a usual place; without one there is no verify",
  },
  VERIFY_MAX_BROWSERS: { default: "2", example: "2", about: "Browsers of the agent that run at once", check: integer(1, 50) },
  RECORD_CASSETTES: {
    default: "false",
    example: "true",
    about:
      "Record every run, to be played again (GET /api/chat/runs/{task_id}/cassette); a project's setting record_cassettes does it for that project",
    check: flag,
  },
  TESSLATE_FEATURE_WEB_SEARCH: { default: "true", example: "0", about: "The agent's web_fetch and web_search", check: flag },
  WEB_SEARCH_PROVIDER: {
    default: "",
    example: "brave",
    about: "Who searches the web for the agent: brave, tavily or searxng; without one there is no web_search",
    check: oneOf("brave", "tavily", "searxng"),
  },
  WEB_SEARCH_API_KEY: { default: "", example: "BSA…", about: "Key of that provider; a SearXNG needs none" },
  WEB_SEARCH_BASE_URL: {
    example: "http://searxng.lan:8080",
    about: "Its address. Needed for searxng; the others' own by default",
    check: url,
  },
  TESSLATE_FEATURE_STREAMING: {
    default: "1",
    example: "0",
    about: "Answers appear as the model writes them; 0 shows each turn when it is complete. Agents may say otherwise for themselves",
    check: flag,
  },
  TESSLATE_FEATURE_SUBAGENTS: { default: "1", example: "0", about: "The agent may start sub-agents", check: flag },
  TESSLATE_FEATURE_APPLY_PATCH: { default: "1", example: "0", about: "The agent's apply_patch", check: flag },
  TESSLATE_FEATURE_PLAN_MODE: {
    default: "1",
    example: "0",
    about: "The agent may record plans that people edit and build from; 0 takes its plan tools away",
    check: flag,
  },
  LOG_LEVEL: {
    default: "info",
    example: "debug",
    about: "error, warn, info, debug",
    check: oneOf("error", "warn", "info", "debug", "silent"),
  },
  METRICS_TOKEN: {
    default: "",
    example: "a-fifth-random-value-of-32-characters",
    about: "Bearer token for /metrics. Empty: administrators and, where project code has a network of its own, programs of this machine",
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    example: "http://localhost:4318",
    about: "OpenTelemetry collector that gets traces over OTLP/HTTP; none when unset",
    check: url,
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: { example: "http://localhost:4318/v1/traces", about: "The whole address of the same", check: url },
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
  OTEL_SERVICE_NAME: { default: "tesslate-studio", example: "studio-eu", about: "Name of this server in traces" },
  OTEL_RESOURCE_ATTRIBUTES: {
    default: "",
    example: "deployment.environment=prod",
    about: "More facts about this server in traces",
    check: percentEncoded,
  },
  OTEL_TRACES_SAMPLER_ARG: { default: "1", example: "0.1", about: "Share of the traces that are kept", check: number },
  OTEL_BSP_SCHEDULE_DELAY: { default: "5000", example: "1000", about: "Milliseconds between two batches of spans", check: integer(1) },
  OTEL_SDK_DISABLED: { default: "false", example: "true", about: "No traces, whatever else is set", check: flag },
  DEMO: { default: "false", example: "true", about: "Replies come from a script instead of a model (./studio demo)", check: flag },
  TRUST_PROXY: {
    default: "false",
    example: "true",
    about: "Take the client's address and scheme from X-Forwarded-* of a proxy in front",
    check: flag,
  },
} as const satisfies Record<string, Setting>;

/** The text of `.env.example`, made from the schema. */
export const envExample = () =>
  [
    "# Every setting, with its default or an example. Copy to .env and change what you need; ./studio reads it.",
    ...Object.entries(settings as Record<string, Setting>).flatMap(([name, s]) => [
      "",
      `# ${s.about}`,
      `# ${name}=${s.default || s.example}`,
    ]),
    "",
  ].join("\n");
