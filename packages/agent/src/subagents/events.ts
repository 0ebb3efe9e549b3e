import type { CallPosition, ToolParameters } from "../tool-call.ts";

/**
 * Activity of a sub-agent: `started`, then per turn `text`* → `tool_started` → `step`, at last `finished`. Its file changes, approvals and model
 * calls are events of the run. Parameters are truncated, and the total size is bounded.
 */
export type SubagentEvent = {
  agent_id: string;
  name: string;
  /** The call of `invoke_subagent` in the run. */
  call: CallPosition;
} & (
  | { kind: "started"; task: string; is_resumed: boolean }
  | { kind: "text"; content: string }
  | { kind: "tool_started"; iteration: number; tools: { name: string; parameters: ToolParameters }[] }
  | ({ kind: "step" } & SubagentStep)
  | { kind: "finished"; success: boolean; message: string; iterations: number; tool_calls_made: number; duration_ms: number }
);

/** One turn of a sub-agent as it is shown and stored. */
export interface SubagentStep {
  iteration: number;
  text: string;
  tool_calls: { name: string; parameters: ToolParameters; success: boolean; message: string }[];
}
