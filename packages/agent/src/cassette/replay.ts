/** Replays a cassette offline, or forks a new run from one of its steps. */
import { ModelError, type ModelErrorCode } from "../model-error.ts";
import { ToolFailure, type Tool } from "../tool.ts";
import { runAgent } from "../loop.ts";
import { defaultSystemPrompt } from "../prompt.ts";
import { allTools } from "../tools/index.ts";
import type { ModelClient, ModelEvent, RunModel } from "../model-client.ts";
import type { AgentDeps } from "../agent-deps.ts";
import type { AgentEvent, RunResult } from "../events.ts";
import type { ProjectInfo } from "../project-info.ts";
import { RunInterrupted, type RunOptions } from "../run-options.ts";
import type { ToolParameters } from "../tool-call.ts";
import type { Workspace, WorkspaceEntry } from "../workspace.ts";
import {
  CassetteError,
  endOf,
  eventsOf,
  dependsOnTime,
  shownEvent,
  type Cassette,
  type CassetteEvent,
  type CassetteLine,
  type HookLine,
  type ModelLine,
  type RecordedError,
  type ToolLine,
  type WorkspaceLine,
} from "./cassette.ts";
import { requestHash, walkArgs } from "./record.ts";

export interface Replay {
  events: CassetteEvent[];
  result: RunResult;
  /** Differences from the recording; empty when the replay is identical. */
  differences: string[];
  /** Model calls whose request differs, because prompts have changed since. */
  drift: number[];
}

/** Replays a cassette offline. Throws {@link CassetteError} when its recording stopped at the size limit. */
export async function replayCassette(cassette: Cassette): Promise<Replay> {
  if (cassette.lines.some((line) => line.kind === "cut"))
    throw new CassetteError("The cassette was full before the run ended: it cannot be replayed.");
  const { events, result, differences, drift } = await playCassette(cassette, {});
  // Where tool calls were parsed from the text, its pieces have other lengths.
  const isExact = cassette.lines.every((line) => line.kind !== "model" || isTextVerbatim(line));
  // The pieces of reasoning are not recorded.
  const streamed = isExact ? ["reasoning_chunk"] : ["reasoning_chunk", "text_chunk"];
  const [expected, played] = [merged(eventsOf(cassette), streamed), merged(events, streamed)];
  const at = expected.findIndex((event, index) => JSON.stringify(event) !== JSON.stringify(played[index]));
  if (at !== -1) differences.push(`event ${at + 1} is ${shortly(played[at])} instead of ${shortly(expected[at])}`);
  else if (played.length > expected.length) differences.push(`${played.length - expected.length} events more than recorded`);
  return { events, result, differences, drift };
}
function merged(events: CassetteEvent[], types: readonly string[]): CassetteEvent[] {
  const found: CassetteEvent[] = [];
  for (const event of events) {
    const last = found.at(-1);
    if (!types.includes(event.type) || last?.type !== event.type) found.push(structuredClone(event));
    else (last.data as { content: string }).content += (event.data as { content: string }).content;
  }
  return found;
}
const shortly = (event: CassetteEvent | undefined): string => (event ? JSON.stringify(event).slice(0, 200) : "missing");

export interface Fork {
  /** Model turns replayed from the cassette; `client` answers the following ones. */
  step: number;
  client: ModelClient;
  /** Replaces the recorded ones. */
  systemPrompt?: string;
  message?: string;
  model?: Omit<RunModel, "client">;
  /**
   * The project as it was when the run started. With it, all calls are executed; without it, calls are answered from the cassette, and refused when it
   * does not have them.
   */
  workspace?: Workspace;
  signal?: AbortSignal;
  onEvent?: (event: CassetteEvent) => void;
}

/** A new run from step `step` on, with another model, script or prompt. */
export async function forkCassette(cassette: Cassette, fork: Fork): Promise<Omit<Replay, "differences" | "drift">> {
  const turns = cassette.lines.filter((line) => line.kind === "model").length;
  if (!Number.isInteger(fork.step) || fork.step < 0 || fork.step > turns)
    throw new CassetteError(`The cassette has the steps 0 to ${turns}; there is no step ${fork.step}.`);
  const { events, result } = await playCassette(cassette, { fork });
  return { events, result };
}

