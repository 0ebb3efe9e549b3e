import { createHash } from "node:crypto";
import { randomUUID } from "node:crypto";
import type { Message, ToolResultPart } from "../conversation.ts";
import { ModelError } from "../model-error.ts";
import { allTools } from "../tools/index.ts";
import type { ModelEvent, ModelRequest } from "../model-client.ts";
import type { RunResult } from "../events.ts";
import { RunInterrupted, type RunOptions } from "../run-options.ts";
import type { Tool, ToolContext } from "../tool.ts";
import type { Workspace } from "../workspace.ts";
import {
  cassetteVersion,
  dependsOnTime,
  shownEvent,
  type CassetteLine,
  type HookLine,
  type RecordedError,
  type RunLine,
  type ToolLine,
  type WorkspaceLine,
} from "./cassette.ts";

export interface RecorderOptions {
  /** Called per line, with secrets removed. Never called after `finish`. */
  write(line: CassetteLine): void;
  /** Removes secrets from a line. Default: none. */
  redact?: <T>(value: T) => T;
  /** Omits the agent's instructions. */
  hidesPrompt?: boolean;
  /** Metadata for the first line: ids, the model. */
  about?: Record<string, string>;
  recordedAt: Date;
  /** Characters of JSON after which recording stops. Default 16 000 000. */
  maxChars?: number;
}

/** Run the agent with `options`, then call `finish`. */
export interface Recording {
  options: RunOptions;
  finish(result: RunResult): void;
}

