import {
  estimateRequestTokens,
  interruptedResults,
  loadHooks,
  progressOf,
  recordOfSteps,
  RunInterrupted,
  type AgentDeps,
  type AgentProtocol,
  type AgentStep,
  type Message,
  type RunOptions,
  type RunResult,
} from "@tesslate/agent";
import type { RunEventData } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import { createModelChain, redactedClient, type ModelChainOptions } from "../models/index.ts";
import type { AgentRunner } from "./agent-runner.ts";
import { beforeChanges } from "./before-changes.ts";
import type { CommandStops } from "./command-stops.ts";
import type { ModelRetries } from "./model-retries.ts";
import type { RunConversation } from "./conversation.ts";
import { endFromResult, type RunEnd } from "./ending.ts";
import type { RunEnvironments } from "./environment.ts";
import { forwardEvent, type NewRunEvent } from "./events.ts";
import { describeInterruptedSubagents, findUnfinishedBatch, loadInterruption, presentResult, stepData } from "./interrupted-steps.ts";
import type { PreparedRun, RunCheckpoints } from "./run.ts";
import { storedContext } from "./run-context.ts";
import { agentModel, chainLink, probeOnFirstUse } from "./run-models.ts";
import type { RunsStore } from "./runs.store.ts";
import { collectTools, selectTools, type ToolProvider } from "./toolset.ts";
import type { RunLedger, RunLedgers } from "./usage.ts";

/**
 * Runs the agent and stores and emits what it does. `onEnd` is called once, with the agent's last event, unless this rejects: it ends the run
 * before tools and other resources are released.
 */
export type ExecuteRun = (
  run: PreparedRun,
  onEnd: (end: RunEnd, error: RunEventData<"error"> | undefined) => Promise<void>,
) => Promise<RunResult>;

interface ExecutionDependencies {
  store: RunsStore;
  checkpoints: Pick<RunCheckpoints, "saveDatabases">;
  conversation: RunConversation;
  environments: RunEnvironments;
  ledgers: RunLedgers;
  toolProviders: readonly ToolProvider[];
  runner: AgentRunner;
  commandStops: Pick<CommandStops, "open">;
  modelRetries: Pick<ModelRetries, "open">;
}

export const createExecuteRun =
  (deps: ExecutionDependencies): ExecuteRun =>
  (run, onEnd) =>
    executeRun(deps, run, onEnd);

