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

/** Google's generateContent and streamGenerateContent. */
export const google: Wire = {
  read(body, model): ScriptRequest {
    if (!isObject(body)) throw new BadRequest("Invalid JSON payload received.");
    if (!Array.isArray(body.contents) || body.contents.length === 0)
      throw new BadRequest("* GenerateContentRequest.contents: contents is not specified");
    const messages: ScriptMessage[] = [];
    let waiting: string[] = [];
    for (const content of listOf(body.contents)) {
      const parts = listOf(content.parts);
      const responses = parts.filter((part) => isObject(part.functionResponse));
      if (waiting.length > 0 && responses.length !== waiting.length) {
        throw new BadRequest(
          "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
        );
      }
      waiting = content.role === "model" ? readModel(parts, messages) : readUserParts(parts, waiting, messages);
    }
    const system = isObject(body.systemInstruction) ? listOf(body.systemInstruction.parts) : [];
    return {
      protocol: "google",
      model: model ?? "",
      stream: false,
      wantsUsage: true,
      system: system.map((part) => textOf(part.text)).join("\n\n"),
      messages,
      tools: listOf(body.tools).flatMap((tool) => listOf(tool.functionDeclarations).map((declared) => textOf(declared.name))),
    };
  },

  failure({ status, retryAfter, message, code }) {
    const [name, defaultMessage] = errors[status] ?? (status >= 500 ? errors[500]! : errors[400]!);
    const details = retryAfter === undefined ? [] : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryAfter}s` }];
    const headers: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
    return {
      status,
      headers,
      body: {
        error: { code: status, message: message ?? defaultMessage, status: code ?? name, ...(details.length > 0 ? { details } : {}) },
      },
    };
  },

  unauthorised(key) {
    // Google responds to a wrong key with 400, not 401.
    if (key) {
      const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID", domain: "googleapis.com" }];
      const message = "API key not valid. Please pass a valid API key.";
      return { status: 400, body: { error: { code: 400, message, status: "INVALID_ARGUMENT", details } } };
    }
    const message =
      "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.";
    return { status: 403, body: { error: { code: 403, message, status: "PERMISSION_DENIED" } } };
  },

  stream(meta): WireStream {
    let call: { id: string; name: string; json: string } | undefined;
    let isMalformed = false;
    const chunk = (parts: Json[], rest: Json = {}, counts: Usage = { input: meta.input, output: 0 }) =>
      sse(envelope(meta, [{ ...(parts.length > 0 ? { content: { parts, role: "model" } } : {}), ...rest, index: 0 }], counts));
    return {
      start: () => "",
      token(token) {
        switch (token.type) {
          case "text":
            return chunk([{ text: token.delta }]);
          case "thinking":
            return chunk([{ text: token.delta, thought: true }]);
          case "call_start":
            call = { id: token.id, name: token.name, json: "" };
            return "";
          case "call_delta":
            if (call) call.json += token.delta;
            return "";
          case "call_end": {
            const part = call && callPart(call.id, call.name, call.json);
            call = undefined;
            if (!part) isMalformed = true;
            return part ? chunk([part]) : "";
          }
        }
      },
      end: (reason, usage) =>
        isMalformed
          ? chunk([], { finishReason: "MALFORMED_FUNCTION_CALL", finishMessage: "Malformed function call" }, usage)
          : chunk([{ text: "" }], { finishReason: finishOf(reason) }, usage),
      error: (failure) => sse(google.failure(failure, meta.id).body),
    };
  },

  whole(answer: Answer, meta, reason, usage) {
    const parts: Json[] = [];
    if (answer.thinking) parts.push({ text: answer.thinking, thought: true });
    if (answer.text) parts.push({ text: answer.text });
    const calls = answer.calls.map((made) => callPart(made.id, made.name, made.arguments));
    if (calls.includes(undefined)) return envelope(meta, [{ finishReason: "MALFORMED_FUNCTION_CALL", index: 0 }], usage);
    parts.push(...calls.filter((part) => part !== undefined));
    return envelope(meta, [{ content: { parts, role: "model" }, finishReason: finishOf(reason), index: 0 }], usage);
  },
};

const errors: Record<number, [status: string, message: string]> = {
  400: ["INVALID_ARGUMENT", "Request contains an invalid argument."],
  401: ["UNAUTHENTICATED", "Request had invalid authentication credentials."],
  403: ["PERMISSION_DENIED", "The caller does not have permission"],
  404: ["NOT_FOUND", "models/unknown is not found for API version v1beta, or is not supported for generateContent."],
  429: ["RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."],
  500: ["INTERNAL", "An internal error has occurred. Please retry."],
  503: ["UNAVAILABLE", "The model is overloaded. Please try again later."],
};

const finishOf = (reason: FinishReason | undefined) =>
  reason === "length" ? "MAX_TOKENS" : reason === "content_filter" ? "SAFETY" : "STOP";

const callPart = (id: string, name: string, json: string): Json | undefined => {
  const args = objectFrom(json);
  return args && { functionCall: { id, name, args }, thoughtSignature: "c2lnbmVkIGJ5IHRlc3RraXQ=" };
};

const envelope = (meta: Meta, candidates: Json[], { input, output, cached }: Usage) => ({
  candidates,
  usageMetadata: {
    promptTokenCount: input,
    candidatesTokenCount: output,
    totalTokenCount: input + output,
    ...(cached ? { cachedContentTokenCount: cached } : {}),
  },
  modelVersion: meta.model,
  responseId: meta.id,
});

function readModel(parts: Json[], messages: ScriptMessage[]): string[] {
  const calls = parts
    .map((part) => part.functionCall)
    .filter(isObject)
    .map((made) => ({ id: textOf(made.id) || textOf(made.name), name: textOf(made.name), arguments: JSON.stringify(made.args ?? {}) }));
  const text = parts
    .filter((part) => part.thought !== true)
    .map((part) => textOf(part.text))
    .join("");
  messages.push({ role: "assistant", text, calls });
  return calls.map((made) => made.id);
}

/** Results are in the order of the calls; ids were added later to this protocol and may be missing. */
function readUserParts(parts: Json[], waiting: string[], messages: ScriptMessage[]): string[] {
  let answered = 0;
  let images: ScriptImage[] = [];
  for (const part of parts) {
    if (isObject(part.inlineData)) {
      images.push(pictureOf(part.inlineData.mimeType, part.inlineData.data));
      continue;
    }
    if (isObject(part.functionResponse)) {
      const { id, name, response } = part.functionResponse;
      const shown = listOf(part.functionResponse.parts).flatMap(({ inlineData }) =>
        isObject(inlineData) ? [pictureOf(inlineData.mimeType, inlineData.data)] : [],
      );
      messages.push({
        role: "tool",
        callId: textOf(id) || (waiting[answered] ?? textOf(name)),
        text: JSON.stringify(response),
        ...(shown.length > 0 && { images: shown }),
      });
      answered += 1;
    } else if (typeof part.text === "string") {
      messages.push({ role: "user", text: part.text, ...(images.length > 0 && { images }) });
      images = [];
    }
  }
  return [];
}

/** `GET /v1beta/models`. */
export const googleModels = (models: readonly Listed[]) => ({
  models: models.map(({ id, windows }) => ({
    name: `models/${id}`,
    displayName: id,
    inputTokenLimit: windows?.most ?? 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ["generateContent", "streamGenerateContent"],
  })),
});
