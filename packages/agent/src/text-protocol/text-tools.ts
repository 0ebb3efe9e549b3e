import { createReplyReader, textRules, type FoundCall } from "@tesslate/text-calls";
import { ModelError } from "../model-error.ts";
import {
  assistantMessage,
  callsOf,
  imagesOf,
  textOf,
  userMessage,
  type AssistantMessage,
  type ModelMessage,
  type ToolMessage,
  type UserMessage,
} from "../conversation.ts";
import type { ModelClient, ModelEvent, ModelRequest } from "../model-client.ts";
import { createQuotation } from "./quotation.ts";
import { createRepetitionGuard } from "./repetition.ts";

export interface TextToolsOptions {
  /** For a ReActAgent: every reply starts with its reasoning. */
  isReAct?: boolean;
  /** Called once per reply. */
  onCalls?(calls: readonly FoundCall[]): void;
}

/**
 * Function calling for models that have none: tools are described in the prompt, calls are parsed from the reply, results are sent as text. The loop sees an
 * ordinary client. The JSON of calls and reasoning is not shown. An unparsable call becomes one with invalid arguments, so that its result states the
 * error.
 */
export function withTextTools(client: ModelClient, options: TextToolsOptions = {}): ModelClient {
  return {
    async *stream(request, signal) {
      if (request.tools.length === 0) {
        yield* client.stream({ ...request, messages: asText(request.messages, options) }, signal);
        return;
      }
      yield* readingCalls(client, request, signal, options);
    },
  };
}

async function* readingCalls(
  client: ModelClient,
  request: ModelRequest,
  signal: AbortSignal,
  options: TextToolsOptions,
): AsyncGenerator<ModelEvent> {
  const reader = createReplyReader(request.tools, { isQuoted: createQuotation(request.messages) });
  const guard = createRepetitionGuard();
  const plain: ModelRequest = {
    ...request,
    system: `${request.system}\n\n${textRules(request.tools, options.isReAct ?? false)}`,
    messages: asText(request.messages, options),
    tools: [],
  };
  let finish: Extract<ModelEvent, { type: "finish" }> | undefined;
  let isLooping = false;
  for await (const event of client.stream(plain, signal)) {
    if (event.type === "text") {
      for (const piece of reader.push(event.delta)) yield asEvent(piece);
      isLooping = guard.isLooping(event.delta);
      if (isLooping) break;
    } else if (event.type === "reasoning") yield { type: "reasoning", delta: event.delta };
    else if (event.type === "finish") finish = event;
    // Native calls of a model that supports function calling after all.
    else yield event;
  }
  if (!finish && !isLooping)
    throw new ModelError("model_error", "The connection to the model was lost before its answer was complete.", {
      kind: "network",
      retryable: true,
    });
  const { pieces, calls, claimsDone } = reader.end(finish?.reason === "length");
  for (const piece of pieces) yield asEvent(piece);
  options.onCalls?.(calls);
  yield* callEvents(calls);
  yield {
    type: "finish",
    reason: calls.length > 0 ? "tool_calls" : isLooping ? "other" : (finish?.reason ?? "stop"),
    usage: finish?.usage ?? null,
    claims_done: claimsDone,
  };
}

function asEvent(piece: { type: "text" | "thought"; text: string }): ModelEvent {
  return piece.type === "text" ? { type: "text", delta: piece.text } : { type: "reasoning", delta: piece.text };
}

let serial = 0;
export function* callEvents(calls: readonly FoundCall[]): Generator<ModelEvent> {
  for (const call of calls) {
    const id = `text_${Date.now().toString(36)}_${++serial}`;
    yield { type: "tool_call_start", id, name: call.name };
    yield { type: "tool_call_end", id, arguments: call.arguments, ...(call.problem === undefined ? {} : { problem: call.problem }) };
  }
}

/** Converts calls and results of the conversation to text. Reasoning is left out: the format of replies does not have it. */
function asText(messages: readonly ModelMessage[], { isReAct }: TextToolsOptions): ModelMessage[] {
  return merged(
    messages.map((message) => {
      if (message.role === "user") return message;
      if (message.role === "assistant") return assistantText(message);
      const results = userMessage(resultsText(message, isReAct ?? false), "note");
      return { ...results, parts: [...imagesOf(message), ...results.parts] };
    }),
  );
}

function assistantText(message: AssistantMessage): AssistantMessage {
  const content = textOf(message);
  const calls = callsOf(message).map((call) => `{"tool_name": ${JSON.stringify(call.name)}, "parameters": ${jsonOrEmpty(call.arguments)}}`);
  if (calls.length === 0) return assistantMessage(content);
  const json = calls.length === 1 ? calls[0]! : `[\n${calls.join(",\n")}\n]`;
  return assistantMessage([content.trim(), `\`\`\`json\n${json}\n\`\`\``].filter((part) => part !== "").join("\n\n"));
}

/** An invalid call is shown as an empty one, because models imitate what they read. */
function jsonOrEmpty(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return "{}";
  }
}

function resultsText(results: ToolMessage, isReAct: boolean): string {
  const parts = results.parts.map((result) => {
    const images = result.content.flatMap((part) => (part.type === "image" ? `\n[The image ${part.name} is from this result.]` : []));
    return `${result.name} (${result.is_error ? "failed" : "ok"}):\n${textOf(result)}${images.join("")}`;
  });
  const next = isReAct ? "\n\nBegin your reply with THOUGHT:" : "";
  return `[tool results]\n${parts.join("\n\n")}${next}`;
}

const isFromPerson = ({ kind }: UserMessage): boolean => kind === undefined || kind === "steering";

/** Many chat templates reject consecutive messages of one role, and empty ones. */
function merged(messages: readonly ModelMessage[]): ModelMessage[] {
  const result: ModelMessage[] = [];
  for (const message of messages) {
    const last = result[result.length - 1];
    if (message.role === "user" && last?.role === "user" && !isFromPerson(message) && !isFromPerson(last)) {
      const text = userMessage(`${textOf(last)}\n\n${textOf(message)}`, last.kind);
      result[result.length - 1] = { ...text, parts: [...imagesOf(last), ...imagesOf(message), ...text.parts] };
    } else if (message.role === "assistant" && textOf(message).trim() === "") continue;
    else result.push(message);
  }
  return result;
}
