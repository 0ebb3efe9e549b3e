import {
  allTools,
  contextWindowOf,
  runAgent,
  RunInterrupted,
  type AgentDeps,
  type AgentStep,
  type HistoryMessage,
  type HistoryStep,
  type PendingBatch,
  type RunResult,
  type Todo,
} from "@tesslate/agent";
import type { CompletionReason, EditMode, ErrorCode, RunEventData } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError, notFound } from "../../platform/errors.ts";
import type { EventLog } from "../../platform/events.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Agents, RunnableAgent } from "../agents/index.ts";
import type { Models, ResolvedModel } from "../models/index.ts";
import type { ProjectRow } from "../projects/projects.table.ts";
import type { TaskContext, TaskDefinition, TaskRow } from "../tasks/index.ts";
import type { Approvals } from "./chat.approvals.ts";
import { createRunVoice, relay, type RunVoice } from "./chat.events.ts";
import { createProjectSight } from "./chat.project-info.ts";
import type { ChatStore } from "./chat.store.ts";
import type { AgentStepRow, ChatRow, MessageRow } from "./chat.table.ts";
import { createRunLedger, type RunLedger } from "./chat.usage.ts";
import { createRunWorkspace } from "./chat.workspace.ts";
import type { RunsStore } from "./runs.store.ts";

/** A run as its task keeps it: ids and choices, nothing that could be out of date when another process picks it up. */
export interface RunInput {
  project_id: string;
  chat_id: string;
  user_message_id: string;
  /** The assistant's message, filled when the run ends. */
  message_id: string;
  agent_id: string;
  model_id: string;
  edit_mode: EditMode;
  container_id: string | null;
  view_context: string | null;
  max_iterations: number | null;
  user_name: string;
  /** The interrupted run that this one goes on with. */
  resumes: string | null;
}

/** What a run needs of the features around it. */
export interface RunSurroundings {
  projects: {
    find(id: string): Promise<ProjectRow | undefined>;
    sandboxOf(project: ProjectRow): Promise<Sandbox>;
    touch(projectId: string): Promise<void>;
  };
  /** Keeps the project's processes awake until the returned function is called. */
  keepAwake(projectId: string): Promise<() => void>;
  /** A change that the run tells itself; the watcher keeps quiet about it. */
  expectChange(projectId: string, path: string, etag: string | undefined): void;
  /** Public address of a container. */
  previewUrl(hostLabel: string): string;
}
export interface RunOptions {
  store: RunsStore;
  chats: ChatStore;
  approvals: Approvals;
  agents: Agents;
  models: Models;
  events: EventLog;
  around: RunSurroundings;
  /** `maxIterations` 0: unlimited. */
  limits: { maxIterations: number; maxRunMs: number };
  log: Logger;
}

/** Waiting for people is not work, so the task itself may take long; the work is limited by the agent. */
const taskTimeoutMs = 24 * 3_600_000;
const setUpMs = 180_000;
const historyMessages = 20;
const shellTools = new Set(["bash_exec", "shell_open", "shell_exec", "shell_close"]);
const inStreamCodes = [
  "insufficient_credits",
  "model_error",
  "model_auth_failed",
  "rate_limited",
  "interrupted",
  "internal_error",
] as const;

/** The end of a run, however it came about. */
interface RunEnd {
  completion_reason: CompletionReason;
  success: boolean;
  final_response: string;
  iterations: number;
  tool_calls_made: number;
  error?: string;
  resource_stats?: RunEventData<"complete">["resource_stats"];
}

/**
 * The task `agent_execution`: plays the agent over the project and tells everything in the order of agent-git-deploy 3.7.
 * The message's end is stored once, before `complete` is said; `done` is said when the task itself has ended.
 */
