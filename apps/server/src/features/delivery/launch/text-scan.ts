import { StringDecoder } from "node:string_decoder";
import type { LaunchFinding } from "@tesslate/contract";
import { aroundLength, findKeys, maxKeyLength } from "@tesslate/contract/known-keys";
import type { ValueFinder } from "../../projects/secrets/index.ts";

/** A secret in a text and its line (from 1). */
export interface FoundSecret {
  what: string;
  severity: LaunchFinding["severity"];
  line: number;
}
/** Scans a text that arrives in pieces of any size, with bounded memory. */
export interface TextScan {
  push(chunk: Uint8Array | string): void;
  /** All findings, each kind and line once, at most 50. */
  end(): FoundSecret[];
}

const maxFound = 50;

export function scanText(values: ValueFinder): TextScan {
  const decoder = new StringDecoder("utf8");
  const found = new Map<string, FoundSecret>();
  const report = (what: string, severity: FoundSecret["severity"], line: number) => {
    const key = `${what} ${line}`;
    if (found.size < maxFound && !found.has(key)) found.set(key, { what, severity, line });
  };
  const known = lookForValues(values, (label, line) => report(whatOf(label), "critical", line));
  const keys = lookForKeys(report);
  const lines = countLines();
  const inline = readInlineMaps((text) => {
    for (const { what, severity } of findKeys(text)) report(`${what}, in the inline source map`, severity, lines.last());
  });
  const push = (text: string) => {
    lines.push(text);
    known.push(text, lines);
    keys.push(text, lines);
    inline.push(text);
  };
  return {
    push: (chunk) => push(typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))),
    end: () => {
      push(decoder.end());
      known.end(lines);
      keys.end(lines);
      return [...found.values()];
    },
  };
}

/** `STRIPE_KEY:base64` → "the value of STRIPE_KEY, as base64". */
function whatOf(label: string): string {
  const [name = label, form] = label.split(":");
  return `the value of ${name}${form === undefined || form.startsWith("trimmed") ? "" : `, as ${form.replace(/-\d$/, "")}`}`;
}

interface Lines {
  push(text: string): void;
  /** Line of a position in the last two pieces or the last few kilobytes; earlier positions get the first known line. */
  at(position: number): number;
  last(): number;
}
/** Keeps only the latest line ends, because lookups are near the end. */
function countLines(): Lines {
  let passed = 0;
  let ends: number[] = [];
  let forgotten = 0;
  const keep = 4 * maxKeyLength;
  return {
    push: (text) => {
      const old = ends.findIndex((end) => end >= passed - keep);
      const dropped = old === -1 ? ends.length : old;
      forgotten += dropped;
      ends = ends.slice(dropped);
      for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) ends.push(passed + at);
      passed += text.length;
    },
    at: (position) => {
      const after = ends.findIndex((end) => end >= position);
      return 1 + forgotten + (after === -1 ? ends.length : after);
    },
    last: () => 1 + forgotten + ends.length,
  };
}

function lookForValues(values: ValueFinder, report: (label: string, line: number) => void) {
  const stream = values.stream();
  const reportAll = (found: { label: string; at: number }[], lines: Lines) => {
    for (const { label, at } of found) report(label, lines.at(at));
  };
  return {
    push: (text: string, lines: Lines) => reportAll(stream.push(text), lines),
    end: (lines: Lines) => reportAll(stream.end(), lines),
  };
}

/** Reports a key once all of it and its context has arrived. */
function lookForKeys(report: (what: string, severity: FoundSecret["severity"], line: number) => void) {
  const reach = maxKeyLength + aroundLength;
  let text = "";
  /** Characters before `text`, and how much of it was scanned. */
  let passed = 0;
  let looked = 0;
  const look = (lines: Lines, until: number) => {
    if (until <= looked) return;
    for (const { what, severity, at } of findKeys(text, looked, until)) report(what, severity, lines.at(passed + at));
    looked = until;
    const drop = Math.max(0, looked - aroundLength);
    text = text.slice(drop);
    passed += drop;
    looked -= drop;
  };
  return {
    push: (chunk: string, lines: Lines) => {
      text += chunk;
      look(lines, text.length - reach);
    },
    end: (lines: Lines) => look(lines, text.length),
  };
}

const inlineMap = /sourceMappingURL=data:application\/json;(?:charset=[\w-]{1,20};)?base64,/;
/** Inline source maps are base64, so decode them before scanning. */
function readInlineMaps(onText: (text: string) => void) {
  const overlap = maxKeyLength;
  let tail = "";
  let isInside = false;
  let digits = "";
  let decoded = "";
  const decode = (more: string) => {
    digits += more;
    const whole = digits.length - (digits.length % 4);
    decoded += Buffer.from(digits.slice(0, whole), "base64").toString("latin1");
    digits = digits.slice(whole);
    onText(decoded);
    decoded = decoded.slice(-overlap);
  };
  const push = (chunk: string): void => {
    if (isInside) {
      const end = chunk.search(/[^A-Za-z0-9+/=]/);
      decode(end === -1 ? chunk : chunk.slice(0, end));
      if (end === -1) return;
      isInside = false;
      digits = decoded = "";
      return push(chunk.slice(end));
    }
    const text = tail + chunk;
    const start = inlineMap.exec(text);
    tail = start ? "" : text.slice(-100);
    if (!start) return;
    isInside = true;
    push(text.slice(start.index + start[0].length));
  };
  return { push };
}
