import { Value } from "typebox/value";
import { abortable, pause } from "./abortable.ts";
import { normalizeArguments } from "./argument-names.ts";
import { currentToolName } from "./tools/index.ts";
import { failed, failureMessage, ToolFailure, workspaceCode, type EditMode, type Tool, type ToolContext } from "./tool.ts";
import type { ToolCallPart } from "./conversation.ts";
import type { StoredImage } from "./images.ts";
import type { ToolOutput, ToolParameters, ToolResult } from "./tool-call.ts";

/** Attempts of a read-only tool when the workspace is briefly unavailable, and the first pause between them. */
const maxTries = 3;
const firstPauseMs = 1_000;
/** Time for an aborted tool to clean up before the run continues without it. */
const graceMs = 3_000;
/** Per call. Tools edit files of at most 5 MiB. */
const maxArgumentChars = 6_000_000;
const maxArgumentDepth = 64;

/** A call with parsed and checked arguments. Without `tool`, `problem` is its result. */
export interface PreparedCall {
  call: ToolCallPart;
  parameters: ToolParameters;
  tool?: Tool;
  problem?: ToolResult;
}

/** Parses and checks the arguments. Errors become a result that the model reads. */
export function prepareCall(given: ToolCallPart, tools: readonly Tool[], replaced: Readonly<Record<string, string>> = {}): PreparedCall {
  const tool = tools.find((one) => one.name === given.name) ?? tools.find((one) => aliasOf(one, given.name) !== undefined);
  const call = tool ? { ...given, name: tool.name } : given;
  const parsed = given.problem === undefined ? parseArguments(given.arguments) : { ok: false as const, reason: given.problem };
  const parameters = parsed.ok ? parsed.value : {};
  const refuse = (error: string): PreparedCall => ({ call, parameters, problem: { success: false, tool: call.name, error } });
  const replacement = tool ? undefined : [call.name, currentToolName(call.name)].find((name) => Object.hasOwn(replaced, name));
  if (replacement !== undefined) return refuse(`${call.name} is not available here. ${replaced[replacement]}`);
  if (!tool) {
    const broken = parsed.ok ? "" : ` Its arguments are not valid JSON either (${parsed.reason}).`;
    return refuse(`There is no tool "${call.name}". The tools are: ${tools.map((one) => one.name).join(", ")}.${broken}`);
  }
  if (!parsed.ok)
    return refuse(`The arguments are not valid JSON (${parsed.reason}). Nothing was done. Send the call again with complete, valid JSON.`);
  const adapt = tool.name === given.name ? undefined : aliasOf(tool, given.name)?.adapt;
  const value = coerce(tool, adapt ? adapt(parsed.value) : parsed.value);
  const errors = Value.Check(tool.parameters, value) ? [] : Value.Errors(tool.parameters, value);
  if (errors.length > 0) {
    const list = errors
      .slice(0, 5)
      .map((error) => `${error.instancePath === "" ? "arguments" : error.instancePath.slice(1)} ${error.message}`);
    return refuse(`The arguments do not fit ${tool.name}: ${list.join("; ")}. Nothing was done.`);
  }
  return { call, parameters: value as ToolParameters, tool };
}

const aliasOf = (tool: Tool, name: string) => tool.aliases?.find((alias) => alias.name === name);

/** Checked on the text, because deeper values would overflow the stack of any recursive code. */
function isDeep(text: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isText) {
      if (character === "\\") at++;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === "{" || character === "[") {
      if (++depth > maxArgumentDepth) return true;
    } else if (character === "}" || character === "]") depth--;
  }
  return false;
}

function parseArguments(text: string): { ok: true; value: ToolParameters } | { ok: false; reason: string } {
  if (text.trim() === "") return { ok: true, value: {} };
  if (text.length > maxArgumentChars) return { ok: false, reason: `longer than ${maxArgumentChars} characters; do it in parts` };
  if (isDeep(text)) return { ok: false, reason: `nested deeper than ${maxArgumentDepth} levels` };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ok: true, value: value as ToolParameters };
    return { ok: false, reason: "an object is needed" };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message.slice(0, 200) : "unreadable" };
  }
}