export function recordRun(options: RunOptions, recorder: RecorderOptions): Recording {
  const { deps, workspace, signal } = options;
  const redact = recorder.redact ?? ((value) => value);
  const maxChars = recorder.maxChars ?? 16_000_000;
  let written = 0;
  let isCut = false;
  let isOver = false;
  const write = (line: CassetteLine): void => {
    if (isCut || isOver) return;
    const clean = redact(structuredClone(line));
    written += JSON.stringify(clean).length;
    if (written > maxChars && line.kind !== "run") {
      isCut = true;
      recorder.write({ kind: "cut", bytes: written });
    } else recorder.write(clean);
  };
  /** Side effects of calls in progress. The loop itself makes no requests during them, so any others are from sub-agents. */
  const running: ToolLine["effects"][] = [];
  let ownAsks = 0;
  let ownChanges = 0;
  const isLoops = (): boolean => running.length === 0 || ownAsks > 0;
  const now: string[] = [];
  const clock: number[] = [];
  const ids: string[] = [];
  let chunks: string[] | undefined;

  write(headOf(options, recorder));
  const noteAbort = (): void => write({ kind: "abort", reason: signal.reason instanceof RunInterrupted ? "interrupted" : "cancelled" });
  if (signal.aborted) noteAbort();
  else signal.addEventListener("abort", noteAbort, { once: true });

  const hook = async <T>(name: HookLine["name"], work: () => Promise<T>): Promise<T> => {
    // Only waiting for a person is aborted with the run.
    const isAbandoned = (name === "approve" || name === "ask") && !signal.aborted;
    const end = (): void => write({ kind: "hook", name, is_aborted: true });
    if (isAbandoned) signal.addEventListener("abort", end, { once: true });
    const keep = (more: Pick<HookLine, "value" | "error">): void => {
      signal.removeEventListener("abort", end);
      if (!isAbandoned || !signal.aborted) write({ kind: "hook", name, ...more });
    };
    try {
      const value = await work();
      keep({ value });
      return value;
    } catch (error) {
      keep({ error: recordedError(error) });
      throw error;
    }
  };

  async function* stream(request: ModelRequest, callSignal: AbortSignal): AsyncGenerator<ModelEvent> {
    if (!isLoops()) {
      yield* options.model.client.stream(request, callSignal);
      return;
    }
    const events: ModelEvent[] = [];
    const own: string[] = [];
    chunks = own;
    const line = { kind: "model" as const, request: requestHash(request), messages: request.messages.length, events, chunks: own };
    let isWritten = false;
    const end = (more: { error?: RecordedError; is_aborted?: true }): void => {
      if (isWritten) return;
      isWritten = true;
      write({ ...line, ...more });
    };
    pendingModel = () => end(signal.aborted && events.at(-1)?.type !== "finish" ? { is_aborted: true } : {});
    try {
      for await (const event of options.model.client.stream(request, callSignal)) {
        append(events, event);
        yield event;
      }
    } catch (error) {
      if (callSignal.aborted && !(callSignal.reason instanceof ModelError)) end({ is_aborted: true });
      else end({ error: recordedError(callSignal.aborted ? callSignal.reason : error) });
      throw error;
    } finally {
      if (callSignal.aborted && signal.aborted) end({ is_aborted: true });
    }
  }
  /** A complete stream is written after its text was emitted, with the next line. */
  let pendingModel: (() => void) | undefined;
  const settleModel = (): void => {
    pendingModel?.();
    pendingModel = undefined;
  };

  const watched: RunOptions = {
    ...options,
    model: { ...options.model, client: { stream } },
    workspace: watchedWorkspace(workspace, write),
    interceptTool: async (call, context, run) => {
      const effects: ToolLine["effects"] = [];
      const inner: ToolContext = {
        ...context,
        workspace,
        now: deps.now ?? ((): Date => new Date()),
        fileChanged: async (change) => {
          effects.push({ changed: change });
          ownChanges++;
          await context.fileChanged(change).finally(() => ownChanges--);
        },
        ...(context.ask && {
          ask: async (inquiry) => {
            effects.push({ asked: inquiry });
            ownAsks++;
            return context.ask!(inquiry).finally(() => ownAsks--);
          },
        }),
      };
      running.push(effects);
      const result = await (options.interceptTool ? options.interceptTool(call, inner, run) : run(inner)).finally(() =>
        running.splice(running.indexOf(effects), 1),
      );
      write({
        kind: "tool",
        name: call.tool.name,
        parameters: call.parameters,
        effects,
        result,
        ...(signal.aborted ? { is_aborted: true as const } : {}),
      });
      return result;
    },
    deps: {
      ...deps,
      emit: async (event) => {
        if (dependsOnTime(event)) return deps.emit(event);
        if (running.length > 0 && ownAsks === 0 && ownChanges === 0) running[0]!.push({ told: shownEvent(event) });
        else if (event.type === "text_chunk") chunks?.push(event.data.content);
        write({ kind: "event", event: shownEvent(event) });
        await deps.emit(event);
      },
      approve: (request, waitSignal) =>
        isLoops() ? hook("approve", () => deps.approve(request, waitSignal)) : deps.approve(request, waitSignal),
      ...(deps.ask && {
        ask: (request, waitSignal) => (isLoops() ? hook("ask", () => deps.ask!(request, waitSignal)) : deps.ask!(request, waitSignal)),
      }),
      ...(deps.beforeModelCall && {
        beforeModelCall: (call) => (isLoops() ? hook("beforeModelCall", () => deps.beforeModelCall!(call)) : deps.beforeModelCall!(call)),
      }),
      ...(deps.diagnose && {
        diagnose: (changes, callSignal) =>
          isLoops() ? hook("diagnose", () => deps.diagnose!(changes, callSignal)) : deps.diagnose!(changes, callSignal),
      }),
      ...(deps.takeSteering && { takeSteering: (iteration) => hook("takeSteering", () => deps.takeSteering!(iteration)) }),
      afterModelCall: (call) => {
        if (!isLoops()) return deps.afterModelCall(call);
        settleModel();
        return hook("afterModelCall", () => deps.afterModelCall(call));
      },
      getProjectInfo: () => (isLoops() ? hook("getProjectInfo", () => deps.getProjectInfo()) : deps.getProjectInfo()),
      now: () => {
        const at = deps.now?.() ?? new Date();
        if (isLoops()) now.push(at.toISOString());
        return at;
      },
      clock: () => {
        const at = deps.clock?.() ?? performance.now();
        if (isLoops()) clock.push(at);
        return at;
      },
      newId: () => {
        const id = (deps.newId ?? randomUUID)();
        if (isLoops()) ids.push(id);
        return id;
      },
    },
  };
  return {
    options: watched,
    finish(result) {
      settleModel();
      signal.removeEventListener("abort", noteAbort);
      write({ kind: "end", result, now, clock, ids });
      isOver = true;
    },
  };
}

