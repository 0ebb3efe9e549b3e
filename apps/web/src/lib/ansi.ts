/* oxlint-disable no-control-regex -- control characters are what this is about */
import { programColour } from "../theme/program-colour.ts";

/** A piece of a line in one look. Colours are tokens of the terminal (`--term-red`) or plain CSS colours. */
export interface Span {
  text: string;
  fg?: string;
  bg?: string;
  isBold?: true;
  isDim?: true;
  isItalic?: true;
  isUnderlined?: true;
}
type Look = Omit<Span, "text"> & { isInverse?: true };

const names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const named = (index: number): string => `var(--term-${index > 7 ? "bright-" : ""}${names[index & 7]})`;
/** The 256-colour table: 16 named, a cube of 6 x 6 x 6, 24 greys. */
function indexed(n: number): string {
  if (n < 16) return named(n);
  if (n > 231) {
    const grey = 8 + (n - 232) * 10;
    return programColour(grey, grey, grey);
  }
  const step = (v: number) => (v === 0 ? 0 : 55 + v * 40);
  return programColour(step(Math.floor((n - 16) / 36)), step(Math.floor((n - 16) / 6) % 6), step((n - 16) % 6));
}
/** `38;5;n` and `38;2;r;g;b`; how many codes belong to it comes back too. */
function extended(codes: readonly number[], at: number): { color: string | undefined; used: number } {
  const byte = (n: number | undefined) => Math.min(255, Math.max(0, n ?? 0));
  if (codes[at + 1] === 5) return { color: indexed(byte(codes[at + 2])), used: 2 };
  if (codes[at + 1] === 2) return { color: programColour(byte(codes[at + 2]), byte(codes[at + 3]), byte(codes[at + 4])), used: 4 };
  return { color: undefined, used: 1 };
}

function applied(look: Look, codes: readonly number[]): Look {
  let next: Look = { ...look };
  const drop = (...keys: (keyof Look)[]) => {
    for (const key of keys) delete next[key];
  };
  const color = (key: "fg" | "bg", value: string | undefined) => {
    if (value === undefined) delete next[key];
    else next[key] = value;
  };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 0) next = {};
    else if (code === 1) next.isBold = true;
    else if (code === 2) next.isDim = true;
    else if (code === 3) next.isItalic = true;
    else if (code === 4) next.isUnderlined = true;
    else if (code === 7) next.isInverse = true;
    else if (code === 22) drop("isBold", "isDim");
    else if (code === 23) drop("isItalic");
    else if (code === 24) drop("isUnderlined");
    else if (code === 27) drop("isInverse");
    else if (code >= 30 && code <= 37) color("fg", named(code - 30));
    else if (code >= 90 && code <= 97) color("fg", named(code - 90 + 8));
    else if (code >= 40 && code <= 47) color("bg", named(code - 40));
    else if (code >= 100 && code <= 107) color("bg", named(code - 100 + 8));
    else if (code === 39) drop("fg");
    else if (code === 49) drop("bg");
    else if (code === 38 || code === 48) {
      const { color: value, used } = extended(codes, at);
      color(code === 38 ? "fg" : "bg", value);
      at += used;
    }
  }
  return next;
}

const sequence =
  /\u001b(?:\[([0-9;:?<=>]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])/g;
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** What was written over: only what stands after the last carriage return was left on the screen. */
const lastWritten = (line: string): string => {
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
};

/** A line as spans: colours and weights as the program wished, every other control sequence left out. */
export function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let look: Look = {};
  const push = (raw: string) => {
    const text = raw.replace(controls, "");
    if (text === "") return;
    const { isInverse, ...rest } = look;
    spans.push(isInverse ? { ...rest, text, fg: rest.bg ?? "var(--term-bg)", bg: rest.fg ?? "var(--term-fg)" } : { ...rest, text });
  };
  const text = lastWritten(line);
  let from = 0;
  for (const match of text.matchAll(sequence)) {
    push(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") look = applied(look, (match[1] ?? "").split(/[;:]/).map(Number));
  }
  push(text.slice(from));
  return spans;
}

/** A line without the codes that colour it in a terminal. */
export const plainLine = (line: string): string => lastWritten(line).replace(sequence, "").replace(controls, "");
