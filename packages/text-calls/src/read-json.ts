/** What was repaired. `inner_quotes`: quotes inside a string were not escaped, so its end was guessed. */
export type Repair = "quotes" | "newlines" | "commas" | "literals" | "keys" | "escapes" | "comments" | "closing" | "inner_quotes";

export type JsonReading =
  | { ok: true; value: unknown; repairs: ReadonlySet<Repair>; /** Index behind the value. */ end: number }
  | { ok: false; reason: string; /** The text ended before the value did. */ isTruncated: boolean };

/**
 * Parses the JSON value at the start of a text. Strict JSON first, then with common mistakes of weak models: other quotes, raw newlines and tabs, trailing
 * commas, Python's True and None, bare keys, missing brackets at the end. An unterminated string is never closed, because half a file must not be written.
 */
export function readJson(text: string): JsonReading {
  const whole = strict(text);
  if (whole) return whole;
  // First every unescaped quote ends its string; only if that fails, the ends are guessed.
  const exact = read(text, false);
  if (exact.ok) return exact;
  const guessed = read(text, true);
  return guessed.ok ? guessed : exact;
}

function read(text: string, guessesQuotes: boolean): JsonReading {
  const reader = new LenientReader(text, guessesQuotes);
  try {
    const value = reader.value();
    return { ok: true, value, repairs: reader.repairs, end: reader.at };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.message, isTruncated: error.isTruncated };
    throw error;
  }
}

function strict(text: string): JsonReading | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value, repairs: new Set(), end: text.length };
  } catch {
    return undefined;
  }
}

class Unreadable extends Error {
  readonly isTruncated: boolean;
  constructor(message: string, isTruncated = false) {
    super(message);
    this.isTruncated = isTruncated;
  }
}

