/** Markers that models without function calling write around text, reasoning and calls, in lower case. */

/** Mark the task as done. */
export const completionTokens = [
  "task_complete",
  "complete_task_and_submit_final_output",
  "<task_complete>",
  "</task_complete>",
  "<task_complete/>",
  "<!-- task complete -->",
];
/** Ignored. */
const noise = ["<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|endoftext|>", "</s>", "<|end_of_turn|>", "<end_of_turn>", "<|end|>", "<|return|>", "</think>", "</thinking>", "</thought>", "</tool_call>", "</tool_calls>", "</function_calls>", "</function>", "<|assistant|>", "<|start|>assistant", "<｜end▁of▁sentence｜>"]; // prettier-ignore
/** Markers of hidden reasoning, and their end. */
export const thinkingMarks: Record<string, string> = {
  "<think>": "</think>",
  "<thinking>": "</thinking>",
  "<thought>": "</thought>",
  "<reasoning>": "</reasoning>",
  "<reflection>": "</reflection>",
  "<scratchpad>": "</scratchpad>",
  "[think]": "[/think]",
};
/** Markers before calls, and their end; undefined: the end of the reply. */
export const callMarks: Record<string, string | undefined> = {
  "<tool_call>": "</tool_call>",
  "<tool_calls>": "</tool_calls>",
  "<tools>": "</tools>",
  "<function_call>": "</function_call>",
  "<function_calls>": "</function_calls>",
  "<function=": "</function>",
  '<invoke name="': "</invoke>",
  "<|tool_call|>": "<|/tool_call|>",
  "<|tool_call_start|>": "<|tool_call_end|>",
  "<|python_tag|>": "<|eom_id|>",
  "[tool_calls]": undefined,
  "<｜tool▁calls▁begin｜>": "<｜tool▁calls▁end｜>",
  "<|tool_calls_section_begin|>": "<|tool_calls_section_end|>",
};
/** Labels at the start of a line. */
export const labels: Record<string, "thought" | "answer" | "ignored" | "action"> = {
  "thought:": "thought",
  "thoughts:": "thought",
  "reasoning:": "thought",
  "action:": "action",
  "actions:": "answer",
  "answer:": "answer",
  "response:": "answer",
  "final answer:": "answer",
  "observation:": "ignored",
  "observations:": "ignored",
  "tool result:": "ignored",
  "tool results:": "ignored",
  "[tool results]": "ignored",
  "<tool_response>": "ignored",
  "<tool_result>": "ignored",
  "<function_results>": "ignored",
  "<|im_start|>": "ignored",
  "<|start_header_id|>": "ignored",
};
export const channelMark = "<|channel|>";
const literals = [
  ...completionTokens,
  ...noise,
  ...Object.keys(thinkingMarks),
  ...Object.keys(callMarks),
  ...Object.keys(labels),
  channelMark,
  "```",
  "{",
  "[",
];
/** Finds the next marker. Stateful (`lastIndex`). */
export const literalPattern = new RegExp(literals.toSorted((a, b) => b.length - a.length).map((one) => one.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "gi"); // prettier-ignore
/** Prefixes of markers, for incomplete input. */
export const literalPrefixes = new Set(
  literals.flatMap((one) => Array.from({ length: one.length - 1 }, (_, index) => one.slice(0, index + 1))),
);
export const longestLiteral = Math.max(...literals.map((one) => one.length));
/** Languages of code fences that always contain calls, and of those that may. */
export const callFences = new Set(["tool_code", "tool_call", "tool_calls", "tool", "function_call", "tool_use"]);
export const maybeCallFences = new Set([
  "",
  "json",
  "json5",
  "jsonc",
  "javascript",
  "js",
  "python",
  "xml",
  "text",
  "plaintext",
  "txt",
  "yaml",
]);
