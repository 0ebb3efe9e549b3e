import type { Message, ModelToolCall } from "./model-client.ts";

/** Shorter results are not worth a note. */
const minChars = 600;

/**
 * Replaces older reads of a file by a note when the same lines were read again later. Deterministic for the same start of a conversation, so that the
 * provider can cache it.
 */
export function withoutRepeatedReads(messages: readonly Message[]): Message[] {
  const calls = new Map<string, ModelToolCall>();
  const newest = new Map<string, string>();
  for (const message of messages) {
    if (message.role === "assistant") for (const call of message.tool_calls) calls.set(call.id, call);
    else if (message.role === "tool" && !message.is_error) {
      const read = readOf(calls.get(message.tool_call_id));
      if (read) newest.set(read.key, message.tool_call_id);
    }
  }
  return messages.map((message) => {
    if (message.role !== "tool" || message.is_error || message.content.length < minChars) return message;
    const read = readOf(calls.get(message.tool_call_id));
    if (!read || newest.get(read.key) === message.tool_call_id) return message;
    return { ...message, content: `(${read.path} was read again later; the newer result holds.)` };
  });
}

function readOf(call: ModelToolCall | undefined): { key: string; path: string } | undefined {
  if (call?.name !== "read_file") return undefined;
  try {
    const { file_path, offset, limit } = JSON.parse(call.arguments) as { file_path?: unknown; offset?: unknown; limit?: unknown };
    if (typeof file_path !== "string") return undefined;
    const path = file_path.replace(/^(\.?\/)+/, "");
    return { path, key: JSON.stringify([path, offset ?? null, limit ?? null]) };
  } catch {
    return undefined;
  }
}
