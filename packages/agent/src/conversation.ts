/**
 * The record of a conversation: what was said to the model and by it, in order. It is append-only and independent of any provider; the adapters in
 * `models/` translate it. A record that is only extended gives requests whose beginnings are equal, which providers cache.
 *
 * All of it is JSON. Images are base64 within `maxImageBytes`, also in results of tools. An image that the caller stores elsewhere has a `reference`: the
 * caller may store it without `data`, and adds the data when it passes the record again.
 */
import type { ImagePart } from "./images.ts";

export type Message = ModelMessage | CompactionMessage;
/** What a request consists of. */
export type ModelMessage = UserMessage | AssistantMessage | ToolMessage;

export interface TextPart {
  type: "text";
  text: string;
  provider_state?: ProviderState;
}

/** Visible reasoning; `text` is empty when the provider only sends its state. */
export interface ReasoningPart {
  type: "reasoning";
  text: string;
  /** Must be sent back to the model that it came from, with the part unchanged. */
  provider_state?: ProviderState;
}

export interface ToolCallPart {
  type: "tool_call";
  /** Unique in the conversation. */
  id: string;
  name: string;
  /** JSON text as the model wrote it; may be invalid. */
  arguments: string;
  /** Why a call written as text could not be parsed; it fails with this reason. */
  problem?: string;
  provider_state?: ProviderState;
}

export interface ToolResultPart {
  type: "tool_result";
  call_id: string;
  name: string;
  /** As the model got it: texts are already truncated. */
  content: (TextPart | ImagePart)[];
  is_error: boolean;
}

/** JSON that only the provider's adapter reads (signatures, encrypted reasoning). */
export type ProviderState = Record<string, Record<string, unknown>>;

export interface UserMessage {
  role: "user";
  /** Images come before the text. */
  parts: (TextPart | ImagePart)[];
  /**
   * Absent: the person's message, after a `[CONTEXT] … [/CONTEXT]` block about the project at that time. `steering`: the person's words during a run.
   * `note`: written by the loop ("continue", "the run was interrupted"), begins with `[`. `summary`: stands for earlier messages; only in requests.
   */
  kind?: "steering" | "note" | "summary";
}

export interface AssistantMessage {
  role: "assistant";
  /** In the order in which the provider sent them. */
  parts: (TextPart | ReasoningPart | ToolCallPart)[];
  /** Where `provider_state` is valid. Absent: it is sent to any model. */
  source?: ModelSource;
  /** As the provider counted the request with this answer. */
  usage?: { tokens_in: number; tokens_out: number };
}
export interface ModelSource {
  provider: string;
  model: string;
}

/** The results of all calls of the assistant's message before it, in their order. */
export interface ToolMessage {
  role: "tool";
  parts: ToolResultPart[];
}

/** From here on, requests consist of the summary, the messages kept before this mark, and those after it. */
export interface CompactionMessage {
  role: "compaction";
  /** As the model gets it. */
  summary: string;
  /** Messages directly before this mark that stay whole; earlier marks are not counted. */
  kept: number;
  /**
   * Longer texts of tool results among the kept messages lose their middle, and their images are left out. Only set when the last turn alone was too large
   * for the window.
   */
  max_result_chars?: number;
  /** Messages that the summary replaces, not counting those that an earlier summary replaced. */
  replaced: number;
  /** Size of the request before and after, with prompt and tools. */
  tokens_before: number;
  tokens_after: number;
}

export function userMessage(text: string, kind?: UserMessage["kind"]): UserMessage {
  return { role: "user", parts: [{ type: "text", text }], ...(kind && { kind }) };
}

/** The person's words during a run, as they are kept and sent. */
export const steeringMessage = (text: string): UserMessage => userMessage(text, "steering");

export function assistantMessage(text: string, calls: readonly Omit<ToolCallPart, "type">[] = []): AssistantMessage {
  return {
    role: "assistant",
    parts: [...(text === "" ? [] : [{ type: "text" as const, text }]), ...calls.map((call) => ({ type: "tool_call" as const, ...call }))],
  };
}

/** All text of a message or a tool result, without reasoning. */
export function textOf(message: ModelMessage | ToolResultPart): string {
  if ("type" in message) return joined(message.content);
  if (message.role === "tool") return message.parts.map(textOf).join("\n");
  return joined(message.parts);
}
const joined = (parts: readonly { type: string; text?: string }[]): string =>
  parts.flatMap((part) => (part.type === "text" && part.text !== undefined ? [part.text] : [])).join("");

export function reasoningOf(message: AssistantMessage): string {
  return message.parts.flatMap((part) => (part.type === "reasoning" && part.text !== "" ? [part.text] : [])).join("\n\n");
}

export function callsOf(message: AssistantMessage): ToolCallPart[] {
  return message.parts.filter((part) => part.type === "tool_call");
}

export function imagesOf(message: ModelMessage): ImagePart[] {
  if (message.role === "assistant") return [];
  const parts = message.role === "tool" ? message.parts.flatMap((part) => part.content) : message.parts;
  return parts.filter((part) => part.type === "image");
}

/** The message with each of its images changed. */
export function mapImages(message: Message, change: (image: ImagePart) => ImagePart): Message {
  const changed = (part: TextPart | ImagePart): TextPart | ImagePart => (part.type === "image" ? change(part) : part);
  switch (message.role) {
    case "user":
      return { ...message, parts: message.parts.map(changed) };
    case "tool":
      return { ...message, parts: message.parts.map((part) => ({ ...part, content: part.content.map(changed) })) };
    case "assistant":
    case "compaction":
      return message;
  }
}

/**
 * Replaces images by a note; those without a note stay. The notes and the text beside them are one part, because models without vision may take no other
 * content.
 */
export function withoutImages<M extends ModelMessage>(message: M, note: (image: ImagePart) => string | undefined): M {
  if (imagesOf(message).every((image) => note(image) === undefined)) return message;
  const replaced = (parts: (TextPart | ImagePart)[]): (TextPart | ImagePart)[] => {
    const found: (TextPart | ImagePart)[] = [];
    for (const part of parts) {
      const text = part.type === "image" ? note(part) : part.text;
      const last = found.at(-1);
      if (text === undefined) found.push(part);
      else if (last?.type === "text")
        found[found.length - 1] = { type: "text", text: [last.text, text].filter((one) => one !== "").join("\n\n") };
      else found.push({ type: "text", text });
    }
    return found;
  };
  if (message.role === "tool") return { ...message, parts: message.parts.map((part) => ({ ...part, content: replaced(part.content) })) };
  return { ...message, parts: replaced((message as UserMessage).parts) };
}

/** The calls of the last assistant message that have no result yet. */
export function unansweredCalls(record: readonly Message[]): ToolCallPart[] {
  const at = record.findLastIndex((message) => message.role === "assistant");
  const last = record[at];
  if (last?.role !== "assistant") return [];
  const answered = new Set(
    record.slice(at + 1).flatMap((message) => (message.role === "tool" ? message.parts.map((part) => part.call_id) : [])),
  );
  return callsOf(last).filter((call) => !answered.has(call.id));
}
