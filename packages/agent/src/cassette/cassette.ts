/**
 * A cassette: a recorded run as JSON lines, with all external input. Its replay needs no model, project or network, and emits the same events byte for
 * byte. The system prompt may be omitted and the data of images in tool results is, because a replay does not need them.
 */
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import type { ModelEvent, RunModel, ToolDefinition } from "../model-client.ts";
import type { ModelErrorKind } from "../model-error.ts";
import type { AgentEvent, FileChange, RunResult } from "../events.ts";
import type { RunOptions } from "../run-options.ts";
import type { ToolParameters, ToolResult } from "../tool-call.ts";
import type { UserQuestion } from "../user-questions.ts";

export const cassetteVersion = 2;

export type CassetteLine =
  | RunLine
  | ModelLine
  | ToolLine
  | WorkspaceLine
  | HookLine
  | { kind: "event"; event: CassetteEvent }
  /** The run was aborted; what was in progress is marked `is_aborted`. */
  | { kind: "abort"; reason: "cancelled" | "interrupted" }
  /** Recording stopped at the size limit: the cassette can be read and forked, but not replayed to its end. */
  | { kind: "cut"; bytes: number }
  | EndLine;

export interface RunLine {
  kind: "run";
  version: typeof cassetteVersion;
  recorded_at: string;
  /** Metadata of the caller: the task, the model's id. */
  about: Record<string, string>;
  /** The options that can be serialized. */
  options: Omit<RunOptions, "workspace" | "signal" | "deps" | "tools" | "interceptTool" | "hooks" | "seen" | "allowedTools" | "model"> & {
    allowedTools: string[];
    model: Omit<RunModel, "client">;
  };
  tools: (ToolDefinition & {
    category: string;
    gate: { approval: boolean; plan_blocked: boolean; read_only: boolean };
    asksPerson?: true;
  })[];
  /** The `ask` hook was present. */
  can_ask: boolean;
  /** The `beforeModelCall` hook was present. */
  has_plan: boolean;
  /** The `takeSteering` hook was present. */
  has_steering: boolean;
}
export interface ModelLine {
  kind: "model";
  /** SHA-256 of the request without its system prompt, to detect a replay with another request. */
  request: string;
  messages: number;
  events: ModelEvent[];
  /** The text in the pieces in which it was emitted. */
  chunks: string[];
  error?: RecordedError;
  is_aborted?: true;
}
export interface ToolLine {
  kind: "tool";
  name: string;
  parameters: ToolParameters;
  /** Side effects of the call, in order. */
  effects: ({ changed: FileChange } | { asked: UserQuestion } | { told: CassetteEvent })[];
  result: ToolResult;
  is_aborted?: true;
}
export interface WorkspaceLine {
  kind: "workspace";
  method: "stat" | "read" | "walk" | "exec";
  args: unknown[];
  value?: unknown;
  error?: RecordedError;
}
export interface HookLine {
  kind: "hook";
  name: "beforeModelCall" | "afterModelCall" | "approve" | "ask" | "getProjectInfo" | "takeSteering" | "diagnose";
  value?: unknown;
  error?: RecordedError;
  is_aborted?: true;
}
export interface EndLine {
  kind: "end";
  result: RunResult;
  now: string[];
  clock: number[];
  ids: string[];
}
export interface RecordedError {
  name: string;
  message: string;
  code?: string;
  kind?: ModelErrorKind;
  retryable?: boolean;
  retry_after_ms?: number;
}
/** An event without server-only data. */
export interface CassetteEvent {
  type: AgentEvent["type"];
  data: unknown;
}

const Head = Type.Object({
  kind: Type.Literal("run"),
  version: Type.Literal(cassetteVersion),
  options: Type.Object({
    agent: Type.Object({ system_prompt: Type.String() }),
    message: Type.String(),
    conversation: Type.Array(Type.Object({ role: Type.String() })),
    editMode: Type.Union([Type.Literal("allow"), Type.Literal("ask"), Type.Literal("plan")]),
  }),
  tools: Type.Array(Type.Object({ name: Type.String() })),
});
const AnyLine = Type.Object({
  kind: Type.Union(["run", "model", "tool", "workspace", "hook", "event", "abort", "cut", "end"].map((kind) => Type.Literal(kind))),
});

export class CassetteError extends Error {
  override readonly name = "CassetteError";
}

export interface Cassette {
  head: RunLine;
  lines: CassetteLine[];
}

/** Throws {@link CassetteError} with the line that cannot be read. */
export function readCassette(text: string): Cassette {
  const lines = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, index) => {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        throw new CassetteError(`Line ${index + 1} of the cassette is not JSON.`);
      }
      const line_: Static<typeof AnyLine> | undefined = Value.Check(AnyLine, value) ? value : undefined;
      if (!line_) throw new CassetteError(`Line ${index + 1} of the cassette is of no known kind.`);
      return value as CassetteLine;
    });
  const [head] = lines;
  if (head?.kind === "run" && Number(head.version) < cassetteVersion)
    throw new CassetteError("The cassette was recorded by an older version. Record the run again.");
  if (!Value.Check(Head, head) || head?.kind !== "run") throw new CassetteError("The cassette does not begin with the run it holds.");
  return { head: head as RunLine, lines };
}

export const writeCassette = (lines: readonly CassetteLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

export const eventsOf = ({ lines }: Cassette): CassetteEvent[] => lines.flatMap((line) => (line.kind === "event" ? [line.event] : []));
export const endOf = ({ lines }: Cassette): EndLine | undefined => lines.find((line): line is EndLine => line.kind === "end");

export const shownEvent = (event: AgentEvent): CassetteEvent => ({ type: event.type, data: event.data });

const timedEvents = new Set<AgentEvent["type"]>(["tool_progress", "command_started", "command_output", "command_ended", "model_retry"]);
/** Events that depend on how fast a command prints or a model writes or answers: they are not recorded, and a replay has none. */
export const dependsOnTime = ({ type }: AgentEvent): boolean => timedEvents.has(type);
