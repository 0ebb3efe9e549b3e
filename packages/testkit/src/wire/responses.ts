import type { Answer } from "../playback.ts";
import type { FinishReason, ScriptImage, ScriptMessage, ScriptRequest, Usage } from "../script.ts";
import { openai } from "./openai.ts";
import {
  BadRequest,
  isObject,
  listOf,
  pictureOf,
  sse,
  textOf,
  type Failure,
  type Json,
  type Meta,
  type Wire,
  type WireStream,
} from "./wire.ts";

/** OpenAI's Responses API, for callers that store nothing (`store: false`) and send the whole conversation as items. */
export const responses: Wire = {
  read(body, _model): ScriptRequest {
    if (!isObject(body)) throw new BadRequest("We could not parse the JSON body of your request.");
    if (typeof body.model !== "string") throw new BadRequest("Missing required parameter: 'model'.");
    const items = typeof body.input === "string" ? [{ role: "user", content: body.input }] : listOf(body.input);
    if (items.length === 0) throw new BadRequest("Missing required parameter: 'input'.");
    const system = typeof body.instructions === "string" ? [body.instructions] : [];
    const messages: ScriptMessage[] = [];
    /** The model's items of one response are one message. */
    const answer = (): Extract<ScriptMessage, { role: "assistant" }> => {
      const last = messages.at(-1);
      if (last?.role === "assistant") return last;
      const made = { role: "assistant" as const, text: "", calls: [] };
      messages.push(made);
      return made;
    };
    for (const [index, item] of items.entries()) {
      switch (item.type ?? "message") {
        case "message":
          if (item.role === "system" || item.role === "developer") system.push(contentOf(item.content));
          else if (item.role === "user") messages.push({ role: "user", text: contentOf(item.content), ...imagesOf(item.content) });
          else if (item.role === "assistant") answer().text += contentOf(item.content);
          else
            throw new BadRequest(
              `Invalid value: '${String(item.role)}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`,
            );
          break;
        case "reasoning":
          checkReasoning(item, items[index + 1]);
          answer();
          break;
        case "function_call":
          answer().calls.push({ id: textOf(item.call_id), name: textOf(item.name), arguments: textOf(item.arguments) });
          break;
        case "function_call_output":
          messages.push({ role: "tool", callId: textOf(item.call_id), text: contentOf(item.output), ...imagesOf(item.output) });
          break;
        default:
          throw new BadRequest(`Invalid value: '${String(item.type)}'.`);
      }
    }
    checkCalls(messages);
    return {
      protocol: "responses",
      model: body.model,
      stream: body.stream === true,
      wantsUsage: true,
      wantsReasoningState: Array.isArray(body.include) && body.include.includes("reasoning.encrypted_content"),
      system: system.join("\n\n"),
      messages,
      tools: listOf(body.tools).map((tool) => textOf(tool.name)),
    };
  },

  failure: (failure, requestId) => openai.failure(failure, requestId),
  unauthorised: (key, requestId) => openai.unauthorised(key, requestId),

  stream(meta): WireStream {
    const output: Json[] = [];
    let open: OpenItem | undefined;
    let sequence = 0;
    let thinkingTokens = 0;
    const event = (type: string, fields: Json) => sse({ type, sequence_number: sequence++, ...fields }, type);
    const place = () => ({ item_id: open?.id, output_index: output.length });
    const summaryAdded = (summary_index: number) =>
      event("response.reasoning_summary_part.added", { ...place(), summary_index, part: { type: "summary_text", text: "" } });
    const summaryDone = ({ summary, text }: Extract<OpenItem, { type: "reasoning" }>) => {
      const at = { ...place(), summary_index: summary.length };
      return (
        event("response.reasoning_summary_text.done", { ...at, text }) +
        event("response.reasoning_summary_part.done", { ...at, part: { type: "summary_text", text } })
      );
    };

    const close = (): string => {
      if (!open) return "";
      const { id, text } = open;
      let item: Json;
      let done: string;
      switch (open.type) {
        case "reasoning":
          item = reasoningItem(meta, id, [...open.summary, text]);
          done = summaryDone(open);
          break;
        case "message": {
          const part = textPart(text);
          item = messageItem(id, "completed", [part]);
          done =
            event("response.output_text.done", { ...place(), content_index: 0, text, logprobs: [] }) +
            event("response.content_part.done", { ...place(), content_index: 0, part });
          break;
        }
        case "function_call":
          item = callItem(id, "completed", open);
          done = event("response.function_call_arguments.done", { ...place(), name: open.name, arguments: text });
          break;
      }
      done += event("response.output_item.done", { output_index: output.length, item });
      output.push(item);
      open = undefined;
      return done;
    };
    /** Ends the item before. */
    const start = (next: OpenItem, item: Json): string => {
      const before = close();
      open = next;
      return before + event("response.output_item.added", { output_index: output.length, item });
    };
    const idOf = (prefix: string) => `${prefix}_${meta.id}_${output.length + (open ? 1 : 0)}`;

    return {
      start: () =>
        event("response.created", { response: response(meta, "in_progress", []) }) +
        event("response.in_progress", { response: response(meta, "in_progress", []) }),
      token(token) {
        switch (token.type) {
          case "thinking": {
            thinkingTokens++;
            let sent = "";
            let { delta } = token;
            if (open?.type !== "reasoning") {
              const id = idOf("rs");
              sent = start({ type: "reasoning", id, summary: [], text: "" }, unfinishedReasoning(meta, id)) + summaryAdded(0);
            } else if (delta.startsWith("\n\n")) {
              // An empty line separates the parts of a summary.
              sent = summaryDone(open);
              open.summary.push(open.text);
              open.text = "";
              delta = delta.slice(2);
              sent += summaryAdded(open.summary.length);
            }
            if (open?.type !== "reasoning") return sent;
            open.text += delta;
            return sent + event("response.reasoning_summary_text.delta", { ...place(), summary_index: open.summary.length, delta });
          }
          case "text": {
            let sent = "";
            if (open?.type !== "message") {
              const id = idOf("msg");
              sent =
                start({ type: "message", id, text: "" }, messageItem(id, "in_progress", [])) +
                event("response.content_part.added", { ...place(), content_index: 0, part: textPart("") });
            }
            if (open) open.text += token.delta;
            return sent + event("response.output_text.delta", { ...place(), content_index: 0, delta: token.delta, logprobs: [] });
          }
          case "call_start": {
            const made: OpenItem = { type: "function_call", id: idOf("fc"), call_id: `call_${token.id}`, name: token.name, text: "" };
            return start(made, callItem(made.id, "in_progress", made));
          }
          case "call_delta":
            if (open) open.text += token.delta;
            return event("response.function_call_arguments.delta", { ...place(), delta: token.delta });
          case "call_end":
            return close();
        }
      },
      end(reason, usage) {
        const last = close();
        const ended = ending(reason);
        const all = response(meta, ended.status, output, { ...ended, usage: usageFields(usage, thinkingTokens) });
        return last + event(`response.${ended.status}`, { response: all });
      },
      error: (failure) => event("response.failed", { response: response(meta, "failed", output, { error: streamError(failure) }) }),
    };
  },

  whole(answer: Answer, meta, reason, usage) {
    const output: Json[] = [];
    const idOf = (prefix: string) => `${prefix}_${meta.id}_${output.length}`;
    if (answer.thinking) output.push(reasoningItem(meta, idOf("rs"), answer.thinking.split("\n\n")));
    if (answer.text) output.push(messageItem(idOf("msg"), "completed", [textPart(answer.text)]));
    for (const made of answer.calls)
      output.push(callItem(idOf("fc"), "completed", { call_id: `call_${made.id}`, name: made.name, text: made.arguments }));
    const ended = ending(reason);
    return response(meta, ended.status, output, { ...ended, usage: usageFields(usage, answer.thinking ? 1 : 0) });
  },
};

