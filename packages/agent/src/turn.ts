import { abortable, pause } from "./abortable.ts";
import { createCallProgress, type CallProgressReports } from "./call-progress.ts";
import { ModelError } from "./model-error.ts";
import { createTextPump } from "./text-pump.ts";
import { estimateRequestTokens, estimateTokens } from "./tokens.ts";
import {
  assistantMessage,
  callsOf,
  userMessage,
  type AssistantMessage,
  type ReasoningPart,
  type TextPart,
  type ToolCallPart,
} from "./conversation.ts";
import type { FinishReason, ModelClient, ModelEvent, ModelRequest, ModelUsage } from "./model-client.ts";
import type { ToolCallProgress } from "./events.ts";

const maxAttempts = 5;
const firstBackoffMs = 1_000;
/** The longest Retry-After that is obeyed. */
const maxRetryAfterMs = 60_000;
const continueAfterMs = 200;
/** Characters of one answer: ten times what any model produces. Protects this process from a faulty server. */
const maxAnswerChars = 16_000_000;
const continueNote = userMessage(
  "[The connection broke while you were answering. Your text so far was kept. Continue exactly where it stopped, without repeating it.]",
  "note",
);
export interface Turn {
  /** With the provider's usage, if it reported one. */
  message: AssistantMessage;
  finish: FinishReason;
  /** For replies by the text protocol: whether the model wrote a completion token. */
  claimsDone: boolean | undefined;
}

/** A wait before a call is repeated that produced no output. */
export interface RetryWait {
  /** Of the call to come: 2 for the first retry. */
  attempt: number;
  /** The last attempt. */
  of: number;
  delay_ms: number;
  error: ModelError;
}

export interface TurnOptions {
  client: ModelClient;
  request: ModelRequest;
  signal: AbortSignal;
  /** Time without output after which the call counts as lost. */
  idleMs: number;
  onText(text: string): Promise<void>;
  /** What is written into the arguments of calls, at most every 100 ms. Default: not reported. */
  onCallProgress?: ((progress: ToolCallProgress) => Promise<void>) | undefined;
  /** Visible reasoning; its parts are separated by an empty line, as in `reasoningOf`. Default: it is only in the turn's message. */
  onReasoning?(text: string): Promise<void>;
  /** Once per call to the provider that produced anything, with its usage or an estimate. */
  onUsage(usage: ReportedUsage): Promise<void>;
  /** Called before a call is continued that was charged. Throws to refuse it. */
  beforeRetry?(): Promise<ModelRequest>;
  /** Attempts at a call that produces no output. Default 5. */
  attempts?: number;
  /** Resolves when the call may be repeated, with the model to call from then on if it is another. Default: after `delay_ms`. */
  waitToRetry?(wait: RetryWait): Promise<string | undefined>;
}

/** `model`: the model that answered, if it is not the client's own. */
export type ReportedUsage = ModelUsage & { is_estimated: boolean; model?: string };

/**
 * One turn of the model: streams its text, assembles its tool calls, retries where that is safe. A call without output is repeated after a growing wait. A
 * connection that breaks after text was shown is continued once, and one that breaks after a tool call had started fails, because half a call must not be guessed.
 * Throws `ModelError`, the signal's reason, or what a hook threw.
 */
export async function streamTurn(options: TurnOptions): Promise<Turn> {
  const { signal, attempts = maxAttempts } = options;
  let { request } = options;
  let hasContinued = false;
  const takenIds = new Set(
    request.messages.flatMap((message) => (message.role === "assistant" ? callsOf(message).map(({ id }) => id) : [])),
  );
  let textSoFar = "";
  for (let attempt = 1; ;) {
    const received: Received = { hasStarted: false, parts: [], calls: [], takenIds };
    const messages = textSoFar === "" ? request.messages : [...request.messages, assistantMessage(textSoFar), continueNote];
    try {
      const finish = await oneCall({ ...options, request: { ...request, messages } }, received, textSoFar);
      return { message: assembled(received, textSoFar), finish, claimsDone: received.finish?.claims_done };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof ModelError)) throw error;
      textSoFar += receivedText(received, "text");
      if (!error.retryable || received.calls.length > 0) throw error;
      if (received.hasStarted) {
        if (hasContinued) throw error;
        hasContinued = true;
        await pause(continueAfterMs, signal);
        const { model } = request;
        if (options.beforeRetry) request = { ...(await options.beforeRetry()), ...(model !== undefined && { model }) };
        continue;
      }
      if (attempt >= attempts) throw error;
      const delay_ms = error.retryAfterMs ?? Math.round(firstBackoffMs * 2 ** (attempt - 1) * (0.75 + Math.random() * 0.5));
      if (delay_ms > maxRetryAfterMs) throw withWait(error, delay_ms);
      attempt++;
      const wait = options.waitToRetry ?? (async ({ delay_ms: ms }) => void (await pause(ms, signal)));
      const model = await wait({ attempt, of: attempts, delay_ms, error });
      if (model !== undefined) request = { ...request, model };
    }
  }
}