/** Accepts what small models do: numbers as strings, null for absent parameters, lists and objects as JSON text, parameters under other names. */
function coerce(tool: Tool, value: ToolParameters): unknown {
  const given = Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, isStructured(tool, key) && typeof item === "string" ? (tryJson(item) ?? item) : item]),
  );
  if (Value.Check(tool.parameters, given)) return given;
  return Value.Convert(tool.parameters, structuredClone(normalizeArguments(tool, given)));
}

function isStructured(tool: Tool, key: string): boolean {
  const schema: unknown = tool.parameters.properties[key];
  return typeof schema === "object" && schema !== null && "type" in schema && (schema.type === "array" || schema.type === "object");
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Applies the edit mode to a call. */
export function gateOf(
  tool: Tool,
  parameters: ToolParameters,
  mode: EditMode,
  allowedTools: ReadonlySet<string>,
): "run" | "ask" | "refuse" {
  const gate = tool.gateOf?.(parameters) ?? tool.gate;
  if (mode === "plan") return gate.plan_blocked ? "refuse" : "run";
  if (mode === "ask" && gate.approval && !allowedTools.has(tool.name)) return "ask";
  return "run";
}

export function refusedInPlanMode(tool: Tool): ToolResult {
  return {
    success: false,
    tool: tool.name,
    error: `${tool.name} is not available in plan mode: nothing may be changed. Describe the change in your plan instead.`,
  };
}

/** Runs a prepared call. Never rejects; errors become a result. */
export async function executeCall(
  tool: Tool,
  parameters: ToolParameters,
  context: ToolContext,
  options: { timeoutMs: number; onUnexpected: (error: unknown, where: string) => void },
): Promise<ToolResult> {
  const limitMs = tool.timeLimitMs?.(parameters) ?? options.timeoutMs;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), limitMs);
  const signal = AbortSignal.any([context.signal, timeout.signal]);
  try {
    const work = withRetries(tool, parameters, { ...context, signal }).then((output) => withKeptImages(output, context.images, signal));
    const { output, images } = await abortable(work, signal).catch((error: unknown) => afterAbort(work, signal, error));
    return { ...envelope(tool.name, output), ...(images.length > 0 && { images }) };
  } catch (error) {
    if (context.signal.aborted) return { success: false, tool: tool.name, error: "Stopped with the run." };
    if (timeout.signal.aborted)
      return { success: false, tool: tool.name, error: `${tool.name} took longer than ${Math.round(limitMs / 1_000)} s and was ended.` };
    if (error instanceof ToolFailure) return envelope(tool.name, failed(error.message, error.fields));
    const code = workspaceCode(error);
    if (code === undefined) options.onUnexpected(error, `tool ${tool.name}`);
    const missing = code === "not_found" ? { exists: false } : {};
    return envelope(tool.name, failed(failureMessage(error), missing));
  } finally {
    clearTimeout(timer);
  }
}

/** Waits briefly for an aborted tool: `exec` returns the output once its processes have ended. */
async function afterAbort<T>(work: Promise<T>, signal: AbortSignal, error: unknown): Promise<T> {
  if (!signal.aborted) throw error;
  return abortable(work, AbortSignal.timeout(graceMs));
}

async function withRetries(tool: Tool, parameters: ToolParameters, context: ToolContext): Promise<ToolOutput> {
  for (let tries = 1; ; tries++) {
    try {
      return await tool.run(parameters, context);
    } catch (error) {
      if (!tool.gate.read_only || tries >= maxTries || workspaceCode(error) !== "unavailable") throw error;
      await pause(firstPauseMs * 2 ** (tries - 1), context.signal);
    }
  }
}

/** Stores the images of an output. Its message says what cannot be shown. */
async function withKeptImages(
  { images = [], ...output }: ToolOutput,
  store: ToolContext["images"],
  signal: AbortSignal,
): Promise<{ output: ToolOutput; images: StoredImage[] }> {
  if (images.length === 0 || !store) return { output, images: [] };
  const kept = await store.keep(images, signal);
  return { output: { ...output, message: [output.message, ...kept.problems].join(" ") }, images: kept.images };
}

function envelope(tool: string, output: ToolOutput): ToolResult {
  return output.success ? { success: true, tool, result: output } : { success: false, tool, result: output, error: output.message };
}
