import { ModelError } from "../model-error.ts";
import { runAgent } from "../loop.ts";
import { callsOf, steeringMessage, textOf, type Message } from "../conversation.ts";
import { imageTypeOf, type ImageStore } from "../images.ts";
import { ToolFailure } from "../tool.ts";
import type { ModelClient, ModelEvent, ModelRequest } from "../model-client.ts";
import type { AgentDeps, ModelCall } from "../agent-deps.ts";
import type { AgentEvent, ApprovalRequest, RunResult } from "../events.ts";
import type { RunOptions } from "../run-options.ts";
import type { Todo } from "../todos.ts";
import type { Workspace } from "../workspace.ts";

/** One scripted reply: events, an error to throw, or a function that decides by the request. `hang` waits for the abort. */
export type Reply = (ModelEvent | Error | "hang" | { wait: number })[];
export type Script = (Reply | ((request: ModelRequest) => Reply))[];

export const usage = { tokens_in: 100, tokens_out: 10, tokens_cached: 0 };
export const stop: ModelEvent = { type: "finish", reason: "stop", usage };
export const useTools: ModelEvent = { type: "finish", reason: "tool_calls", usage };

/** Text in the given pieces. */
export const say = (...deltas: string[]): ModelEvent[] => deltas.map((delta) => ({ type: "text", delta }));

let serial = 0;
/** A call whose arguments arrive in fragments, as providers send them. */
export function call(name: string, parameters: unknown): ModelEvent[] {
  const id = `c${++serial}`;
  const text = typeof parameters === "string" ? parameters : JSON.stringify(parameters);
  const fragments = text.match(/[\s\S]{1,7}/g) ?? [];
  return [
    { type: "tool_call_start", id, name },
    ...fragments.map((delta): ModelEvent => ({ type: "tool_call_delta", id, delta })),
    { type: "tool_call_end", id },
  ];
}

export const write = (path: string, content = "x\n"): ModelEvent[] => call("write_file", { file_path: path, content });
export const read = (path: string): ModelEvent[] => call("read_file", { file_path: path });
export const calls = (...all: ModelEvent[][]): Reply => [...all.flat(), useTools];
export const answer = (text: string): Reply => [...say(text), stop];
export const brokenLine = (options: { retryable?: boolean } = {}): ModelError =>
  new ModelError("model_error", "The connection was lost.", { retryable: options.retryable ?? true });

/** The texts of all tool results, in order. */
export const resultTexts = (messages: readonly Message[]): string[] =>
  messages.flatMap((message) => (message.role === "tool" ? message.parts.map(textOf) : []));
/** The ids of all calls, in order. */
export const callIds = (messages: readonly Message[]): string[] =>
  messages.flatMap((message) => (message.role === "assistant" ? callsOf(message).map(({ id }) => id) : []));
/** The ids of the calls of all results, in order. */
export const answeredIds = (messages: readonly Message[]): string[] =>
  messages.flatMap((message) => (message.role === "tool" ? message.parts.map(({ call_id }) => call_id) : []));

/** Keeps images as they are. `withoutData` is a replacer of JSON; `withData` puts the data back. */
export function memoryImages(): ImageStore & {
  withoutData(key: string, value: unknown): unknown;
  withData(record: readonly Message[]): Promise<Message[]>;
} {
  const kept = new Map<string, string>();
  const load = async (reference: string): Promise<string | undefined> => kept.get(reference);
  return {
    load,
    keep: async ({ name, data }) => {
      const media_type = imageTypeOf(data);
      if (!media_type) throw new ToolFailure("It is not an image.");
      const reference = `image-${kept.size + 1}`;
      kept.set(reference, Buffer.from(data).toString("base64"));
      const [width, height] = media_type === "image/png" ? [16, 20].map((at) => Buffer.from(data).readUInt32BE(at)) : [];
      return { type: "image", name, media_type, reference, width: width ?? null, height: height ?? null, data: kept.get(reference)! };
    },
    withoutData: (key, value) => (key === "data" && [...kept.values()].includes(value as string) ? undefined : value),
    withData: async (record) =>
      JSON.parse(JSON.stringify(record), (_key, value: { reference?: string }) =>
        typeof value?.reference === "string" ? { ...value, data: kept.get(value.reference) } : value,
      ) as Message[],
  };
}

export interface ScriptedClient extends ModelClient {
  readonly requests: ModelRequest[];
}

