import { estimateImageTokens } from "./images.ts";
import type { ModelMessage } from "./conversation.ts";
import type { ModelRequest } from "./model-client.ts";

/** Bytes / 4, where no provider has counted. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

export function estimateMessageTokens(message: ModelMessage): number {
  const parts = message.role === "tool" ? message.parts.flatMap((part) => part.content) : message.parts;
  return parts.reduce((sum, part) => {
    switch (part.type) {
      case "image":
        return sum + estimateImageTokens(part);
      case "tool_call":
        return sum + estimateTokens(part.name + part.arguments);
      default:
        return sum + estimateTokens(part.text);
    }
  }, 0);
}

export const estimateMessagesTokens = (messages: readonly ModelMessage[]): number =>
  messages.reduce((sum, message) => sum + estimateMessageTokens(message), 0);

export function estimateRequestTokens(request: ModelRequest): number {
  const fixed = estimateTokens(request.system) + (request.tools.length === 0 ? 0 : estimateTokens(JSON.stringify(request.tools)));
  return fixed + estimateMessagesTokens(request.messages);
}