function headOf(options: RunOptions, { hidesPrompt, about, recordedAt }: RecorderOptions): RunLine {
  const { client: _client, ...model } = options.model;
  const { workspace: _w, signal: _s, deps, tools: _t, interceptTool: _a, hooks: _h, seen: _seen, allowedTools, agent, ...rest } = options;
  return {
    kind: "run",
    version: cassetteVersion,
    recorded_at: recordedAt.toISOString(),
    about: about ?? {},
    options: {
      ...rest,
      conversation: JSON.parse(JSON.stringify(rest.conversation, withoutResultImages)) as Message[],
      agent: { ...agent, system_prompt: hidesPrompt ? "" : agent.system_prompt },
      allowedTools: [...(allowedTools ?? [])],
      model,
    },
    tools: (options.tools ?? allTools).map(toolLine),
    can_ask: deps.ask !== undefined,
    has_plan: deps.beforeModelCall !== undefined,
    has_steering: deps.takeSteering !== undefined,
  };
}
const toolLine = ({ name, description, category, gate, parameters, asksUser }: Tool): RunLine["tools"][number] => ({
  name,
  description,
  category,
  gate: { ...gate },
  parameters: JSON.parse(JSON.stringify(parameters)) as Record<string, unknown>,
  ...(asksUser ? { asksPerson: true } : {}),
});

/** Records file access of the loop itself; that of tools is recorded with the tool. */
function watchedWorkspace(workspace: Workspace, write: (line: WorkspaceLine) => void): Workspace {
  const { files } = workspace;
  const watch = async <T>(
    method: WorkspaceLine["method"],
    args: unknown[],
    work: () => Promise<T>,
    kept: (value: T) => unknown,
  ): Promise<T> => {
    try {
      const value = await work();
      write({ kind: "workspace", method, args, value: kept(value) });
      return value;
    } catch (error) {
      write({ kind: "workspace", method, args, error: recordedError(error) });
      throw error;
    }
  };
  const same = <T>(value: T): T => value;
  return {
    exec: (argv, options) =>
      watch(
        "exec",
        [argv],
        () => workspace.exec(argv, options),
        ({ exitCode, stdout, stderr }) => ({ exitCode, stdout, stderr }),
      ),
    pty: (argv, options) => workspace.pty(argv, options),
    files: {
      stat: (path) =>
        watch(
          "stat",
          [path],
          () => files.stat(path),
          (entry) => entry ?? null,
        ),
      read: (path, options) =>
        watch(
          "read",
          [path],
          () => files.read(path, options),
          ({ data, entry }) => ({ data: Buffer.from(data).toString("base64"), entry }),
        ),
      walk: (options) => watch("walk", walkArgs(options), () => files.walk(options), same),
      write: (path, data, options) => files.write(path, data, options),
      rename: (from, to, options) => files.rename(from, to, options),
      remove: (path, options) => files.remove(path, options),
    },
  };
}
export const walkArgs = (options: { under?: string; skip?: ReadonlySet<string> } = {}): unknown[] => [
  options.under ?? ".",
  [...(options.skip ?? [])].toSorted(),
];

/** Merges adjacent deltas, so that there is not one per token. */
function append(events: ModelEvent[], event: ModelEvent): void {
  const last = events.at(-1);
  if (event.type === "text" && last?.type === "text") last.delta += event.delta;
  else if (event.type === "tool_call_delta" && last?.type === "tool_call_delta" && last.id === event.id) last.delta += event.delta;
  else if (event.type === "reasoning" && last?.type === "reasoning" && !event.starts && !event.provider_state && !last.provider_state)
    last.delta += event.delta;
  else events.push({ ...event });
}

/** The data of images in tool results is not recorded: it would fill the cassette, and a replay does not need it. */
const withoutResultImages = (_key: string, value: unknown): unknown =>
  isToolResult(value) ? { ...value, content: value.content.map((part) => ({ ...part, data: undefined })) } : value;
const isToolResult = (value: unknown): value is ToolResultPart =>
  typeof value === "object" && value !== null && "type" in value && value.type === "tool_result";

export function requestHash({ system: _system, model: _model, ...request }: ModelRequest): string {
  return createHash("sha256").update(JSON.stringify(request, withoutResultImages)).digest("hex");
}

export function recordedError(error: unknown): RecordedError {
  if (error instanceof ModelError) {
    const { name, message, code, kind, retryable, retryAfterMs } = error;
    return {
      name,
      message,
      code,
      ...(kind && { kind }),
      retryable,
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    };
  }
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { code } = error as { code?: unknown };
  return { name: error.name, message: error.message, ...(typeof code === "string" ? { code } : {}) };
}
