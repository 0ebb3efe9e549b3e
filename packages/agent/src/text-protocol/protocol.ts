import { writeFile } from "../tools/write-file.ts";
import type { Turn } from "../turn.ts";
import { callsOf, textOf, userMessage, type UserMessage } from "../conversation.ts";
import type { ModelClient } from "../model-client.ts";
import type { AgentProtocol } from "../run-options.ts";
import type { EditMode, Tool } from "../tool.ts";
import { installPackages, withFileReplies, withoutReading } from "./file-replies.ts";
import { withTextTools } from "./text-tools.ts";

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

/** Without `protocol`, tools are called as the client does it, and only replies of {@link withTextTools} are corrected. */
export function openProtocol(options: {
  protocol: AgentProtocol | undefined;
  client: ModelClient;
  tools: readonly Tool[];
  editMode: EditMode;
}): ProtocolSession {
  const { protocol, client, tools } = options;
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
  return {
    client: protocol === undefined ? client : withTextTools(client, { isReAct: protocol === "react" }),
    tools,
    ...correcting(options.editMode),
  };
}

/** Asks for another reply when one in text is empty, unfinished, or only shows code. */
function correcting(editMode: EditMode): Pick<ProtocolSession, "afterBatch" | "beforeEnd"> {
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
      if (turn.claimsDone === undefined) return undefined;
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
