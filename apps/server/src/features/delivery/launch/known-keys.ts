import type { LaunchFinding } from "@tesslate/contract";

/** A key of a known kind found in a text. Never includes its value. */
export interface FoundKey {
  /** For example "a GitHub token". */
  what: string;
  severity: LaunchFinding["severity"];
  at: number;
}

interface Kind {
  what: string;
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
  { what: "an AWS access key", pattern: "(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])" },
  { what: "a GitHub token", pattern: "gh[pousr]_[A-Za-z0-9]{36}" },
  { what: "a GitHub token", pattern: "github_pat_[A-Za-z0-9_]{60,90}" },
  { what: "a GitLab token", pattern: "gl(?:pat|dt|rt|ptt|cbt)-[A-Za-z0-9_-]{20,64}" },
  { what: "a live Stripe key", pattern: "(?:sk|rk)_live_[A-Za-z0-9]{16,250}" },
  { what: "a Stripe test key", pattern: "(?:sk|rk)_test_[A-Za-z0-9]{16,250}", severity: "minor" },
  { what: "a Stripe webhook secret", pattern: "whsec_[A-Za-z0-9+/]{24,100}" },
  { what: "an Anthropic API key", pattern: "sk-ant-(?:api|admin|oat)\\d\\d-[A-Za-z0-9_-]{40,200}" },
  { what: "an OpenRouter API key", pattern: "sk-or-v1-[0-9a-f]{64}" },
  { what: "an OpenAI API key", pattern: "sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,250}" },
  { what: "an OpenAI API key", pattern: "sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}" },
  { what: "an OpenAI API key", pattern: "sk-[A-Za-z0-9]{48}(?![A-Za-z0-9_-])" },
  { what: "a Groq API key", pattern: "gsk_[A-Za-z0-9]{52}" },
  { what: "a Hugging Face token", pattern: "hf_[A-Za-z]{34}(?![A-Za-z0-9])" },
  { what: "a Google API key", pattern: "AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])", accept: (_key, around) => !isBrowserKey(around) },
  { what: "a Google client secret", pattern: "GOCSPX-[A-Za-z0-9_-]{28}" },
  { what: "a Slack token", pattern: "xox[abeprs]-[A-Za-z0-9-]{20,200}" },
  { what: "a Slack token", pattern: "xapp-1-[A-Z0-9]{8,20}-\\d{8,20}-[a-f0-9]{32,100}" },
  { what: "a Slack webhook URL", pattern: "hooks\\.slack\\.com/services/T[A-Z0-9]{6,14}/B[A-Z0-9]{6,14}/[A-Za-z0-9]{20,30}" },
  { what: "a SendGrid API key", pattern: "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}" },
  { what: "an npm token", pattern: "npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])" },
  { what: "a Shopify token", pattern: "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}" },
  { what: "a DigitalOcean token", pattern: "do[opr]_v1_[a-f0-9]{64}" },
  { what: "a Telegram bot token", pattern: "(?:bot)?\\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])" },
  { what: "a Mapbox secret token", pattern: "sk\\.eyJ[A-Za-z0-9_-]{20,400}\\.[A-Za-z0-9_-]{20,100}" },
  { what: "a Supabase secret key", pattern: "sb_secret_[A-Za-z0-9_-]{20,100}" },
  {
    what: "a Supabase service role key, which bypasses row level security",
    pattern: "eyJ[A-Za-z0-9_-]{10,500}\\.eyJ[A-Za-z0-9_-]{10,2000}\\.[A-Za-z0-9_-]{10,1000}",
    accept: isServiceRole,
  },
  {
    what: "a private key",
    // Libraries contain the first line alone; a real key continues. Line ends may be escaped as `\n` in a string.
    pattern: "-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----(?:\\s|\\\\{1,2}[nr]){0,8}[A-Za-z0-9+/=]{40}",
    accept: () => true,
  },
  {
    what: "a database URL with its password",
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
    if (isOne) found.push({ what: kind.what, severity: kind.severity ?? "critical", at: index });
  }
  return found;
}

/** `anon` keys are made for browsers. */
function isServiceRole(token: string): boolean {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
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
  return !placeholders.test(password);
}
