/**
 * The script language: what a scripted model answers.
 *
 * ```ts
 * script([
 *   say("I'll look at the app."), call("read_file", { file_path: "src/App.tsx" }),  // answer 1: text and one call
 *   parallel(call("glob", { pattern: "*.ts" }), call("todo_read", {})),              // answer 2: two calls at once
 *   fail(429, { retryAfter: 1 }),                                                    // the first attempt at answer 3 …
 *   say("Done."),                                                                    // … and the second
 *   say("You are welcome."),                                                         // answers the person's next message
 *   when(/counter/i, [say("A counter it is.")]),                                     // for chats that mention a counter
 * ])
 * ```
 *
 * How a flat list becomes answers: text joins the call after it; a call, or a text that no call follows, closes the answer. An answer
 * without calls ends the model's turn (unless it is cut off by `finish("length")`), so what follows belongs to the person's next message. `turn(…)` groups by hand, `nextMessage()`
 * separates by hand.
 *
 * Which answer a request gets is computed from the request alone (how many messages of the person it contains, and how many answers of the
 * model follow the last of them), so retries, restarts and resumed runs see the same script. Only faults have a state: each is applied
 * `times` times (default once) per position and conversation, then what follows it is played. A fault with nothing after it is permanent.
 */

export interface Usage {
  /** All input tokens, including cached ones. */
  input: number;
  output: number;
  cached?: number;
}

/** What the scripted model can see of a request, in any protocol. */
export interface ScriptRequest {
  protocol: "openai" | "responses" | "anthropic" | "google";
  model: string;
  stream: boolean;
  /** The caller requested usage in the stream (optional at OpenAI; others always send it). */
  wantsUsage: boolean;
  /** The caller requested encrypted reasoning (OpenAI's Responses API). */
  wantsReasoningState?: boolean;
  system: string;
  messages: ScriptMessage[];
  /** Names of the tools offered. */
  tools: string[];
}

/** An image as sent to the provider. */
export interface ScriptImage {
  media_type: string;
  bytes: number;
}
export type ScriptMessage =
  | { role: "user"; text: string; images?: ScriptImage[] }
  | { role: "assistant"; text: string; calls: { id: string; name: string; arguments: string }[] }
  | { role: "tool"; callId: string; text: string; images?: ScriptImage[] };

export type Arguments = Record<string, unknown>;

/** A part of one response, played in order. */
export type Part =
  | { kind: "say"; text: string }
  | { kind: "think"; text: string }
  | {
      kind: "call";
      name: string;
      /** JSON text, or a function of the request. */ args: string | ((request: ScriptRequest) => Arguments);
    }
  | { kind: "pause"; ms: number }
  | { kind: "load"; tokensPerSecond: number; tokens: number; isStamped: boolean };

export type FinishReason = "stop" | "length" | "content_filter";

/** One response of the model. */
export interface Turn {
  kind: "turn";
  parts: Part[];
  usage?: Usage;
  finish?: FinishReason;
  /** Text only, and not the end of the turn. */
  continues?: true;
}

export type Fault =
  | { kind: "fail"; status: number; retryAfter?: number; message?: string; code?: string; afterTokens?: number; times: number }
  | { kind: "disconnect"; afterTokens: number; times: number }
  | { kind: "garbage"; text: string; contentType?: string; times: number }
  | { kind: "hang"; afterTokens: number; beforeHeaders: boolean; times: number };

export type ScriptItem =
  | Part
  | Turn
  | Fault
  | { kind: "parallel"; calls: Part[] }
  | { kind: "usage"; usage: Usage }
  | { kind: "finish"; reason: FinishReason }
  | { kind: "continues" }
  | { kind: "next_message" }
  | { kind: "when"; matches: Matcher; items: ScriptItem[] }
  | { kind: "afterwards"; items: ScriptItem[] };

/** Matched against each user message, or against the whole request. */
export type Matcher = RegExp | ((request: ScriptRequest) => boolean);

