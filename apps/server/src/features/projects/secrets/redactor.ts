/** A secret value and its name. */
export interface HiddenValue {
  label: string;
  value: string;
}

/** The values of environment variables with their names. */
export const hiddenValues = (variables: Readonly<Record<string, string>>): HiddenValue[] =>
  Object.entries(variables).map(([label, value]) => ({ label, value }));

/** Masks a project's secret values in text. Each becomes `[secret:NAME]`, so that users and models still know which value it was. */
export interface Redactor {
  /** There are no values to mask. */
  readonly isEmpty: boolean;
  redact(text: string): string;
  /** The same for every string within plain data (keys are left alone). */
  redactIn<T>(data: T): T;
  /**
   * The reverse, for a client that read a file through `redact` and writes it back: marks become values again if `original` contained the value.
   * Other marks stay, so that a value cannot be copied to a file that did not contain it.
   */
  restore(text: string, original: string): string;
  /** Masks with the length of the value, so that terminal columns stay aligned. */
  redactScreen(text: string): string;
  /** For streamed text: holds back what could be the start of a value. `keepsWidth` as in `redactScreen`. */
  stream(options?: { keepsWidth?: boolean }): RedactionStream;
}
export interface RedactionStream {
  push(chunk: string): string;
  /** Number of characters held back. */
  readonly held: number;
  /** Returns the held-back text unredacted. It may be a complete value that is also the start of a longer one, so redact it again. */
  flush(): string;
}

/** Shorter values would mask unrelated words. */
const minLength = 6;
const minLineLength = 12;
/** Configuration words, not secrets: masking `production` would make logs and files unreadable. */
const ordinaryWords = new Set(
  "production development staging testing preview default enabled disabled localhost 0.0.0.0 127.0.0.1 postgres postgresql sqlite3 mongodb rabbitmq verbose warning public private".split(
    " ",
  ),
);
/** A URL without credentials, path or query is not a secret. */
const isPlainAddress = (value: string): boolean => /^(https?|wss?):\/\/[^/?#@\s]+\/?$/i.test(value);
export const isOrdinary = (value: string): boolean =>
  value.trim().length < minLength || ordinaryWords.has(value.trim().toLowerCase()) || isPlainAddress(value.trim());

/** Encodings of a value that are masked too: plain, line by line, URL, JSON, base64, hexadecimal and reversed. */
function formsOf(value: string): [suffix: string, text: string][] {
  const forms: [string, string][] = [["", value]];
  const trimmed = value.trim();
  if (trimmed !== value) forms.push(["trimmed", trimmed]);
  const lines = value.split(/\r?\n/);
  if (lines.length > 1)
    lines.forEach((line, i) => {
      if (line.trim().length >= minLineLength && !line.startsWith("-----")) forms.push([`line${i + 1}`, line.trim()]);
    });
  const encoded = encodeURIComponent(value.toWellFormed());
  forms.push(["url", encoded], ["url", encoded.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())]);
  forms.push(["url", encoded.replace(/%20/g, "+")]);
  forms.push(["json", JSON.stringify(value).slice(1, -1)]);
  // The base64 of a text that contains the value depends on the value's offset within a group of three bytes.
  const bytes = Buffer.from(value);
  for (const before of [0, 1, 2]) {
    const bits = Buffer.concat([Buffer.alloc(before), bytes]);
    const text = bits.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((bits.length * 8) / 6));
    forms.push([before === 0 ? "base64" : `base64-${before}`, text]);
    forms.push([before === 0 ? "base64url" : `base64url-${before}`, text.replaceAll("+", "-").replaceAll("/", "_")]);
  }
  const hex = bytes.toString("hex");
  forms.push(["hex", hex], ["hex", hex.toUpperCase()]);
  for (const line of lines) if (line.trim().length >= minLineLength) forms.push(["reversed", [...line.trim()].toReversed().join("")]);
  return forms.filter(([, text]) => text.length >= minLength);
}

interface Pattern {
  text: string;
  mask: string;
}
type MaskOf = (pattern: Pattern, at: number) => string;
const named: MaskOf = ({ mask }) => mask;
const asWide: MaskOf = ({ text, mask }) =>
  text.includes("\n")
    ? mask
    : `${mask
        .slice(0, -1)
        .padEnd(text.length - 1, "*")
        .slice(0, text.length - 1)}]`;
const maskRule = /\[secret:[^[\]\n]{1,200}\]/g;

/** Every encoding of every value, by its text and by its mask. */
function patternsOf(values: readonly HiddenValue[]) {
  const patterns = new Map<string, Pattern>();
  const byMask = new Map<string, Pattern>();
  for (const { label, value } of values) {
    if (isOrdinary(value)) continue;
    for (const [suffix, text] of formsOf(value)) {
      if (patterns.has(text)) continue;
      const name = suffix === "" ? label : `${label}:${suffix}`;
      let mask = `[secret:${name}]`;
      for (let n = 2; byMask.has(mask); n++) mask = `[secret:${name}:${n}]`;
      const pattern = { text, mask };
      patterns.set(text, pattern);
      byMask.set(mask, pattern);
    }
  }
  return { index: indexOf([...patterns.values()]), isEmpty: patterns.size === 0, byMask };
}