async function playCassette(cassette: Cassette, { fork }: { fork?: Fork }): Promise<Replay> {
  const { head, lines } = cassette;
  const tape = createTape(lines);
  const end = endOf(cassette);
  const events: CassetteEvent[] = [];
  const differences: string[] = [];
  const drift: number[] = [];
  const abort = new AbortController();
  const recordedAbort = lines.find((line) => line.kind === "abort");
  /** In progress when the run was aborted: aborts again and never resolves. */
  const neverAnswers = (): Promise<never> => {
    if (recordedAbort) abort.abort(recordedAbort.reason === "interrupted" ? new RunInterrupted() : new Error("cancelled"));
    return new Promise(() => undefined);
  };
  const missing = (what: string): CassetteError => {
    differences.push(`${what} is not on the cassette`);
    return new CassetteError(`${what} is not on the cassette.`);
  };
  const hookOf = async <T>(name: HookLine["name"], otherwise?: T): Promise<T> => {
    const line = tape.hook(name);
    if (!line) {
      if (fork && otherwise !== undefined) return otherwise;
      if (recordedAbort) return neverAnswers();
      throw missing(`the answer of ${name}`);
    }
    if (line.is_aborted) return neverAnswers();
    if (line.error) throw errorOf(line.error);
    return line.value as T;
  };

  let delivered: (() => void) | undefined;
  const client: ModelClient = {
    async *stream(request, signal) {
      const isForked = fork !== undefined && tape.modelCalls() >= fork.step;
      const line = isForked ? undefined : tape.model();
      if (isForked) {
        yield* fork.client.stream(fork.systemPrompt === undefined ? request : { ...request, system: request.system }, signal);
        return;
      }
      if (!line) {
        if (recordedAbort) await neverAnswers();
        throw missing("this call of the model");
      }
      if (line.request !== requestHash(request)) drift.push(tape.modelCalls());
      for (const event of inRecordedPieces(line)) {
        // The next is received when this one was emitted, so that they are not merged.
        const isDelivered = event.type === "text" && event.isPiece ? new Promise<void>((resolve) => (delivered = resolve)) : undefined;
        yield event;
        await isDelivered;
      }
      if (line.is_aborted) await neverAnswers();
      if (line.error) throw errorOf(line.error);
    },
  };

  const hasDiagnostics = lines.some((line) => line.kind === "hook" && line.name === "diagnose");
  const recordedNow = [...(end?.now ?? [])];
  const recordedClock = [...(end?.clock ?? [])];
  const recordedIds = [...(end?.ids ?? [])];
  let lastNow = head.recorded_at;
  let lastClock = 0;
  let serial = 0;
  const deps: AgentDeps = {
    emit: async (event: AgentEvent) => {
      if (dependsOnTime(event)) return;
      const shown = shownEvent(withSubagentTokens(event));
      events.push(structuredClone(shown));
      fork?.onEvent?.(shown);
      if (event.type === "text_chunk") delivered?.();
    },
    approve: () => hookOf("approve", { decision: "deny" as const, note: "No user can approve: this is a fork of a recorded run." }),
    ...(head.can_ask && { ask: () => hookOf("ask", { outcome: "timeout" as const }) }),
    ...(head.has_plan && { beforeModelCall: () => hookOf("beforeModelCall", { ok: true as const }) }),
    ...(head.has_steering && { takeSteering: () => hookOf<string[]>("takeSteering", []) }),
    ...(hasDiagnostics && { diagnose: () => hookOf("diagnose", "") }),
    afterModelCall: () => hookOf("afterModelCall", { ok: true as const }),
    todos: memoryTodos(),
    images: notRecordedImages,
    getProjectInfo: () => hookOf("getProjectInfo", emptyProject),
    getPreviewState: async () => ({ url: null, status: "unknown", console_errors: [], last_logs: [] }),
    now: () => new Date((lastNow = recordedNow.shift() ?? lastNow)),
    clock: () => (lastClock = recordedClock.shift() ?? lastClock),
    newId: () => recordedIds.shift() ?? `fork-${++serial}`,
  };
  /** Sub-agents are not executed again, so their usage comes from the recording. */
  const hasSubagents = !fork && lines.some((line) => line.kind === "tool" && line.effects.some((effect) => "told" in effect));
  const resultOf = (result: RunResult): RunResult => {
    if (!hasSubagents || !end) return result;
    const { tokens_in, tokens_out, tokens_cached } = end.result.resource_stats;
    return { ...result, resource_stats: { ...result.resource_stats, tokens_in, tokens_out, tokens_cached } };
  };
  const withSubagentTokens = (event: AgentEvent): AgentEvent =>
    event.type === "complete" ? { type: "complete", data: resultOf(event.data) } : event;
  const { agent, model, ...recorded } = head.options;
  const options: RunOptions = {
    ...recorded,
    agent: { ...agent, system_prompt: fork?.systemPrompt ?? (agent.system_prompt || defaultSystemPrompt) },
    message: fork?.message ?? recorded.message,
    model: { ...model, ...fork?.model, client },
    workspace: fork?.workspace ?? tapeWorkspace(tape, missing),
    tools: head.tools.map((tool) => recordedTool(tool)),
    signal: fork?.signal ? AbortSignal.any([abort.signal, fork.signal]) : abort.signal,
    deps,
    ...(fork?.workspace
      ? {}
      : {
          interceptTool: async (call, context) => {
            const line = tape.tool(call.tool.name, call.parameters);
            if (!line) {
              if (!fork) differences.push(`the call of ${call.tool.name} is not on the cassette`);
              return { success: false, tool: call.tool.name, error: "This call is not on the cassette." };
            }
            for (const effect of line.effects) {
              if ("changed" in effect) await context.fileChanged(effect.changed);
              else if ("told" in effect) await deps.emit(effect.told as AgentEvent);
              else await context.ask?.(effect.asked).catch(() => undefined);
            }
            if (line.is_aborted) void neverAnswers();
            return line.result;
          },
        }),
  };
  const result = resultOf(await runAgent(options));
  return { events, result, differences, drift };
}

