import { EditMode, ProjectRef, Type, Uuid, type ExternalRun } from "@tesslate/contract";
import type { Chat } from "../../agent/chat/index.ts";
import type { External } from "../external/index.ts";
import { platformTool, type PlatformTool } from "./platform-tool.ts";

export interface RunToolsOptions {
  external: Pick<External, "begin" | "runOf">;
  chat: Pick<Chat, "cancel">;
}

const maxWaitSeconds = 50;

/** The agent's runs. */
export const runTools = ({ external, chat }: RunToolsOptions): PlatformTool[] => [
  platformTool({
    name: "run_agent",
    title: "Run the agent",
    description:
      "Gives the project's agent a task. It works in the background: follow it with get_run. In the edit mode `ask` a person has to allow its changes in the app; a key's own mode is never exceeded.",
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
      const { task, input } = await external.begin(user, body);
      return { task_id: task.id, chat_id: input.chat_id, edit_mode: input.edit_mode, status: task.status };
    },
  }),
  platformTool({
    name: "get_run",
    title: "Look at a run",
    description: "Where a run stands, and its answer once it is over.",
    scope: "run",
    isReadOnly: true,
    parameters: Type.Object({
      task_id: Uuid,
      wait_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: maxWaitSeconds, description: "Waits this long for its end" })),
    }),
    run: ({ user, signal }, { task_id, wait_seconds = 0 }): Promise<ExternalRun> =>
      external.runOf(user.id, task_id, { waitMs: wait_seconds * 1000, signal }),
  }),
  platformTool({
    name: "cancel_run",
    title: "Stop a run",
    description: "Asks a run to stop. What it did is kept.",
    scope: "run",
    isReadOnly: false,
    parameters: Type.Object({ task_id: Uuid }),
    run: ({ user }, { task_id }) => chat.cancel(user.id, { task_id }),
  }),
];
