import type { TObject } from "typebox";
import type { Tool, ToolOutput } from "./types.ts";

/** Checks a tool's types where it is written, and forgets its parameter type where it is listed. */
export function defineTool<P extends TObject>(tool: Tool<P>): Tool {
  return tool as unknown as Tool;
}

/** Thrown inside a tool to answer "this did not work": becomes a failed result, never a failed run. */
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

/** Codes whose messages the workspace promises to be fit for the project's owner. */
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

/** The workspace's own error code, if it is one of its errors. */
export function workspaceCode(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && workspaceCodes.has(code) ? code : undefined;
}

/** A sentence for the model and the person. What is not known to be harmless is not quoted. */
export function failureMessage(error: unknown): string {
  if (error instanceof ToolFailure) return error.message;
  const code = workspaceCode(error);
  if (code === "etag_mismatch") return "The file was changed by somebody else meanwhile. Read it again.";
  if (code !== undefined && error instanceof Error) return error.message;
  return "The tool broke unexpectedly.";
}
