import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  runPrompt,
  scriptedModel,
  writeCassette,
  type AgentStep,
  type CassetteLine,
  type ModelClient,
  type PromptResult,
  type PromptRun,
} from "@tesslate/agent";
import type { Outcome } from "./outcome.ts";
import type { RunLimits } from "./schema.ts";
import type { Script } from "./script.ts";

/** The model of an evaluation; undefined: each task's own script answers. */
export type EvaluatedModel =
  | {
      client: ModelClient;
      /** Tokens. */
      context_window: number;
      /** Replaces the limit of steps of each task. */
      max_steps?: number;
    }
  | undefined;

/** What runs a task: the model, or its script, within its limits. Throws if there is neither a model nor a script. */
export function modelOf(
  model: EvaluatedModel,
  { script, limits }: { script: Script | undefined; limits?: RunLimits | undefined },
): Pick<PromptRun, "client" | "context_window" | "limits"> {
  const { max_steps = limits?.max_steps, client = script && scriptedModel(script), context_window } = model ?? {};
  if (!client) throw new Error("The task has no script.ts, so it needs a model: --model.");
  return {
    client,
    ...(context_window !== undefined && { context_window }),
    limits: {
      ...(max_steps !== undefined && { max_iterations: max_steps }),
      ...(limits?.max_tokens !== undefined && { max_tokens: limits.max_tokens }),
      ...(limits?.max_seconds !== undefined && { max_run_ms: limits.max_seconds * 1000 }),
    },
  };
}

/** Runs the agent. Writes the conversation to `transcript.md` and the run's cassette to `run.jsonl` in `reportDir`. */
export async function runAndRecord(run: Omit<PromptRun, "record">, reportDir: string): Promise<PromptResult> {
  await mkdir(reportDir, { recursive: true });
  const lines: CassetteLine[] = [];
  const done = await runPrompt({ ...run, record: (line) => lines.push(line) });
  await writeFile(join(reportDir, "run.jsonl"), writeCassette(lines));
  await writeFile(join(reportDir, "transcript.md"), transcriptOf(run.message, done));
  return done;
}

/** What a run adds to an outcome. */
export const usageOf = ({
  result,
  ms,
}: PromptResult): Pick<Outcome, "ended" | "steps" | "tokens_in" | "tokens_cached" | "tokens_out" | "run_ms"> => {
  const { tokens_in, tokens_cached, tokens_out } = result.resource_stats;
  return {
    ended: result.completion_reason + (result.error === undefined ? "" : `: ${result.error}`),
    steps: result.iterations,
    tokens_in,
    tokens_cached,
    tokens_out,
    run_ms: Math.round(ms),
  };
};

const maxBlock = 4000;
const block = (text: string): string => {
  const shown = text.length > maxBlock ? `${text.slice(0, maxBlock)}\n… ${text.length - maxBlock} more characters` : text;
  const fence = "`".repeat(Math.max(3, ...[...shown.matchAll(/`+/g)].map(([marks]) => marks.length + 1)));
  return `${fence}\n${shown}\n${fence}`;
};

function transcriptOf(message: string, { result, steps }: PromptResult): string {
  const shownStep = (step: AgentStep): string[] => [
    `## Step ${step.iteration}`,
    ...(step.thought ? [`Thinking:\n\n${block(step.thought)}`] : []),
    ...(step.response_text ? [block(step.response_text)] : []),
    ...step.tool_calls.flatMap((call, index) => [
      `\`${call.name}\` (${step.tool_results[index]?.success ? "succeeded" : "failed"})`,
      block(JSON.stringify(call.parameters, null, 2)),
      block(JSON.stringify(step.tool_results[index] ?? null, null, 2)),
    ]),
  ];
  return [
    "# Transcript",
    block(message),
    ...steps.flatMap(shownStep),
    `Ended: ${result.completion_reason}${result.error === undefined ? "" : `, ${result.error}`}`,
    "",
  ].join("\n\n");
}
