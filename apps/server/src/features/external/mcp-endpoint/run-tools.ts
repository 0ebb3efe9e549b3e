import { EditMode, ProjectRef, Type, Uuid, type ExternalRun } from "@tesslate/contract";
import type { Runs } from "../../agent/runs/index.ts";
import type { ExternalApi } from "../external/index.ts";
import { platformTool, type PlatformTool } from "./platform-tool.ts";

export interface RunToolsOptions {
  external: Pick<ExternalApi, "startRun" | "runOf">;
  runs: Pick<Runs, "cancel">;
}

const maxWaitSeconds = 50;

/** MCP tools for agent runs. */
export const runTools = ({ external, runs }: RunToolsOptions): PlatformTool[] => [
  platformTool({
    name: "run_agent",
    title: "Run the agent",
    description:
      "Starts the project's agent with a task. It runs in the background: follow it with get_run. In edit mode `ask`, a person must approve its changes in the app. The edit mode of the API key is an upper limit.",
    scope: "run",
    isReadOnly: false,
    isDestructive: true,
    parameters: Type.Object({
      project_id: ProjectRef,
      message: Type.String({ minLength: 1, maxLength: 10_000, pattern: "\\S" }),
      edit_mode: Type.Optional(EditMode),
      chat_id: Type.Optional(Uuid),
      container_id: Type.Optional(Uuid),
    }),
    run: async ({ user }, body) => {
      const { task, input } = await external.startRun(user, body);
      return { task_id: task.id, chat_id: input.chat_id, edit_mode: input.edit_mode, status: task.status };
    },
  }),
  platformTool({
    name: "get_run",
    title: "Get a run",
    description: "Returns the status of a run, and its answer once it has ended.",
    scope: "run",
    isReadOnly: true,
    parameters: Type.Object({
      task_id: Uuid,
      wait_seconds: Type.Optional(
        Type.Integer({ minimum: 0, maximum: maxWaitSeconds, description: "Wait up to this long for the run to end" }),
      ),
    }),
    run: ({ user, signal }, { task_id, wait_seconds = 0 }): Promise<ExternalRun> =>
      external.runOf(user.id, task_id, { waitMs: wait_seconds * 1000, signal }),
  }),
  platformTool({
    name: "cancel_run",
    title: "Cancel a run",
    description: "Cancels a run. Its changes are kept.",
    scope: "run",
    isReadOnly: false,
    parameters: Type.Object({ task_id: Uuid }),
    run: ({ user }, { task_id }) => runs.cancel(user.id, { task_id }),
  }),
];
