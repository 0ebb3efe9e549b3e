import type { Outputs } from "./outputs.ts";
import type { ToolOutput, ToolResult } from "./types.ts";

/** Characters of one tool result that the model gets. */
export const maxToolTextChars = 10_000;

/** First and last half with a note between them. */
export function truncateMiddle(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const half = Math.floor(maxChars / 2);
  return `${text.slice(0, half)}\n… ${text.length - 2 * half} characters left out …\n${text.slice(-half)}`;
}

/** Fields shown as plain text, in this order. */
const textFields = ["stdout", "stderr", "output", "content", "diff"];
/** Already known to the model, or only for people. */
const hiddenFields = new Set(["success", "message", "suggestion", "file_path", "preview", "activity", "change", ...textFields]);

/** A result as text for the model: messages and raw text first, other fields as JSON after them. */
export function toolText(result: ToolResult): string {
  return truncateMiddle(fullText(result), maxToolTextChars);
}

/** The same, storing the full text for `read_output` when it is truncated. */
export function toolTextWithPaging(result: ToolResult, outputs: Outputs): string {
  const text = fullText(result);
  if (text.length <= maxToolTextChars) return text;
  const half = Math.floor((maxToolTextChars - 100) / 2);
  const id = outputs.store(text);
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