export function scripted(script: Script): ScriptedClient {
  const requests: ModelRequest[] = [];
  return {
    requests,
    async *stream(request, signal) {
      const entry = script[requests.length];
      requests.push(structuredClone(request));
      if (!entry) throw new ModelError("model_error", "The script has ended.");
      for (const item of typeof entry === "function" ? entry(request) : entry) {
        if (signal.aborted) throw signal.reason;
        if (item instanceof Error) throw item;
        if (item === "hang") await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        else if ("wait" in item) await new Promise((resolve) => setTimeout(resolve, item.wait));
        else yield item;
      }
    },
  };
}

export interface TestRun {
  /** Without `conversation_appended`. */
  events: AgentEvent[];
  /** What the run added to the record, in order. */
  appended: Message[];
  /** Types of the events and hooks in order, without `conversation_appended`; `charge` marks where credits_used would be. */
  order: string[];
  charges: ModelCall[];
  approvals: ApprovalRequest[];
  result: RunResult;
  client: ScriptedClient;
  todos: Todo[];
  unexpected: unknown[];
  /** Of the first event of a type. */
  first<T extends AgentEvent["type"]>(type: T): Extract<AgentEvent, { type: T }>;
  all<T extends AgentEvent["type"]>(type: T): Extract<AgentEvent, { type: T }>[];
}

export type RunChanges = Omit<Partial<RunOptions>, "deps" | "workspace"> & {
  deps?: Partial<AgentDeps>;
  /** Answers to approvals, in order; an empty list waits for ever. */
  answers?: Awaited<ReturnType<AgentDeps["approve"]>>[];
  onEvent?: (event: AgentEvent, abort: AbortController) => void;
  /** Plays the run in another way than `runAgent` alone. */
  through?: (options: RunOptions) => Promise<RunResult>;
};

/** Runs a script against a workspace and records every event, request and hook. */
export async function play(workspace: Workspace, script: Script, changes: RunChanges = {}): Promise<TestRun> {
  const client = scripted(script);
  const abort = new AbortController();
  const run: Omit<TestRun, "result" | "first" | "all"> = {
    events: [],
    appended: [],
    order: [],
    charges: [],
    approvals: [],
    client,
    todos: [],
    unexpected: [],
  };
  const answers = [...(changes.answers ?? [])];
  const takeSteering = changes.deps?.takeSteering;
  const deps: AgentDeps = {
    async emit(event) {
      await Promise.resolve();
      if (event.type === "conversation_appended") run.appended.push(...event.data.messages);
      else {
        if ("messages" in event) run.appended.push(...event.messages);
        run.events.push(event);
        run.order.push(event.type);
      }
      changes.onEvent?.(event, abort);
    },
    async approve(request) {
      run.approvals.push(request);
      const next = answers.shift();
      return next ?? new Promise(() => undefined);
    },
    async afterModelCall(modelCall) {
      run.charges.push(modelCall);
      run.order.push("charge");
      return { ok: true };
    },
    todos: {
      read: async () => run.todos,
      write: async (todos) => {
        run.todos = todos;
      },
    },
    getProjectInfo: async () => ({
      id: "p1",
      name: "Counter",
      description: "A counter",
      owner_id: "u1",
      created_at: "2026-01-01T00:00:00.000Z",
      updated_at: "2026-01-02T00:00:00.000Z",
      containers: [
        {
          name: "web",
          directory: ".",
          framework: "react-vite",
          status: "running",
          port: 5173,
          url: "http://counter-web.preview.localhost",
        },
      ],
    }),
    getPreviewState: async () => ({
      url: "http://counter-web.preview.localhost",
      status: "running",
      console_errors: ["TypeError: x is undefined"],
      last_logs: ["ready in 200 ms"],
    }),
    onUnexpected: (error) => run.unexpected.push(error),
    // Time passes at once.
    waitToRetry: async () => ({}),
    ...changes.deps,
    ...(takeSteering && {
      takeSteering: async (iteration) => {
        const texts = await takeSteering(iteration);
        run.appended.push(...texts.map(steeringMessage));
        return texts;
      },
    }),
  };
  const { answers: _answers, onEvent: _onEvent, deps: _deps, through, ...rest } = changes;
  const result = await (through ?? runAgent)({
    agent: { system_prompt: "You are an agent.", tools: null },
    model: { client },
    message: "Do it",
    conversation: [],
    editMode: "allow",
    workspace,
    signal: abort.signal,
    ...rest,
    deps,
  });
  const all: TestRun["all"] = (type) => run.events.filter((event): event is never => event.type === type);
  return {
    ...run,
    todos: run.todos,
    result,
    all,
    first(type) {
      const found = all(type)[0];
      if (!found) throw new Error(`no ${type} was emitted`);
      return found;
    },
  };
}