/** Lines by their kind, each returned once. */
function createTape(lines: CassetteLine[]) {
  const models = lines.filter((line): line is ModelLine => line.kind === "model");
  const tools = queues(
    lines.filter((line): line is ToolLine => line.kind === "tool"),
    (line) => callKey(line.name, line.parameters),
  );
  const hooks = queues(
    lines.filter((line): line is HookLine => line.kind === "hook"),
    (line) => line.name,
  );
  const workspace = queues(
    lines.filter((line): line is WorkspaceLine => line.kind === "workspace"),
    (line) => JSON.stringify([line.method, line.args]),
  );
  let modelCalls = 0;
  return {
    modelCalls: () => modelCalls,
    model: () => models[modelCalls++],
    tool: (name: string, parameters: ToolParameters) => tools.get(callKey(name, parameters))?.shift(),
    hook: (name: HookLine["name"]) => hooks.get(name)?.shift(),
    workspace: (method: WorkspaceLine["method"], args: unknown[]) => workspace.get(JSON.stringify([method, args]))?.shift(),
  };
}
const callKey = (name: string, parameters: ToolParameters): string => `${name} ${JSON.stringify(parameters)}`;
function queues<T>(lines: T[], keyOf: (line: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const line of lines) found.set(keyOf(line), [...(found.get(keyOf(line)) ?? []), line]);
  return found;
}

/** Whether the emitted text equals the model's output: no tool calls were parsed from it and no repetition dropped. */
function isTextVerbatim({ events, chunks }: ModelLine): boolean {
  return events
    .flatMap((event) => (event.type === "text" ? [event.delta] : []))
    .join("")
    .startsWith(chunks.join(""));
}

