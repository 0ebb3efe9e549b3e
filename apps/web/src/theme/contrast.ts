import { contrast, parseColor } from "@tesslate/contract";
import type { Tokens } from "./tokens.ts";

const four = ["bg-0", "bg-1", "bg-2", "bg-3"];
const three = four.slice(0, 3);
const diffGrounds = ["diff-add", "diff-add-strong", "diff-del", "diff-del-strong"];
const statuses = ["ok", "warn", "err", "info"];
const syntax = [
  "comment",
  "keyword",
  "string",
  "number",
  "function",
  "type",
  "variable",
  "property",
  "tag",
  "attribute",
  "operator",
  "punctuation",
].map((name) => `syntax-${name}`);
const ansi = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const terminal = ["term-fg", ...ansi.map((name) => `term-${name}`), ...ansi.map((name) => `term-bright-${name}`)];
const graph = ["env", "http", "database", "cache", "preview", "deploy"].map((name) => `graph-${name}`);

/** Pairs that screens really use and the ratio each must reach (WCAG AA: 4.5 for text, 3 for marks). */
export const contrastGroups: readonly { label: string; floor: number; fore: string[]; back: string[] }[] = [
  { label: "text", floor: 4.5, fore: ["fg-0", "fg-1", "fg-2"], back: four },
  { label: "hints", floor: 4.5, fore: ["fg-3"], back: three },
  { label: "text on brand", floor: 4.5, fore: ["on-brand"], back: ["brand", "brand-hover"] },
  { label: "brand as text", floor: 4.5, fore: ["brand-ink"], back: [...four, "brand-soft"] },
  { label: "status as text", floor: 4.5, fore: statuses, back: four },
  ...statuses.map((name) => ({ label: `on ${name} ground`, floor: 4.5, fore: [name, "fg-0", "fg-1", "fg-2"], back: [`${name}-soft`] })),
  ...["ok", "err"].map((name) => ({ label: `on solid ${name}`, floor: 4.5, fore: [`on-${name}`], back: [name] })),
  { label: "text on brand ground", floor: 4.5, fore: ["fg-0", "fg-1", "fg-2"], back: ["brand-soft"] },
  { label: "code", floor: 4.5, fore: syntax, back: ["bg-1", "bg-2"] },
  { label: "code in diffs", floor: 4.5, fore: syntax, back: diffGrounds },
  { label: "added", floor: 4.5, fore: ["diff-add-ink"], back: ["diff-add", "diff-add-strong"] },
  { label: "deleted", floor: 4.5, fore: ["diff-del-ink"], back: ["diff-del", "diff-del-strong"] },
  { label: "terminal", floor: 4.5, fore: terminal, back: ["term-bg", "term-selection"] },
  { label: "meaningful lines", floor: 3, fore: ["line-1"], back: three },
  { label: "brand and focus strokes", floor: 3, fore: ["brand-line", "focus"], back: four },
  { label: "timeline", floor: 3, fore: ["thread", "thread-live", "thread-held", "thread-ghost"], back: three },
  { label: "graph edges", floor: 3, fore: graph, back: ["bg-0", "bg-1"] },
  { label: "terminal cursor", floor: 3, fore: ["term-cursor"], back: ["term-bg"] },
];

export interface ContrastFault {
  label: string;
  fore: string;
  back: string;
  ratio: number;
  floor: number;
}

/** Every pair below its floor; a token that is missing or no colour counts as ratio 0. */
export function findContrastFaults(tokens: Tokens): ContrastFault[] {
  const faults: ContrastFault[] = [];
  for (const { label, floor, fore, back } of contrastGroups)
    for (const f of fore)
      for (const b of back) {
        const [top, ground] = [parseColor(tokens[f] ?? ""), parseColor(tokens[b] ?? "")];
        const ratio = top && ground ? contrast(top, ground) : 0;
        if (ratio < floor) faults.push({ label, fore: f, back: b, ratio, floor });
      }
  return faults;
}
