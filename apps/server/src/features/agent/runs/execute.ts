import {
  estimateRequestTokens,
  runAgent,
  RunInterrupted,
  type AgentDeps,
  type AgentProtocol,
  type AgentStep,
  type RunOptions,
  type RunResult,
  type SeenFiles,
} from "@tesslate/agent";
import type { RunEventData } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { createAttachmentReader, historyBefore } from "../chats/index.ts";
import { createModelChain, projectModelSettings, redactedClient, type ModelChain, type ResolvedModel } from "../models/index.ts";
import { costCaps } from "./cost-caps.ts";
import { endFromResult, type RunEnd } from "./ending.ts";
import { forwardEvent, type NewRunEvent } from "./events.ts";
import { describeInterruptedSubagents, findUnfinishedBatch, loadInterruption, stepData } from "./interrupted-steps.ts";
import { createProjectContext, type ProjectContext } from "./project-context.ts";
import type { PreparedRun, RunDependencies, RunInput } from "./run.ts";
import { storedContext } from "./run-context.ts";
import { agentModel, chainLink, chainProtocol, probeOnFirstUse } from "./run-models.ts";
import { collectTools, selectTools } from "./toolset.ts";
import { tracedClient, tracedTools } from "./tracing.ts";
import { createRunLedger, sumUsage, type RunLedger } from "./usage.ts";
import { createRunWorkspace, type RunWorkspace } from "./workspace.ts";

/**
 * Runs the agent and stores and emits what it does. `onEnd` is called once, with the agent's last event, unless this rejects: it ends the run
 * before tools and other resources are released.
 */
