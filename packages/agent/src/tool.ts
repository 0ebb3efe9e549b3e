import type { TObject } from "typebox";
import type { Tool, ToolOutput } from "./types.ts";

/** Checks a tool against its parameter type, and erases that type for lists of tools. */
export function defineTool<P extends TObject>(tool: Tool<P>): Tool {
  return tool as unknown as Tool;
}

/** Thrown by a tool for an expected failure: becomes a failed result, not a failed run. */
export class ToolFailure extends Error {
  override readonly name = "ToolFailure";
  readonly fields: Record<string, unknown>;
  constructor(message: string, fields: { suggestion?: string; [field: string]: unknown } = {}) {
    super(message);
    this.fields = fields;
  }
}

export function done(message: string, fields: Record<string, unknown> = {}): ToolOutput {
  return { ...fields, success: true, message };
}

export function failed(message: string, fields: Record<string, unknown> = {}): ToolOutput {
  return { ...fields, success: false, message };
}

/** Codes of the workspace whose messages may be shown to the project's owner. */
const workspaceCodes = new Set([
  "not_found",
  "exists",
  "is_directory",
  "not_directory",
  "too_large",
  "etag_mismatch",
  "outside_tree",
  "storage_full",
  "not_supported",
  "not_running",
  "unavailable",
  "aborted",
]);

/** The code of a workspace error; undefined for other errors. */
export function workspaceCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && workspaceCodes.has(code) ? code : undefined;
}

/** A message for the model and the person. Unknown errors are not quoted. */
export function failureMessage(error: unknown): string {
  if (error instanceof ToolFailure) return error.message;
  const code = workspaceCode(error);
  if (code === "etag_mismatch") return "The file was changed by someone else. Read it again.";
  if (code !== undefined && error instanceof Error) return error.message;
  return "The tool broke unexpectedly.";
}
