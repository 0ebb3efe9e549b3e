import type { Answer } from "../playback.ts";
import type { FinishReason, ScriptImage, ScriptMessage, ScriptRequest, Usage } from "../script.ts";
import type { Listed } from "./wire.ts";
import {
  BadRequest,
  isObject,
  listOf,
  objectFrom,
  pictureOf,
  sse,
  textOf,
  type Json,
  type Meta,
  type Wire,
  type WireStream,
} from "./wire.ts";

/** Anthropic's messages API. */
export const anthropic: Wire = {
  read(body, _model): ScriptRequest {
    if (!isObject(body)) throw new BadRequest("The request body is not valid JSON.");
    if (typeof body.model !== "string") throw new BadRequest("model: Field required");
    if (typeof body.max_tokens !== "number") throw new BadRequest("max_tokens: Field required");
    if (!Array.isArray(body.messages) || body.messages.length === 0) throw new BadRequest("messages: at least one message is required");
    const messages: ScriptMessage[] = [];
    let waiting = new Set<string>();
    for (const [index, message] of listOf(body.messages).entries()) {
      const blocks = typeof message.content === "string" ? [{ type: "text", text: message.content }] : listOf(message.content);
      if (blocks.length === 0)
        throw new BadRequest(`messages.${index}: all messages must have non-empty content except for the optional final assistant message`);
      if (message.role === "user") waiting = readUser(blocks, index, waiting, messages);
      else if (message.role === "assistant") waiting = readAssistant(blocks, index, messages);
      else throw new BadRequest(`messages.${index}.role: Input should be 'user' or 'assistant'`);
    }
    if (waiting.size > 0) throw unanswered(listOf(body.messages).length - 1, waiting);
    checkThinking(body, body.max_tokens);
    return {
      protocol: "anthropic",
      model: body.model,
      stream: body.stream === true,
      wantsUsage: true,
      system:
        typeof body.system === "string"
          ? body.system
          : listOf(body.system)
              .map((block) => textOf(block.text))
              .join("\n\n"),
      messages,
      tools: listOf(body.tools).map((tool) => textOf(tool.name)),
    };
  },

  failure({ status, retryAfter, message, code }, requestId) {
    const [type, defaultMessage] = errors[status] ?? (status >= 500 ? errors[500]! : errors[400]!);
    const headers: Record<string, string> = { "request-id": requestId };
    if (retryAfter !== undefined) headers["retry-after"] = String(retryAfter);
    return {
      status,
      headers,
      body: { type: "error", error: { type: code ?? type, message: message ?? defaultMessage }, request_id: requestId },
    };
  },

  unauthorised(key, requestId) {
    const message = key ? "invalid x-api-key" : "x-api-key header is required";
    return { status: 401, body: { type: "error", error: { type: "authentication_error", message }, request_id: requestId } };
  },

  stream(meta): WireStream {
    let blockIndex = -1;
    let openType: "text" | "thinking" | "tool_use" | undefined;
    let hasCalls = false;
    const stop = () => {
      if (!openType) return "";
      const signature = openType === "thinking" ? delta({ type: "signature_delta", signature: "c2lnbmVkIGJ5IHRlc3RraXQ=" }) : "";
      openType = undefined;
      return `${signature}${sse({ type: "content_block_stop", index: blockIndex }, "content_block_stop")}`;
    };
    const start = (type: "text" | "thinking" | "tool_use", block: Json) => {
      const before = stop();
      openType = type;
      blockIndex += 1;
      return `${before}${sse({ type: "content_block_start", index: blockIndex, content_block: block }, "content_block_start")}`;
    };
    const delta = (fields: Json) => sse({ type: "content_block_delta", index: blockIndex, delta: fields }, "content_block_delta");
    return {
      start() {
        const message = {
          ...head(meta),
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { ...usageFields({ input: meta.input, output: 1 }) },
        };
        return `${sse({ type: "message_start", message }, "message_start")}${sse({ type: "ping" }, "ping")}`;
      },
      token(token) {
        switch (token.type) {
          case "text":
            return `${openType === "text" ? "" : start("text", { type: "text", text: "" })}${delta({ type: "text_delta", text: token.delta })}`;
          case "thinking":
            return `${openType === "thinking" ? "" : start("thinking", { type: "thinking", thinking: "", signature: "" })}${delta({ type: "thinking_delta", thinking: token.delta })}`;
          case "call_start":
            hasCalls = true;
            return `${start("tool_use", { type: "tool_use", id: `toolu_${token.id}`, name: token.name, input: {} })}${delta({ type: "input_json_delta", partial_json: "" })}`;
          case "call_delta":
            return delta({ type: "input_json_delta", partial_json: token.delta });
          case "call_end":
            return stop();
        }
      },
      end(reason, usage) {
        const changes = { stop_reason: stopReason(reason, hasCalls), stop_sequence: null };
        return `${stop()}${sse({ type: "message_delta", delta: changes, usage: usageFields(usage) }, "message_delta")}${sse({ type: "message_stop" }, "message_stop")}`;
      },
      error: (failure) => sse(anthropic.failure(failure, meta.id).body, "error"),
    };
  },

  whole(answer: Answer, meta, reason, usage) {
    const content: Json[] = [];
    if (answer.thinking) content.push({ type: "thinking", thinking: answer.thinking, signature: "c2lnbmVkIGJ5IHRlc3RraXQ=" });
    if (answer.text) content.push({ type: "text", text: answer.text });
    for (const made of answer.calls) {
      content.push({ type: "tool_use", id: `toolu_${made.id}`, name: made.name, input: objectFrom(made.arguments) ?? {} });
    }
    return {
      ...head(meta),
      content,
      stop_reason: stopReason(reason, answer.calls.length > 0),
      stop_sequence: null,
      usage: usageFields(usage),
    };
  },
};

