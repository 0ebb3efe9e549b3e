import type { Outputs } from "./outputs.ts";
import type { ToolOutput, ToolResult } from "./types.ts";

/** What of one tool result reaches the model (4.5). */
export const maxToolTextChars = 10_000;

/** First and last half with a note between them. */
export function truncateMiddle(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const half = Math.floor(maxChars / 2);
  return `${text.slice(0, half)}\n… ${text.length - 2 * half} characters left out …\n${text.slice(-half)}`;
}

/** Fields shown as plain text, in the order people read them (4.6). */
const textFields = ["stdout", "stderr", "output", "content", "diff"];
/** Known to the model already, or for people only. */
const hiddenFields = new Set(["success", "message", "suggestion", "file_path", "preview", "activity", "change", ...textFields]);

/** A result as the model reads it: sentences and raw text first, facts as JSON after them. */
export function toolText(result: ToolResult): string {
  return truncateMiddle(fullText(result), maxToolTextChars);
}

/** The same, with the whole kept for `read_output` when something had to be cut. */
export function toolTextKept(result: ToolResult, outputs: Outputs): string {
  const text = fullText(result);
  if (text.length <= maxToolTextChars) return text;
  const half = Math.floor((maxToolTextChars - 100) / 2);
  const id = outputs.keep(text);
  return `${text.slice(0, half)}\n… ${text.length - 2 * half} characters left out: read_output {"output_id": "${id}", "offset": ${half}} …\n${text.slice(-half)}`;
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