/** The error with the time to wait, which is too long to wait here. */
function withWait(error: ModelError, waitMs: number): ModelError {
  const minutes = Math.ceil(waitMs / 60_000);
  const time = minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
  return new ModelError(error.code, error.summary, {
    ...(error.kind && { kind: error.kind }),
    ...(error.reason !== undefined && { reason: error.reason }),
    advice: `Try again in ${time}.`,
    retryAfterMs: waitMs,
  });
}

/** A streamed call under the provider's id, which may not be unique in the answer. */
interface ReceivedCall {
  provider_id: string;
  hasEnded: boolean;
  call: ToolCallPart;
}
interface Received {
  /** Something was received, so the provider will charge. */
  hasStarted: boolean;
  /** In the order in which they started. */
  parts: AssistantMessage["parts"];
  calls: ReceivedCall[];
  /** Ids of the calls of earlier answers. */
  takenIds: ReadonlySet<string>;
  finish?: Extract<ModelEvent, { type: "finish" }>;
  /** The model that answers, if it is not the client's own. */
  model?: string;
}

async function oneCall(options: TurnOptions, received: Received, shownBefore: string): Promise<FinishReason> {
  const pump = createTextPump({ text: options.onText, reasoning: async (text) => options.onReasoning?.(text) });
  const progress = options.onCallProgress && createCallProgress(options.onCallProgress);
  const withoutRepetition = skipRepetition(shownBefore);
  const emitText = (delta: string, event: Omit<Extract<ModelEvent, { type: "text" }>, "delta"> = { type: "text" }): void => {
    receivePart(received, { ...event, delta });
    if (delta !== "") pump.push("text", delta);
  };
  const emitReasoning = (event: Extract<ModelEvent, { type: "reasoning" }>): void => {
    const last = received.parts.findLast((part) => part.type === "reasoning" && part.text !== "");
    receivePart(received, event);
    const separator = last && last !== received.parts.at(-1) ? "\n\n" : "";
    if (event.delta !== "") pump.push("reasoning", separator + event.delta);
  };
  try {
    let size = 0;
    await readStream(options, (event) => {
      if (event.type === "model") {
        received.model = event.id;
        return;
      }
      received.hasStarted = true;
      size += sizeOf(event);
      if (size > maxAnswerChars)
        throw new ModelError("model_error", "The model's answer was too long, so it was stopped.", { kind: "unreadable" });
      if (event.type === "text") emitText(withoutRepetition.next(event.delta), event);
      else if (event.type === "reasoning") emitReasoning(event);
      else receive(received, event, progress);
    });
    emitText(withoutRepetition.rest());
  } finally {
    await pump.flush();
    await progress?.close();
    if (received.hasStarted)
      await options.onUsage({ ...usageOf(options.request, received), ...(received.model !== undefined && { model: received.model }) });
  }
  if (!received.finish)
    throw new ModelError("model_error", "The connection to the model was lost before its answer was complete.", {
      kind: "network",
      retryable: true,
    });
  return received.finish.reason;
}

/** Reads the stream; stops at once on abort and after too long a silence, even if the client ignores the signal. */
async function readStream({ client, request, signal, idleMs }: TurnOptions, onEvent: (event: ModelEvent) => void): Promise<void> {
  const call = new AbortController();
  const linked = AbortSignal.any([signal, call.signal]);
  const iterator = client.stream(request, linked)[Symbol.asyncIterator]();
  const idle = setTimeout(
    () =>
      call.abort(
        new ModelError("model_error", `The model was silent for ${Math.round(idleMs / 1_000)} seconds.`, {
          kind: "network",
          retryable: true,
        }),
      ),
    idleMs,
  );
  let hasEnded = false;
  try {
    for (;;) {
      idle.refresh();
      const next = await abortable(iterator.next(), linked);
      if (next.done) {
        hasEnded = true;
        return;
      }
      onEvent(next.value);
      if (next.value.type === "finish") return;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof ModelError) throw error;
    throw new ModelError("model_error", "The model's answer could not be read.", { kind: "unreadable", cause: error });
  } finally {
    clearTimeout(idle);
    if (!hasEnded) {
      call.abort(new ModelError("aborted", "The call was aborted."));
      iterator.return?.().catch(() => undefined);
    }
  }
}

