import { abortable, type Todo } from "@tesslate/agent";
import type { Sandbox } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { conflict, notFound } from "../../../platform/errors.ts";
import type { TaskContext } from "../../core/tasks/index.ts";
import type { Agents } from "../agents/index.ts";
import { messageReferences, messageText, type ChatStore } from "../chats/index.ts";
import { projectModelSettings, type Models, type ResolveChain } from "../models/index.ts";
import { startedEvent } from "./ending.ts";
import type { PreparedRun, RunCheckpoints, RunHandle, RunInput, RunProjects } from "./run.ts";

const setupTimeoutMs = 180_000;
/** Installing the packages of a branch counts. */
const branchTimeoutMs = 600_000;
const branchFailed = "The project's files couldn't be copied to a branch. Discard the branch and send the message again.";
const noCheckpointNotice = "No checkpoint could be saved before this run, so it cannot be undone.";

export type RunPreparation = ReturnType<typeof createRunPreparation>;
/** Everything before the agent runs. */
export function createRunPreparation({
  chats,
  agents,
  models,
  projects,
  checkpoints,
  limits,
}: {
  chats: ChatStore;
  agents: Pick<Agents, "resolve">;
  models: Pick<Models, "resolve"> & { resolveChain: ResolveChain };
  projects: RunProjects;
  checkpoints: RunCheckpoints;
  /** `maxIterations` 0: unlimited. */
  limits: { maxIterations: number; maxRunMs: number };
}) {
  /** Opens the sandbox once the project is set up; with the project as it is then. */
  const openSandbox = async (project: ProjectRow, signal: AbortSignal): Promise<{ project: ProjectRow; sandbox: Sandbox }> => {
    if (project.environment_status !== "provisioning") return { project, sandbox: await projects.sandboxOf(project) };
    const isBranch = project.branch_of !== null;
    await projects.whenSetUp(project.id, AbortSignal.any([signal, AbortSignal.timeout(isBranch ? branchTimeoutMs : setupTimeoutMs)]));
    signal.throwIfAborted();
    const current = await projects.find(project.id);
    if (!current) throw notFound("Project");
    if (isBranch && current.environment_status === "setup_failed") throw conflict("project_busy", branchFailed);
    return { project: current, sandbox: await projects.sandboxOf(current) };
  };

  const setTodos = (run: RunHandle, todos: Todo[]): Promise<void> =>
    run.emitter.emitWith(async (tx) => {
      await chats.updateChat(tx, run.input.chat_id, { todos });
      return [{ type: "todo_updated", data: { todos } }];
    });

  return {
    /** Emits the first events. */
    announce: async (run: RunHandle): Promise<void> => {
      await run.emitter.emit("task_started", startedEvent(run.input));
      if (run.input.todos && run.input.resumes === null) await setTodos(run, run.input.todos);
    },

    /** Resolves what the input refers to and keeps the project awake until `release`. */
    prepare: async (
      handle: RunHandle,
      { signal, handover, log }: Pick<TaskContext<RunInput>, "signal" | "handover" | "log">,
    ): Promise<PreparedRun> => {
      const { task, input } = handle;
      const project = await projects.find(input.project_id);
      const [chat, question] = await Promise.all([chats.findChat(input.chat_id), chats.findMessage(input.user_message_id)]);
      if (!project || !chat || !question) throw notFound("Project");
      const agent = await agents.resolve(task.user_id, input.agent_id);
      const { fallback_models: fallbacks } = projectModelSettings(project);
      const chain = await models.resolveChain(task.user_id, { model: input.model_id, agent, fallbacks });
      const chosen = input.branch_id === undefined ? project : await projects.find(input.branch_id);
      if (!chosen || chosen.environment_status === "deleting") throw notFound("Branch");
      const { project: workingProject, sandbox } = await openSandbox(chosen, signal);
      const release = await projects.keepAwake(workingProject.id);
      await projects.touch(workingProject.id).catch((error: unknown) => {
        release();
        throw error;
      });
      return {
        ...handle,
        project,
        workingProject,
        chat,
        question,
        agent,
        chain,
        sandbox,
        limits: { max_iterations: iterationLimit(input, limits.maxIterations), max_run_ms: limits.maxRunMs },
        resolveModel: (id) => models.resolve(task.user_id, { model: id, agent }),
        release,
        signal,
        handover,
        log,
      };
    },

    /** Saves a checkpoint of the files before the agent changes any. Cancelling the run does not wait for it. */
    saveCheckpoint: async ({ task, input, emitter, workingProject, question, signal }: PreparedRun): Promise<void> => {
      const ids = { task_id: task.id, chat_id: input.chat_id, message_id: input.user_message_id };
      const message = messageText(question.content, messageReferences(question).attachments ?? []);
      const saving = checkpoints.before(workingProject, { ...ids, user_id: task.user_id, message });
      // Cancelling does not wait for the checkpoint. One that is saved later is also the state after the run, which changed nothing.
      const isSaved = await abortable(saving, signal).catch((error: unknown) => {
        void saving.then(() => checkpoints.after({ ...ids, project_id: workingProject.id, isResumed: false, toolCalls: 0 }));
        throw error;
      });
      if (!isSaved) await emitter.emit("notice", { level: "warning", message: noCheckpointNotice });
    },
  };
}

function iterationLimit({ max_iterations: requested, earlier }: RunInput, ceiling: number): number | null {
  const limit = ceiling === 0 ? requested : requested === null ? ceiling : Math.min(requested, ceiling);
  return limit && limit + (earlier?.free_iterations ?? 0);
}