/** One position in the script: faults first, then the response. */
export interface Step {
  faults: Fault[];
  turn?: Turn;
}

/** All responses to one user message. */
export type Exchange = Step[];

export interface Branch {
  /** Undefined: for conversations that no other branch matches. */
  matches?: Matcher;
  exchanges: Exchange[];
}

export interface Script {
  branches: Branch[];
  /** Responses after a branch's last exchange; its own last exchange repeats. */
  afterwards: Exchange[];
  /** Starts over after the last exchange. */
  repeats: boolean;
}

// ------------------------------------------------------------------------------------------------------------------ builders

/** Text, streamed token by token. */
export const say = (text: string): Part => ({ kind: "say", text });

/** Reasoning that the provider shows, streamed. */
export const think = (text: string): Part => ({ kind: "think", text });

/**
 * A tool call, its JSON streamed in fragments. A function derives the arguments from the request, for example from an earlier tool's
 * result.
 */
export const call = (name: string, args: Arguments | ((request: ScriptRequest) => Arguments) = {}): Part => ({
  kind: "call",
  name,
  args: typeof args === "function" ? args : JSON.stringify(args),
});

/** A tool call with exactly this text as arguments, valid JSON or not. */
export const malformed = (name: string, json: string): Part => ({ kind: "call", name, args: json });

/** Several calls in one response. */
export const parallel = (...calls: Part[]): ScriptItem => ({ kind: "parallel", calls });

/** A pause inside a response; the text after it belongs to the same response. */
export const pause = (ms: number): Part => ({ kind: "pause", ms });

/** A steady stream of words, endless unless `tokens` is given; `isStamped` makes each word `<t:milliseconds>`, when it was written. For benches: `script([load({ tokensPerSecond: 50 })], { repeat: true })`. */
export const load = (options: { tokensPerSecond: number; tokens?: number; isStamped?: boolean }): Part => ({
  kind: "load",
  tokensPerSecond: options.tokensPerSecond,
  tokens: options.tokens ?? Infinity,
  isStamped: options.isStamped ?? false,
});

/** Token counts of the response; estimated from the text when omitted. */
export const usage = (counts: Usage): ScriptItem => ({ kind: "usage", usage: counts });

/** The finish reason of the response. */
export const finish = (reason: FinishReason): ScriptItem => ({ kind: "finish", reason });

/** Within `turn`: the response is text only and another one follows, as when its calls are written as text. */
export const continues = (): ScriptItem => ({ kind: "continues" });

/** One response, grouped explicitly. */
export function turn(...items: ScriptItem[]): Turn {
  const made: Turn = { kind: "turn", parts: [] };
  for (const item of items) {
    if (item.kind === "usage") made.usage = item.usage;
    else if (item.kind === "finish") made.finish = item.reason;
    else if (item.kind === "continues") made.continues = true;
    else if (item.kind === "parallel") made.parts.push(...item.calls);
    else if (isPart(item)) made.parts.push(item);
    else throw new Error(`turn(…) cannot hold ${item.kind}: put faults, branches and other turns beside it`);
  }
  return made;
}

/** A provider error in its own format. `retryAfter` in seconds. With `afterTokens` it occurs in the middle of the stream. */
export const fail = (
  status: number,
  options: { retryAfter?: number; message?: string; code?: string; afterTokens?: number; times?: number } = {},
): Fault => ({ kind: "fail", status, ...options, times: options.times ?? 1 });

/** The connection breaks after that many tokens of the next response. */
export const disconnect = (options: { afterTokens?: number; times?: number } = {}): Fault => ({
  kind: "disconnect",
  afterTokens: options.afterTokens ?? 0,
  times: options.times ?? 1,
});

/** Invalid protocol data, as one event of the stream; with `contentType`, as a plain body. */
export const garbage = (text: string, options: { contentType?: string; times?: number } = {}): Fault => ({
  kind: "garbage",
  text,
  contentType: options.contentType,
  times: options.times ?? 1,
});