function sizeOf(event: Exclude<ModelEvent, { type: "model" }>): number {
  switch (event.type) {
    case "text":
    case "reasoning":
    case "tool_call_delta":
      return event.delta.length;
    case "tool_call_start":
      return event.name.length + event.id.length;
    case "tool_call_end":
    case "finish":
      return 0;
  }
}

/** Models often start over when they are to continue: drops a repetition of the text already shown. */
function skipRepetition(shown: string): { next(delta: string): string; rest(): string } {
  let held = "";
  let isComparing = shown !== "";
  return {
    next(delta) {
      if (!isComparing) return delta;
      held += delta;
      if (held.length < shown.length && shown.startsWith(held)) return "";
      isComparing = false;
      return held.startsWith(shown) ? held.slice(shown.length) : held;
    },
    rest() {
      const text = isComparing && held !== shown ? held : "";
      isComparing = false;
      return text;
    },
  };
}

function receive(
  received: Received,
  event: Exclude<ModelEvent, { type: "text" | "reasoning" | "model" }>,
  progress: CallProgressReports | undefined,
): void {
  switch (event.type) {
    case "tool_call_start": {
      const call: ToolCallPart = { type: "tool_call", id: unusedId(event.id, received), name: event.name, arguments: "" };
      received.calls.push({ provider_id: event.id, hasEnded: false, call });
      received.parts.push(call);
      progress?.start(received.calls.length - 1, event.name);
      break;
    }
    case "tool_call_delta": {
      const index = received.calls.findLastIndex((one) => one.provider_id === event.id && !one.hasEnded);
      const found = received.calls[index];
      if (!found) break;
      found.call.arguments += event.delta;
      progress?.push(index, event.delta);
      break;
    }
    case "tool_call_end": {
      const index = received.calls.findIndex((one) => one.provider_id === event.id && !one.hasEnded);
      const found = received.calls[index];
      if (!found) break;
      found.hasEnded = true;
      progress?.end(index);
      const { call } = found;
      if (event.arguments !== undefined) call.arguments = event.arguments;
      if (event.problem !== undefined) call.problem = event.problem;
      if (event.provider_state) call.provider_state = event.provider_state;
      break;
    }
    case "finish":
      received.finish = event;
      break;
  }
}

/** Adds text or reasoning to the part that it belongs to. */
function receivePart(
  { parts }: Received,
  { type, delta, starts, provider_state }: Extract<ModelEvent, { type: "text" | "reasoning" }>,
): void {
  if (delta === "" && !provider_state) return;
  const last = parts.at(-1);
  const part: TextPart | ReasoningPart = last?.type === type && !starts ? last : { type, text: "" };
  if (part !== last) parts.push(part);
  part.text += delta;
  if (provider_state) part.provider_state = { ...part.provider_state, ...provider_state };
}

const receivedText = ({ parts }: Received, type: "text" | "reasoning"): string =>
  parts.map((part) => (part.type === type ? part.text : "")).join("");

/** Some servers repeat ids of calls or send none, but each result must refer to one call. */
function unusedId(id: string, { calls, takenIds }: Received): string {
  const isTaken = (name: string): boolean => name === "" || takenIds.has(name) || calls.some(({ call }) => call.id === name);
  if (!isTaken(id)) return id;
  const stem = id === "" ? "call" : id;
  for (let count = 2; ; count++) if (!isTaken(`${stem}_${count}`)) return `${stem}_${count}`;
}

function assembled({ parts, finish }: Received, textBefore: string): AssistantMessage {
  const [first, ...rest] = parts;
  const all: AssistantMessage["parts"] =
    textBefore === ""
      ? parts
      : first?.type === "text"
        ? [{ ...first, text: textBefore + first.text }, ...rest]
        : [{ type: "text", text: textBefore }, ...parts];
  const { source, usage } = finish ?? {};
  return {
    role: "assistant",
    parts: all,
    ...(source && { source }),
    ...(usage && usage.tokens_in > 0 && { usage: { tokens_in: usage.tokens_in, tokens_out: usage.tokens_out } }),
  };
}

function usageOf(request: ModelRequest, received: Received): ReportedUsage {
  const usage = received.finish?.usage;
  if (usage && usage.tokens_in > 0) return { ...usage, is_estimated: false };
  // A usage without input tokens is not a count.
  const tokens_in = Math.max(1, estimateRequestTokens(request));
  if (usage && usage.tokens_out > 0) return { ...usage, tokens_in, is_estimated: true };
  const written = received.calls.map(({ call }) => call.name + call.arguments).join("");
  return {
    tokens_in,
    tokens_out: Math.max(1, estimateTokens(receivedText(received, "text") + receivedText(received, "reasoning") + written)),
    tokens_cached: 0,
    is_estimated: true,
  };
}
