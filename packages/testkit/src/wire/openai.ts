import type { Answer } from "../playback.ts";
import type { FinishReason, ScriptImage, ScriptMessage, ScriptRequest, Usage } from "../script.ts";
import { BadRequest, isObject, listOf, pictureOf, sse, textOf, type Failure, type Meta, type Wire, type WireStream } from "./wire.ts";

/** OpenAI's chat completions, also as copied by other providers. */
export const openai: Wire = {
  read(body, _model): ScriptRequest {
    if (!isObject(body)) throw new BadRequest("We could not parse the JSON body of your request.");
    if (typeof body.model !== "string") throw new BadRequest("you must provide a model parameter");
    if (!Array.isArray(body.messages) || body.messages.length === 0)
      throw new BadRequest("Invalid 'messages': empty array. Expected an array with minimum length 1.");
    const messages: ScriptMessage[] = [];
    const system: string[] = [];
    for (const message of listOf(body.messages)) {
      const text = contentOf(message.content);
      if (message.role === "system" || message.role === "developer") system.push(text);
      else if (message.role === "user") messages.push({ role: "user", text, ...imagesOf(message.content) });
      else if (message.role === "tool") messages.push({ role: "tool", callId: textOf(message.tool_call_id), text });
      else if (message.role === "assistant") messages.push({ role: "assistant", text, calls: listOf(message.tool_calls).map(callOf) });
      else
        throw new BadRequest(
          `Invalid value: '${String(message.role)}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
        );
    }
    checkCalls(messages);
    const options = isObject(body.stream_options) ? body.stream_options : {};
    return {
      protocol: "openai",
      model: body.model,
      stream: body.stream === true,
      wantsUsage: options.include_usage === true,
      system: system.join("\n\n"),
      messages,
      tools: listOf(body.tools).map((tool) => (isObject(tool.function) ? textOf(tool.function.name) : "")),
    };
  },

  failure({ status, retryAfter, message, code }, requestId) {
    const [defaultMessage, type, defaultCode] = errors[status] ?? (status >= 500 ? errors[500]! : errors[400]!);
    const headers: Record<string, string> = { "x-request-id": requestId };
    if (retryAfter !== undefined) headers["retry-after"] = String(retryAfter);
    return { status, headers, body: { error: { message: message ?? defaultMessage, type, param: null, code: code ?? defaultCode } } };
  },

  unauthorised(key) {
    const message = key
      ? `Incorrect API key provided: ${masked(key)}. You can find your API key at https://platform.openai.com/account/api-keys.`
      : "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
    return { status: 401, body: { error: { message, type: "invalid_request_error", param: null, code: key ? "invalid_api_key" : null } } };
  },

  stream(meta): WireStream {
    const chunk = (delta: object, reason: string | null = null) =>
      sse({
        ...head(meta, "chat.completion.chunk"),
        choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
        ...(meta.wantsUsage ? { usage: null } : {}),
      });
    let hasCalls = false;
    return {
      start: () => chunk({ role: "assistant", content: "", refusal: null }),
      token(token) {
        if (token.type === "text") return chunk({ content: token.delta });
        if (token.type === "thinking") return chunk({ reasoning_content: token.delta });
        if (token.type === "call_end") return "";
        hasCalls = true;
        return token.type === "call_start"
          ? chunk({
              tool_calls: [{ index: token.index, id: `call_${token.id}`, type: "function", function: { name: token.name, arguments: "" } }],
            })
          : chunk({ tool_calls: [{ index: token.index, function: { arguments: token.delta } }] });
      },
      end(reason, usage) {
        const last = chunk({}, finishOf(reason, hasCalls));
        const counts = meta.wantsUsage ? sse({ ...head(meta, "chat.completion.chunk"), choices: [], usage: usageFields(usage) }) : "";
        return `${last}${counts}data: [DONE]\n\n`;
      },
      error: (failure) => sse(openai.failure(failure, meta.id).body),
    };
  },

  whole(answer: Answer, meta, reason, usage) {
    const calls = answer.calls.map((made) => ({
      id: `call_${made.id}`,
      type: "function",
      function: { name: made.name, arguments: made.arguments },
    }));
    return {
      ...head(meta, "chat.completion"),
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: answer.text || null,
            ...(answer.thinking ? { reasoning_content: answer.thinking } : {}),
            ...(calls.length > 0 ? { tool_calls: calls } : {}),
            refusal: null,
          },
          logprobs: null,
          finish_reason: finishOf(reason, calls.length > 0),
        },
      ],
      usage: usageFields(usage),
    };
  },
};

