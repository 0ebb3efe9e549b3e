import type { AssistantMessage, Message } from "./conversation.ts";
import type { SubagentStep } from "./subagents/events.ts";
import type { ToolResult } from "./tool-call.ts";

/** A batch that waits for a person, as JSON to be stored and passed back. */
export interface PendingBatch {
  /** Absent: an approval. `subagent`: an approval for the sub-agent in `nested`. */
  kind?: "question" | "subagent";
  iteration: number;
  /** Of the approval or the question. */
  approval_id: string;
  message: AssistantMessage;
  /** Results of the calls before the waiting one, in order. */
  results: ToolResult[];
  nested?: PendingSubagent;
}

/** A sub-agent that waits within its own batch, as JSON. */
export interface PendingSubagent {
  /** The index of its call in the run's batch. */
  index: number;
  agent_id: string;
  name: string;
  task: string;
  /** Its conversation up to the waiting batch, without the data of images. */
  messages: Message[];
  steps: SubagentStep[];
  pending: PendingBatch;
}
