import { runAgent, type ModelClient, type RunOptions, type RunResult, type Tool } from "@tesslate/agent";
import type { Traces } from "../../../platform/traces.ts";
import type { Cassettes } from "../cassettes/index.ts";
import { tracedClient, tracedTools } from "./tracing.ts";

export type AgentRunner = ReturnType<typeof createAgentRunner>;
/** Runs the agent with traces, and records a cassette where that is switched on. */
export const createAgentRunner = ({ record, traces }: { record: Cassettes["record"]; traces: Traces | undefined }) => ({
  traceClient: (client: ModelClient, model: string): ModelClient => tracedClient(client, model, traces),
  traceTools: (tools: readonly Tool[]): readonly Tool[] => tracedTools(tools, traces),
  run: (recorded: Parameters<Cassettes["record"]>[0], options: RunOptions): Promise<RunResult> => {
    const attributes = {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": recorded.agent,
      "studio.task_id": recorded.task_id,
    };
    const run = () => record(recorded, options, runAgent);
    return traces?.within("invoke_agent", attributes, run) ?? run();
  },
});
