import { ModelError } from "../model-error.ts";
import type { AssistantMessage, Message, ModelClient, ModelEvent, ModelRequest, ToolMessage } from "../model-client.ts";
import { textRules } from "./catalogue.ts";
import type { FoundCall } from "./find-calls.ts";
import { createQuotation } from "./quotation.ts";
import { createRepetitionGuard } from "./repetition.ts";
import { createReplyReader } from "./reply-reader.ts";

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
    throw new ModelError("model_error", "The connection to the model was lost before its answer was complete.", { retryable: true });
  const { pieces, calls, claimsDone } = reader.end(finish?.reason === "length");
  for (const piece of pieces) yield asEvent(piece);
  options.onCalls?.(calls);
  yield* callEvents(calls);
  yield {
    type: "finish",
    reason: calls.length > 0 ? "tool_calls" : isLooping ? "other" : (finish?.reason ?? "stop"),
    usage: finish?.usage ?? null,
    ...(claimsDone ? { claims_done: true } : {}),
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

/** Converts calls and results of the conversation to text. */
function asText(messages: readonly Message[], { isReAct }: TextToolsOptions): Message[] {
  const converted: Message[] = [];
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index]!;
    if (message.role === "user") converted.push(message);
    else if (message.role === "assistant") converted.push(assistantText(message));
    else {
      const results: ToolMessage[] = [];
      for (let next = messages[index]; next?.role === "tool"; next = messages[++index]) results.push(next);
      index--;
      converted.push({ role: "user", content: resultsText(results, isReAct ?? false), kind: "note" });
    }
  }
  return merged(converted);
}

function assistantText({ content, tool_calls }: AssistantMessage): AssistantMessage {
  if (tool_calls.length === 0) return { role: "assistant", content, tool_calls: [] };
  const calls = tool_calls.map((call) => `{"tool_name": ${JSON.stringify(call.name)}, "parameters": ${jsonOrEmpty(call.arguments)}}`);
  const json = calls.length === 1 ? calls[0]! : `[\n${calls.join(",\n")}\n]`;
  return {
    role: "assistant",
    content: [content.trim(), `\`\`\`json\n${json}\n\`\`\``].filter((part) => part !== "").join("\n\n"),
    tool_calls: [],
  };
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

function resultsText(results: readonly ToolMessage[], isReAct: boolean): string {
  const parts = results.map((result) => `${result.tool_name} (${result.is_error ? "failed" : "ok"}):\n${result.content}`);
  const next = isReAct ? "\n\nBegin your reply with THOUGHT:" : "";
  return `[tool results]\n${parts.join("\n\n")}${next}`;
}

/** Many chat templates reject consecutive messages of one role. */
function merged(messages: readonly Message[]): Message[] {
  const result: Message[] = [];
  for (const message of messages) {
    const last = result[result.length - 1];
    if (message.role === "user" && last?.role === "user" && message.kind !== undefined && last.kind !== undefined)
      result[result.length - 1] = { ...last, content: `${last.content}\n\n${message.content}` };
    else if (message.role === "assistant" && message.content.trim() === "") continue;
    else result.push(message);
  }
  return result;
}
