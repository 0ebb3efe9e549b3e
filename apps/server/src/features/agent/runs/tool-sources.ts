import type { EditMode } from "@tesslate/contract";
import type { Tool } from "@tesslate/agent";
import type { Sandbox } from "@tesslate/runtime";
import type { Logger } from "../../../platform/logger.ts";
import type { RunnableAgent } from "../agents/index.ts";
import type { ResolvedModel } from "../models/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { RunVoice } from "./events.ts";
import type { RunWorkspace } from "./workspace.ts";

/** The run that tools are lent to. */
export interface RunFacts {
  user_id: string;
  project: ProjectRow;
  chat_id: string;
  task_id: string;
  /** The assistant's message that the run fills. */
  message_id: string;
  /** The scoped container; null: the whole project. */
  container_id: string | null;
  edit_mode: EditMode;
  view_context: string | null;
  agent: RunnableAgent;
  model: ResolvedModel;
  sandbox: Sandbox;
  /** The sandbox without the values of the project's secrets; what the model sees goes through here. */
  workspace: RunWorkspace;
  voice: RunVoice;
  signal: AbortSignal;
  log: Logger;
}
export interface LentTools {
  tools: Tool[];
  /** What the model must know of them beside their descriptions; stands at the end of the system prompt. */
  prompt?: string;
  /** Called once when the run has ended, however it ended. */
  close?(): Promise<void>;
}
/** A feature that lends tools to runs, asked anew for each. Whoever has nothing to lend answers no tools. A rejection is logged and costs the run only these tools. */
export type RunToolSource = (run: RunFacts) => Promise<LentTools>;

/** Gathers what the sources lend, in their order, until it is disposed of. Of two tools with one name the first one stays. */
export async function borrowTools(
  sources: readonly RunToolSource[],
  run: RunFacts,
  own: readonly Tool[],
): Promise<AsyncDisposable & { tools: Tool[]; prompt: string }> {
  const lent = await Promise.all(
    sources.map((source) =>
      source(run).catch((err: unknown): LentTools => {
        run.log.error({ err }, "tools not lent");
        return { tools: [] };
      }),
    ),
  );
  const byName = new Map([...own, ...lent.flatMap(({ tools }) => tools)].toReversed().map((tool) => [tool.name, tool]));
  return {
    tools: [...byName.values()].toReversed(),
    prompt: lent.flatMap(({ prompt }) => prompt ?? []).join("\n\n"),
    [Symbol.asyncDispose]: async () => {
      const ends = await Promise.allSettled(lent.map(async (one) => one.close?.()));
      for (const end of ends) if (end.status === "rejected") run.log.error({ err: end.reason as unknown }, "lent tools not closed");
    },
  };
}
