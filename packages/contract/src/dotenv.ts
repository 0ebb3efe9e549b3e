/** `.env` text as a list of variables: one grammar for the server's import and the browser's preview of it. */

export interface DotenvEntry {
  key: string;
  value: string;
  /** Line number, from 1. */
  line: number;
}
export type SecretRefusal =
  | "invalid_line"
  | "invalid_key"
  | "reserved_key"
  | "empty_value"
  | "value_too_large"
  | "nul_character"
  | "secret_limit_reached";

export const secretLimits = { maxCount: 200, maxValueBytes: 32_768 } as const;
export const reservedKeys: readonly string[] = ["PROJECT_ID", "CONTAINER_ID", "CONTAINER_NAME", "PATH", "LD_PRELOAD"];
const keyRule = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Why this cannot be a secret, or `undefined` if it can. */
export function secretRefusal(key: string, value: string): SecretRefusal | undefined {
  if (!keyRule.test(key)) return "invalid_key";
  if (reservedKeys.includes(key)) return "reserved_key";
  if (value === "") return "empty_value";
  if (value.includes("\0")) return "nul_character";
  // Bytes are only counted where characters do not settle it.
  if (value.length > secretLimits.maxValueBytes || new TextEncoder().encode(value).length > secretLimits.maxValueBytes)
    return "value_too_large";
  return undefined;
}

const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$", "`": "`" };

/**
 * Reads `KEY=value` lines like the usual dotenv readers: blank lines and `#` comments, `export KEY=…`, `'literal'` and `` `literal` `` quotes,
 * `"double quotes"` with `\n \r \t \" \\ \$` escapes, quoted values over several lines, and comments after a space behind bare values.
 * The last value of a repeated key counts. Other lines are returned in `invalid`, without their content beyond the first word.
 */
export function parseDotenv(text: string): { entries: DotenvEntry[]; invalid: { key: string; line: number }[] } {
  const found = new Map<string, DotenvEntry>();
  const invalid: { key: string; line: number }[] = [];
  const source = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  let at = 0;
  let line = 1;
  while (at < source.length) {
    const end = endOfLine(source, at);
    const head = /^[ \t]*(?:export[ \t]+)?([^\s=#'"`]+)[ \t]*=[ \t]*/.exec(source.slice(at, end));
    const start = line;
    let next = end;
    if (head?.[1] !== undefined) {
      const from = at + head[0].length;
      const quote = source[from];
      const closing = quote === '"' || quote === "'" || quote === "`" ? closingQuote(source, from + 1, quote) : -1;
      const rest = closing === -1 ? "" : source.slice(closing + 1, endOfLine(source, closing));
      if (closing !== -1 && /^[ \t]*(#.*)?$/.test(rest)) {
        const inner = source.slice(from + 1, closing);
        next = endOfLine(source, closing);
        set(head[1], quote === '"' ? inner.replace(/\\([\s\S])/g, (whole, c: string) => escapes[c] ?? whole) : inner);
      } else set(head[1], bare(source.slice(from, end)));
    } else {
      const content = source.slice(at, end).trim();
      if (content !== "" && !content.startsWith("#")) invalid.push({ key: content.split(/[\s=:]/)[0]?.slice(0, 40) ?? "", line });
    }
    for (let i = at; i <= next && i < source.length; i++) if (source[i] === "\n") line += 1;
    at = next + 1;

    function set(key: string, value: string) {
      found.delete(key);
      found.set(key, { key, value, line: start });
    }
  }
  return { entries: [...found.values()], invalid };
}

const endOfLine = (text: string, from: number): number => {
  const at = text.indexOf("\n", from);
  return at === -1 ? text.length : at;
};
function closingQuote(text: string, from: number, quote: string): number {
  for (let i = from; i < text.length; i++) {
    if (quote === '"' && text[i] === "\\") i += 1;
    else if (text[i] === quote) return i;
  }
  return -1;
}
const bare = (text: string): string => text.replace(/(^|[ \t])#.*$/, "").trim();
