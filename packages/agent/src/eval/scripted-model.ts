import { ModelError, type ModelErrorCode } from "../model-error.ts";
import type { ModelClient, ModelEvent } from "../model-client.ts";
import type { ScriptedTurn } from "./spec.ts";

/** Answers each call with the next turn of the script. */
export function scriptedModel(turns: readonly ScriptedTurn[]): ModelClient {
  let next = 0;
  return {
    async *stream() {
      const turn = turns[next++];
      if (!turn) throw new ModelError("model_error", "The script has ended.");
      if (turn.text) for (const delta of turn.text.match(/\S+\s*/g) ?? []) yield { type: "text", delta };
      for (const [index, call] of (turn.calls ?? []).entries()) {
        const id = `call-${next}-${index}`;
        const text = call.raw ?? JSON.stringify(call.args ?? {});
        yield { type: "tool_call_start", id, name: call.tool };
        const isLast = index === (turn.calls?.length ?? 0) - 1;
        const shown = turn.breaks_off && isLast ? text.slice(0, Math.ceil(text.length / 2)) : text;
        for (const delta of shown.match(/[\s\S]{1,40}/g) ?? []) yield { type: "tool_call_delta", id, delta };
        if (shown === text) yield { type: "tool_call_end", id };
      }
      if (turn.error) {
        const { code, message, retryable } = turn.error;
        throw new ModelError(code as ModelErrorCode, message ?? "The provider failed.", { retryable: retryable ?? false, retryAfterMs: 1 });
      }
      const reason = turn.finish ?? (turn.calls?.length ? "tool_calls" : "stop");
      if (!turn.breaks_off) yield { type: "finish", reason, usage: null } satisfies ModelEvent;
    },
  };
}