const errors: Record<number, [type: string, message: string]> = {
  400: ["invalid_request_error", "Invalid request"],
  401: ["authentication_error", "invalid x-api-key"],
  403: ["permission_error", "Your API key does not have permission to use the specified resource."],
  404: ["not_found_error", "Not found"],
  413: ["request_too_large", "Request exceeds the maximum size"],
  429: ["rate_limit_error", "This request would exceed your account's rate limit. Please try again later."],
  500: ["api_error", "Internal server error"],
  529: ["overloaded_error", "Overloaded"],
};

const head = (meta: Meta) => ({ id: `msg_${meta.id}`, type: "message", role: "assistant", model: meta.model });

const stopReason = (reason: FinishReason | undefined, hasCalls: boolean) => {
  if (reason === "length") return "max_tokens";
  if (reason === "content_filter") return "refusal";
  return hasCalls && reason === undefined ? "tool_use" : "end_turn";
};

/** Anthropic counts cached tokens separately from the input. */
const usageFields = ({ input, output, cached }: Usage) => ({
  input_tokens: input - (cached ?? 0),
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: cached ?? 0,
  output_tokens: output,
});

const unanswered = (index: number, ids: Set<string>) =>
  new BadRequest(
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${[...ids].join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  );

/** With a budget of thinking, the model's turn must begin with it; its tool calls and their results do not end the turn. */
function checkThinking({ thinking, messages }: Json, maxTokens: number): void {
  if (!isObject(thinking) || thinking.type !== "enabled") return;
  const budget = Number(thinking.budget_tokens);
  if (!(budget >= 1_024)) throw new BadRequest("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
  if (budget >= maxTokens) throw new BadRequest("`max_tokens` must be greater than `thinking.budget_tokens`.");
  const said = listOf(messages);
  const hasType = (message: Json | undefined, type: string) => listOf(message?.content).some((block) => block.type === type);
  let index = said.findLastIndex(({ role }) => role === "assistant");
  if (!hasType(said[index], "tool_use")) return;
  while (hasType(said[index - 1], "tool_result") && hasType(said[index - 2], "tool_use")) index -= 2;
  const first = listOf(said[index]?.content)[0]?.type;
  if (first !== "thinking" && first !== "redacted_thinking")
    throw new BadRequest(
      `messages.${index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${String(first)}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceding the lastmost set of \`tool_use\` and \`tool_result\` blocks).`,
    );
}

function imageOf(block: Json, place: string): ScriptImage {
  const source = isObject(block.source) ? block.source : {};
  if (source.type !== "base64") throw new BadRequest(`${place}.image.source.type: Input should be 'base64'`);
  return pictureOf(source.media_type, source.data);
}

function readUser(blocks: Json[], index: number, waiting: Set<string>, messages: ScriptMessage[]): Set<string> {
  let images: ScriptImage[] = [];
  for (const [at, block] of blocks.entries()) {
    if (block.type === "image") images.push(imageOf(block, `messages.${index}.content.${at}`));
    else if (block.type === "tool_result") {
      const callId = textOf(block.tool_use_id);
      if (!waiting.delete(callId)) {
        throw new BadRequest(
          `messages.${index}.content.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${callId}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
        );
      }
      const text =
        typeof block.content === "string"
          ? block.content
          : listOf(block.content)
              .map((part) => textOf(part.text))
              .join("");
      const shown = listOf(block.content).flatMap((part, partAt) =>
        part.type === "image" ? [imageOf(part, `messages.${index}.content.${at}.tool_result.content.${partAt}`)] : [],
      );
      messages.push({ role: "tool", callId, text, ...(shown.length > 0 && { images: shown }) });
    } else if (block.type === "text") {
      if (textOf(block.text).trim() === "") throw new BadRequest("messages: text content blocks must be non-empty");
      messages.push({ role: "user", text: textOf(block.text), ...(images.length > 0 && { images }) });
      images = [];
    }
  }
  if (waiting.size > 0) throw unanswered(index - 1, waiting);
  return new Set();
}

function readAssistant(blocks: Json[], index: number, messages: ScriptMessage[]): Set<string> {
  const calls: Extract<ScriptMessage, { role: "assistant" }>["calls"] = [];
  let text = "";
  for (const [at, block] of blocks.entries()) {
    if (block.type === "text") {
      if (textOf(block.text).trim() === "") throw new BadRequest("messages: text content blocks must be non-empty");
      text += textOf(block.text);
    } else if (block.type === "tool_use") {
      if (!isObject(block.input))
        throw new BadRequest(`messages.${index}.content.${at}.tool_use.input: Input should be a valid dictionary`);
      if (!/^[a-zA-Z0-9_-]+$/.test(textOf(block.id)))
        throw new BadRequest(`messages.${index}.content.${at}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
      calls.push({ id: textOf(block.id), name: textOf(block.name), arguments: JSON.stringify(block.input) });
    }
  }
  messages.push({ role: "assistant", text, calls });
  return new Set(calls.map((made) => made.id));
}

/** `GET /v1/models` when requested with an `anthropic-version`. */
export const anthropicModels = (models: readonly Listed[]) => ({
  data: models.map(({ id, windows }) => ({
    type: "model",
    id,
    display_name: id,
    created_at: "2026-01-01T00:00:00Z",
    ...(windows && { max_input_tokens: windows.most, max_tokens: 64_000 }),
  })),
  has_more: false,
  first_id: models[0]?.id ?? null,
  last_id: models.at(-1)?.id ?? null,
});
