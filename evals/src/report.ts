import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasPassed, type Outcome } from "./outcome.ts";

/** US dollars per million tokens. */
export interface Prices {
  input: number;
  /** Of input that the provider had cached. */
  cached: number;
  output: number;
}

export interface ReportedOutcome extends Outcome {
  passed: boolean;
  /** Share of the checks that passed, 0 to 1. */
  pass_rate: number;
  /** US dollars. */
  cost: number;
}

export function reported(outcome: Outcome, prices: Prices): ReportedOutcome {
  const { tokens_in, tokens_cached, tokens_out, checks } = outcome;
  const cost = ((tokens_in - tokens_cached) * prices.input + tokens_cached * prices.cached + tokens_out * prices.output) / 1e6;
  return { ...outcome, passed: hasPassed(outcome), pass_rate: checks.length === 0 ? 0 : passedOf(outcome) / checks.length, cost };
}

const passedOf = ({ checks }: Outcome): number => checks.filter(({ status }) => status === "passed").length;
const sum = (all: readonly ReportedOutcome[], valueOf: (one: ReportedOutcome) => number): number =>
  all.reduce((total, one) => total + valueOf(one), 0);
const percentOf = (all: readonly ReportedOutcome[]): number =>
  Math.round(
    (100 * sum(all, passedOf)) /
      Math.max(
        1,
        sum(all, ({ checks }) => checks.length),
      ),
  );
const checksOf = (all: readonly ReportedOutcome[]): string => `${sum(all, passedOf)}/${sum(all, ({ checks }) => checks.length)}`;

const columns = ["task", "result", "checks", "steps", "input", "cached", "output", "USD", "seconds"] as const;
const numbersOf = (all: readonly ReportedOutcome[]): string[] => [
  checksOf(all),
  String(sum(all, ({ steps }) => steps)),
  String(sum(all, ({ tokens_in }) => tokens_in)),
  String(sum(all, ({ tokens_cached }) => tokens_cached)),
  String(sum(all, ({ tokens_out }) => tokens_out)),
  sum(all, ({ cost }) => cost).toFixed(4),
  (sum(all, ({ ms }) => ms) / 1000).toFixed(1),
];
const cellsOf = (one: ReportedOutcome): string[] => [one.name, one.passed ? "pass" : "FAIL", ...numbersOf([one])];
const totalsOf = (all: readonly ReportedOutcome[]): string[] => [
  "total",
  `${all.filter(({ passed }) => passed).length}/${all.length}`,
  ...numbersOf(all),
];

const aligned = (cells: readonly string[]): string =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(46) : cell.padStart(index === 1 ? 7 : 8))).join(" ");
export const tableHead = aligned(columns);
export const tableTotals = (all: readonly ReportedOutcome[]): string => aligned(totalsOf(all));
/** A line of the table, and below it one for each check that did not pass. */
export const tableLines = (one: ReportedOutcome): string[] => [
  aligned(cellsOf(one)),
  ...one.checks
    .filter(({ status }) => status !== "passed")
    .map(({ name, status, detail = "" }) => `       ${status}: ${name}${detail && `: ${detail.replaceAll("\n", "\n         ")}`}`),
];

/** `9 passed, 1 failed, 97% of 113 checks passed` */
export const summary = (all: readonly ReportedOutcome[]): string => {
  const passed = all.filter((one) => one.passed).length;
  return `${passed} passed, ${all.length - passed} failed, ${percentOf(all)}% of ${sum(all, ({ checks }) => checks.length)} checks passed`;
};

/** Writes `report.json` and `report.md` to a folder that has a folder for each task. */
export async function writeReport(
  folder: string,
  { model, startedAt, outcomes }: { model: string; startedAt: Date; outcomes: readonly ReportedOutcome[] },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const passed = outcomes.filter((one) => one.passed).length;
  const pass_rate = percentOf(outcomes) / 100;
  const report = { model, started_at: startedAt.toISOString(), passed, tasks: outcomes.length, pass_rate, outcomes };
  await writeFile(join(folder, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(join(folder, "report.md"), markdown(folder, report));
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;

function markdown(
  folder: string,
  { model, started_at, outcomes }: { model: string; started_at: string; outcomes: readonly ReportedOutcome[] },
): string {
  const task = (one: ReportedOutcome): string[] => [
    `## ${one.name}`,
    `${one.title}. The run ended with \`${one.ended}\` after ${one.steps} steps and ${(one.run_ms / 1000).toFixed(1)} s.`,
    [
      row(["check", "result", "detail"]),
      row(["---", "---", "---"]),
      ...one.checks.map(({ name, status, detail = "" }) => row([name, status, detail.replaceAll(/\s+/g, " ").slice(0, 400)])),
    ].join("\n"),
    ...(existsSync(join(folder, one.name, "screenshot.png")) ? [`![${one.title}](${one.name}/screenshot.png)`] : []),
    ...(existsSync(join(folder, one.name, "transcript.md"))
      ? [`[Transcript](${one.name}/transcript.md), [cassette](${one.name}/run.jsonl)`]
      : []),
  ];
  return [
    "# Evaluation",
    `Model: ${model}. Started ${started_at}. Tasks: ${summary(outcomes)}.`,
    [row(columns), row(columns.map(() => "---")), ...outcomes.map((one) => row(cellsOf(one))), row(totalsOf(outcomes))].join("\n"),
    ...outcomes.flatMap(task),
    "",
  ].join("\n\n");
}
