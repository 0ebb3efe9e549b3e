import type { DeploymentStep } from "@tesslate/contract";
import { plainLine } from "../../lib/ansi.ts";
import { shownStepOf, type ShownStep } from "../../project/deployment-steps.ts";

/** A line of a deployment: `[ISO] text` on the wire. */
export interface DeployLine {
  key: number;
  /** ISO; undefined where the line has no time. */
  at: string | undefined;
  text: string;
  /** The step that starts with this line. */
  step: ShownStep | undefined;
}

const stamp = /^\[(\d{4}-\d\d-\d\dT[^\]\s]+)\]\s?/;
/** The title in "== Install ==". */
const heading = /^=+\s*(.+?)\s*=+$/;
/** Longer lines are cut, so that they do not slow down the page. */
const longestText = 4000;

/** `stepKey`: the step that starts with this line. */
export function parseLogLine(raw: string, key: number, stepKey?: DeploymentStep): DeployLine {
  const [head, at] = stamp.exec(raw) ?? [];
  const plain = plainLine(head === undefined ? raw : raw.slice(head.length));
  const text = plain.length > longestText ? `${plain.slice(0, longestText)} …` : plain;
  if (stepKey === undefined) return { key, at, text, step: undefined };
  return { key, at, text: heading.exec(text)?.[1] ?? text, step: shownStepOf[stepKey] };
}

/** The step that started last. */
export const currentStep = (lines: readonly DeployLine[]): ShownStep | undefined => lines.findLast(({ step }) => step !== undefined)?.step;

/** The text for copying and downloading. */
export const textOf = (lines: readonly DeployLine[]): string =>
  lines.map(({ at, text, step }) => [at?.slice(11, 19), step ? `== ${text} ==` : text].filter(Boolean).join(" ")).join("\n");
