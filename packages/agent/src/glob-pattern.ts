import { ToolFailure } from "./tool.ts";

/** Limit of all alternatives together. */
const maxChars = 2_000;
const maxRange = 100;

type Token = "star" | ((character: string) => boolean);
type Segment = "globstar" | { tokens: Token[]; startsWithDot: boolean };

/**
 * A pattern with `*`, `**`, `?`, `[a-z]`, `{a,b}`, `{1..9}` and `@(a|b)` as a test of paths, the way shells read it: wildcards leave out names that begin
 * with a dot. Patterns come from models: the time of a match depends on the lengths of pattern and path alone. Throws `ToolFailure`.
 */
export function globPattern(text: string): (path: string) => boolean {
  if (/[!+]\(/.test(text))
    throw new ToolFailure("Patterns with !(…) and +(…) are not understood here.", { suggestion: "Use *, **, ?, [a-z] and {a,b}." });
  const alternatives = expanded(text).map((one) =>
    one
      .split("/")
      .map((segment): Segment =>
        segment === "**" ? "globstar" : { tokens: tokensOf(segment), startsWithDot: segment.startsWith(".") || segment.startsWith("\\.") },
      ),
  );
  return (path) => {
    const names = path.split("/");
    return alternatives.some((segments) => fits(segments, names));
  };
}

/** `reached[n]`: the pattern so far matches the first n names. */
function fits(segments: readonly Segment[], names: readonly string[]): boolean {
  let reached = [true, ...names.map(() => false)];
  for (const [index, segment] of segments.entries()) {
    const next = reached.map(() => false);
    // At the end it matches everything inside a folder.
    const isLast = index === segments.length - 1;
    for (let count = 0; count < next.length; count++) {
      const name = names[count - 1];
      if (segment === "globstar")
        next[count] =
          (reached[count]! && !isLast) ||
          (name !== undefined && !name.startsWith(".") && (next[count - 1]! || (isLast && reached[count - 1]!)));
      else next[count] = name !== undefined && reached[count - 1]! && fitsName(segment, name);
    }
    reached = next;
  }
  return reached.at(-1)!;
}

/** Backtracks only to the last star, so that every pattern takes little time. */
function fitsName({ tokens, startsWithDot }: Exclude<Segment, "globstar">, name: string): boolean {
  if (name.startsWith(".") && !startsWithDot) return false;
  let at = 0;
  let token = 0;
  let star = -1;
  let resumed = 0;
  while (at < name.length) {
    const one = tokens[token];
    if (one === "star") {
      star = token++;
      resumed = at;
    } else if (one?.(name[at]!)) {
      at++;
      token++;
    } else if (star !== -1) {
      token = star + 1;
      at = ++resumed;
    } else return false;
  }
  return tokens.slice(token).every((one) => one === "star");
}

function tokensOf(segment: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < segment.length; at++) {
    const character = segment[at]!;
    if (character === "*") {
      if (tokens.at(-1) !== "star") tokens.push("star");
    } else if (character === "?") tokens.push(() => true);
    else if (character === "[") {
      const end = segment.indexOf("]", at + (/^\[[!^]/.test(segment.slice(at)) ? 3 : 2));
      if (end === -1) tokens.push(literal("["));
      else {
        tokens.push(classOf(segment.slice(at + 1, end)));
        at = end;
      }
    } else tokens.push(literal(character === "\\" ? (segment[++at] ?? "\\") : character));
  }
  return tokens;
}

const literal =
  (wanted: string): Token =>
  (character) =>
    character === wanted;

function classOf(text: string): Token {
  const isNegated = /^[!^]/.test(text);
  const body = isNegated ? text.slice(1) : text;
  const ranges: [string, string][] = [];
  for (let at = 0; at < body.length; at++) {
    if (body[at + 1] === "-" && at + 2 < body.length) {
      ranges.push([body[at]!, body[at + 2]!]);
      at += 2;
    } else ranges.push([body[at]!, body[at]!]);
  }
  return (character) => ranges.some(([from, to]) => from <= character && character <= to) !== isNegated;
}

function expanded(text: string): string[] {
  const whole: string[] = [];
  const open = [text];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const choice = choiceIn(one);
    if (choice) open.push(...choice.parts.map((part) => choice.before + part + choice.after));
    else whole.push(one);
    if ([...whole, ...open].reduce((sum, { length }) => sum + length, 0) > maxChars)
      throw new ToolFailure("The pattern has too many alternatives.", { suggestion: "Look for the parts one after another." });
  }
  return whole;
}

/** The first `{a,b}`, `{1..9}` or `@(a|b)`; braces that offer nothing are plain characters. */
function choiceIn(text: string): { before: string; parts: string[]; after: string } | undefined {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") {
      at++;
      continue;
    }
    const isGroup = text.startsWith("@(", at);
    if (text[at] !== "{" && !isGroup) continue;
    const [opening, closing, between] = isGroup ? ["(", ")", "|"] : ["{", "}", ","];
    const start = isGroup ? at + 2 : at + 1;
    const parts: string[] = [];
    let depth = 0;
    let from = start;
    for (let end = start; end < text.length; end++) {
      const character = text[end];
      if (character === "\\") end++;
      else if (character === opening) depth++;
      else if (character === between && depth === 0) {
        parts.push(text.slice(from, end));
        from = end + 1;
      } else if (character === closing && depth-- === 0) {
        parts.push(text.slice(from, end));
        const found = parts.length > 1 || isGroup ? parts : rangeOf(parts[0]!);
        if (found) return { before: text.slice(0, at), parts: found, after: text.slice(end + 1) };
        break;
      }
    }
  }
  return undefined;
}

function rangeOf(text: string): string[] | undefined {
  const [, first, last] = /^(-?\d{1,9})\.\.(-?\d{1,9})$/.exec(text) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const [from, to] = [Math.min(Number(first), Number(last)), Math.max(Number(first), Number(last))];
  if (to - from >= maxRange) throw new ToolFailure("The pattern has too many alternatives.", { suggestion: "Use [0-9]." });
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}