/** No data until the client gives up, after that many tokens of the next response; `beforeHeaders` sends nothing at all. */
export const hang = (options: { afterTokens?: number; beforeHeaders?: boolean; times?: number } = {}): Fault => ({
  kind: "hang",
  afterTokens: options.afterTokens ?? 0,
  beforeHeaders: options.beforeHeaders ?? false,
  times: options.times ?? 1,
});

/** What follows responds to the user's next message, even when the last response had calls. */
export const nextMessage = (): ScriptItem => ({ kind: "next_message" });

/**
 * A sequence for matching conversations: from the first user message that the pattern matches, or for every request that the function
 * accepts. The first matching branch wins; items outside of branches are for the rest.
 */
export const when = (matches: Matcher, items: ScriptItem[]): ScriptItem => ({ kind: "when", matches, items });

/** Responses of any branch after its own exchanges; the last one repeats. Without it the request is rejected. */
export const afterwards = (items: ScriptItem[]): ScriptItem => ({ kind: "afterwards", items });

export function script(items: ScriptItem[], options: { repeat?: boolean } = {}): Script {
  const branches: Branch[] = [];
  const rest: ScriptItem[] = [];
  let after: Exchange[] = [];
  for (const item of items) {
    if (item.kind === "afterwards") after = exchangesOf(item.items);
    else if (item.kind === "when") branches.push({ matches: item.matches, exchanges: exchangesOf(item.items) });
    else rest.push(item);
  }
  if (rest.length > 0) branches.push({ exchanges: exchangesOf(rest) });
  return { branches, afterwards: after, repeats: options.repeat ?? false };
}

// ----------------------------------------------------------------------------------------------------------------- compiling

const isPart = (item: ScriptItem): item is Part =>
  item.kind === "say" || item.kind === "think" || item.kind === "call" || item.kind === "pause" || item.kind === "load";

function exchangesOf(items: ScriptItem[]): Exchange[] {
  const exchanges: Exchange[] = [];
  let exchange: Exchange = [];
  let faults: Fault[] = [];
  let open: Turn | undefined;

  const isOnlyText = (t: Turn) => !t.parts.some((part) => part.kind === "call");
  const endExchange = () => {
    if (faults.length > 0) exchange.push({ faults });
    if (exchange.length > 0) exchanges.push(exchange);
    exchange = [];
    faults = [];
  };
  const close = () => {
    if (!open) return;
    const closed = open;
    open = undefined;
    exchange.push({ faults, turn: closed });
    faults = [];
    // A truncated response is continued in the next one.
    if (closed.finish !== "length" && !closed.continues && isOnlyText(closed)) endExchange();
  };
  /** The open turn that `part` may join, or a new one. */
  const opened = (joins: (turn: Turn) => boolean): Turn => {
    if (open && !joins(open)) close();
    open ??= { kind: "turn", parts: [] };
    return open;
  };
  const isWaitingForText = (t: Turn) => isOnlyText(t) && ["think", "pause", undefined].includes(t.parts.at(-1)?.kind);

  for (const item of items) {
    switch (item.kind) {
      case "call":
        opened(isOnlyText).parts.push(item);
        break;
      case "parallel":
        opened(isOnlyText).parts.push(...item.calls);
        break;
      case "say":
      case "think":
      case "load":
        opened(isWaitingForText).parts.push(item);
        break;
      case "pause":
        opened(isOnlyText).parts.push(item);
        break;
      case "usage":
        opened(() => true).usage = item.usage;
        break;
      case "finish":
        opened(() => true).finish = item.reason;
        break;
      case "continues":
        opened(() => true).continues = true;
        break;
      case "turn":
        close();
        open = item;
        close();
        break;
      case "next_message":
        close();
        endExchange();
        break;
      case "when":
      case "afterwards":
        throw new Error(`${item.kind}(…) must be at the top of a script, not inside another branch`);
      default:
        close();
        faults.push(item);
    }
  }
  close();
  endExchange();
  return exchanges;
}