type OpenItem = { id: string; text: string } &
  /** `summary`: its parts before the open one. */
  ({ type: "reasoning"; summary: string[] } | { type: "message" } | { type: "function_call"; call_id: string; name: string });

const textPart = (text: string) => ({ type: "output_text", text, annotations: [], logprobs: [] });
const messageItem = (id: string, status: string, content: Json[]) => ({ id, type: "message", status, role: "assistant", content });
const callItem = (id: string, status: string, { call_id, name, text }: { call_id: string; name: string; text: string }) => ({
  id,
  type: "function_call",
  status,
  arguments: text,
  call_id,
  name,
});

/** Encrypted content is only sent on request. It names its item, so that a request with that of another item is refused. */
const reasoningItem = (meta: Meta, id: string, summary: string[]) => ({
  id,
  type: "reasoning",
  summary: summary.map((text) => ({ type: "summary_text", text })),
  ...(meta.wantsReasoningState && { encrypted_content: encryptedContentOf(id) }),
});
/** At first, an item has other encrypted content than it ends with. */
const unfinishedReasoning = (meta: Meta, id: string) => ({
  ...reasoningItem(meta, id, []),
  ...(meta.wantsReasoningState && { encrypted_content: encryptedContentOf("unfinished") }),
});
const encryptedContentOf = (id: string): string => Buffer.from(`encrypted reasoning of ${id}`).toString("base64");