const errors: Record<number, [message: string, type: string, code: string | null]> = {
  400: ["Invalid request.", "invalid_request_error", null],
  401: ["Incorrect API key provided.", "invalid_request_error", "invalid_api_key"],
  403: ["You are not allowed to sample from this model", "invalid_request_error", "model_not_available"],
  404: ["The model does not exist or you do not have access to it.", "invalid_request_error", "model_not_found"],
  413: ["Request too large.", "invalid_request_error", "request_too_large"],
  429: ["Rate limit reached for requests. Please try again later.", "requests", "rate_limit_exceeded"],
  500: ["The server had an error while processing your request. Sorry about that!", "server_error", null],
  503: ["The server is currently overloaded with other requests. Sorry about that! You can retry your request.", "server_error", null],
};

const head = (meta: Meta, object: string) => ({
  id: `chatcmpl-${meta.id}`,
  object,
  created: meta.created,
  model: meta.model,
  system_fingerprint: "fp_testkit",
});

const finishOf = (reason: FinishReason | undefined, hasCalls: boolean) => reason ?? (hasCalls ? "tool_calls" : "stop");

const usageFields = ({ input, output, cached }: Usage) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached ?? 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
});

const masked = (key: string) =>
  key.length <= 8 ? "*".repeat(key.length) : `${key.slice(0, 4)}${"*".repeat(key.length - 8)}${key.slice(-4)}`;

const contentOf = (content: unknown): string =>
  typeof content === "string"
    ? content
    : listOf(content)
        .map((part) => textOf(part.text))
        .join("");

const callOf = (made: Record<string, unknown>) => {
  const fn = isObject(made.function) ? made.function : {};
  return { id: textOf(made.id), name: textOf(fn.name), arguments: textOf(fn.arguments) };
};

/** Every call must have a result before any other message, and every result a call. */
function checkCalls(messages: ScriptMessage[]): void {
  let waiting = new Set<string>();
  const refuseWaiting = () => {
    if (waiting.size === 0) return;
    throw new BadRequest(
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...waiting].join(", ")}`,
    );
  };
  for (const message of messages) {
    if (message.role === "tool") {
      if (!waiting.delete(message.callId)) {
        throw new BadRequest("Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.");
      }
      continue;
    }
    refuseWaiting();
    waiting = new Set(message.role === "assistant" ? message.calls.map((made) => made.id) : []);
  }
  refuseWaiting();
}

/** `GET /v1/models`. */
export const openaiModels = (models: string[]) => ({
  object: "list",
  data: models.map((id) => ({ id, object: "model", created: 1_750_000_000, owned_by: "testkit" })),
});

/** `fail()` for a model that is not on the list. */
export const unknownModel = (model: string): Omit<Failure, "kind" | "times"> => ({
  status: 404,
  message: `The model \`${model}\` does not exist or you do not have access to it.`,
  code: "model_not_found",
});

/** Images are parts with a data URL. */
function imagesOf(content: unknown): { images?: ScriptImage[] } {
  const images = listOf(content).flatMap((part) => {
    if (part.type === "text") return [];
    if (part.type !== "image_url" || !isObject(part.image_url))
      throw new BadRequest(`Invalid value: '${String(part.type)}'. Supported values are: 'text', 'image_url', 'input_audio' and 'file'.`);
    const [, type, data] = /^data:([^;,]+);base64,(.*)$/s.exec(textOf(part.image_url.url)) ?? [];
    return [pictureOf(type, data)];
  });
  return images.length === 0 ? {} : { images };
}