export function createRunTask({
  store,
  chats,
  approvals,
  agents,
  models,
  events,
  around,
  limits,
  log,
}: RunOptions): TaskDefinition<RunInput> {
  const voiceOf = (task: TaskRow) => createRunVoice({ events, projectId: task.project_id ?? "", taskId: task.id });

  /** Stores and tells the end, once per message. */
  const finish = async (task: TaskRow, input: RunInput, voice: RunVoice, end: RunEnd, error?: RunEventData<"error">): Promise<void> => {
    const { resource_stats: stats } = end;
    const finished = await store.finishMessage(task.id, input.message_id, {
      content: end.final_response,
      status: end.success ? "completed" : "active",
      metadata: {
        completion_reason: end.completion_reason,
        iterations: end.iterations,
        tool_calls_made: end.tool_calls_made,
        session_id: input.chat_id,
        trajectory_path: null,
        usage: { tokens_in: stats?.tokens_in ?? 0, tokens_out: stats?.tokens_out ?? 0, credits: 0 },
        ...(end.error !== undefined && { error: end.error.slice(0, 500) }),
      },
    });
    if (!finished) return;
    if (error) await voice.say("error", error);
    await voice.say("complete", { ...end, session_id: input.chat_id });
  };

  /** Questions nobody will answer any more. */
  const dropApprovals = async (taskId: string, voice: RunVoice, response: "expired" | "cancelled"): Promise<void> => {
    for (const row of await store.closeApprovals(taskId, response))
      await voice.say("approval_resolved", {
        approval_id: row.id,
        response,
        note: null,
        by: null,
        at: row.answered_at ?? new Date().toISOString(),
      });
  };

  /** What became of the steps of a run that did not tell its end itself. */
  const countsOf = async (messageId: string) => {
    const steps = (await store.listSteps(messageId)).map((row) => row.step_data);
    return { iterations: steps.at(-1)?.iteration ?? 0, tool_calls_made: steps.reduce((sum, s) => sum + s.tool_calls.length, 0) };
  };

  const run = async ({ task, input, signal, log: taskLog, progress }: TaskContext<RunInput>): Promise<unknown> => {
    const voice = voiceOf(task);
    const ended: { end?: RunEnd; code?: ErrorCode } = {};
    let release: (() => void) | undefined;
    try {
      await voice.say("task_started", {
        chat_id: input.chat_id,
        message_id: input.message_id,
        agent_id: input.agent_id,
        model: input.model_id,
      });
      await progress(0, "The agent works");
      const project = await around.projects.find(input.project_id);
      const [chat, question] = await Promise.all([chats.findChat(input.chat_id), chats.findMessage(input.user_message_id)]);
      if (!project || !chat || !question) throw notFound("Project");
      const agent = await agents.resolve(task.user_id, input.agent_id);
      const model = await models.resolve(task.user_id, { model: input.model_id, agent });
      const sandbox = await openSandbox(project, signal);
      release = await around.keepAwake(project.id);
      await around.projects.touch(project.id);

      const result = await play({ task, input, signal, log: taskLog, voice, project, chat, question, agent, model, sandbox, ended });
      // The agent could not tell its end: the log was away. Now it may be back.
      if (!ended.end) await finish(task, input, voice, endOf(result), errorOf(result.error_code ?? "internal_error", result.error));
      if (result.error_code) ended.code = result.error_code;
      ended.end ??= endOf(result);
    } catch (error) {
      if (ended.end) throw error;
      if (signal.aborted && signal.reason === "cancelled") {
        ended.end = {
          ...(await countsOf(input.message_id)),
          completion_reason: "cancelled",
          success: false,
          final_response: "Cancelled.",
          error: "Cancelled.",
        };
        await finish(task, input, voice, ended.end);
      } else if (!signal.aborted) {
        const told = tellable(error);
        if (!told) taskLog.error({ err: error }, "run failed");
        const message = told ?? "Something went wrong on the server. What was done so far is kept.";
        ended.code = error instanceof AppError ? error.code : "internal_error";
        ended.end = {
          ...(await countsOf(input.message_id)),
          completion_reason: "error",
          success: false,
          final_response: message,
          error: message,
        };
        await finish(task, input, voice, ended.end, errorOf(ended.code, message));
      }
    } finally {
      release?.();
    }
    const { end } = ended;
    // How the task ends follows how the run ended.
    if (!end || end.completion_reason === "cancelled" || end.completion_reason === "interrupted") throw new Error("the run was stopped");
    if (end.completion_reason === "error") throw new AppError(ended.code ?? "internal_error", end.error ?? "The run failed.");
    return {
      chat_id: input.chat_id,
      message_id: input.message_id,
      completion_reason: end.completion_reason,
      iterations: end.iterations,
      tool_calls_made: end.tool_calls_made,
    };
  };

  interface Play {
    task: TaskRow;
    input: RunInput;
    signal: AbortSignal;
    log: Logger;
    voice: RunVoice;
    project: ProjectRow;
    chat: ChatRow;
    question: MessageRow;
    agent: RunnableAgent;
    model: ResolvedModel;
    sandbox: Sandbox;
    ended: { end?: RunEnd };
  }
  const play = async ({
    task,
    input,
    signal,
    log: runLog,
    voice,
    project,
    chat,
    question,
    agent,
    model,
    sandbox,
    ended,
  }: Play): Promise<RunResult> => {
    const workspace = createRunWorkspace(sandbox, (path, etag) => around.expectChange(project.id, path, etag));
    const scope = input.container_id === null ? undefined : await chats.findContainer(project.id, input.container_id);
    const sight = createProjectSight({ project, scope, store: chats, sandbox, urlOf: (label) => around.previewUrl(label) });
    const owner = { user_id: task.user_id, chat_id: chat.id, task_id: task.id };
    const ledger = createRunLedger({ store, voice, model, run: { ...owner, agent_id: agent.id, project_id: project.id } });
    // Absent, not empty, on a first run: the agent tells the model of an interruption when they are there.
    const interruption = input.resumes === null ? undefined : await interruptedAt(input.resumes, input.message_id);

    const deps: AgentDeps = {
      emit: async (event) => {
        switch (event.type) {
          case "approval_required":
            await approvals.open({ ...owner, ...rowOf(event.data), pending: event.pending });
            return voice.say("approval_required", event.data);
          case "agent_step":
            await store.insertStep({ message_id: input.message_id, chat_id: chat.id, step_data: stepData(event.data) });
            return relay(event, voice, workspace.etagOf);
          case "file_changed":
            await around.projects.touch(project.id);
            return relay(event, voice, workspace.etagOf);
          case "error":
            await dropApprovals(task.id, voice, event.data.code === "interrupted" ? "expired" : "cancelled");
            return relay(event, voice, workspace.etagOf);
          case "complete": {
            const end = endOf(event.data, ledger);
            await dropApprovals(task.id, voice, "cancelled");
            await finish(task, input, voice, end);
            ended.end = end;
            return;
          }
          default:
            return relay(event, voice, workspace.etagOf);
        }
      },
      approve: async (request, waitSignal) => {
        const { decision, note, row } = await approvals.wait(request.approval_id, waitSignal);
        await store.transaction((tx) => chats.setStatus(tx, chat.id, "running"));
        await voice.say("approval_resolved", {
          approval_id: request.approval_id,
          response: decision,
          note: note ?? null,
          by: decision === "timeout" ? null : row.user_id,
          at: row.answered_at ?? new Date().toISOString(),
        });
        return { decision, ...(note !== undefined && { note }) };
      },
      afterModelCall: async (call) => {
        await ledger.record(call);
        return { ok: true };
      },
      todos: {
        read: async () => ((await chats.findChat(chat.id))?.todos ?? []) as unknown as Todo[],
        write: async (todos) => {
          const rows = todos.map((todo): Record<string, unknown> => ({ ...todo }));
          await store.transaction((tx) => chats.updateChat(tx, chat.id, { todos: rows }));
          await voice.say("todo_updated", { todos: rows });
        },
      },
      getProjectInfo: sight.info,
      getPreviewState: sight.preview,
      onUnexpected: (err, where) => runLog.error({ err, where }, "agent"),
    };

    return runAgent({
      agent: { system_prompt: agent.system_prompt, tools: toolsFor(agent, input.view_context) },
      model: { client: model.client, context_window: contextWindowOf(model.model_id) },
      message: question.content,
      history: await historyBefore(question),
      ...interruption,
      editMode: input.edit_mode,
      allowedTools: chat.allowed_tools,
      workspace,
      root: scope?.directory ?? ".",
      userName: input.user_name,
      environment: await sight.environment(),
      limits: { max_iterations: iterationLimit(input.max_iterations, limits.maxIterations), max_run_ms: limits.maxRunMs },
      signal: agentSignal(signal),
      deps,
    });
  };

  /** A project that was created this moment is still being set up: the first message waits for it. */
  const openSandbox = async (project: ProjectRow, signal: AbortSignal): Promise<Sandbox> => {
    const deadline = Date.now() + setUpMs;
    for (let row = project; ;) {
      if (row.environment_status !== "provisioning" || Date.now() > deadline) return around.projects.sandboxOf(row);
      await sleep(150, undefined, { signal });
      const next = await around.projects.find(project.id);
      if (!next) throw notFound("Project");
      row = next;
    }
  };

  /** Where the interrupted run stood: its committed steps, and the batch in which it waited for an answer. */
  const interruptedAt = async (taskId: string, messageId: string): Promise<{ steps: AgentStep[]; pending: PendingBatch | null }> => {
    const pending = (await store.findInterruptedApproval(taskId))?.pending ?? null;
    // The batch is played again from the waiting call on, so the step that the shutdown cut short is not one.
    if (pending) await store.transaction((tx) => store.removeStepsFrom(tx, messageId, pending.iteration));
    return { steps: (await store.listSteps(messageId)).map(stepOf), pending };
  };

  const historyBefore = async (question: MessageRow): Promise<HistoryMessage[]> => {
    const rows = (await chats.listMessagesBefore(question.chat_id, question.position, historyMessages)).toReversed();
    const steps = await chats.listSteps(rows.filter((r) => r.role === "assistant").map((r) => r.id));
    return rows.map((row) => ({
      role: row.role,
      content: row.content,
      steps: steps.filter((s) => s.message_id === row.id).map((s) => s.step_data as unknown as HistoryStep),
    }));
  };

  /** The stream's last word. Whatever the run could not tell any more is told here. */
  const close = async (
    task: TaskRow,
    end: (counts: { iterations: number; tool_calls_made: number }) => { end: RunEnd; error?: RunEventData<"error"> },
  ) => {
    const input = task.input as RunInput;
    const voice = voiceOf(task);
    const message = await chats.findMessage(input.message_id);
    if (message?.message_metadata?.["task_id"] === task.id && message.message_metadata["completion_reason"] === "in_progress") {
      const told = end(await countsOf(input.message_id));
      await finish(task, input, voice, told.end, told.error);
    }
    await voice.say("done", task.status === "failed" && task.error ? { error: task.error } : {});
  };

  return {
    timeoutMs: taskTimeoutMs,
    run,
    ended: async (task) => {
      await dropApprovals(task.id, voiceOf(task), "cancelled");
      const isCancelled = task.status === "cancelled";
      const message = task.error ?? "The run ended without saying why.";
      await close(task, (counts) => ({
        end: { ...counts, completion_reason: isCancelled ? "cancelled" : "error", success: false, final_response: message, error: message },
        ...(!isCancelled && { error: errorOf("internal_error", message) }),
      }));
    },
    interrupted: async (task) => {
      await dropApprovals(task.id, voiceOf(task), "expired");
      const message = "The server stopped while this was running. What was done so far is kept; the run can be resumed.";
      await close(task, (counts) => ({
        end: { ...counts, completion_reason: "interrupted", success: false, final_response: message, error: message },
        error: errorOf("interrupted", message),
      }));
      log.info({ task_id: task.id, chat_id: task.chat_id }, "run interrupted");
    },
  };
}