export async function executeRun(
  deps: RunDependencies,
  run: PreparedRun,
  onEnd: (end: RunEnd, error: RunEventData<"error"> | undefined) => Promise<void>,
): Promise<RunResult> {
  const { store, chats, models, credits, limits, traces } = deps;
  const { task, input, emitter, project, chat, question, agent, sandbox, signal, log } = run;
  const redactor = await deps.redactor(project.id);
  const workspace = createRunWorkspace(sandbox, redactor, (path, etag) => deps.expectChange(project.id, path, etag));
  const scope = input.container_id === null ? undefined : await chats.findContainer(project.id, input.container_id);
  const context = createProjectContext({ project, scope, store: chats, sandbox, redactor, previewUrl: deps.previewUrl });
  const preferences = await models.preferences.get(task.user_id);
  let currentModel = (): ResolvedModel => run.chain[0];
  const ledger = createRunLedger({
    credits,
    emitter,
    currentModel: () => currentModel(),
    caps: costCaps({
      max_cost_cents: input.max_cost_cents ?? projectModelSettings(project).max_cost_cents ?? preferences.max_cost_cents,
      own_key_day_cents: preferences.own_key_day_cents,
      limits,
    }),
    earlier: sumUsage(await credits.taskUsage(input.earlier?.tasks ?? []), models.priceOf),
    counted: sumUsage(await credits.taskUsage(input.earlier?.counted ?? []), models.priceOf),
    priceOf: models.priceOf,
    run: { user_id: task.user_id, chat_id: chat.id, task_id: task.id, agent_id: agent.id, project_id: project.id },
    log,
  });
  const [first, ...fallbacks] = run.chain;
  const model = await probeOnFirstUse(first, { ledger, emitter, signal, log });
  const links = [model, ...fallbacks] as const;
  const chain = createModelChain(links.map(chainLink) as [ResolvedModel, ...ResolvedModel[]], {
    mayTakeOver: (next, request) => ledger.planTakeOver(next, estimateRequestTokens(request)),
    onSwitch: async ({ from, to, reason }) => {
      log.warn({ from: from.model_id, to: to.model_id, reason }, "switched to a fallback model");
      const message = `${reason.replace(" Try again in a moment.", "")} Switched from ${from.model_id} to ${to.model_id}.`;
      await emitter.emit("notice", { level: "warning", message });
    },
  });
  currentModel = chain.current;
  const emitStep = (step: AgentStep) =>
    emitter.emitWith(async (tx) => {
      await store.insertStep(tx, { message_id: input.message_id, chat_id: chat.id, step_data: stepData(step) });
      return [{ type: "agent_step", data: { ...step, tool_results: step.tool_results.map(({ ...result }) => result) } }];
    });

  // Undefined, not empty, on a first run: where it is present, the agent tells the model of an interruption.
  const interruption = input.resumes === null ? undefined : await loadInterruption(deps, input.resumes, input.message_id);
  const unfinished =
    input.resumes === null || interruption?.pending
      ? undefined
      : await findUnfinishedBatch(store, input.resumes, interruption?.steps ?? []);
  if (interruption && unfinished) {
    interruption.steps.push(unfinished);
    await emitStep(unfinished);
  }
  const waiting = interruption?.pending?.nested;
  const interruptedSubagents =
    input.resumes === null
      ? []
      : describeInterruptedSubagents(
          (await store.listSubagentsSinceStep(input.resumes)).filter(({ agent_id }) => agent_id !== waiting?.agent_id),
        );

  await using provided = await collectTools(deps.toolProviders, {
    user_id: task.user_id,
    chat_id: chat.id,
    task_id: task.id,
    project,
    message_id: input.message_id,
    container_id: input.container_id,
    edit_mode: input.edit_mode,
    view_context: input.view_context,
    agent,
    model,
    sandbox,
    workspace,
    emitter,
    signal,
    log,
  });
  const toolset = selectTools({ agent, viewContext: input.view_context, tools: provided.tools });
  const seen = createSeenFiles(chat.seen_files);
  const attachments = createAttachmentReader({ readAttachment: deps.readAttachment });
  const canSee = model.vision !== false;
  /** The `error` event that precedes the agent's `complete`; both are emitted by `onEnd`. */
  let error: RunEventData<"error"> | undefined;
  const options: RunOptions = {
    seen,
    agent: {
      system_prompt: [agent.system_prompt, provided.prompt, toolset.prompt].filter((part) => part !== "").join("\n\n"),
      tools: toolset.names,
      subagents: agent.subagents,
      ...protocolOf(agent.agent_type),
    },
    tools: tracedTools(toolset.tools, traces),
    replacedTools: toolset.replaced,
    isStreamed: agent.features.streaming,
    model: {
      ...agentModel(model, redactor),
      client: tracedClient(redactedClient(chain.client, redactor), model.model_id, traces),
      protocol: chainProtocol(links),
    },
    cacheKey: chat.id,
    message: question.content,
    ...(await attachments.forQuestion(question, canSee)),
    history: await historyBefore(chats, question.chat_id, question.position, (rows) => attachments.forHistory(rows, canSee)),
    ...interruption,
    ...(input.earlier?.is_paused && { isAfterPause: true }),
    editMode: input.edit_mode,
    allowedTools: chat.allowed_tools,
    workspace,
    root: scope?.directory ?? ".",
    userName: input.user_name,
    environment: [...(await context.environment()), ...interruptedSubagents],
    limits: { max_iterations: iterationLimit(input, limits.maxIterations), max_run_ms: limits.maxRunMs },
    signal: agentSignal(signal),
    deps: {
      ...agentHooks(deps, run, { ledger, chain, context, agentModelOf: (resolved) => agentModel(resolved, redactor) }),
      emit: async (event) => {
        switch (event.type) {
          case "agent_step":
            return emitStep(event.data);
          case "error":
            error = event.data;
            return;
          case "complete":
            return onEnd(endFromResult(event.data, ledger, input.earlier), error);
          default:
            return emitAgentEvent(deps, run, workspace, event);
        }
      },
    },
  };
  const recorded = { task_id: task.id, user_id: task.user_id, project, model: model.model_id, agent: agent.slug, redactor, log };
  const attributes = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent.slug, "studio.task_id": task.id };
  const result = await (traces?.within("invoke_agent", attributes, () => deps.record(recorded, options, runAgent)) ??
    deps.record(recorded, options, runAgent));
  await chats.setSeenFiles(chat.id, seen.toRecord()).catch((err: unknown) => log.warn({ err }, "seen files not stored"));
  await ledger.close().catch((err: unknown) => log.warn({ err }, "reserved credits not released"));
  return result;
}

