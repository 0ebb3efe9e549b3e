import { estimateImageTokens } from "./images.ts";
import type { Message, ModelRequest } from "./model-client.ts";

/** Bytes / 4, where no provider has counted. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

export function estimateMessageTokens(message: Message): number {
  if (message.role === "user")
    return (message.images ?? []).reduce((sum, image) => sum + estimateImageTokens(image), estimateTokens(message.content));
  if (message.role === "tool") return estimateTokens(message.content);
  return message.tool_calls.reduce((sum, call) => sum + estimateTokens(call.name + call.arguments), estimateTokens(message.content));
}

export function estimateRequestTokens(request: ModelRequest): number {
  const fixed = estimateTokens(request.system) + (request.tools.length === 0 ? 0 : estimateTokens(JSON.stringify(request.tools)));
  return request.messages.reduce((sum, message) => sum + estimateMessageTokens(message), fixed);
}
