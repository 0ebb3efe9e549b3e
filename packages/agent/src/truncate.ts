import type { Outputs } from "./outputs.ts";
import type { ToolOutput, ToolResult } from "./tool-call.ts";

/** How much text the model gets at once: characters and lines. Whichever is reached first counts. */
export interface TextLimits {
  chars: number;
  lines: number;
}

/** The most that a result has, in a large context window. */
const maxResultText: TextLimits = { chars: 50_000, lines: 2_000 };
/** The least that a result has, in a small context window. */
const minResultChars = 2_000;
/** One result takes at most an eighth of the context window, the results of one step at most half of it. */
const charsPerToken = 4;
const resultShare = 1 / 8;
const stepShare = 1 / 2;
/** What a tool says around a text of full length: its message, its details. */
const frame: TextLimits = { chars: 1_000, lines: 20 };

/** The limits of one result in a context window of so many tokens. Tools that page their output use them for a page. */
export function resultLimits(window: number): TextLimits {
  const chars = Math.floor(window * charsPerToken * resultShare);
  return { ...maxResultText, chars: Math.max(minResultChars, Math.min(maxResultText.chars, chars)) };
}

/** First and last half with a note between them. */
export function truncateMiddle(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const half = Math.floor(maxChars / 2);
  return `${text.slice(0, half)}\n… ${text.length - 2 * half} characters left out …\n${text.slice(-half)}`;
}

/** Beginning and end within the limits, with a note between them that says what is left out and, with `outputs`, how to read it. */
export function shorten(text: string, limits: TextLimits, outputs?: Outputs): string {
  if (fits(text, limits)) return text;
  const head = firstLines(text.slice(0, Math.floor(limits.chars / 2)), Math.floor(limits.lines / 2));
  const tail = lastLines(text.slice(Math.max(head.length, text.length - Math.floor(limits.chars / 2))), Math.floor(limits.lines / 2));
  const left = text.slice(head.length, text.length - tail.length);
  const lines = countLineBreaks(left);
  const what = lines === 0 ? `${left.length} characters` : `${lines} lines (${left.length} characters)`;
  const how = outputs ? `: read_output {"output_id": "${outputs.store(text)}", "offset": ${head.length}}` : "";
  return `${head}\n… ${what} left out${how} …\n${tail}`;
}

/** Whether the middle of this text was left out. */
export const isShortened = (text: string): boolean => /^… .+ left out(: read_output .+)? …$/m.test(text);

/** The beginning of `text` from `offset`, within the limits. */
export function pageOf(text: string, offset: number, limits: TextLimits): string {
  return firstLines(text.slice(offset, offset + limits.chars), limits.lines);
}

const fits = (text: string, limits: TextLimits): boolean => text.length <= limits.chars && countLineBreaks(text) < limits.lines;

function countLineBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function firstLines(text: string, lines: number): string {
  let end = -1;
  for (let count = 0; count < lines; count++) {
    end = text.indexOf("\n", end + 1);
    if (end === -1) return text;
  }
  return text.slice(0, end + 1);
}

function lastLines(text: string, lines: number): string {
  let start = text.length;
  for (let count = 0; count < lines; count++) {
    start = text.lastIndexOf("\n", start - 1);
    if (start <= 0) return text;
  }
  return text.slice(start + 1);
}

/** Fields shown as plain text, in this order. */
const textFields = ["stdout", "stderr", "output", "content", "diff", "diagnostics", "hook_feedback"];
/** Already known to the model, or only for people. */
const hiddenFields = new Set(["success", "message", "suggestion", "file_path", "preview", "activity", "change", ...textFields]);

const withFrame = ({ chars, lines }: TextLimits): TextLimits => ({ chars: chars + frame.chars, lines: lines + frame.lines });

/** A result as text for the model: messages and raw text first, other fields as JSON after them. */
export function toolText(result: ToolResult): string {
  return shorten(fullText(result), withFrame(maxResultText));
}

/** The results of one step as texts for the model. What is left out can be read with `read_output`. */
export function stepTexts(results: readonly ToolResult[], window: number, outputs: Outputs): string[] {
  const limits = resultLimits(window);
  const texts = results.map(fullText);
  const lengths = texts.map((text) => Math.min(text.length, limits.chars));
  const chars = fairShare(lengths, Math.max(minResultChars * texts.length, window * charsPerToken * stepShare));
  return texts.map((text) => shorten(text, withFrame({ ...limits, chars: Math.min(limits.chars, chars) }), outputs));
}

/** The largest length to which all texts can be cut so that together they fit into the room. */
function fairShare(lengths: readonly number[], room: number): number {
  let left = room;
  for (const [index, length] of lengths.toSorted((a, b) => a - b).entries()) {
    const share = left / (lengths.length - index);
    if (length > share) return Math.floor(share);
    left -= length;
  }
  return Infinity;
}

function fullText(result: ToolResult): string {
  const parts: string[] = [];
  if (!result.success) parts.push(`Error: ${result.error ?? "the tool failed"}`);
  const output: Partial<ToolOutput> = result.result ?? {};
  if (output.message !== undefined && (result.success || !result.error?.includes(output.message))) parts.push(output.message);
  if (output.suggestion !== undefined) parts.push(output.suggestion);
  for (const field of textFields) {
    const value = output[field];
    if (typeof value === "string" && value !== "") parts.push(value);
  }
  const rest = Object.entries(output).filter(([key]) => !hiddenFields.has(key));
  if (rest.length > 0) parts.push(JSON.stringify(Object.fromEntries(rest)));
  return parts.join("\n");
}