function rowOf(data: { approval_id: string; tool_name: string; tool_parameters: Record<string, unknown>; tool_description: string }) {
  const { approval_id: id, tool_name, tool_parameters, tool_description } = data;
  return { id, tool_name, tool_parameters, tool_description };
}

function endOf(result: RunResult, ledger?: RunLedger): RunEnd {
  const { tokens_in, tokens_out, iterations, iteration_limit, duration_ms } = result.resource_stats;
  return {
    success: result.success,
    iterations: result.iterations,
    final_response: result.final_response,
    tool_calls_made: result.tool_calls_made,
    completion_reason: result.error_code === "interrupted" ? "interrupted" : result.completion_reason,
    ...(result.error !== undefined && { error: result.error }),
    resource_stats: {
      cost_cents: Number(ledger?.totalCents() ?? "0"),
      cost_limit_cents: null,
      iterations,
      iteration_limit,
      tokens_in,
      tokens_out,
      duration_ms: Math.round(duration_ms),
    },
  };
}

/** In a stream only a few codes are known (3.7); the sentence says the rest. */
const errorOf = (code: string, message: string | undefined): RunEventData<"error"> => ({
  code: inStreamCodes.find((c) => c === code) ?? "internal_error",
  message: message ?? "The run failed.",
});

/** The sentence of an error that was made for people. */
const tellable = (error: unknown): string | undefined =>
  error instanceof AppError || (error instanceof Error && error.name === "RuntimeError") ? error.message : undefined;