async function executeRun(
  { store, checkpoints, conversation, environments, ledgers, toolProviders, runner, commandStops, modelRetries }: ExecutionDependencies,
  run: PreparedRun,
  onEnd: Parameters<ExecuteRun>[1],
): Promise<RunResult> {
  const { task, input, emitter, project, workingProject, chat, agent, sandbox, signal, handover, log } = run;
  const environment = await environments.open(run);
  const { redactor, workspace, context } = environment;
  let ownModel = run.chain[0];
  const ledger = await ledgers.open(run, () => ownModel);
  const [first, ...fallbacks] = run.chain;
  const model = await probeOnFirstUse(first, { ledger, emitter, signal, log });
  ownModel = model;
  /** Switches that the person knows of: those of later calls are not shown again. */
  const shownSwitches = new Set<string>();
  const chainOptions: ModelChainOptions = {
    resolve: async (id) => chainLink(await run.resolveModel(id), log),
    mayTakeOver: (next, request) => {
      ledger.addModel(next.model_id, next);
      return ledger.planTakeOver(next, estimateRequestTokens(request));
    },
    onSwitch: async ({ from, to, reason }) => {
      log.warn({ from: from.model_id, to: to.model_id, reason }, "a fallback model takes over a call");
      const pair = `${from.model_id} ${to.model_id}`;
      if (shownSwitches.has(pair)) return;
      shownSwitches.add(pair);
      await emitter.emit("notice", {
        level: "warning",
        message: `${reason} Switched from ${from.model_id} to ${to.model_id} for this call.`,
      });
    },
  };
  const chain = createModelChain([chainLink(model, log), ...fallbacks.map((next) => chainLink(next, log))], chainOptions);
  /** Extends the record in the transaction that stores the events. */
  const emitAppending = (messages: readonly Message[], work: (tx: Queries) => Promise<NewRunEvent[]>): Promise<void> => {
    const entries = redactor.current.redactIn(conversation.entries(run, messages));
    return emitter.emitWith(async (tx) => {
      await conversation.append(tx, entries);
      return work(tx);
    });
  };
  const emitStep = (step: AgentStep, messages: readonly Message[]) =>
    emitAppending(messages, async (tx) => {
      await store.insertStep(tx, { message_id: input.message_id, chat_id: chat.id, step_data: stepData(step) });
      return [{ type: "agent_step", data: { ...step, tool_results: step.tool_results.map(presentResult) } }];
    });

  const interruption = input.resumes === null ? undefined : await loadInterruption(store, input.resumes, input.message_id);
  const steps = interruption?.steps ?? [];
  const unfinished = input.resumes === null || interruption?.pending ? undefined : await findUnfinishedBatch(store, input.resumes, steps);
  const hasSteps = steps.length > 0 || unfinished !== undefined;
  const hasBegun = interruption !== undefined && (await conversation.hasBegun(run, hasSteps ? steps : undefined));
  const { conversation: record, ...message } = await conversation.read(run, model.vision !== false);
  if (unfinished) {
    const lost = interruptedResults(record, unfinished.tool_results);
    const messages = lost ? [lost] : recordOfSteps([unfinished]);
    await emitStep(unfinished, messages);
    record.push(...(await conversation.withImages(messages)));
    steps.push(unfinished);
  }
  const waiting = interruption?.pending?.nested;
  const interruptedSubagents =
    input.resumes === null
      ? []
      : describeInterruptedSubagents(
          (await store.listSubagentsSinceStep(input.resumes)).filter(({ agent_id }) => agent_id !== waiting?.agent_id),
        );

  await using provided = await collectTools(toolProviders, {
    user_id: task.user_id,
    chat_id: chat.id,
    task_id: task.id,
    project: workingProject,
    chat_project_id: project.id,
    message_id: input.message_id,
    container_id: environment.container_id,
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
  const saveDatabases = async (): Promise<void> => {
    const ids = { user_id: task.user_id, message_id: input.user_message_id, isResumed: input.resumes !== null };
    const reason = await checkpoints.saveDatabases(workingProject, ids, signal);
    if (reason !== undefined) await emitter.emit("notice", { level: "warning", message: reason });
  };
  const seen = conversation.seenFiles(run);
  using stoppable = commandStops.open(task.id);
  using retries = modelRetries.open(task.id);
  const hooks = await loadHooks({
    workspace,
    isReadOnly: input.edit_mode === "plan",
    onFailure: (message) => emitter.emit("notice", { level: "warning", message }),
  });
  /** The `error` event that precedes the agent's `complete`; both are emitted by `onEnd`. */
  let error: RunEventData<"error"> | undefined;
  const fileFacts = { etagOf: workspace.etagOf, branch_id: input.branch_id };
  const reasoning = reasoningFor(run);
  const interruptible = createInterruptible(signal, handover);
  const options: RunOptions = {
    seen,
    agent: {
      system_prompt: [agent.system_prompt, provided.prompt, toolset.prompt].filter((part) => part !== "").join("\n\n"),
      tools: toolset.names,
      subagents: agent.subagents,
      ...protocolOf(agent.agent_type),
    },
    tools: beforeChanges(runner.traceTools(toolset.tools), saveDatabases),
    replacedTools: toolset.replaced,
    ...(hooks && { hooks }),
    isStreamed: agent.features.streaming,
    model: {
      ...agentModel(model, redactor),
      client: runner.traceClient(redactedClient(chain, redactor), model.model_id),
      ...(reasoning && { reasoning }),
    },
    cacheKey: chat.id,
    ...message,
    conversation: record,
    ...(hasBegun && {
      resumes: {
        ...progressOf(steps),
        reason: input.earlier?.is_paused ? ("paused" as const) : input.earlier?.is_failed ? ("failed" as const) : ("interrupted" as const),
        facts: interruptedSubagents,
      },
    }),
    pending: interruption?.pending ?? null,
    editMode: input.edit_mode,
    allowedTools: chat.allowed_tools,
    workspace,
    root: environment.root,
    userName: input.user_name,
    environment: [...(await context.environment()), ...provided.context],
    limits: run.limits,
    signal: interruptible.signal,
    deps: {
      ...interruptible.whileWaiting(conversation.hooks(run)),
      ...interruptible.beforeCalls(modelHooks(run, { ledger, chainOptions, redactor })),
      waitToRetry: ({ retry_id }, delayMs, waitSignal) => retries.wait(retry_id, delayMs, waitSignal),
      getProjectInfo: context.info,
      getPreviewState: context.preview,
      ...(provided.diagnostics && { diagnose: provided.diagnostics.check }),
      onCommands: stoppable.add,
      onContextLoaded: (loaded) => store.storeContext(input.message_id, storedContext(loaded)),
      onUnexpected: (err, where) => log.error({ err, where }, "agent"),
      emit: async (event) => {
        switch (event.type) {
          case "agent_step":
            return emitStep(event.data, event.messages);
          case "tool_started":
            provided.diagnostics?.begin();
            return emitAppending(event.messages, async () => [{ type: "tool_started", data: event.data }]);
          case "conversation_appended":
            return emitAppending(event.data.messages, async () => []);
          case "error":
            error = { ...event.data, message: redactor.current.redact(event.data.message) };
            return;
          case "model_retry": {
            const { message, reason, model: other, ...retry } = event.data;
            if (retry.status === "waiting") retries.expect(retry.retry_id);
            return emitter.emit("model_retry", {
              ...retry,
              model: other ?? model.model_id,
              message: redactor.current.redact(message),
              ...(reason !== undefined && { reason: redactor.current.redact(reason) }),
            });
          }
          case "complete":
            return onEnd(endFromResult(event.data, ledger, input.earlier), error);
          case "approval_required":
          case "question_asked":
            return conversation.openRequest(run, event);
          case "tool_progress":
            // A value that was escaped in the JSON arguments is only readable here.
            return forwardEvent({ type: "tool_progress", data: redactor.current.redactIn(event.data) }, emitter, fileFacts);
          case "compacted":
            return forwardEvent({ type: "compacted", data: redactor.current.redactIn(event.data) }, emitter, fileFacts);
          case "file_changed":
            provided.diagnostics?.noteChange();
            await environment.touch();
            return forwardEvent(event, emitter, fileFacts);
          default:
            return forwardEvent(event, emitter, fileFacts);
        }
      },
    },
  };
  const recorded = { task_id: task.id, user_id: task.user_id, project, model: model.model_id, agent: agent.slug, redactor, log };
  const result = await runner.run(recorded, options);
  await seen.save().catch((err: unknown) => log.warn({ err }, "seen files not stored"));
  await ledger.close().catch((err: unknown) => log.warn({ err }, "reserved credits not released"));
  return result;
}

/** The agent's level is not stored with the run, so that another agent in the same chat has its own. */
const reasoningFor = ({ input, agent }: Pick<PreparedRun, "input" | "agent">) => input.reasoning ?? agent.reasoning;

/** What the agent asks and reports about models. */
function modelHooks(
  { input, agent, resolveModel, log }: PreparedRun,
  { ledger, chainOptions, redactor }: { ledger: RunLedger; chainOptions: ModelChainOptions; redactor: LiveRedactor },
): Pick<AgentDeps, "beforeModelCall" | "afterModelCall" | "modelFor"> {
  const reasoning = reasoningFor({ input, agent });
  return {
    beforeModelCall: ledger.plan,
    afterModelCall: ledger.record,
    modelFor: async (id) => {
      const model = await resolveModel(id);
      ledger.addModel(id, model);
      const client = createModelChain([chainLink(model, log)], chainOptions);
      return { ...agentModel({ ...model, client }, redactor), ...(reasoning && { reasoning }) };
    },
  };
}

const agentTypeProtocols: Record<string, AgentProtocol> = { IterativeAgent: "text", ReActAgent: "react", StreamAgent: "files" };
/** Older agent types call tools as text, whatever their model can do. */
function protocolOf(agentType: string): { protocol?: AgentProtocol } {
  const protocol = agentTypeProtocols[agentType];
  return protocol ? { protocol } : {};
}

/**
 * The task's abort reasons as the agent knows them: a shutdown and an unreachable database are interruptions, anything else is a cancel. A
 * handover interrupts before the next call of a model, and while the run waits for a person.
 */
function createInterruptible(signal: AbortSignal, handover: AbortSignal) {
  const abort = new AbortController();
  const interrupt = () => abort.abort(new RunInterrupted());
  const end = () =>
    signal.reason === "shutdown" || signal.reason === "database" ? interrupt() : abort.abort(new Error(String(signal.reason)));
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  let waits = 0;
  handover.addEventListener("abort", () => waits > 0 && interrupt(), { once: true, signal: abort.signal });
  const waiting =
    <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      waits += 1;
      if (handover.aborted) interrupt();
      try {
        return await work(...args);
      } finally {
        waits -= 1;
      }
    };
  return {
    signal: abort.signal,
    whileWaiting: <H extends Pick<AgentDeps, "approve" | "ask">>(hooks: H): H => ({
      ...hooks,
      ...(hooks.approve && { approve: waiting(hooks.approve) }),
      ...(hooks.ask && { ask: waiting(hooks.ask) }),
    }),
    beforeCalls: <H extends Pick<AgentDeps, "beforeModelCall">>(hooks: H): H => ({
      ...hooks,
      beforeModelCall: async (call: Parameters<NonNullable<AgentDeps["beforeModelCall"]>>[0]) => {
        if (handover.aborted) interrupt();
        abort.signal.throwIfAborted();
        return (await hooks.beforeModelCall?.(call)) ?? { ok: true };
      },
    }),
  };
}
