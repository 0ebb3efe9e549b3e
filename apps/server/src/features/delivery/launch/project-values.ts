/** Prefixes of variables that bundlers inline into client code. */
const publicPrefixes = [
  "VITE_",
  "NEXT_PUBLIC_",
  "NUXT_PUBLIC_",
  "PUBLIC_",
  "REACT_APP_",
  "VUE_APP_",
  "NG_APP_",
  "GATSBY_",
  "EXPO_PUBLIC_",
  "SNOWPACK_PUBLIC_",
  "PREACT_APP_",
];
/** Whether bundlers inline the variable into client code. */
export const isPublicVariable = (name: string): boolean => publicPrefixes.some((prefix) => name.startsWith(prefix));

/** Names that describe public values. */
const publicWords = /PUBLIC|PUBLISHABLE|ANON_KEY|SITE_?KEY|CLIENT_ID|APP_ID|PROJECT_ID|MEASUREMENT_ID|TRACKING_ID|SENTRY_DSN/i;
const secretName =
  /SECRET|TOKEN|PASS(?:WORD|WD|PHRASE)?(?:_|$)|PWD|(?:^|_)KEY(?:_|$)|APIKEY|CREDENTIAL|PRIVATE|SIGNING|SALT|DSN|WEBHOOK|(?:DATABASE|DB|REDIS|MONGO\w*|POSTGRES\w*|AMQP)_UR[IL]/i;
/** Values made for browsers. */
const publicValue = /^(?:pk_(?:live|test)_|pk\.|sb_publishable_|phc_|G-[A-Z0-9]+$|UA-\d)/;
const minLength = 8;

const isPublicName = (name: string): boolean => isPublicVariable(name.toUpperCase()) || publicWords.test(name);

/**
 * The project's values that visitors must not be able to read. A variable may hold anything (a city, a color, a flag), so a value counts
 * only when its name suggests a secret or it looks like one. Values under a public name are public, also where the same value has another
 * name.
 */
export function secretValues(values: readonly { name: string; value: string }[]): { label: string; value: string }[] {
  const shown = new Set(values.filter(({ name }) => isPublicName(name)).map(({ value }) => value.trim()));
  return values.flatMap(({ name, value }) => {
    const text = value.trim();
    if (isPublicName(name) || shown.has(text) || publicValue.test(text) || text.length < minLength || isAnonKey(text)) return [];
    return (secretName.test(name) && !isWord(text)) || looksSecret(text) ? [{ label: name, value }] : [];
  });
}

/** Would match in any app, so a finding would be noise. */
const isWord = (text: string): boolean =>
  (text.length < 16 && /^[a-z]+$|^[A-Z]?[a-z]+$|^\d+$|^[A-Z_]+$/.test(text)) || /^[\w.+-]+@[\w-]+\.[\w.]+$/.test(text) || isPlainUrl(text);
const isPlainUrl = (text: string): boolean => {
  const url = URL.parse(text);
  return url !== null && url.password === "" && url.search === "" && !/hooks?|webhook|token|secret/i.test(text);
};

function looksSecret(text: string): boolean {
  if (/^[a-z+]+:\/\/[^\s:@/]*:[^\s@/]{3,}@/i.test(text)) return true;
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return true;
  return (
    text.length >= 24 && /^[\w+/=.~-]+$/.test(text) && /\d/.test(text) && /[A-Za-z]/.test(text) && entropy(text) >= 3.5 && !isUuid(text)
  );
}
const isUuid = (text: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** Bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  return -[...counts.values()].reduce((sum, n) => sum + (n / text.length) * Math.log2(n / text.length), 0);
}

/** Supabase's browser key. */
function isAnonKey(text: string): boolean {
  const payload = text.startsWith("eyJ") ? text.split(".")[1] : undefined;
  if (payload === undefined) return false;
  return /"role"\s*:\s*"anon"/.test(Buffer.from(payload.slice(0, 4000), "base64url").toString("utf8"));
}
