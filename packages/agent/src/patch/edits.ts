/**
 * Several edits of one text, all or nothing. Pure. Applied one after another; where a later edit quotes the original text, all are applied to the
 * original text, if they do not overlap.
 */
import { diffArrays } from "diff";
import type { MatchMethod, Replacement } from "./replacement.ts";
import { replaceOnce } from "./match.ts";

export interface TextEdit {
  search: string;
  replace: string;
}
/** Where an edit was applied, and how similar its quotation was (0 to 1). */
export interface AppliedEdit {
  index: number;
  line: number;
  method: MatchMethod;
  similarity: number;
}
export type Edited =
  | { ok: true; text: string; applied: AppliedEdit[] }
  | { ok: false; index: number; found: Extract<Replacement, { ok: false }> };

export function applyEdits(text: string, edits: readonly TextEdit[]): Edited {
  const made = inTurn(text, edits);
  return made.ok || edits.length < 2 ? made : (sideBySide(text, edits) ?? made);
}

function inTurn(text: string, edits: readonly TextEdit[]): Edited {
  let current = text;
  const applied: AppliedEdit[] = [];
  for (const [index, { search, replace }] of edits.entries()) {
    const found = replaceOnce(current, search, replace);
    if (!found.ok) return { ok: false, index, found };
    current = found.text;
    applied.push({ index, line: found.line, method: found.method, similarity: found.similarity });
  }
  return { ok: true, text: current, applied };
}

/** Removed and added lines per edit, because the diff takes quadratic time. */
const maxChangedLines = 1_000;

interface Change {
  start: number;
  end: number;
  lines: string[];
}

/** Undefined when an edit is not found or two overlap. */
function sideBySide(text: string, edits: readonly TextEdit[]): Edited | undefined {
  const lines = text.split(/(?<=\n)/);
  const applied: AppliedEdit[] = [];
  const changes: Change[] = [];
  for (const [index, { search, replace }] of edits.entries()) {
    const found = replaceOnce(text, search, replace);
    if (!found.ok) return undefined;
    applied.push({ index, line: found.line, method: found.method, similarity: found.similarity });
    const made = changesOf(lines, found.text.split(/(?<=\n)/));
    if (!made) return undefined;
    changes.push(...made);
  }
  const ordered = changes.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const touch = ordered.some((change, index) => index > 0 && change.start <= ordered[index - 1]!.end);
  if (touch) return undefined;
  for (const { start, end, lines: fresh } of ordered.toReversed()) lines.splice(start, end - start, ...fresh);
  return { ok: true, text: lines.join(""), applied };
}

/** Undefined when the diff would take too long. */
function changesOf(before: string[], after: string[]): Change[] | undefined {
  const changes: Change[] = [];
  let at = 0;
  const parts = diffArrays(before, after, { maxEditLength: maxChangedLines });
  if (!parts) return undefined;
  for (const part of parts) {
    const last = changes.at(-1);
    if (!part.added && !part.removed) {
      at += part.value.length;
      continue;
    }
    const change = last?.end === at ? last : { start: at, end: at, lines: [] };
    if (change !== last) changes.push(change);
    if (part.added) change.lines.push(...part.value);
    else {
      at += part.value.length;
      change.end = at;
    }
  }
  return changes;
}
