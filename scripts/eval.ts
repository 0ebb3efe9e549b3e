/** `./studio eval [FOLDER] [--model ID --base-url URL --key-env NAME …]` runs task specs and cassettes and prints a table. See evals/README.md. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { contextWindowOf, readCassette, readSpec, replayCassette, runSpec, type ModelClient, type SpecOutcome } from "@tesslate/agent";
import { createRuntime } from "@tesslate/runtime";
import { connectModel, modelFlags } from "./connect-model.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...modelFlags,
    only: { type: "string" },
    json: { type: "boolean", default: false },
    "price-in": { type: "string" },
    "price-out": { type: "string" },
  },
});
const folder = positionals[0] ?? join(import.meta.dirname, "../evals/specs");
const client: ModelClient | undefined = connectModel(values);
const wanted = values.only?.split(",");
const names = (await readdir(folder))
  .filter((name) => /\.jsonl?$/.test(name) && (wanted === undefined || wanted.some((part) => name.includes(part))))
  .toSorted();
if (names.length === 0) {
  process.stderr.write(`eval: ${folder} has no specs (*.json) or cassettes (*.jsonl)${wanted ? " of that name" : ""}\n`);
  process.exit(2);
}

const dataDir = await mkdtemp(join(tmpdir(), "studio-eval-"));
const runtime = await createRuntime({ driver: "auto", dataDir });
const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("stopped")));

async function runFile(name: string): Promise<SpecOutcome> {
  const text = await readFile(join(folder, name), "utf8");
  if (name.endsWith(".jsonl")) {
    const started = performance.now();
    const { differences, result } = await replayCassette(readCassette(text));
    const { tokens_in, tokens_out, tokens_cached } = result.resource_stats;
    const ms = performance.now() - started;
    return { title: "Cassette", failures: differences, steps: result.iterations, tokens_in, tokens_out, tokens_cached, ms };
  }
  const spec = readSpec(text);
  const id = `eval-${name.replaceAll(/[^a-z0-9]+/gi, "-").toLowerCase()}`;
  const workspace = await runtime.open({ id });
  try {
    return await runSpec(spec, {
      workspace,
      signal: stop.signal,
      ...(client ? { client, context_window: contextWindowOf(values.model ?? "") } : {}),
    });
  } finally {
    await runtime.remove(id);
  }
}

const costOf = (one: SpecOutcome): number =>
  (one.tokens_in * Number(values["price-in"] ?? 0) + one.tokens_out * Number(values["price-out"] ?? 0)) / 1e6;
const row = (cells: string[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(46) : cell.padStart(index === 1 ? 6 : 9))).join(" ");
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

let failed = 0;
const sums = { steps: 0, tokens: 0, cost: 0, ms: 0 };
try {
  if (!values.json) print(row(["spec", "", "steps", "tokens", "USD", "seconds"]));
  for (const name of names) {
    if (stop.signal.aborted) break;
    const outcome = await runFile(name).catch((error: unknown): SpecOutcome => {
      const reason = error instanceof Error ? error.message : String(error);
      return { title: name, failures: [reason], steps: 0, tokens_in: 0, tokens_out: 0, tokens_cached: 0, ms: 0 };
    });
    const tokens = outcome.tokens_in + outcome.tokens_out;
    const cost = costOf(outcome);
    if (outcome.failures.length > 0) failed += 1;
    sums.steps += outcome.steps;
    sums.tokens += tokens;
    sums.cost += cost;
    sums.ms += outcome.ms;
    if (values.json) print(JSON.stringify({ name, ...outcome, cost }));
    else {
      const verdict = outcome.failures.length === 0 ? "pass" : "FAIL";
      print(
        row([
          name.replace(/\.jsonl?$/, ""),
          verdict,
          String(outcome.steps),
          String(tokens),
          cost.toFixed(4),
          (outcome.ms / 1_000).toFixed(2),
        ]),
      );
      for (const failure of outcome.failures) print(`       ${failure}`);
    }
  }
  if (!values.json) print(row(["sum", "", String(sums.steps), String(sums.tokens), sums.cost.toFixed(4), (sums.ms / 1_000).toFixed(2)]));
  if (!values.json) print(`${names.length - failed} passed, ${failed} failed`);
} finally {
  await runtime.close();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
}
process.exit(failed === 0 && !stop.signal.aborted ? 0 : 1);