/** The recorded events, with their text in the pieces in which it was emitted. Text after the last piece was not emitted. */
function inRecordedPieces(line: ModelLine): (ModelEvent & { isPiece?: true })[] {
  const chunks = isTextVerbatim(line) ? [...line.chunks] : [];
  const found: (ModelEvent & { isPiece?: true })[] = [];
  let text = "";
  for (const event of line.events) {
    if (event.type !== "text" || chunks.length === 0) {
      found.push(event);
      continue;
    }
    text += event.delta;
    for (let chunk = chunks[0]; chunk !== undefined && text.length >= chunk.length; chunk = chunks[0]) {
      chunks.shift();
      found.push({ type: "text", delta: chunk, isPiece: true });
      text = text.slice(chunk.length);
    }
    if (chunks.length === 0 && text !== "") found.push({ type: "text", delta: text });
    if (event.provider_state) found.push({ type: "text", delta: "", provider_state: event.provider_state });
  }
  return found;
}

function errorOf(error: RecordedError): Error {
  if (error.name === "ModelError") {
    return new ModelError((error.code ?? "model_error") as ModelErrorCode, error.message, {
      retryable: error.retryable ?? false,
      ...(error.kind && { kind: error.kind }),
      // The recorded run has already waited.
      ...(error.retryable ? { retryAfterMs: 0 } : {}),
    });
  }
  return Object.assign(new Error(error.message), { name: error.name, ...(error.code === undefined ? {} : { code: error.code }) });
}

/** Built-in tools are executed in a live fork; tools of providers are answered from the cassette. */
function recordedTool(line: Cassette["head"]["tools"][number]): Tool {
  const own = allTools.find((tool) => tool.name === line.name);
  if (own) return own;
  const { name, description, category, gate, parameters, asksPerson } = line;
  return {
    name,
    description,
    category: category as Tool["category"],
    gate,
    parameters: parameters as unknown as Tool["parameters"],
    ...(asksPerson ? { asksUser: asksPerson } : {}),
    run: async () => ({ success: false, message: `${name} belongs to the server that the cassette was recorded on.` }),
  };
}

function tapeWorkspace(tape: ReturnType<typeof createTape>, missing: (what: string) => CassetteError): Workspace {
  const recorded = async (method: WorkspaceLine["method"], args: unknown[]): Promise<unknown> => {
    const line = tape.workspace(method, args);
    if (!line) throw missing(`${method} ${JSON.stringify(args)}`);
    if (line.error) throw errorOf(line.error);
    return line.value;
  };
  const refused = async (): Promise<never> => {
    throw new CassetteError("There is no project behind a cassette.");
  };
  return {
    exec: async (argv) => {
      const value = (await recorded("exec", [argv])) as { exitCode: number | null; stdout: string; stderr: string };
      return { ...value, signal: null, timedOut: false, aborted: false, durationMs: 0 };
    },
    pty: refused,
    files: {
      stat: async (path) => ((await recorded("stat", [path])) as WorkspaceEntry | null) ?? undefined,
      read: async (path) => {
        const { data, entry } = (await recorded("read", [path])) as { data: string; entry: WorkspaceEntry };
        return { data: Buffer.from(data, "base64"), entry };
      },
      walk: async (options) => (await recorded("walk", walkArgs(options))) as WorkspaceEntry[],
      write: refused,
      rename: refused,
      remove: refused,
    },
  };
}

const notRecordedImages: NonNullable<AgentDeps["images"]> = {
  keep: async () => {
    throw new ToolFailure("Replays have no images.");
  },
  load: async () => undefined,
};

function memoryTodos(): AgentDeps["todos"] {
  let todos: Awaited<ReturnType<AgentDeps["todos"]["read"]>> = [];
  return {
    read: async () => todos,
    write: async (next) => {
      todos = next;
    },
  };
}

const emptyProject: ProjectInfo = { id: "", name: "Fork", description: "", owner_id: "", created_at: "", updated_at: "", containers: [] };
