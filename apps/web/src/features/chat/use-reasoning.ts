import type { Reasoning } from "@tesslate/contract";
import { useState } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { shownRuns } from "./chat.reducer.ts";
import type { ChatState } from "./chat.types.ts";

interface ReasoningChoice {
  /** How much the model thinks in this chat; null: its default. */
  shown: Reasoning | null;
  /** Undefined: as in the last run of the chat, which the server knows. */
  chosen: Reasoning | null | undefined;
  choose: (reasoning: Reasoning | null) => void;
}

/** A choice is sent with the messages of its chat, and then stored with their runs. */
export function useReasoning(state: ChatState): ReasoningChoice {
  const [choice, setChoice] = useState<{ chatId: string | undefined; reasoning: Reasoning | null }>();
  const chosen = choice && choice.chatId === state.chatId ? choice.reasoning : undefined;
  return {
    chosen,
    shown: chosen === undefined ? (shownRuns(state).at(-1)?.reasoning ?? null) : chosen,
    choose: useHandler((reasoning: Reasoning | null) => setChoice({ chatId: state.chatId, reasoning })),
  };
}
