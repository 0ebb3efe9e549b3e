import { unansweredCalls, type Message, type ToolMessage, type ToolResultPart } from "./conversation.ts";
import { toolText } from "./truncate.ts";
import type { ToolResult } from "./tool-call.ts";

const interruptedResult =
  "The run was interrupted while this was running or about to run, and the result is lost. It may have taken effect: look before you make the call again.";

/**
 * Results for calls that an interrupted run left without, because providers refuse a call without its result. `known`: the results that are known, in the
 * order of the calls; their images have no data. Undefined when every call has its result.
 */
export function interruptedResults(record: readonly Message[], known: readonly ToolResult[] = []): ToolMessage | undefined {
  const calls = unansweredCalls(record);
  if (calls.length === 0) return undefined;
  return {
    role: "tool",
    parts: calls.map((call, index) => {
      const result = known[index] ?? { success: false, tool: call.name, error: interruptedResult };
      const text = toolText(result);
      const content: ToolResultPart["content"] = [{ type: "text", text }, ...(result.images ?? [])];
      return { type: "tool_result", call_id: call.id, name: call.name, content, is_error: !result.success };
    }),
  };
}
