import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { readCassette, readSpec, replayCassette, runSpec } from "@tesslate/agent";
import type { EvaluatedModel } from "./agent-run.ts";
import type { Machine } from "./machine.ts";
import type { CheckResult, Outcome } from "./outcome.ts";

/** Runs a task spec (`*.json`) or replays a cassette (`*.jsonl`). */
export async function runSpecFile(
  file: string,
  { machine, model, signal }: { machine: Machine; model: EvaluatedModel; signal: AbortSignal },
): Promise<Outcome> {
  const name = basename(file).replace(/\.jsonl?$/, "");
  const text = await readFile(file, "utf8");
  if (file.endsWith(".jsonl")) {
    const started = performance.now();
    const { differences, result } = await replayCassette(readCassette(text));
    const { tokens_in, tokens_out, tokens_cached } = result.resource_stats;
    const ms = Math.round(performance.now() - started);
    const checks = checksOf("The replay has the recorded events", differences);
    const ended = result.completion_reason;
    return { name, title: "Cassette", checks, ended, steps: result.iterations, tokens_in, tokens_out, tokens_cached, run_ms: ms, ms };
  }
  const spec = readSpec(text);
  await using opened = await machine.open(name);
  const { title, failures, ended, steps, tokens_in, tokens_out, tokens_cached, ms } = await runSpec(spec, {
    workspace: opened.sandbox,
    signal,
    ...model,
  });
  const run_ms = Math.round(ms);
  return {
    name,
    title,
    checks: checksOf("Everything the spec checks", failures),
    ended,
    steps,
    tokens_in,
    tokens_out,
    tokens_cached,
    run_ms,
    ms: run_ms,
  };
}

const checksOf = (name: string, failures: readonly string[]): CheckResult[] =>
  failures.length === 0
    ? [{ kind: "spec", name, status: "passed", ms: 0 }]
    : failures.map((detail) => ({ kind: "spec", name, status: "failed", detail, ms: 0 }));
