import type { ContextInForce } from "@tesslate/agent";
import type { RunContext, SubagentStep } from "@tesslate/contract";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { RunInput } from "./run-task.ts";
import type { ChatStore } from "../chats/index.ts";
import type { RunsStore } from "./runs.store.ts";

const maxFiles = 500;

/** As it stands in the message's metadata: names, not descriptions, for it goes out with the message. */
export function keptContext({ rules, memory, skills, subagents }: ContextInForce) {
  return { rules, memory, skills: skills.map((one) => one.name), subagents: subagents.map((one) => one.name) };
}

interface Call {
  name: string;
  parameters: Record<string, unknown>;
  success: boolean;
}

/** Answers for the run's owner what it was told and what it looked at (ui.md 49). Throws 404. */
export function createRunContext({
  store,
  chats,
  ownRun,
}: {
  store: Pick<RunsStore, "listSteps">;
  chats: Pick<ChatStore, "findMessage">;
  ownRun(userId: string, taskId: string): Promise<TaskRow>;
}) {
  return async (userId: string, taskId: string): Promise<RunContext> => {
    const { message_id } = (await ownRun(userId, taskId)).input as RunInput;
    const [message, steps] = await Promise.all([chats.findMessage(message_id), store.listSteps(message_id)]);
    const told = message?.message_metadata?.["context"] as ReturnType<typeof keptContext> | undefined;
    const calls = steps.flatMap(({ step_data }) =>
      step_data.tool_calls.flatMap(({ name, parameters, result }): Call[] => {
        const answered = result as { success?: boolean; result?: { activity?: SubagentStep[] } } | null;
        const nested = answered?.result?.activity?.flatMap((step) => step.tool_calls) ?? [];
        return [{ name, parameters, success: answered?.success === true }, ...nested];
      }),
    );
    const of = (tool: string, parameter: string): string[] => [
      ...new Set(
        calls.flatMap((call) => {
          const value = call.parameters[parameter];
          return call.name === tool && call.success && typeof value === "string" ? [value] : [];
        }),
      ),
    ];
    return {
      rules: told?.rules ?? [],
      memory: told?.memory ?? null,
      skills: told?.skills ?? [],
      skills_loaded: of("load_skill", "skill_name"),
      subagents: told?.subagents ?? [],
      subagents_used: of("invoke_subagent", "name"),
      files_read: of("read_file", "file_path")
        .map((path) => path.replace(/^(\.?\/)+(app\/)?/, ""))
        .slice(0, maxFiles),
    };
  };
}
