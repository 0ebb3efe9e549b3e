import { abortable, pause } from "./abortable.ts";
import { ModelError } from "./model-error.ts";
import { createTextPump } from "./text-pump.ts";
import { estimateRequestTokens, estimateTokens } from "./tokens.ts";
import type {
  AssistantMessage,
  FinishReason,
  ModelClient,
  ModelEvent,
  ModelRequest,
  ModelUsage,
  ToolCall,
  UserMessage,
} from "./model-client.ts";

const maxAttempts = 2;
const maxBackoffMs = 30_000;
/** Text, thoughts and calls of one answer: ten times what any model can say. Whoever serves one must not fill this process. */
const maxAnswerChars = 16_000_000;
const goOnNote: UserMessage = {
  role: "user",
  content:
    "[The connection broke while you were answering. Your text so far was kept. Continue exactly where it stopped, without repeating it.]",
  kind: "note",
};
export interface Turn {
  message: AssistantMessage;
  finish: FinishReason;
  /** The model said by a completion token that the task is done. */
  claimsDone: boolean;
}

export interface TurnOptions {
  client: ModelClient;
  request: ModelRequest;
  signal: AbortSignal;
  /** Silence after which the call counts as lost. */
  idleMs: number;
  onText(text: string): Promise<void>;
  /** Once per call to the provider that produced anything, with its usage or an estimate. */
  onUsage(usage: ModelUsage & { is_estimated: boolean }): Promise<void>;
  /** Before another call when the last one has cost something: it is a call like any other, which may be refused by throwing. */
  again?(): Promise<ModelRequest>;
}

/**
 * One turn of the model: streams its text, assembles its tool calls, tries once more where that is safe.
 * A lost connection is tried again when nothing was said yet, goes on from the text that was already shown, and is an error
 * once a tool call had begun: half a call must not be guessed. Throws `ModelError`, the signal's reason, or what a hook threw.
 */
export async function streamTurn(options: TurnOptions): Promise<Turn> {
  const { signal } = options;
  let { request } = options;
  const takenIds = new Set(
    request.messages.flatMap((message) => (message.role === "assistant" ? message.tool_calls.map(({ id }) => id) : [])),
  );
  let textSoFar = "";
  for (let attempt = 1; ; attempt++) {
    const said: Said = { hasBegun: false, text: "", reasoning: "", calls: [], takenIds };
    const partial: AssistantMessage = { role: "assistant", content: textSoFar, tool_calls: [] };
    const messages = textSoFar === "" ? request.messages : [...request.messages, partial, goOnNote];
    try {
      const finish = await oneCall({ ...options, request: { ...request, messages } }, said, textSoFar);
      return { message: assembled(said, textSoFar), finish, claimsDone: said.finish?.claims_done ?? false };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof ModelError)) throw error;
      textSoFar += said.text;
      if (attempt >= maxAttempts || !error.retryable || said.calls.length > 0) throw error;
      const backoffMs = 200 * 2 ** (attempt - 1) * (0.9 + Math.random() * 0.2);
      await pause(Math.min(error.retryAfterMs ?? backoffMs, maxBackoffMs), signal);
      if (said.hasBegun && options.again) request = await options.again();
    }
  }
}

/** A call as it is heard: under the provider's id, which other calls of the same answer may bear too. */
interface HeardCall {
  heard_id: string;
  hasEnded: boolean;
  call: ToolCall;
}
interface Said {
  /** Anything at all was heard, so the provider will charge. */
  hasBegun: boolean;
  text: string;
  reasoning: string;
  reasoningState?: AssistantMessage["reasoning"];
  calls: HeardCall[];
  /** Ids of the calls of earlier answers. */
  takenIds: ReadonlySet<string>;
  finish?: { reason: FinishReason; usage: ModelUsage | null; claims_done?: boolean };
}