/** A match: the name (`NAME:base64` for an encoding) and the start offset in characters. */
export interface FoundValue {
  label: string;
  at: number;
}
/** Finds values without masking them: the same encodings as a redactor, in streamed text of any length. */
export interface ValueFinder {
  readonly isEmpty: boolean;
  stream(): { push(chunk: string): FoundValue[]; end(): FoundValue[] };
}

export function createValueFinder(values: readonly HiddenValue[]): ValueFinder {
  const { index, isEmpty } = patternsOf(values);
  return {
    isEmpty,
    stream: () => {
      let waiting = "";
      /** Number of characters before `waiting`. */
      let passed = 0;
      const look = (chunk: string, isWhole: boolean): FoundValue[] => {
        if (isEmpty) return [];
        const found: FoundValue[] = [];
        const text = waiting + chunk;
        const maskOf: MaskOf = ({ mask }, at) => {
          found.push({ label: mask.slice("[secret:".length, -1), at: passed + at });
          return "";
        };
        waiting = index.scan(text, { isWhole, maskOf }).rest;
        passed += text.length - waiting.length;
        return found;
      };
      return { push: (chunk) => look(chunk, false), end: () => look("", true) };
    },
  };
}

export function createRedactor(values: readonly HiddenValue[]): Redactor {
  const { index, isEmpty, byMask } = patternsOf(values);

  const whole = (text: string, maskOf: MaskOf): string =>
    isEmpty || text.length < minLength ? text : index.scan(text, { isWhole: true, maskOf }).out;
  const redact = (text: string): string => whole(text, named);
  const redactIn = <T>(data: T): T => {
    if (isEmpty) return data;
    if (typeof data === "string") return redact(data) as T;
    if (Array.isArray(data)) return data.map((item: unknown) => redactIn(item)) as T;
    if (typeof data === "object" && data !== null && Object.getPrototypeOf(data) === Object.prototype)
      return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, redactIn<unknown>(item)])) as T;
    return data;
  };
  return {
    isEmpty,
    redact,
    redactIn,
    redactScreen: (text) => whole(text, asWide),
    restore: (text, original) =>
      isEmpty
        ? text
        : text.replace(maskRule, (mask) => {
            const pattern = byMask.get(mask);
            return pattern && original.includes(pattern.text) ? pattern.text : mask;
          }),
    stream: ({ keepsWidth = false } = {}) => {
      let waiting = "";
      return {
        get held() {
          return waiting.length;
        },
        push: (chunk) => {
          if (isEmpty) return chunk;
          const { out, rest } = index.scan(waiting + chunk, { isWhole: false, maskOf: keepsWidth ? asWide : named });
          waiting = rest;
          return out;
        },
        flush: () => {
          const rest = waiting;
          waiting = "";
          return rest;
        },
      };
    },
  };
}

/**
 * Finds the leftmost, longest of many needles in one pass: three characters against a bitmap, six against a map, then the whole needle.
 * Memory grows with the needles; an Aho-Corasick automaton would need gigabytes of transitions for a few 32 KiB values.
 */
function indexOf(patterns: readonly Pattern[]) {
  const beginnings = new Uint8Array(65_536);
  const buckets = new Map<string, Pattern[]>();
  const shortBeginnings = new Set<string>();
  const hash = (text: string, at: number) =>
    (Math.imul(text.charCodeAt(at), 961) + Math.imul(text.charCodeAt(at + 1), 31) + text.charCodeAt(at + 2)) & 0xffff;
  for (const pattern of patterns) {
    beginnings[hash(pattern.text, 0)] = 1;
    const start = pattern.text.slice(0, minLength);
    buckets.set(
      start,
      [...(buckets.get(start) ?? []), pattern].sort((a, b) => b.text.length - a.text.length),
    );
    for (let n = 1; n < minLength; n++) shortBeginnings.add(pattern.text.slice(0, n));
  }
  return {
    /** `rest` could continue in the next piece; empty when `isWhole`. */
    scan: (text: string, { isWhole, maskOf }: { isWhole: boolean; maskOf: MaskOf }): { out: string; rest: string } => {
      let out = "";
      let copied = 0;
      let at = 0;
      while (at < text.length) {
        const left = text.length - at;
        if (left >= 3 && beginnings[hash(text, at)] === 0) {
          at += 1;
          continue;
        }
        if (left < minLength) {
          if (isWhole) break;
          if (shortBeginnings.has(text.slice(at))) return { out: out + text.slice(copied, at), rest: text.slice(at) };
          at += 1;
          continue;
        }
        const bucket = buckets.get(text.slice(at, at + minLength)) ?? [];
        const found = bucket.find(
          (p) => text.startsWith(p.text, at) || (!isWhole && p.text.length > left && p.text.startsWith(text.slice(at))),
        );
        if (!found) at += 1;
        else if (found.text.length > left) return { out: out + text.slice(copied, at), rest: text.slice(at) };
        else {
          out += text.slice(copied, at) + maskOf(found, at);
          at += found.text.length;
          copied = at;
        }
      }
      return { out: out + text.slice(copied), rest: "" };
    },
  };
}
