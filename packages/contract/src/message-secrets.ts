import { findKeys, isPlaceholder } from "./known-keys.ts";

/** A part of a message that is probably a key or a password. */
export interface MessageSecret {
  /** Completes "This looks like …": "an OpenAI API key". */
  what: string;
  /** A name for it as an environment variable; undefined if nothing suggests one. */
  name: string | undefined;
  value: string;
  /** Where the value begins in the text. */
  at: number;
}

/** Names of variables with values that nobody else may see. */
const secretName = /(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD|PASS|CREDENTIALS?|DSN|AUTH)(?:_|$)|(?:API|ACCESS|SECRET|PRIVATE)KEY$/i;
/** Frameworks send variables with these prefixes to browsers. */
const publicName = /^(?:NEXT_PUBLIC|VITE|PUBLIC|NUXT_PUBLIC|REACT_APP|EXPO_PUBLIC|GATSBY)_|PUBLI(?:C|SHABLE)_?KEY|_KEY_ID$/i;
const assignment =
  /(?:^|[\s,{])["']?([A-Za-z_][A-Za-z0-9_]{1,127})["']?[ \t]{0,8}[=:][ \t]{0,8}(?:"([^"\n]{8,4096})"|'([^'\n]{8,4096})'|([^\s"',;{}()[\]]{8,4096}))/g;
const code = /^(?:process\.env|import\.meta|os\.environ|env\(|\$\{?|https?:\/\/[^@]*$)|\w\(/;

const shortestToken = 20;
const longestToken = 512;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Shannon entropy in bits per character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}

/** Whether a text without spaces looks random: long runs of mixed letters and digits, unlike words, paths and addresses. */
function isRandomToken(text: string): boolean {
  if (text.length < shortestToken || text.length > longestToken) return false;
  if (!/^[\w+/=.~-]+$/.test(text) || uuid.test(text) || isPlaceholder(text)) return false;
  const longest = text.split(/[-_./+=~]+/).reduce((a, b) => (b.length > a.length ? b : a), "");
  return longest.length >= 16 && /[A-Za-z]/.test(longest) && (longest.match(/\d/g) ?? []).length >= 2 && entropyOf(longest) >= 3.3;
}

/** Whether a value assigned to a name is a secret rather than prose ("the primary key: order_id") or code. */
function isSecretValue(name: string, value: string): boolean {
  if (!secretName.test(name) || publicName.test(name) || code.test(value) || isPlaceholder(value) || new Set(value).size < 6) return false;
  if (/^[A-Z0-9_]+$/.test(name)) return true;
  return /^(?:key|token|secret|credentials?|auth|pass)$/i.test(name) ? isRandomToken(value) : /\d/.test(value);
}

/** The whole value where a pattern of `findKeys` covers only its beginning: a private key to its last line, a URL to its end. */
function valueAt(text: string, at: number, length: number): string {
  const rest = text.slice(at);
  const block = /^-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,16000}?-----END [A-Z ]{0,30}PRIVATE KEY-----/.exec(rest);
  if (block) return block[0];
  return rest.slice(0, length) + (/^[^\s"'`<>]{0,2000}/.exec(/:\/\//.test(rest.slice(0, length)) ? rest.slice(length) : "")?.[0] ?? "");
}

/**
 * Finds keys and passwords in a message, in the order of the text: keys of known providers, `NAME=value` with a name like `API_KEY`, and a
 * message that is nothing but a random token. Examples and placeholders are left out.
 */
export function findMessageSecrets(text: string): MessageSecret[] {
  const found: MessageSecret[] = [];
  const add = (secret: MessageSecret) => {
    const end = secret.at + secret.value.length;
    if (!found.some(({ at, value }) => secret.at < at + value.length && at < end)) found.push(secret);
  };
  const assigned = [...text.matchAll(assignment)].map((match) => {
    const value = match[2] ?? match[3] ?? match[4] ?? "";
    return { name: match[1] ?? "", value, at: match.index + match[0].lastIndexOf(value) };
  });
  for (const { what, name, at, length } of findKeys(text)) {
    const value = valueAt(text, at, length);
    const own = assigned.find((one) => one.at <= at && at < one.at + one.value.length)?.name;
    add({ what, name: own ?? name, value, at });
  }
  for (const { name, value, at } of assigned) if (isSecretValue(name, value)) add({ what: `the value of ${name}`, name, value, at });
  const whole = text.trim();
  if (found.length === 0 && isRandomToken(whole))
    add({ what: "a key or a password", name: undefined, value: whole, at: text.indexOf(whole) });
  return found.toSorted((a, b) => a.at - b.at);
}
