import type { ModelClient } from "../model-client.ts";
import type { AgentStep, RunResult } from "../events.ts";
import type { Workspace } from "../workspace.ts";
import { runPrompt } from "./run-prompt.ts";
import { scriptedModel } from "./scripted-model.ts";
import type { TaskSpec } from "./spec.ts";

export interface SpecOutcome {
  title: string;
  /** Failed checks; empty: passed. */
  failures: string[];
  /** The completion reason of the run. */
  ended: string;
  steps: number;
  tokens_in: number;
  tokens_out: number;
  tokens_cached: number;
  ms: number;
}

export interface SpecRun {
  /** An empty workspace, to which the spec's files are written. */
  workspace: Workspace;
  /** A real model. Without it, the spec's script answers, and the checks for scripted models apply too. */
  client?: ModelClient;
  context_window?: number;
  signal?: AbortSignal;
}

/** Runs a spec and checks it. Never rejects because of the model. */
export async function runSpec(spec: TaskSpec, { workspace, client, context_window, signal }: SpecRun): Promise<SpecOutcome> {
  for (const [path, text] of Object.entries(spec.files)) await workspace.files.write(path, text);
  const before = await snapshot(workspace);
  const { result, steps, ms } = await runPrompt({
    title: spec.title,
    message: spec.message,
    workspace,
    client: client ?? scriptedModel(spec.turns),
    ...(context_window === undefined ? {} : { context_window }),
    edit_mode: spec.edit_mode ?? "allow",
    approvals: spec.approvals ?? [],
    limits: { ...spec.limits },
    ...(signal === undefined ? {} : { signal }),
  });
  const { tokens_in, tokens_out, tokens_cached } = result.resource_stats;
  const failures = await failuresOf(spec, {
    workspace,
    before,
    steps,
    result,
    tokens: tokens_in + tokens_out,
    isScripted: !client,
  });
  return {
    title: spec.title,
    failures,
    ended: result.completion_reason,
    steps: result.iterations,
    tokens_in,
    tokens_out,
    tokens_cached,
    ms,
  };
}

interface Played {
  workspace: Workspace;
  before: Map<string, string>;
  steps: AgentStep[];
  result: RunResult;
  tokens: number;
  isScripted: boolean;
}

async function failuresOf({ checks }: TaskSpec, { workspace, before, steps, result, tokens, isScripted }: Played): Promise<string[]> {
  const failures: string[] = [];
  const expectThat = (isTrue: boolean, otherwise: string): void => {
    if (!isTrue) failures.push(otherwise);
  };
  const ends = checks.ends ?? "no_more_actions";
  expectThat(
    result.completion_reason === ends,
    `ended by ${result.completion_reason} (${result.error ?? result.final_response.slice(0, 120)}) instead of ${ends}`,
  );
  if (checks.error_code)
    expectThat(result.error_code === checks.error_code, `the error is ${result.error_code ?? "none"} instead of ${checks.error_code}`);
  for (const text of checks.answer ?? [])
    expectThat(result.final_response.includes(text), `the answer lacks "${text}": ${result.final_response.slice(0, 200)}`);
  if (checks.max_steps !== undefined)
    expectThat(result.iterations <= checks.max_steps, `${result.iterations} steps, at most ${checks.max_steps}`);
  if (checks.max_tokens !== undefined) expectThat(tokens <= checks.max_tokens, `${tokens} tokens, at most ${checks.max_tokens}`);
  const after = await snapshot(workspace);
  for (const [path, check] of Object.entries(checks.files ?? {})) {
    const text = after.get(path);
    if (check.absent) expectThat(text === undefined, `${path} is still there`);
    else if (text === undefined) failures.push(`${path} is missing`);
    else {
      if (check.equals !== undefined) expectThat(text === check.equals, `${path} is ${JSON.stringify(text.slice(0, 300))}`);
      for (const part of check.contains ?? []) expectThat(text.includes(part), `${path} lacks ${JSON.stringify(part)}`);
      for (const part of check.lacks ?? []) expectThat(!text.includes(part), `${path} has ${JSON.stringify(part)}`);
    }
  }
  if (checks.only) {
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
    const outside = changed.filter((path) => !checks.only!.includes(path));
    expectThat(outside.length === 0, `changed as well: ${outside.join(", ")}`);
  }
  for (const command of checks.commands ?? []) {
    const { exitCode, stdout, stderr } = await workspace.exec(["/bin/sh", "-c", command.run], { timeoutMs: 60_000 });
    expectThat(exitCode === (command.exit ?? 0), `\`${command.run}\` exits with ${exitCode}: ${(stderr || stdout).slice(0, 300)}`);
    if (command.prints !== undefined)
      expectThat(stdout.includes(command.prints), `\`${command.run}\` prints ${JSON.stringify(stdout.slice(0, 200))}`);
  }
  if (isScripted) {
    const results = steps.flatMap((step) => step.tool_results);
    const got = results.map((one) => one.success);
    if (checks.results)
      expectThat(
        got.join() === checks.results.join(),
        `the successes of the calls are ${got.join()}: ${results
          .map((one) => one.error ?? "ok")
          .join(" | ")
          .slice(0, 600)}`,
      );
    const resultTexts = results.map((one) => JSON.stringify(one)).join("\n");
    for (const text of checks.results_contain ?? [])
      expectThat(
        resultTexts.includes(text) || resultTexts.includes(JSON.stringify(text).slice(1, -1)),
        `no result contains ${JSON.stringify(text)}: ${resultTexts.slice(0, 400)}`,
      );
  }
  return failures;
}

async function snapshot({ files }: Workspace): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await files.walk({ skip: new Set(["node_modules", ".git"]) }))
    if (!entry.isDirectory)
      found.set(entry.path, new TextDecoder("utf-8", { ignoreBOM: true }).decode((await files.read(entry.path)).data));
  return found;
}
