import { plainLine } from "../../lib/ansi.ts";
import { shownStep, type ShownStep } from "../../project/deployment-steps.ts";

/** A line of a deployment: `[ISO] text` on the wire. */
export interface DeployLine {
  key: number;
  /** ISO; undefined where the line has no time. */
  at: string | undefined;
  text: string;
  /** The step that starts with this line. */
  step: ShownStep | undefined;
  /** As the server names it: "Install". */
  stepWord: string | undefined;
}

const stamp = /^\[(\d{4}-\d\d-\d\dT[^\]\s]+)\]\s?/;
/** "== Install ==", "--- Build", "▸ Launch gate". */
const marker = /^(?:={2,}|-{3,}|▸|▶|»|#+)\s*(.+?)\s*(?:={2,}|-{3,})?$/;
/** Longer lines are cut, so that they do not slow down the page. */
const longestText = 4000;

export function lineOf(raw: string, key: number): DeployLine {
  const [head, at] = stamp.exec(raw) ?? [];
  const plain = plainLine(head === undefined ? raw : raw.slice(head.length));
  const text = plain.length > longestText ? `${plain.slice(0, longestText)} …` : plain;
  const word = marker.exec(text)?.[1];
  const step = shownStep(word);
  return { key, at, text: step === undefined ? text : (word ?? text), step, stepWord: step === undefined ? undefined : word };
}

/** The step that started last. */
export const begunOf = (lines: readonly DeployLine[]): ShownStep | undefined => lines.findLast(({ step }) => step !== undefined)?.step;

/** The text for copying and downloading. */
export const textOf = (lines: readonly DeployLine[]): string =>
  lines.map(({ at, text, step }) => [at?.slice(11, 19), step ? `== ${text} ==` : text].filter(Boolean).join(" ")).join("\n");

/** "14:16:04", in the reader's time zone. */
export function clockOf(at: string | undefined): string {
  const date = at === undefined ? undefined : new Date(at);
  return date && !Number.isNaN(date.getTime()) ? date.toLocaleTimeString("en-GB") : "";
}
