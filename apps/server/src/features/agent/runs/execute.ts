import {
  allTools,
  estimateRequestTokens,
  runAgent,
  RunInterrupted,
  withTextTools,
  type AgentDeps,
  type AgentProtocol,
  type AgentStep,
  type PendingBatch,
  type RunOptions as AgentRunOptions,
  type RunResult,
  type SteeredText,
} from "@tesslate/agent";
import type { RunEventData } from "@tesslate/contract";
import type { Sandbox } from "@tesslate/runtime";
import type { Queries } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { RunnableAgent } from "../agents/index.ts";
import { chainOf, discreet, type ResolvedModel, sighted, wishesOf } from "../models/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import { createAttachedReader, historyBefore, steeredOf } from "../chats/index.ts";
import { endOf, type RunEnd, type RunEndings, type TellingRun } from "./ending.ts";
import { keptContext } from "./run-context.ts";
import { cutOffSubagents } from "./cut-off.ts";
import { relay, type Utterance } from "./events.ts";
import { introduced } from "./first-use.ts";
import { findOpenBatch } from "./interrupted-steps.ts";
import { createProjectSight } from "./project-context.ts";
import type { RunInput, RunOptions } from "./run-task.ts";
import { capsOf } from "./cost-caps.ts";
import type { AgentStepRow, ChatRow, MessageRow } from "../../../db/schema/agent.ts";
import { openSeenFiles } from "./seen-files.ts";
import { toolbeltOf } from "./toolset.ts";
import { borrowTools } from "./tool-sources.ts";
import { tracedClient, tracedTools } from "./tracing.ts";
import { createRunLedger, spentOf } from "./usage.ts";
import { createRunWorkspace } from "./workspace.ts";

/** Everything one run plays with, found and checked. */
export interface Cast extends TellingRun {
  project: ProjectRow;
  chat: ChatRow;
  /** The user's message that is answered. */
  question: MessageRow;
  agent: RunnableAgent;
  model: ResolvedModel;
  /** The model, and those that take over when it is overloaded. */
  chain: readonly [ResolvedModel, ...ResolvedModel[]];
  sandbox: Sandbox;
  signal: AbortSignal;
  log: Logger;
}