function checkReasoning(item: Json, next: Json | undefined): void {
  const id = textOf(item.id);
  const { encrypted_content } = item;
  if (typeof encrypted_content !== "string")
    throw new BadRequest(
      `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
    );
  if (encrypted_content !== encryptedContentOf(id))
    throw new BadRequest(
      `The encrypted content for item ${id} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
      "invalid_encrypted_content",
    );
  const isFollowed = next?.role === "assistant" || next?.type === "function_call" || next?.type === "reasoning";
  if (!isFollowed) throw new BadRequest(`Item '${id}' of type 'reasoning' was provided without its required following item.`);
}

/** Every call must have an output somewhere after it, and every output a call before it. */
function checkCalls(messages: ScriptMessage[]): void {
  const waiting = new Set<string>();
  for (const message of messages) {
    if (message.role === "assistant") for (const { id } of message.calls) waiting.add(id);
    else if (message.role === "tool" && !waiting.delete(message.callId))
      throw new BadRequest(`No tool call found for function call output with call_id ${message.callId}.`);
  }
  for (const id of waiting) throw new BadRequest(`No tool output found for function call ${id}.`);
}

const ending = (reason: FinishReason | undefined): { status: "completed" | "incomplete"; incomplete_details: Json | null } => {
  if (reason === "length") return { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
  if (reason === "content_filter") return { status: "incomplete", incomplete_details: { reason: "content_filter" } };
  return { status: "completed", incomplete_details: null };
};

const streamError = ({ status, message, code }: Omit<Failure, "kind" | "times">) => ({
  code: code ?? (status === 429 ? "rate_limit_exceeded" : "server_error"),
  message: message ?? "The server had an error while processing your request. Sorry about that!",
});

const response = (meta: Meta, status: string, output: Json[], rest: Json = {}) => ({
  id: `resp_${meta.id}`,
  object: "response",
  created_at: meta.created,
  status,
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  model: meta.model,
  output: [...output],
  parallel_tool_calls: true,
  previous_response_id: null,
  store: false,
  temperature: 1,
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  truncation: "disabled",
  usage: null,
  ...rest,
});

const usageFields = ({ input, output, cached }: Usage, reasoning: number) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cached ?? 0 },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: Math.min(reasoning, output) },
  total_tokens: input + output,
});

const contentOf = (content: unknown): string =>
  typeof content === "string"
    ? content
    : listOf(content)
        .map((part) => textOf(part.text))
        .join("");

/** Images are parts with a data URL. */
function imagesOf(content: unknown): { images?: ScriptImage[] } {
  const images = listOf(content).flatMap((part) => {
    if (part.type === "input_text") return [];
    if (part.type !== "input_image")
      throw new BadRequest(`Invalid value: '${String(part.type)}'. Supported values are: 'input_text', 'input_image', and 'input_file'.`);
    const [, type, data] = /^data:([^;,]+);base64,(.*)$/s.exec(textOf(part.image_url)) ?? [];
    return [pictureOf(type, data)];
  });
  return images.length === 0 ? {} : { images };
}
