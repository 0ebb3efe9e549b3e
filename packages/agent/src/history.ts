import { withSteering, type SteeredText } from "./steering.ts";
import { withAttachmentNames } from "./references.ts";
import { toolText, truncateMiddle } from "./truncate.ts";
import type { Message } from "./model-client.ts";
import type { AgentStep, HistoryMessage, HistoryStep, ToolResult } from "./types.ts";

/** Earlier messages that are sent again. */
const maxMessages = 20;
const maxFieldChars = 500;
/** Total size of tool results of earlier turns, newest first. Older steps keep one-line summaries. */
const maxResultChars = 40_000;

/** Earlier messages of the chat as the model gets them, oldest first. */
export function historyMessages(history: HistoryMessage[]): Message[] {
  const recent = history
    .filter((message) => message.content.trim() !== "" || (message.steps?.length ?? 0) > 0 || (message.attached?.length ?? 0) > 0)
    .slice(-maxMessages);
  let budget = maxResultChars;
  const groups = recent.toReversed().map((message): Message[] => {
    if (message.role === "user")
      return [
        {
          role: "user",
          content: withAttachmentNames(message.content, message.attached ?? []),
          ...(message.images?.length && { images: message.images }),
        },
      ];
    const steps = message.steps ?? [];
    const reversed = steps.toReversed().map((step) => {
      const results = resultsText(step);
      const isAffordable = results.length <= budget;
      budget -= isAffordable ? results.length : 0;
      return stepMessages(step, isAffordable ? results : "");
    });
    const final = message.content.trim();
    const isRepeated = final === "" || steps[steps.length - 1]?.response_text?.trim() === final;
    // Steps of old messages may have no iteration: then they count from one.
    const groups = reversed.toReversed().map((messages, index) => ({ iteration: steps[index]?.iteration ?? index + 1, messages }));
    return [...withSteering(groups, message.steered ?? []), ...(isRepeated ? [] : [assistant(message.content)])];
  });
  const messages = groups.toReversed().flat();
  // Some providers refuse a conversation that starts with the assistant.
  const start = messages.findIndex((message) => message.role === "user" && message.kind === undefined);
  return start === -1 ? [] : messages.slice(start);
}

function stepMessages(step: HistoryStep, results: string): Message[] {
  const lines = step.tool_calls.map((call, index) => {
    const result = resultAt(step, index);
    const note = result?.result?.message ?? result?.error ?? "";
    return `- ${call.name} ${result?.success ? "ok" : "failed"}${note === "" ? "" : `: ${note.slice(0, 200)}`}`;
  });
  const thought = step.thought?.trim() ? truncateMiddle(step.thought.trim(), maxFieldChars) : "";
  const text = [thought, step.response_text?.trim() ?? "", lines.length === 0 ? "" : `[tools used]\n${lines.join("\n")}`]
    .filter((part) => part !== "")
    .join("\n\n");
  const messages: Message[] = text === "" ? [] : [assistant(text)];
  if (results !== "") messages.push({ role: "user", content: `[tool results]\n${results}`, kind: "note" });
  return messages;
}

function resultsText(step: HistoryStep): string {
  return step.tool_calls
    .map((call, index) => {
      const result = resultAt(step, index);
      return result ? `${call.name}: ${truncateMiddle(toolText(result), maxFieldChars)}` : "";
    })
    .filter((text) => text !== "")
    .join("\n\n");
}

function resultAt(step: HistoryStep, index: number): ToolResult | undefined {
  return step.tool_results?.[index] ?? step.tool_calls[index]?.result;
}

function assistant(content: string): Message {
  return { role: "assistant", content, tool_calls: [] };
}

/** The committed steps of an interrupted run as conversation turns, with its steering messages. */
export function stepTurns(steps: AgentStep[], steered: readonly SteeredText[] = []): Message[] {
  return withSteering(
    steps.map((step) => ({ iteration: step.iteration, messages: turnsOfStep(step) })),
    steered,
  );
}

function turnsOfStep(step: AgentStep): Message[] {
  if (step.tool_calls.length === 0) return step.response_text.trim() === "" ? [] : [assistant(step.response_text)];
  const id = (index: number): string => `call_${step.iteration}_${index}`;
  return [
    {
      role: "assistant",
      content: step.response_text,
      tool_calls: step.tool_calls.map((call, index) => ({ id: id(index), name: call.name, arguments: JSON.stringify(call.parameters) })),
    },
    ...step.tool_calls.map((call, index): Message => {
      const result = step.tool_results[index] ?? { success: false, tool: call.name, error: "The result was lost." };
      return { role: "tool", tool_call_id: id(index), tool_name: call.name, content: toolText(result), is_error: !result.success };
    }),
  ];
}
