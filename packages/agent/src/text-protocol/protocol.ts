import { ModelError } from "../model-error.ts";
import { writeFile } from "../tools/write-file.ts";
import type { Turn } from "../turn.ts";
import { callsOf, textOf, userMessage, type UserMessage } from "../conversation.ts";
import type { ModelClient, ModelEvent } from "../model-client.ts";
import type { AgentProtocol, EditMode, Tool } from "../types.ts";
import { createQuotation } from "./quotation.ts";
import { createReplyReader } from "./reply-reader.ts";
import { installPackages, withFileReplies, withoutReading } from "./file-replies.ts";
import { callEvents, withTextTools } from "./text-tools.ts";

/** How a run calls its model and reads its replies. The only difference between agent types. */
export interface ProtocolSession {
  client: ModelClient;
  /** The tools that the run may use. */
  tools: readonly Tool[];
  /** After a batch: undefined continues with the model. */
  afterBatch(turn: Turn, failed: number): Next | undefined;
  /** After a reply without calls: undefined ends the run. */
  beforeEnd(turn: Turn): Next | undefined;
}
export type Next = { ends: "task_complete_signal" | "no_more_actions" } | { note: UserMessage };

/** Corrections per run; after these the reply is accepted. */
const maxCorrections = 3;

/** Files are saved whole, so after an answer was cut off, the incomplete file is written again from its start. */
const cutOffNote = userMessage(
  "[Your answer was cut off at the output limit. Files that were complete are saved. Write the one that was not again from its first line, and then what is still missing.]",
  "note",
);

/**
 * `onSwitch` is called when the provider refused tools and the run continues with calls as text; `onNative` when the model made its first native call,
 * after which its text is no longer parsed.
 */
export function openProtocol(options: {
  protocol: AgentProtocol;
  client: ModelClient;
  tools: readonly Tool[];
  editMode: EditMode;
  onSwitch?: () => void;
  onNative?: () => void;
}): ProtocolSession {
  const { protocol, client, tools } = options;
  if (protocol === "native") return { client, tools, afterBatch: () => undefined, beforeEnd: () => undefined };
  if (protocol === "files") {
    let continuations = 0;
    return {
      client: withFileReplies(client),
      tools: [withoutReading(tools.find((tool) => tool.name === writeFile.name) ?? writeFile), installPackages],
      afterBatch: ({ finish }) =>
        finish === "length" && continuations++ < maxCorrections ? { note: cutOffNote } : { ends: "no_more_actions" },
      beforeEnd: () => undefined,
    };
  }
  const state = { isText: protocol !== "auto" };
  const corrected = correcting(options.editMode, () => state.isText);
  const byText = withTextTools(client, { isReAct: protocol === "react" });
  if (protocol !== "auto") return { client: byText, tools, ...corrected };
  const byAuto = withStrayCalls(client, options.onNative);
  return {
    client: {
      async *stream(request, signal) {
        if (!state.isText) {
          let hasStarted = false;
          try {
            for await (const event of byAuto.stream(request, signal)) {
              hasStarted = true;
              yield event;
            }
            return;
          } catch (error) {
            if (hasStarted || request.tools.length === 0 || !refusesTools(error)) throw error;
            state.isText = true;
            options.onSwitch?.();
          }
        }
        yield* byText.stream(request, signal);
      },
    },
    tools,
    ...corrected,
  };
}

/** Whether a provider reports that the model has no function calling. Each has its own message. */
export function refusesTools(error: unknown): boolean {
  if (!(error instanceof ModelError) || error.code !== "model_error") return false;
  return (
    /tool|function.?call/i.test(error.message) &&
    /support|require|enable|not (available|allowed|permitted)|unknown|unrecogni[sz]ed|extra inputs|no endpoints|--jinja/i.test(
      error.message,
    )
  );
}

function correcting(editMode: EditMode, isText: () => boolean): Pick<ProtocolSession, "afterBatch" | "beforeEnd"> {
  let corrections = 0;
  let lastFailed = 0;
  let hasActed = false;
  const correct = (text: string): Next | undefined => {
    if (++corrections > maxCorrections) return undefined;
    return { note: userMessage(`[Correction] ${text}`, "note") };
  };
  const unfinished = (failed: number): Next | undefined =>
    correct(
      `${failed === 1 ? "The last call" : `${failed} of the last calls`} failed, so the task is not complete. Read the error, change something and call again; if it cannot be done, say why and end with TASK_COMPLETE.`,
    );
  return {
    afterBatch(turn, failed) {
      lastFailed = failed;
      if (failed < callsOf(turn.message).length) hasActed = true;
      if (!turn.claimsDone) return undefined;
      return failed > 0 ? unfinished(failed) : { ends: "task_complete_signal" };
    },
    beforeEnd(turn) {
      if (!isText()) return undefined;
      const text = textOf(turn.message).trim();
      if (turn.claimsDone) {
        const failed = lastFailed;
        lastFailed = 0;
        return (failed > 0 ? unfinished(failed) : undefined) ?? { ends: "task_complete_signal" };
      }
      if (text === "" && turn.finish !== "length")
        return correct(
          "Your reply held neither a text nor a call. Call a tool as described, or answer in words and end with TASK_COMPLETE.",
        );
      if (!hasActed && editMode !== "plan" && showsCode(text) && corrections === 0)
        return correct(
          "You showed code but called no tool, so nothing was changed. If it belongs into the project, write it with a call as described. If the person only asked to see it, answer with TASK_COMPLETE.",
        );
      return undefined;
    },
  };
}

/** A longer code block: the model probably assumes that showing code writes it. */
function showsCode(text: string): boolean {
  return /```[^\n]*\n(?:[^\n]*\n){3,}?[\s\S]*?```/.test(text);
}

/**
 * For models that may lack function calling: until the first native call, calls in the text are used when the reply has no native ones.
 */
export function withStrayCalls(client: ModelClient, onNative?: () => void): ModelClient {
  let isNative = false;
  return {
    async *stream(request, signal) {
      if (isNative || request.tools.length === 0) {
        yield* client.stream(request, signal);
        return;
      }
      const reader = createReplyReader(request.tools, { isQuoted: createQuotation(request.messages) });
      for await (const event of client.stream(request, signal)) {
        if (event.type === "text") {
          for (const piece of reader.push(event.delta))
            yield piece.type === "text" ? { type: "text", delta: piece.text } : { type: "reasoning", delta: piece.text };
          continue;
        }
        if (event.type === "tool_call_start" && !isNative) {
          isNative = true;
          onNative?.();
        }
        if (event.type === "finish") {
          const { pieces, calls } = reader.end(event.reason === "length");
          for (const piece of pieces)
            yield piece.type === "text" ? { type: "text", delta: piece.text } : { type: "reasoning", delta: piece.text };
          if (!isNative && calls.length > 0) {
            yield* callEvents(calls);
            yield { ...event, reason: "tool_calls" } satisfies ModelEvent;
            return;
          }
        }
        yield event;
      }
    },
  };
}
