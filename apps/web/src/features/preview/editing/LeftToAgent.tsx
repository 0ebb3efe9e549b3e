import type { ElementChange, ElementEditReason } from "@tesslate/contract";
import { reasonTexts } from "./use-element-edit.ts";

/** Changes that controls make. */
export type OnChange = (change: ElementChange, options?: { isTyping?: boolean }) => void;

/** Why a part cannot be edited here, and the way to the agent. */
export function LeftToAgent({ reason, onAsk }: { reason: ElementEditReason; onAsk: () => void }) {
  return (
    <span className="flex flex-wrap items-center gap-x-1">
      {reasonTexts[reason]}
      <button type="button" className="text-brand-ink underline-offset-2 hover:underline" onClick={onAsk}>
        Ask the agent
      </button>
    </span>
  );
}
