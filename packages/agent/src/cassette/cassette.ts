/**
 * A cassette: one run as JSON lines, with everything that came from outside (product.md "Cassette runs"). Played again it needs no model, no
 * project and no network, and says the same events byte for byte. The system prompt may be left out: nothing in a replay depends on it.
 */
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import type { ModelEvent, ToolDefinition } from "../model-client.ts";
import type { AgentEvent, FileChange, RunOptions, RunResult, ToolParameters, ToolResult } from "../types.ts";
import type { Inquiry } from "../inquiry.ts";

export const cassetteVersion = 1;

export type CassetteLine =
  | RunLine
  | ModelLine
  | ToolLine
  | WorkspaceLine
  | HookLine
  | { kind: "event"; event: CassetteEvent }
  /** The run was ended from outside; what was under way then is marked `is_aborted`. */
  | { kind: "abort"; reason: "cancelled" | "interrupted" }
  /** Recording stopped because the cassette was full: it can be read and forked, not replayed to its end. */
  | { kind: "cut"; bytes: number }
  | EndLine;

export interface RunLine {
  kind: "run";
  version: typeof cassetteVersion;
  recorded_at: string;
  /** What the caller wants to remember: the task, the model's id. */
  about: Record<string, string>;
  /** As given, without what cannot be written down. */
  options: Omit<RunOptions, "workspace" | "signal" | "deps" | "tools" | "aroundTool" | "seen" | "allowedTools" | "model"> & {
    allowedTools: string[];
    model: Omit<RunOptions["model"], "client">;
  };
  tools: (ToolDefinition & {
    category: string;
    gate: { approval: boolean; plan_blocked: boolean; read_only: boolean };
    asksPerson?: true;
  })[];
  /** Somebody could be asked. */
  can_ask: boolean;
  /** The caller had a word before each model call. */
  has_plan: boolean;
  /** The person could say something meanwhile. */
  has_steering: boolean;
}
export interface ModelLine {
  kind: "model";
  /** SHA-256 of the request without its system prompt: tells a replay that asks for something else. */
  request: string;
  messages: number;
  events: ModelEvent[];
  /** The text as it was told, piece by piece. */
  chunks: string[];
  error?: RecordedError;
  is_aborted?: true;
}
export interface ToolLine {
  kind: "tool";
  name: string;
  parameters: ToolParameters;
  /** What the call did beside its answer, in order. */
  effects: ({ changed: FileChange } | { asked: Inquiry } | { told: CassetteEvent })[];
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
  name: "beforeModelCall" | "afterModelCall" | "approve" | "ask" | "getProjectInfo" | "takeSteering";
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
  retryable?: boolean;
  retry_after_ms?: number;
}
/** As on the wire: without what only the server keeps. */
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
    history: Type.Array(Type.Object({})),
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
  if (!Value.Check(Head, head) || head?.kind !== "run") throw new CassetteError("The cassette does not begin with the run it holds.");
  return { head: head as RunLine, lines };
}

export const writeCassette = (lines: readonly CassetteLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

export const eventsOf = ({ lines }: Cassette): CassetteEvent[] => lines.flatMap((line) => (line.kind === "event" ? [line.event] : []));
export const endOf = ({ lines }: Cassette): EndLine | undefined => lines.find((line): line is EndLine => line.kind === "end");

/** Bytes (pictures) as JSON can hold them, anywhere within plain data; and back. */
export const withoutBytes = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(withoutBytes);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBytes(item)]));
};
export const withBytes = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value && typeof value.$bytes === "string") return new Uint8Array(Buffer.from(value.$bytes, "base64"));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBytes(item)]));
};

export const shownEvent = (event: AgentEvent): CassetteEvent => ({ type: event.type, data: event.data });
