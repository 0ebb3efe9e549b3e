import type { LaunchFinding } from "./launch-gate.ts";

/** Keys and passwords in texts: for the launch gate, and for messages before they are sent. */

/** A key of a known kind found in a text. Never includes its value. */
export interface FoundKey {
  /** For example "a GitHub token". */
  what: string;
  /** The usual name of its environment variable. */
  name: string;
  severity: LaunchFinding["severity"];
  /** Where it begins in the text. */
  at: number;
  length: number;
}

interface Kind {
  what: string;
  name: string;
  /** Only bounded repetitions, because the text is untrusted. */
  pattern: string;
  severity?: LaunchFinding["severity"];
  /** A second check; `around`: the text before and after. */
  accept?(key: string, around: string): boolean;
}

/** Longest key a pattern matches, and how much context is read around it. */
export const maxKeyLength = 4096;
export const aroundLength = 400;

const placeholders =
  /example|placeholder|changeme|change_me|your[-_]?|xxxx|\*\*\*|\.\.\.|<[a-z]|\$\{|(?<![a-z0-9])(?:password|passwd|pass|pwd|secret|dbpass|root|admin|test|token|mypassword)(?![a-z0-9])/i;
export const isPlaceholder = (value: string): boolean => placeholders.test(value);
/** Excludes documentation examples such as `sk_live_xxxxxxxx` and `AKIAIOSFODNN7EXAMPLE`. */
const isRandom = (key: string): boolean => !/example|placeholder|x{6}|0{8}|1234567/i.test(key) && new Set(key.slice(4)).size >= 8;

/**
 * Google's browser keys look like its paid API keys; only the context distinguishes them. A Firebase configuration is always public; other
 * signs of a browser key are outweighed by a model API call.
 */
const isBrowserKey = (around: string): boolean =>
  /authDomain|messagingSenderId/.test(around) ||
  (!/generativelanguage|GenerativeAI|GoogleGenAI|gemini|aiplatform/i.test(around) &&
    /firebase|maps\.google|google\.com\/maps|youtube\/v3|youtube[\w.]{0,20}key|\bfcm\b/i.test(around));

const kinds: Kind[] = [
  { what: "an AWS access key", name: "AWS_ACCESS_KEY_ID", pattern: "(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])" },
  { what: "a GitHub token", name: "GITHUB_TOKEN", pattern: "gh[pousr]_[A-Za-z0-9]{36}" },
  { what: "a GitHub token", name: "GITHUB_TOKEN", pattern: "github_pat_[A-Za-z0-9_]{60,90}" },
  { what: "a GitLab token", name: "GITLAB_TOKEN", pattern: "gl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{20,64}" },
  { what: "a live Stripe key", name: "STRIPE_SECRET_KEY", pattern: "(?:sk|rk)_live_[A-Za-z0-9]{16,250}" },
  { what: "a Stripe test key", name: "STRIPE_SECRET_KEY", pattern: "(?:sk|rk)_test_[A-Za-z0-9]{16,250}", severity: "minor" },
  { what: "a Stripe webhook secret", name: "STRIPE_WEBHOOK_SECRET", pattern: "whsec_[A-Za-z0-9+/]{24,100}" },
  { what: "an Anthropic API key", name: "ANTHROPIC_API_KEY", pattern: "sk-ant-(?:api|admin|oat)\\d\\d-[A-Za-z0-9_-]{40,200}" },
  { what: "an OpenRouter API key", name: "OPENROUTER_API_KEY", pattern: "sk-or-v1-[0-9a-f]{64}" },
  { what: "an OpenAI API key", name: "OPENAI_API_KEY", pattern: "sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,250}" },
  { what: "an OpenAI API key", name: "OPENAI_API_KEY", pattern: "sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}" },
  { what: "an OpenAI API key", name: "OPENAI_API_KEY", pattern: "sk-[A-Za-z0-9]{48}(?![A-Za-z0-9_-])" },
  { what: "a Groq API key", name: "GROQ_API_KEY", pattern: "gsk_[A-Za-z0-9]{52}" },
  { what: "a Hugging Face token", name: "HF_TOKEN", pattern: "hf_[A-Za-z]{34}(?![A-Za-z0-9])" },
  {
    what: "a Google API key",
    name: "GOOGLE_API_KEY",
    pattern: "AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
    accept: (_key, around) => !isBrowserKey(around),
  },
  { what: "a Google client secret", name: "GOOGLE_CLIENT_SECRET", pattern: "GOCSPX-[A-Za-z0-9_-]{28}" },
  { what: "a Slack token", name: "SLACK_TOKEN", pattern: "xox[abeprs]-[A-Za-z0-9-]{20,200}" },
  { what: "a Slack token", name: "SLACK_TOKEN", pattern: "xapp-1-[A-Z0-9]{8,20}-\\d{8,20}-[a-f0-9]{32,100}" },
  {
    what: "a Slack webhook URL",
    name: "SLACK_WEBHOOK_URL",
    pattern: "hooks\\.slack\\.com/services/T[A-Z0-9]{6,14}/B[A-Z0-9]{6,14}/[A-Za-z0-9]{20,30}",
  },
  { what: "a SendGrid API key", name: "SENDGRID_API_KEY", pattern: "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}" },
  { what: "an npm token", name: "NPM_TOKEN", pattern: "npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])" },
  { what: "a Shopify token", name: "SHOPIFY_ACCESS_TOKEN", pattern: "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}" },
  { what: "a DigitalOcean token", name: "DIGITALOCEAN_TOKEN", pattern: "do[opr]_v1_[a-f0-9]{64}" },
  { what: "a Telegram bot token", name: "TELEGRAM_BOT_TOKEN", pattern: "(?:bot)?\\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])" },
  { what: "a Mapbox secret token", name: "MAPBOX_SECRET_TOKEN", pattern: "sk\\.eyJ[A-Za-z0-9_-]{20,400}\\.[A-Za-z0-9_-]{20,100}" },
  { what: "a Supabase secret key", name: "SUPABASE_SECRET_KEY", pattern: "sb_secret_[A-Za-z0-9_-]{20,100}" },
  {
    what: "a Supabase service role key, which bypasses row level security",
    name: "SUPABASE_SERVICE_ROLE_KEY",
    pattern: "eyJ[A-Za-z0-9_-]{10,500}\\.eyJ[A-Za-z0-9_-]{10,2000}\\.[A-Za-z0-9_-]{10,1000}",
    accept: isServiceRole,
  },
  {
    what: "a private key",
    name: "PRIVATE_KEY",
    // Libraries contain the first line alone; a real key continues. Line ends may be escaped as `\n` in a string.
    pattern: "-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----(?:\\s|\\\\{1,2}[nr]){0,8}[A-Za-z0-9+/=]{40}",
    accept: () => true,
  },
  {
    what: "a database URL with its password",
    name: "DATABASE_URL",
    pattern:
      "(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\\+srv)?|rediss?|amqps?|mssql|sqlserver)://[^\\s:@/\"'`<>\\\\]{0,100}:[^\\s@/\"'`<>\\\\]{3,200}@[A-Za-z0-9.-]{1,253}",
    accept: isDatabaseAddress,
  },
];

/** Not in the middle of a word; the `n` of an escaped `\\n` does not count. */
const beginning = "(?<!(?<!\\\\)[A-Za-z0-9_-])";
const combined = new RegExp(`${beginning}(?:${kinds.map(({ pattern }, i) => `(?<k${i}>${pattern})`).join("|")})`, "g");

/** Finds keys that begin at `from` or later and before `until`. */
export function findKeys(text: string, from = 0, until = text.length): FoundKey[] {
  const found: FoundKey[] = [];
  combined.lastIndex = from;
  for (let match = combined.exec(text); match && match.index < until; match = combined.exec(text)) {
    const { groups = {}, index } = match;
    const kind = kinds.find((_, i) => groups[`k${i}`] !== undefined);
    if (!kind) continue;
    const key = match[0];
    const around = text.slice(Math.max(0, index - aroundLength), index + key.length + aroundLength);
    const isOne = kind.accept ? kind.accept(key, around) : isRandom(key);
    if (isOne) found.push({ what: kind.what, name: kind.name, severity: kind.severity ?? "critical", at: index, length: key.length });
  }
  return found;
}

/** `anon` keys are made for browsers. */
function isServiceRole(token: string): boolean {
  try {
    const payload: unknown = JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
    return typeof payload === "object" && payload !== null && "role" in payload && payload.role === "service_role";
  } catch {
    return false;
  }
}

function isDatabaseAddress(address: string): boolean {
  const at = address.lastIndexOf("@");
  const password = address.slice(address.indexOf(":", address.indexOf("://") + 3) + 1, at);
  const host = address.slice(at + 1).toLowerCase();
  if (/^(?:localhost|127\.|0\.0\.0\.0|host(?:name)?$|server$|example\.|.*\.example(?:\.|$)|.*\.test$)/.test(host)) return false;
  return !isPlaceholder(password);
}