/** Lets the agent answer: hands it the project, and stores and tells what it says in the order of agent-git-deploy 3.7. */
export function createPlay({
  store,
  chats,
  approvals,
  questions,
  models,
  credits,
  around,
  limits,
  traces,
  endings,
}: Pick<RunOptions, "store" | "chats" | "approvals" | "questions" | "models" | "credits" | "around" | "limits" | "traces"> & {
  endings: RunEndings;
}) {
  const attachedTo = createAttachedReader({ bytesOf: around.attachmentBytes });
  const play = async (cast: Cast): Promise<{ result: RunResult; end: RunEnd; isTold: boolean }> => {
    const { task, input, voice, project, chat, question, agent, sandbox, signal, log } = cast;
    const run: TellingRun = cast;
    const redactor = await around.redactor(project.id);
    const workspace = createRunWorkspace(sandbox, redactor, (path, etag) => around.expectChange(project.id, path, etag));
    const scope = input.container_id === null ? undefined : await chats.findContainer(project.id, input.container_id);
    const sight = createProjectSight({ project, scope, store: chats, sandbox, redactor, urlOf: around.previewUrl });
    const owner = { user_id: task.user_id, chat_id: chat.id, task_id: task.id };
    const preferences = await models.preferences.get(task.user_id);
    const caps = capsOf({
      max_cost_cents: input.max_cost_cents ?? wishesOf(project).max_cost_cents ?? preferences.max_cost_cents,
      own_key_day_cents: preferences.own_key_day_cents,
      perRunCents: limits.maxCostPerRunCents,
      perDayCents: limits.maxCostPerDayCents,
    });
    let answering = (): ResolvedModel => cast.chain[0];
    const ledger = createRunLedger({
      credits,
      voice,
      model: { current: () => answering() },
      caps,
      earlier: spentOf(await credits.taskUsage(input.earlier?.tasks ?? []), models.priceOf),
      counted: spentOf(await credits.taskUsage(input.earlier?.counted ?? []), models.priceOf),
      priceOf: models.priceOf,
      run: { ...owner, agent_id: agent.id, project_id: project.id },
      log,
    });
    const [, ...others] = cast.chain;
    const model = await introduced(cast.chain[0], { ledger, voice, signal, log });
    const links = [model, ...others] as const;
    const chain = chainOf(links.map(ready) as [ResolvedModel, ...ResolvedModel[]], {
      mayTakeOver: (next, request) => ledger.planTakeOver(next, estimateRequestTokens(request)),
      onSwitch: async ({ from, to, reason }) => {
        log.warn({ from: from.model_id, to: to.model_id, reason }, "another model answers");
        const message = `${reason.replace(" Try again in a moment.", "")} ${to.model_id} answers in place of ${from.model_id}.`;
        await voice.say("notice", { level: "warning", message });
      },
    });
    answering = chain.current;
    const sayStep = async (tx: Queries, step: AgentStep): Promise<Utterance[]> => {
      await store.insertStep(tx, { message_id: input.message_id, chat_id: chat.id, step_data: stepData(step) });
      return [{ type: "agent_step", data: { ...step, tool_results: step.tool_results.map(({ ...result }) => result) } }];
    };
    // Absent, not empty, on a first run: the agent tells the model of an interruption when they are there.
    const interruption = input.resumes === null ? undefined : await interruptedAt(input.resumes, input.message_id);
    const cutShort =
      input.resumes === null || interruption?.pending ? undefined : await findOpenBatch(store, input.resumes, interruption?.steps ?? []);
    if (interruption && cutShort) {
      interruption.steps.push(cutShort);
      await voice.sayWith((tx) => sayStep(tx, cutShort));
    }

    let told: RunEnd | undefined;
    /** Said with the end it leads to. */
    let failure: RunEventData<"error"> | undefined;
    const deps: AgentDeps = {
      emit: async (event) => {
        switch (event.type) {
          case "approval_required":
            return voice.sayWith(async (tx) => {
              await approvals.open(tx, { ...owner, ...rowOf(event.data), pending: event.pending });
              return [{ type: "approval_required", data: event.data }];
            });
          case "question_asked":
            return voice.sayWith(async (tx) => {
              await questions.open(tx, owner, event.data, event.pending);
              return [{ type: "question_asked", data: event.data }];
            });
          case "agent_step":
            return voice.sayWith((tx) => sayStep(tx, event.data));
          case "file_changed":
            await around.projects.touch(project.id);
            return relay(event, voice, workspace.etagOf);
          case "error":
            // A question that the server's end left open is asked again.
            if (event.data.code !== "interrupted") await endings.dropApprovals(run);
            failure = event.data;
            return;
          case "complete": {
            const end = endOf(event.data, ledger, input.earlier);
            if (end.completion_reason !== "interrupted") await endings.dropApprovals(run);
            await endings.tell(run, end, failure);
            told = end;
            return;
          }
          default:
            return relay(event, voice, workspace.etagOf);
        }
      },
      approve: async (request, waitSignal) => {
        const { decision, note, row } = await approvals.wait(request.approval_id, waitSignal);
        await voice.sayWith(async (tx) => {
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
      ask: (request, waitSignal) => questions.ask(chat.id, request, voice, waitSignal),
      beforeModelCall: ledger.plan,
      afterModelCall: ledger.record,
      takeSteering: (iteration) => around.takeSteering(run, iteration),
      todos: {
        read: async () => (await chats.findChat(chat.id))?.todos ?? [],
        write: async (todos) => {
          await voice.sayWith(async (tx) => {
            const followed = await around.followTodos(tx, chat.id, todos);
            await chats.updateChat(tx, chat.id, { todos });
            return [{ type: "todo_updated", data: { todos } }, ...followed];
          });
        },
      },
      getProjectInfo: sight.info,
      getPreviewState: sight.preview,
      contextRead: (inForce) => store.noteContext(input.message_id, keptContext(inForce)),
      modelFor: async (id) => {
        const other = await models.resolve(task.user_id, { model: id, agent });
        ledger.knows(id, other);
        return spokenTo(other, redactor);
      },
      onTextProtocol: () => {
        chain
          .current()
          .refusedTools?.()
          .catch((err: unknown) => log.warn({ err }, "refused tools not remembered"));
      },
      onNativeTools: () => {
        chain
          .current()
          .madeNativeCall?.()
          .catch((err: unknown) => log.warn({ err }, "function calling not remembered"));
      },
      onUnexpected: (err, where) => log.error({ err, where }, "agent"),
    };

    await using lent = await borrowTools(
      around.toolSources,
      {
        ...owner,
        project,
        message_id: input.message_id,
        container_id: input.container_id,
        edit_mode: input.edit_mode,
        view_context: input.view_context,
        agent,
        model,
        sandbox,
        workspace,
        voice,
        signal,
        log,
      },
      allTools,
    );
    const seen = openSeenFiles(chat.seen_files);
    const belt = toolbeltOf({ agent, viewContext: input.view_context, tools: lent.tools });
    const waiting = interruption?.pending?.nested;
    const cutOff =
      input.resumes === null
        ? []
        : cutOffSubagents((await store.listSubagentsSinceStep(input.resumes)).filter(({ agent_id }) => agent_id !== waiting?.agent_id));
    const taped = { task_id: task.id, user_id: task.user_id, project, model: model.model_id, agent: agent.slug, redactor, log };
    const options: AgentRunOptions = {
      seen,
      agent: {
        system_prompt: [agent.system_prompt, lent.prompt, belt.prompt].filter((part) => part !== "").join("\n\n"),
        tools: belt.names,
        subagents: agent.subagents,
        ...protocolOf(agent.agent_type),
      },
      tools: tracedTools(belt.tools, traces),
      replacedTools: belt.replaced,
      isStreamed: agent.features.streaming,
      model: {
        ...spokenTo(model, redactor),
        client: tracedClient(discreet(chain.client, redactor), model.model_id, traces),
        protocol: protocolOfAll(links),
      },
      cacheKey: chat.id,
      message: question.content,
      ...(await attachedTo.ofQuestion(question, model.vision !== false)),
      history: await historyBefore(chats, question.chat_id, question.position, (rows) =>
        attachedTo.ofHistory(rows, model.vision !== false),
      ),
      ...interruption,
      ...(input.earlier?.is_paused && { isAfterPause: true }),
      editMode: input.edit_mode,
      allowedTools: chat.allowed_tools,
      workspace,
      root: scope?.directory ?? ".",
      userName: input.user_name,
      environment: [...(await sight.environment()), ...cutOff],
      limits: { max_iterations: iterationLimit(input, limits.maxIterations), max_run_ms: limits.maxRunMs },
      signal: agentSignal(signal),
      deps,
    };
    const facts = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent.slug, "studio.task_id": task.id };
    const result = await (traces?.within("invoke_agent", facts, () => around.record(taped, options, runAgent)) ??
      around.record(taped, options, runAgent));
    await chats.setSeenFiles(chat.id, seen.kept()).catch((err: unknown) => log.warn({ err }, "seen files not kept"));
    await ledger.close().catch((err: unknown) => log.warn({ err }, "credits set aside not given back"));
    // Not told when the log was away at the very end.
    return { result, end: told ?? endOf(result, ledger, input.earlier), isTold: told !== undefined };
  };

  /** Where the interrupted run stood: its committed steps, and the batch in which it waited for an answer. */
  const interruptedAt = async (
    taskId: string,
    messageId: string,
  ): Promise<{ steps: AgentStep[]; steered: SteeredText[]; pending: PendingBatch | null }> => {
    const pending = (await store.findInterruptedApproval(taskId))?.pending ?? null;
    // The batch is played again from the waiting call on, so the step that the shutdown cut short is not one.
    if (pending) await store.transaction((tx) => store.removeStepsFrom(tx, messageId, pending.iteration));
    const [steps, message] = await Promise.all([store.listSteps(messageId), chats.findMessage(messageId)]);
    return { steps: steps.map(stepOf), steered: steeredOf(message), pending };
  };

  return play;
}

function rowOf(data: { approval_id: string; tool_name: string; tool_parameters: Record<string, unknown>; tool_description: string }) {
  const { approval_id: id, tool_name, tool_parameters, tool_description } = data;
  return { id, tool_name, tool_parameters, tool_description };
}

/** What was said while the message was made. */

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

const typeProtocols: Record<string, AgentProtocol> = { IterativeAgent: "text", ReActAgent: "react", StreamAgent: "files" };
/** The agent's type chooses how its model is spoken to (4.2); TesslateAgent leaves it to the model. */
function protocolOf(agentType: string): { protocol?: AgentProtocol } {
  const protocol = typeProtocols[agentType];
  return protocol ? { protocol } : {};
}
const spokenTo = (model: ResolvedModel, redactor: LiveRedactor): AgentRunOptions["model"] => ({
  client: discreet(sighted(model), redactor),
  protocol: model.protocol,
  context_window: model.context_window,
});
/** In a chain each model brings its own way of being spoken to, and sees or does not. */
const ready = (model: ResolvedModel, _index: number, all: readonly ResolvedModel[]): ResolvedModel => {
  const client = sighted(model);
  return { ...model, client: all.length > 1 && model.protocol === "text" ? withTextTools(client) : client };
};
const protocolOfAll = (chain: Cast["chain"]): AgentProtocol => {
  if (chain.length === 1) return chain[0].protocol;
  return chain.every((one) => one.protocol === "native") ? "native" : "auto";
};

function iterationLimit({ max_iterations: wished, earlier }: RunInput, ceiling: number): number | null {
  const most = ceiling === 0 ? wished : wished === null ? ceiling : Math.min(wished, ceiling);
  return most && most + (earlier?.free_iterations ?? 0);
}

/** The task's reasons in the agent's words: a shutdown and a database that stays away are interruptions, anything else a cancel. */
function agentSignal(signal: AbortSignal): AbortSignal {
  const abort = new AbortController();
  const end = () =>
    abort.abort(signal.reason === "shutdown" || signal.reason === "database" ? new RunInterrupted() : new Error(String(signal.reason)));
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return abort.signal;
}
