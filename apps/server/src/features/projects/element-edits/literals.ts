import { decodeHTMLStrict } from "entities";

/** How a literal is written: decides its escapes. */
export type LiteralKind = "jsx-text" | "jsx-attribute" | "double-quoted" | "single-quoted" | "template" | "html-text" | "html-attribute";

/** A literal of a source file: its content without quotes, and where that content is. Offsets are UTF-16 units of the file's text. */
export interface Literal {
  kind: LiteralKind;
  start: number;
  end: number;
  /** The value as the language's parser reads it: what decoding the content must give. */
  value: string;
  /** The quote of an HTML or JSX attribute. */
  quote?: '"' | "'";
}

/** Replaces the text from `start` to `end`. */
export interface Splice {
  start: number;
  end: number;
  text: string;
}

export const applySplice = (source: string, { start, end, text }: Splice): string => source.slice(0, start) + text + source.slice(end);

/** Text as it is shown: runs of white space are one space. No-break spaces are kept. */
export const shownText = (text: string): string => text.replace(/[ \t\r\n\f]+/g, " ").replace(/^ | $/g, "");

/** One UTF-16 unit of a value, and the part of the source that it was written as. */
interface Unit {
  unit: string;
  start: number;
  end: number;
}

const entity = /&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,31});/y;
const simpleEscapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", v: "\v", f: "\f" };

/** The units of a literal; undefined if its escapes are not understood. */
function unitsOf(source: string, { kind, start, end, value }: Literal): Unit[] | undefined {
  const units: Unit[] = [];
  const push = (text: string, from: number, to: number) => {
    for (const unit of text.split("")) units.push({ unit, start: from, end: to });
  };
  const hasEscapes = kind === "double-quoted" || kind === "single-quoted" || kind === "template";
  let at = start;
  while (at < end) {
    const letter = source.charAt(at);
    if (hasEscapes && letter === "\\") {
      const match = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|u\{([\da-fA-F]{1,6})\}|(\r\n|[\s\S]))/y;
      match.lastIndex = at;
      const found = match.exec(source);
      if (!found || match.lastIndex > end) return undefined;
      const [, hex, short, long, other] = found;
      const code = hex ?? short ?? long;
      if (code !== undefined) push(String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff)), at, match.lastIndex);
      else if (other !== undefined && /[0-9]/.test(other)) return undefined;
      else if (other !== undefined && !/^[\r\n\u2028\u2029]/.test(other)) push(simpleEscapes[other] ?? other, at, match.lastIndex);
      at = match.lastIndex;
    } else if (!hasEscapes && letter === "&") {
      entity.lastIndex = at;
      const found = entity.exec(source);
      const length = found && entity.lastIndex <= end ? found[0].length : 1;
      push(length === 1 ? "&" : decodeHTMLStrict(source.slice(at, at + length)), at, at + length);
      at += length;
    } else {
      push(letter, at, at + 1);
      at += 1;
    }
  }
  return units.map(({ unit }) => unit).join("") === value ? units : undefined;
}

/** Joins each run of white space to one space and drops it at both ends. */
function shownUnits(units: readonly Unit[]): Unit[] {
  const shown: Unit[] = [];
  for (const unit of units) {
    const last = shown.at(-1);
    if (!/[ \t\r\n\f]/.test(unit.unit)) shown.push(unit);
    else if (last?.unit === " ") last.end = unit.end;
    else if (last) shown.push({ ...unit, unit: " " });
  }
  if (shown.at(-1)?.unit === " ") shown.pop();
  return shown;
}

/** `text` as a literal of this kind writes it. */
function encode(text: string, { kind, quote }: Pick<Literal, "kind" | "quote">): string {
  switch (kind) {
    case "jsx-text":
      return text.replace(/[&<>{}]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "{": "&#123;", "}": "&#125;" })[one] ?? one);
    case "html-text":
      return text.replace(/[&<>]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[one] ?? one);
    case "jsx-attribute":
    case "html-attribute":
      return text.replaceAll("&", "&amp;").replaceAll(quote ?? '"', quote === "'" ? "&#39;" : "&quot;");
    case "double-quoted":
    case "single-quoted":
    case "template": {
      const own = { "double-quoted": '"', "single-quoted": "'", template: "`" }[kind];
      return text
        .replaceAll("\\", "\\\\")
        .replaceAll(own, `\\${own}`)
        .replaceAll(kind === "template" ? "${" : "\n", kind === "template" ? "\\${" : "\\n")
        .replaceAll("\r", "\\r")
        .replaceAll("\u2028", "\\u2028")
        .replaceAll("\u2029", "\\u2029");
    }
  }
}

/**
 * The splice that gives a literal another value. Only what differs is replaced, so line breaks, escapes and indentation around it stay.
 * `isText`: both values are compared and written as they are shown, and the white space around the text is kept.
 */
export function spliceOf(source: string, literal: Literal, value: string, { isText }: { isText: boolean }): Splice {
  const wanted = isText ? shownText(value) : value;
  const all = unitsOf(source, literal);
  const units = all && isText ? shownUnits(all) : all;
  if (!units || units.length === 0) return { start: literal.start, end: literal.end, text: encode(wanted, literal) };
  const { length } = units;
  let prefix = 0;
  while (prefix < length && prefix < wanted.length && units[prefix]?.unit === wanted[prefix]) prefix++;
  let suffix = 0;
  while (
    suffix < length - prefix &&
    suffix < wanted.length - prefix &&
    units[length - 1 - suffix]?.unit === wanted[wanted.length - 1 - suffix]
  )
    suffix++;
  // Neither a surrogate pair nor an escape is split.
  const isLow = (unit: string | undefined) => unit !== undefined && /[\uDC00-\uDFFF]/.test(unit);
  const isSplit = (index: number) => isLow(units[index]?.unit) || (index > 0 && units[index]?.start === units[index - 1]?.start);
  while (prefix > 0 && (isSplit(prefix) || isLow(wanted[prefix]))) prefix--;
  while (suffix > 0 && (isSplit(length - suffix) || isLow(wanted[wanted.length - suffix]))) suffix--;
  const start = units[prefix]?.start ?? units.at(-1)?.end ?? literal.start;
  const end = length - suffix > prefix ? (units[length - suffix - 1]?.end ?? start) : start;
  return { start, end, text: encode(wanted.slice(prefix, wanted.length - suffix), literal) };
}

/** The smallest splice that turns one text into another. */
export function differenceOf(before: string, after: string): Splice {
  let prefix = 0;
  while (prefix < before.length && prefix < after.length && before[prefix] === after[prefix]) prefix++;
  let suffix = 0;
  const most = Math.min(before.length, after.length) - prefix;
  while (suffix < most && before[before.length - 1 - suffix] === after[after.length - 1 - suffix]) suffix++;
  return { start: prefix, end: before.length - suffix, text: after.slice(prefix, after.length - suffix) };
}
