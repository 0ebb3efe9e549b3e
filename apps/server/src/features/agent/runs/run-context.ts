import type { LoadedContext } from "@tesslate/agent";
import type { RunContext, SubagentStep } from "@tesslate/contract";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { RunInput } from "./run.ts";
import type { ChatStore } from "../chats/index.ts";
import type { RunsStore } from "./runs.store.ts";

const maxFiles = 500;

/** The form in the message's metadata: names without descriptions, because it is returned with the message. */
export function storedContext({ rules, memory, skills, subagents }: LoadedContext) {
  return { rules, memory, skills: skills.map((one) => one.name), subagents: subagents.map((one) => one.name) };
}

interface Call {
  name: string;
  parameters: Record<string, unknown>;
  success: boolean;
}

/** Reads for the run's owner which rules, memory and skills it was given, and what it used. Throws 404. */
export function createRunContextReader({
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
    const stored = message?.message_metadata?.["context"] as ReturnType<typeof storedContext> | undefined;
    const calls = steps.flatMap(({ step_data }) =>
      step_data.tool_calls.flatMap(({ name, parameters, result }): Call[] => {
        const output = result as { success?: boolean; result?: { activity?: SubagentStep[] } } | null;
        const nested = output?.result?.activity?.flatMap((step) => step.tool_calls) ?? [];
        return [{ name, parameters, success: output?.success === true }, ...nested];
      }),
    );
    const argumentsOf = (tool: string, parameter: string): string[] => [
      ...new Set(
        calls.flatMap((call) => {
          const value = call.parameters[parameter];
          return call.name === tool && call.success && typeof value === "string" ? [value] : [];
        }),
      ),
    ];
    return {
      rules: stored?.rules ?? [],
      memory: stored?.memory ?? null,
      skills: stored?.skills ?? [],
      skills_loaded: argumentsOf("load_skill", "skill_name"),
      subagents: stored?.subagents ?? [],
      subagents_used: argumentsOf("invoke_subagent", "name"),
      files_read: argumentsOf("read_file", "file_path")
        .map((path) => path.replace(/^(\.?\/)+(app\/)?/, ""))
        .slice(0, maxFiles),
    };
  };
}
