import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ScriptPosition } from "./conversation.ts";
import type { ScriptRequest, Turn, Usage } from "./script.ts";

/** One token of a response, before a protocol encodes it. */
export type Token =
  | { type: "text"; delta: string }
  | { type: "thinking"; delta: string }
  | { type: "call_start"; index: number; id: string; name: string }
  | { type: "call_delta"; index: number; delta: string }
  | { type: "call_end"; index: number };

/** A whole response. */
export interface Answer {
  text: string;
  thinking: string;
  calls: { id: string; name: string; arguments: string }[];
}

const words = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "and", "then", "some"];
const fragmentLength = 16;

/** Text in pieces as a model would stream them: at most a word with the preceding space. */
export const piecesOf = (text: string): string[] => text.match(/\s*\S{1,8}|\s+/g) ?? [];

/** Plays one response: yields its tokens, `tokenDelayMs` apart. Throws the abort reason when `signal` aborts. */
export async function* play(
  turn: Turn,
  position: ScriptPosition,
  request: ScriptRequest,
  options: { tokenDelayMs: number; signal: AbortSignal },
) {
  const { tokenDelayMs, signal } = options;
  const wait = async () => {
    if (tokenDelayMs > 0) await sleep(tokenDelayMs, undefined, { signal });
    signal.throwIfAborted();
  };
  let callIndex = 0;
  let alreadySent = position.sentText;
  /** The text without what the client already has. */
  const unsent = (text: string): string => {
    let length = 0;
    while (length < text.length && text[length] === alreadySent[length]) length += 1;
    alreadySent = alreadySent.slice(length);
    return text.slice(length);
  };
  for (const part of turn.parts) {
    switch (part.kind) {
      case "say":
      case "think":
        for (const delta of piecesOf(part.kind === "say" ? unsent(part.text) : part.text)) {
          yield { type: part.kind === "say" ? "text" : "thinking", delta } satisfies Token as Token;
          await wait();
        }
        break;
      case "call": {
        const index = callIndex++;
        const json = typeof part.args === "string" ? part.args : JSON.stringify(part.args(request));
        yield { type: "call_start", index, id: callId(position, index), name: part.name } satisfies Token as Token;
        await wait();
        for (const delta of fragmentsOf(json)) {
          yield { type: "call_delta", index, delta } satisfies Token as Token;
          await wait();
        }
        yield { type: "call_end", index } satisfies Token as Token;
        break;
      }
      case "pause":
        await sleep(part.ms, undefined, { signal });
        break;
      case "load":
        yield* steady(part, signal);
        break;
    }
  }
}

/** Words at a steady rate, measured from the start to avoid drift under load. */
async function* steady(
  { tokensPerSecond, tokens, isStamped }: { tokensPerSecond: number; tokens: number; isStamped: boolean },
  signal: AbortSignal,
): AsyncGenerator<Token> {
  const startedAt = performance.now();
  let sent = 0;
  while (sent < tokens) {
    const due = Math.min(tokens, Math.floor(((performance.now() - startedAt) / 1000) * tokensPerSecond) + 1);
    for (; sent < due; sent++) yield { type: "text", delta: isStamped ? `<t:${Date.now()}> ` : `${words[sent % words.length]} ` };
    const nextAt = startedAt + (sent / tokensPerSecond) * 1000;
    await sleep(Math.max(1, nextAt - performance.now()), undefined, { signal });
  }
}

function fragmentsOf(json: string): string[] {
  const fragments: string[] = [];
  const characters = [...json];
  for (let at = 0; at < characters.length; at += fragmentLength) fragments.push(characters.slice(at, at + fragmentLength).join(""));
  return fragments;
}

/** The same call at the same position always has the same id. */
const callId = (position: ScriptPosition, index: number) =>
  createHash("sha256").update(`${position.conversation}/${position.exchange}/${position.answer}/${index}`).digest("hex").slice(0, 24);

export function createAnswer(): Answer & { add(token: Token): void; tokens: number } {
  const answer = {
    text: "",
    thinking: "",
    calls: [] as Answer["calls"],
    tokens: 0,
    add(token: Token) {
      answer.tokens += 1;
      if (token.type === "text") answer.text += token.delta;
      else if (token.type === "thinking") answer.thinking += token.delta;
      else if (token.type === "call_start") answer.calls[token.index] = { id: token.id, name: token.name, arguments: "" };
      else if (token.type === "call_delta") {
        const open = answer.calls[token.index];
        if (open) open.arguments += token.delta;
      }
    },
  };
  return answer;
}

/** The script's counts, or about four characters per token. */
export const usageOf = (turn: Turn, bodyLength: number, tokens: number): Usage =>
  turn.usage ?? { input: Math.ceil(bodyLength / 4), output: tokens };
