import type { StoredImage, ToolImage } from "./images.ts";

/** Where a call of a tool is in its run: the turn of the model, and the index among the calls of this turn. */
export interface CallPosition {
  iteration: number;
  index: number;
}

/** Arguments as displayed and stored; `{}` if the model's JSON is invalid. */
export type ToolParameters = Record<string, unknown>;

/** The output of a tool. `message` is for people. `success: false` is a failure that the model reads. */
export interface ToolOutput {
  success: boolean;
  message: string;
  suggestion?: string;
  /** For models with vision and for people. Only where `ToolContext.images` is present; never part of a `ToolResult`. */
  images?: readonly ToolImage[];
  [field: string]: unknown;
}

/** `error` is always set on failure. */
export interface ToolResult {
  success: boolean;
  tool: string;
  result?: ToolOutput;
  error?: string;
  images?: StoredImage[];
}
