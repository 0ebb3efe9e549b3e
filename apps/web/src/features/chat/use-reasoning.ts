import type { Reasoning } from "@tesslate/contract";
import { useState } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useConversation } from "./conversation.ts";

interface ReasoningChoice {
  /** How much the model thinks in this chat; null: the default of the agent or the model. */
  shown: Reasoning | null;
  /** Undefined: as in the last run of the chat, which the server knows. */
  chosen: Reasoning | null | undefined;
  choose: (reasoning: Reasoning | null) => void;
}

/** A choice is sent with the messages of its chat, and then stored with their runs. */
export function useReasoning(): ReasoningChoice {
  const chatId = useConversation(({ chat }) => chat.state.chatId);
  const last = useConversation(({ lastRun }) => lastRun?.reasoning ?? null);
  const [choice, setChoice] = useState<{ chatId: string | undefined; reasoning: Reasoning | null }>();
  const chosen = choice && choice.chatId === chatId ? choice.reasoning : undefined;
  return {
    chosen,
    shown: chosen === undefined ? last : chosen,
    choose: useHandler((reasoning: Reasoning | null) => setChoice({ chatId, reasoning })),
  };
}