async function oneCall(options: TurnOptions, said: Said, shownBefore: string): Promise<FinishReason> {
  const pump = createTextPump(options.onText);
  const unrepeated = skipRepetition(shownBefore);
  const speak = (text: string): void => {
    said.text += text;
    if (text !== "") pump.push(text);
  };
  try {
    let size = 0;
    await listen(options, (event) => {
      said.hasBegun = true;
      size += sizeOf(event);
      if (size > maxAnswerChars) throw new ModelError("model_error", "The model's answer did not come to an end, so it was cut off.");
      if (event.type === "text") speak(unrepeated.next(event.delta));
      else hear(said, event);
    });
    speak(unrepeated.rest());
  } finally {
    await pump.flush();
    if (said.hasBegun) await options.onUsage(usageOf(options.request, said));
  }
  if (!said.finish)
    throw new ModelError("model_error", "The connection to the model was lost before its answer was complete.", { retryable: true });
  return said.finish.reason;
}

/** Reads the stream, and gives up on it at once on abort or after too long a silence; a client that does not listen cannot hold the run. */
async function listen({ client, request, signal, idleMs }: TurnOptions, onEvent: (event: ModelEvent) => void): Promise<void> {
  const call = new AbortController();
  const linked = AbortSignal.any([signal, call.signal]);
  const iterator = client.stream(request, linked)[Symbol.asyncIterator]();
  const idle = setTimeout(
    () => call.abort(new ModelError("model_error", `The model was silent for ${Math.round(idleMs / 1_000)} seconds.`, { retryable: true })),
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
    throw new ModelError("model_error", "The model's answer could not be read.", { cause: error });
  } finally {
    clearTimeout(idle);
    if (!hasEnded) {
      call.abort(new ModelError("aborted", "The call was given up."));
      iterator.return?.().catch(() => undefined);
    }
  }
}

function sizeOf(event: ModelEvent): number {
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

/** Models asked to go on like to start over: what repeats the beginning already shown is swallowed, anything else passes. */
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

function hear(said: Said, event: Exclude<ModelEvent, { type: "text" }>): void {
  switch (event.type) {
    case "reasoning":
      said.reasoning += event.delta;
      if (event.provider_state) said.reasoningState = { text: said.reasoning, provider_state: event.provider_state };
      break;
    case "tool_call_start":
      said.calls.push({
        heard_id: event.id,
        hasEnded: false,
        call: { id: unusedId(event.id, said), name: event.name, arguments: "" },
      });
      break;
    case "tool_call_delta": {
      const heard = said.calls.findLast((one) => one.heard_id === event.id && !one.hasEnded);
      if (heard) heard.call.arguments += event.delta;
      break;
    }
    case "tool_call_end": {
      const heard = said.calls.find((one) => one.heard_id === event.id && !one.hasEnded);
      if (!heard) break;
      heard.hasEnded = true;
      const { call } = heard;
      if (event.arguments !== undefined) call.arguments = event.arguments;
      if (event.problem !== undefined) call.problem = event.problem;
      if (event.provider_state) call.provider_state = event.provider_state;
      break;
    }
    case "finish":
      said.finish = event;
      break;
  }
}

/** Some servers give every call the same id, count them anew in each answer, or give none: each needs one of its own, so that its result finds it. */
function unusedId(id: string, { calls, takenIds }: Said): string {
  const isTaken = (name: string): boolean => name === "" || takenIds.has(name) || calls.some(({ call }) => call.id === name);
  if (!isTaken(id)) return id;
  const stem = id === "" ? "call" : id;
  for (let count = 2; ; count++) if (!isTaken(`${stem}_${count}`)) return `${stem}_${count}`;
}

function assembled(said: Said, textBefore: string): AssistantMessage {
  const reasoning = said.reasoning === "" ? undefined : { ...said.reasoningState, text: said.reasoning };
  return {
    role: "assistant",
    content: textBefore + said.text,
    ...(reasoning ? { reasoning } : {}),
    tool_calls: said.calls.map(({ call }) => call),
  };
}

function usageOf(request: ModelRequest, said: Said): ModelUsage & { is_estimated: boolean } {
  const usage = said.finish?.usage;
  if (usage && usage.tokens_in > 0) return { ...usage, is_estimated: false };
  // No request is made of nothing: who leaves the input out has not counted it.
  const tokens_in = Math.max(1, estimateRequestTokens(request));
  if (usage && usage.tokens_out > 0) return { ...usage, tokens_in, is_estimated: true };
  const written = said.calls.map(({ call }) => call.name + call.arguments).join("");
  return {
    tokens_in,
    tokens_out: Math.max(1, estimateTokens(said.text + said.reasoning + written)),
    tokens_cached: 0,
    is_estimated: true,
  };
}