const closers: Record<string, string> = { '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "„": "“" };
const maxDepth = 64;
const literals: Record<string, { value: unknown; isStrict: boolean }> = {
  true: { value: true, isStrict: true },
  false: { value: false, isStrict: true },
  null: { value: null, isStrict: true },
  True: { value: true, isStrict: false },
  False: { value: false, isStrict: false },
  None: { value: null, isStrict: false },
  undefined: { value: null, isStrict: false },
  NaN: { value: null, isStrict: false },
};

class LenientReader {
  readonly repairs = new Set<Repair>();
  at = 0;
  private depth = 0;
  private readonly text: string;
  private readonly guessesQuotes: boolean;
  constructor(text: string, guessesQuotes: boolean) {
    this.text = text;
    this.guessesQuotes = guessesQuotes;
  }

  value(): unknown {
    this.space();
    const char = this.text[this.at];
    if (char === undefined) throw new Unreadable("the JSON ends before its value", true);
    if (char === "{") return this.nested(() => this.object());
    if (char === "[") return this.nested(() => this.array());
    if (closers[char] !== undefined) return this.strings();
    return this.word();
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > maxDepth) throw new Unreadable("the JSON is nested too deeply");
    const value = read();
    this.depth--;
    return value;
  }

  private object(): Record<string, unknown> {
    this.at++;
    const result: Record<string, unknown> = {};
    for (let isFirst = true; ; isFirst = false) {
      if (this.next("}", isFirst)) return result;
      const key = this.key();
      this.space();
      const sign = this.text[this.at];
      if (sign === undefined) throw new Unreadable(`the JSON ends behind the key "${key}"`, true);
      if (sign !== ":" && sign !== "=")
        throw new Unreadable(`a colon is missing behind the key "${key.slice(0, 60)}" at character ${this.at}`);
      this.at += sign === "=" && this.text[this.at + 1] === ">" ? 2 : 1;
      if (sign === "=") this.repairs.add("keys");
      // A key of that name must be plain data, not a prototype.
      Object.defineProperty(result, key, { value: this.value(), enumerable: true, configurable: true, writable: true });
    }
  }

  private array(): unknown[] {
    this.at++;
    const result: unknown[] = [];
    for (let isFirst = true; ; isFirst = false) {
      if (this.next("]", isFirst)) return result;
      result.push(this.value());
    }
  }

  /** Skips the separator between two members; true at the end of the list. */
  private next(closer: "}" | "]", isFirst: boolean): boolean {
    this.space();
    let commas = 0;
    while (this.text[this.at] === ",") {
      commas++;
      this.at++;
      this.space();
    }
    const char = this.text[this.at];
    if (char === closer) {
      if (commas > 0) this.repairs.add("commas");
      this.at++;
      return true;
    }
    // A fence or a tag ends a value that the model did not close.
    if (char === undefined || /^(```|<[/|])/.test(this.text.slice(this.at, this.at + 3))) {
      this.repairs.add("closing");
      return true;
    }
    // The other bracket closes an outer value: this one was forgotten.
    if (char === "}" || char === "]") {
      this.repairs.add("closing");
      return true;
    }
    if ((isFirst && commas > 0) || (!isFirst && commas !== 1)) this.repairs.add("commas");
    return false;
  }

  private key(): string {
    const char = this.text[this.at]!;
    if (closers[char] !== undefined) return this.string(true);
    const bare = /^[\w$.-]+/.exec(this.text.slice(this.at, this.at + 100))?.[0];
    if (bare === undefined) throw new Unreadable(`a key was expected at character ${this.at}, not ${JSON.stringify(char)}`);
    this.at += bare.length;
    this.repairs.add("keys");
    return bare;
  }

  /** One string, or several that are adjacent or joined with +. */
  private strings(): string {
    let result = this.string(false);
    for (;;) {
      const plus = /^\s*\+\s*(?=["'`])/.exec(this.text.slice(this.at, this.at + 200))?.[0];
      if (plus === undefined) return result;
      this.at += plus.length;
      this.repairs.add("quotes");
      result += this.string(false);
    }
  }

  private string(isKey: boolean): string {
    const opener = this.text[this.at]!;
    const closer = closers[opener]!;
    const triple = this.text.startsWith(opener.repeat(3), this.at) && this.text.indexOf(opener.repeat(3), this.at + 3) !== -1;
    if (opener !== '"' || triple) this.repairs.add("quotes");
    if (triple) {
      const end = this.text.indexOf(opener.repeat(3), this.at + 3);
      const inside = this.text.slice(this.at + 3, end);
      this.at = end + 3;
      return inside;
    }
    const parts: string[] = [];
    let from = ++this.at;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined) throw new Unreadable("the JSON ends inside a string: the call was cut off", true);
      if (char === "\\") {
        parts.push(this.text.slice(from, this.at), this.escape());
        from = this.at;
        continue;
      }
      if (char === closer) {
        if (this.closes(closer, isKey)) break;
        this.repairs.add("inner_quotes");
      } else if (char === "\n" || char === "\r" || char === "\t") this.repairs.add("newlines");
      this.at++;
    }
    parts.push(this.text.slice(from, this.at));
    this.at++;
    return parts.join("");
  }

  /** Whether the quote ends its string, judged by what follows. */
  private closes(closer: string, isKey: boolean): boolean {
    if (isKey || !this.guessesQuotes) return true;
    const rest = this.text.slice(this.at + 1, this.at + 400);
    const behind = /^(?:[\s,}\]]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(rest)![0];
    const after = rest.slice(behind.length);
    const signs = behind.replaceAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, "");
    if (after === "" || /^(```|<\/|<\||[;)])/.test(after)) return after === "" || signs !== "" || after[0] !== ")";
    if (/^\s*\+\s*["'`]/.test(rest)) return true;
    const isMember = /^(["'`“][\w$. /-]{0,80}["'`”]\s*[:=]|[\w$]{1,40}\s*:\s*["'`“{[\d\w-])/.test(after);
    if (isMember) return true;
    const hasComma = signs.includes(",");
    const hasBracket = /[}\]]/.test(signs);
    // Another item of a list, or the next value after closed brackets.
    if (hasComma && /^(["'`“{[]|-?\d|true\b|false\b|null\b|True\b|False\b|None\b)/.test(after))
      return closer !== "'" || /^["'`“{[]/.test(after);
    return hasBracket && signs.trim().length > 1 && /\n/.test(signs) === true
      ? true
      : hasBracket && !/^[\w"'`“{[<>=.;:(+*/&|?!-]/.test(after);
  }

  private escape(): string {
    const char = this.text[this.at + 1];
    if (char === undefined) throw new Unreadable("the JSON ends inside a string: the call was cut off", true);
    this.at += 2;
    switch (char) {
      case "n":
        return "\n";
      case "t":
        return "\t";
      case "r":
        return "\r";
      case "b":
        return "\b";
      case "f":
        return "\f";
      case '"':
      case "\\":
      case "/":
        return char;
      case "u": {
        const code = /^[0-9a-fA-F]{4}/.exec(this.text.slice(this.at, this.at + 4))?.[0];
        if (code === undefined) break;
        this.at += 4;
        return String.fromCharCode(Number.parseInt(code, 16));
      }
      case "'":
      case "`":
      case "$":
        this.repairs.add("escapes");
        return char;
      case "\n":
        this.repairs.add("escapes");
        return "\n";
    }
    // Not a JSON escape: the model meant the backslash, as in a regular expression.
    this.repairs.add("escapes");
    return `\\${char}`;
  }

  private word(): unknown {
    const found = /^[\w.+-]+/.exec(this.text.slice(this.at, this.at + 100))?.[0];
    if (found === undefined)
      throw new Unreadable(`a value was expected at character ${this.at}, not ${JSON.stringify(this.text[this.at])}`);
    const literal = Object.hasOwn(literals, found) ? literals[found] : undefined;
    if (literal) {
      if (!literal.isStrict) this.repairs.add("literals");
    } else if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(found)) {
      throw new Unreadable(`${JSON.stringify(found)} at character ${this.at} is not a JSON value`);
    }
    this.at += found.length;
    return literal ? literal.value : Number(found);
  }

  private space(): void {
    for (;;) {
      const skipped = /^(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|#[^\n]*)/.exec(this.text.slice(this.at, this.at + 2_000))?.[0];
      if (skipped === undefined) return;
      if (skipped.trim() !== "") this.repairs.add("comments");
      this.at += skipped.length;
    }
  }
}
