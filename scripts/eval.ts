/**
 * `./studio eval [FOLDER…] [--suite FOLDER] [--model ID --base-url URL --key-env NAME …]` runs specs, cassettes, app tasks and suites, prints a table and
 * writes a report. See evals/README.md.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { contextWindowOf } from "@tesslate/agent";
import type { EvaluatedModel } from "../evals/src/agent-run.ts";
import { openMachine } from "../evals/src/machine.ts";
import {
  reported,
  summary,
  tableHead,
  tableLines,
  tableTotals,
  writeReport,
  type Prices,
  type ReportedOutcome,
} from "../evals/src/report.ts";
import { failedOutcome, loadSuiteTasks, loadTasks, type Task } from "../evals/src/tasks.ts";
import { connectModel, modelFlags } from "./connect-model.ts";

const root = join(import.meta.dirname, "..");
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...modelFlags,
      suite: { type: "string", multiple: true, default: [] },
      only: { type: "string" },
      json: { type: "boolean", default: false },
      report: { type: "string" },
      "context-window": { type: "string" },
      "max-steps": { type: "string" },
      "price-in": { type: "string", default: "0" },
      "price-cached": { type: "string" },
      "price-out": { type: "string", default: "0" },
    },
  });
  const client = connectModel(values);
  const model: EvaluatedModel = client && {
    client,
    context_window: values["context-window"] === undefined ? contextWindowOf(values.model ?? "") : Number(values["context-window"]),
    ...(values["max-steps"] !== undefined && { max_steps: Number(values["max-steps"]) }),
  };
  const input = Number(values["price-in"]);
  const prices: Prices = { input, cached: Number(values["price-cached"] ?? input), output: Number(values["price-out"]) };
  const defaults = values.suite.length > 0 ? [] : [join(root, "evals/specs"), join(root, "evals/apps")];
  const folders = positionals.length > 0 ? positionals : defaults;
  const loaded = await Promise.all([...folders.map(loadTasks), ...values.suite.map(loadSuiteTasks)]);
  const wanted = values.only?.split(",");
  const tasks = loaded.flat().filter(({ name }) => wanted === undefined || wanted.some((part) => name.includes(part)));
  if (tasks.length === 0) {
    process.stderr.write(`eval: ${[...folders, ...values.suite].join(", ")} has no tasks${wanted ? " of that name" : ""}\n`);
    return 2;
  }

  const startedAt = new Date();
  const report = values.report ?? join(root, ".studio/evals", startedAt.toISOString().replaceAll(/[:.]/g, "-"));
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort(new Error("stopped")));
  const { signal } = stop;
  await using machine = await openMachine({ templates: new Set(tasks.flatMap(({ template }) => template ?? [])) });
  const outcomes: ReportedOutcome[] = [];
  const runTask = (task: Task) =>
    task.run({ machine, model, reportDir: join(report, task.name), signal }).catch((error: unknown) => failedOutcome(task.name, error));
  if (!values.json) print(tableHead);
  for (const task of tasks) {
    if (signal.aborted) break;
    const outcome = reported(await runTask(task), prices);
    outcomes.push(outcome);
    if (values.json) print(JSON.stringify(outcome));
    else for (const line of tableLines(outcome)) print(line);
  }
  await writeReport(report, { model: values.model ?? "scripted", startedAt, outcomes });
  if (!values.json) {
    print(tableTotals(outcomes));
    print(`Report: ${report}/report.md`);
    print(summary(outcomes));
  }
  return outcomes.every(({ passed }) => passed) && !signal.aborted ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`eval: ${error instanceof Error ? error.message : String(error)}\n`);
  return 2;
});