/** Everything that the agent asks of the server beside `emit`. */
function agentHooks(
  deps: RunDependencies,
  { task, input, emitter, chat, project, agent, log }: PreparedRun,
  {
    ledger,
    chain,
    context,
    agentModelOf,
  }: {
    ledger: RunLedger;
    chain: ModelChain;
    context: ProjectContext;
    agentModelOf(model: ResolvedModel): RunOptions["model"];
  },
): Omit<AgentDeps, "emit"> {
  const { store, chats, approvals, questions, models } = deps;
  return {
    approve: async (request, waitSignal) => {
      const { decision, note, row } = await approvals.wait(request.approval_id, waitSignal);
      await emitter.emitWith(async (tx) => {
        await chats.setStatus(tx, chat.id, "running");
        const data = {
          approval_id: request.approval_id,
          response: decision,
          note: note ?? null,
          by: decision === "timeout" ? null : row.user_id,
          at: row.answered_at ?? new Date().toISOString(),
        };
        return [{ type: "approval_resolved", data }];
      });
      return { decision, ...(note !== undefined && { note }) };
    },
    ask: (request, waitSignal) => questions.ask(chat.id, request, emitter, waitSignal),
    beforeModelCall: ledger.plan,
    afterModelCall: ledger.record,
    takeSteering: (iteration) => deps.takeSteering({ task, input, emitter }, iteration),
    todos: {
      read: async () => (await chats.findChat(chat.id))?.todos ?? [],
      write: async (todos) => {
        await emitter.emitWith(async (tx): Promise<NewRunEvent[]> => {
          const planEvents = await deps.syncPlan(tx, chat.id, todos);
          await chats.updateChat(tx, chat.id, { todos });
          return [{ type: "todo_updated", data: { todos } }, ...planEvents];
        });
      },
    },
    getProjectInfo: context.info,
    getPreviewState: context.preview,
    onContextLoaded: (loaded) => store.storeContext(input.message_id, storedContext(loaded)),
    modelFor: async (id) => {
      const model = await models.resolve(task.user_id, { model: id, agent });
      ledger.addModel(id, model);
      return agentModelOf(model);
    },
    onTextProtocol: () => {
      chain
        .current()
        .refusedTools?.()
        .catch((err: unknown) => log.warn({ err, project_id: project.id }, "missing function calling not stored"));
    },
    onNativeTools: () => {
      chain
        .current()
        .madeNativeCall?.()
        .catch((err: unknown) => log.warn({ err, project_id: project.id }, "function calling not stored"));
    },
    onUnexpected: (err, where) => log.error({ err, where }, "agent"),
  };
}

/** Events of the agent other than its steps and its end. */
function emitAgentEvent(
  { approvals, questions, projects }: RunDependencies,
  { task, emitter, project, chat }: PreparedRun,
  workspace: RunWorkspace,
  event: Exclude<Parameters<AgentDeps["emit"]>[0], { type: "agent_step" | "error" | "complete" }>,
): Promise<void> {
  const owner = { user_id: task.user_id, chat_id: chat.id, task_id: task.id };
  switch (event.type) {
    case "approval_required":
      return emitter.emitWith(async (tx: Queries) => {
        const { approval_id: id, tool_name, tool_parameters, tool_description } = event.data;
        await approvals.open(tx, { ...owner, id, tool_name, tool_parameters, tool_description, pending: event.pending });
        return [{ type: "approval_required", data: event.data }];
      });
    case "question_asked":
      return emitter.emitWith(async (tx: Queries) => {
        await questions.open(tx, owner, event.data, event.pending);
        return [{ type: "question_asked", data: event.data }];
      });
    case "file_changed":
      return projects.touch(project.id).then(() => forwardEvent(event, emitter, workspace.etagOf));
    default:
      return forwardEvent(event, emitter, workspace.etagOf);
  }
}

/** The least recently seen files are dropped first; the agent then reads them again. */
const maxSeenFiles = 500;

/**
 * Files that the agent saw in earlier runs of the chat and in this one, to detect changes by others since. To replace a whole file
 * the agent still reads it again in each run, because the earlier content is no longer in the conversation.
 */
function createSeenFiles(before: Readonly<Record<string, string>>): SeenFiles & { toRecord(): Record<string, string> } {
  const seen = new Map(Object.entries(before));
  return {
    get: (path) => seen.get(path),
    set: (path, etag) => {
      seen.delete(path);
      seen.set(path, etag);
    },
    delete: (path) => seen.delete(path),
    toRecord: () => Object.fromEntries([...seen].slice(-maxSeenFiles)),
  };
}

const agentTypeProtocols: Record<string, AgentProtocol> = { IterativeAgent: "text", ReActAgent: "react", StreamAgent: "files" };
/** The agent's type decides the protocol; a TesslateAgent uses that of its model. */
function protocolOf(agentType: string): { protocol?: AgentProtocol } {
  const protocol = agentTypeProtocols[agentType];
  return protocol ? { protocol } : {};
}

function iterationLimit({ max_iterations: requested, earlier }: RunInput, ceiling: number): number | null {
  const limit = ceiling === 0 ? requested : requested === null ? ceiling : Math.min(requested, ceiling);
  return limit && limit + (earlier?.free_iterations ?? 0);
}

/** The task's abort reasons as the agent knows them: a shutdown and an unreachable database are interruptions, anything else is a cancel. */
function agentSignal(signal: AbortSignal): AbortSignal {
  const abort = new AbortController();
  const end = () =>
    abort.abort(signal.reason === "shutdown" || signal.reason === "database" ? new RunInterrupted() : new Error(String(signal.reason)));
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return abort.signal;
}
