/**
 * Builds the record of a chat from its messages and steps. Only for chats from before records were kept: from then on the record is stored as it was said.
 * Of older answers it has what requests had then: texts, one line per call, and the beginnings and ends of the newest results.
 */
import { assistantMessage, steeringMessage, userMessage, type Message, type UserMessage } from "./conversation.ts";
import type { AttachedFile } from "./attached-file.ts";
import type { ImagePart } from "./images.ts";
import { withAttachmentNames } from "./references.ts";
import { toolText, truncateMiddle } from "./truncate.ts";
import type { AgentStep } from "./events.ts";
import type { ToolParameters, ToolResult } from "./tool-call.ts";

export interface HistoryMessage {
  role: "user" | "assistant";
  content: string;
  images?: ImagePart[];
  attached?: readonly AttachedFile[];
  /** Of an assistant message. */
  steps?: HistoryStep[];
  /** Steering messages sent during the run of this answer. */
  steered?: SteeredText[];
}
export interface HistoryStep {
  iteration?: number;
  thought?: string | null;
  response_text?: string;
  tool_calls: { name: string; parameters: ToolParameters; result?: ToolResult }[];
  tool_results?: ToolResult[];
}
/** A steering message, and the iteration of the model call that got it first. */
export interface SteeredText {
  iteration: number;
  text: string;
}

/** Earlier messages that are sent again. */
const maxMessages = 20;
const maxFieldChars = 500;
/** Total size of tool results of earlier turns, newest first. Older steps keep one-line summaries. */
const maxResultChars = 40_000;

/** What each of these messages, oldest first, gives to the record; nothing for empty ones and for those before the last twenty. */
export function recordOfHistory(history: readonly HistoryMessage[]): Message[][] {
  const recent = history
    .filter((message) => message.content.trim() !== "" || (message.steps?.length ?? 0) > 0 || (message.attached?.length ?? 0) > 0)
    .slice(-maxMessages);
  let budget = maxResultChars;
  const groups = recent.toReversed().map((message): Message[] => {
    if (message.role === "user") return [recordOfQuestion(message)];
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
    return [...withSteering(groups, message.steered ?? []), ...(isRepeated ? [] : [assistantMessage(message.content)])];
  });
  // Some providers refuse a conversation that starts with the assistant.
  const start = recent.findIndex((message) => message.role === "user");
  const given = new Map(
    groups.toReversed().map((messages, index) => [recent[index], start === -1 || index < start ? [] : messages] as const),
  );
  return history.map((message) => given.get(message) ?? []);
}

/** The person's message, with the names of its attachments. */
export function recordOfQuestion({ content, attached, images }: Omit<HistoryMessage, "role">): UserMessage {
  const message = userMessage(withAttachmentNames(content, attached ?? []));
  return { ...message, parts: [...(images ?? []), ...message.parts] };
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
  const messages: Message[] = text === "" ? [] : [assistantMessage(text)];
  if (results !== "") messages.push(userMessage(`[tool results]\n${results}`, "note"));
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

/** The committed steps of an unfinished answer, with its steering messages. Images have no data. */
export function recordOfSteps(steps: readonly AgentStep[], steered: readonly SteeredText[] = []): Message[] {
  return withSteering(
    steps.map((step) => ({ iteration: step.iteration, messages: messagesOfStep(step) })),
    steered,
  );
}

function messagesOfStep(step: AgentStep): Message[] {
  if (step.tool_calls.length === 0) return step.response_text.trim() === "" ? [] : [assistantMessage(step.response_text)];
  const id = (index: number): string => `call_${step.iteration}_${index}`;
  return [
    assistantMessage(
      step.response_text,
      step.tool_calls.map((call, index) => ({ id: id(index), name: call.name, arguments: JSON.stringify(call.parameters) })),
    ),
    {
      role: "tool",
      parts: step.tool_calls.map((call, index) => {
        const result = step.tool_results[index] ?? { success: false, tool: call.name, error: "The result was lost." };
        return {
          type: "tool_result",
          call_id: id(index),
          name: call.name,
          content: [{ type: "text", text: toolText(result) }, ...(result.images ?? [])],
          is_error: !result.success,
        };
      }),
    },
  ];
}

/** Inserts steering messages: each before the step of its iteration, or at the end when that step was not finished. */
function withSteering(groups: readonly { iteration: number; messages: Message[] }[], steered: readonly SteeredText[]): Message[] {
  const left = steered.toSorted((a, b) => a.iteration - b.iteration);
  const steeringBefore = (iteration: number): Message[] => {
    const end = left.findIndex((one) => one.iteration > iteration);
    return left.splice(0, end === -1 ? left.length : end).map((one) => steeringMessage(one.text));
  };
  const turns = groups.flatMap(({ iteration, messages }) => [...steeringBefore(iteration), ...messages]);
  return [...turns, ...left.map((one) => steeringMessage(one.text))];
}
