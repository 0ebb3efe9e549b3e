/** What models without function calling write around their words, their thoughts and their calls. All of it in lower case. */

/** Say that the task is done. */
export const completionTokens = [
  "task_complete",
  "complete_task_and_submit_final_output",
  "<task_complete>",
  "</task_complete>",
  "<task_complete/>",
  "<!-- task complete -->",
];
/** Stands around what is meant, and says nothing. */
const noise = ["<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|endoftext|>", "</s>", "<|end_of_turn|>", "<end_of_turn>", "<|end|>", "<|return|>", "</think>", "</thinking>", "</thought>", "</tool_call>", "</tool_calls>", "</function_calls>", "</function>", "<|assistant|>", "<|start|>assistant", "<｜end▁of▁sentence｜>"]; // prettier-ignore
/** Hidden thinking, and what ends it. */
export const thinkingMarks: Record<string, string> = {
  "<think>": "</think>",
  "<thinking>": "</thinking>",
  "<thought>": "</thought>",
  "<reasoning>": "</reasoning>",
  "<reflection>": "</reflection>",
  "<scratchpad>": "</scratchpad>",
  "[think]": "[/think]",
};
/** Marks behind which calls stand, and what ends them. Without an end: the reply's end. */
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
/** Begin a line and say what follows. */
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
/** Finds the next of all of them; it remembers where it is. */
export const literalPattern = new RegExp(literals.toSorted((a, b) => b.length - a.length).map((one) => one.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "gi"); // prettier-ignore
/** Beginnings of them: what may be one when more is heard. */
export const literalPrefixes = new Set(
  literals.flatMap((one) => Array.from({ length: one.length - 1 }, (_, index) => one.slice(0, index + 1))),
);
export const longestLiteral = Math.max(...literals.map((one) => one.length));
/** Code fences that hold calls whatever is in them, and those that may. */
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