/** Results stand with their calls in the row (4.15), beside them on the wire. */
function stepData(step: AgentStep): AgentStepRow["step_data"] {
  const { tool_calls, tool_results, ...rest } = step;
  return { ...rest, tool_calls: tool_calls.map((call, i) => ({ ...call, result: tool_results[i] ?? null })) };
}
function stepOf({ step_data }: AgentStepRow): AgentStep {
  const { tool_calls, ...rest } = step_data;
  return {
    ...rest,
    tool_calls: tool_calls.map(({ name, parameters }) => ({ name, parameters })),
    tool_results: tool_calls.map(
      ({ name, result }) =>
        (result as AgentStep["tool_results"][number] | null) ?? { success: false, tool: name, error: "The result was lost." },
    ),
  };
}

/** In the graph view shells give way to the graph's own tools (4.9). */
function toolsFor(agent: RunnableAgent, viewContext: string | null): string[] | null {
  if (viewContext !== "graph") return agent.tools;
  return (agent.tools ?? allTools.map((tool) => tool.name)).filter((name) => !shellTools.has(name));
}

const iterationLimit = (wished: number | null, ceiling: number): number | null =>
  ceiling === 0 ? wished : wished === null ? ceiling : Math.min(wished, ceiling);

/** The task's reasons in the agent's words: a shutdown is an interruption, anything else a cancel. */
function agentSignal(signal: AbortSignal): AbortSignal {
  const abort = new AbortController();
  const end = () => abort.abort(signal.reason === "shutdown" ? new RunInterrupted() : new Error(String(signal.reason)));
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return abort.signal;
}
