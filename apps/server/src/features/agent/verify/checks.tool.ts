import { Type } from "typebox";
import { defineTool, done, failed, ToolFailure, type Tool } from "@tesslate/agent";
import { isDiagnosticsOn, Literals, type CheckResult, type ChecksReport } from "@tesslate/contract";
import type { FeatureTools, ProvidedTools, RunDetails } from "../runs/index.ts";
import type { ContainerRow } from "../../../db/schema/runtime.ts";
import { commandLine, findChecks, runCheck, sameCheck, type Check } from "./checks.ts";
import { createDiagnostics } from "./diagnostics.ts";
import type { EvidenceLog } from "./evidence.service.ts";
import type { EvidenceStore } from "./evidence.store.ts";

/** Per check that the agent requests. */
const toolCheckMs = 180_000;
/** Per automatic check, and for all of them; short, because they are not requested. */
const turnCheckMs = 90_000;
const turnMs = 180_000;

export interface ChecksOptions {
  evidence: EvidenceLog;
  store: Pick<EvidenceStore, "hasChangedFiles">;
  listContainers(projectId: string): Promise<ContainerRow[]>;
}
type When = "off" | "after" | "both";
const automaticChecks = (settings: Record<string, unknown> | null): When => {
  const setting = settings?.["agent_checks"];
  return setting === "after" || setting === "both" ? setting : "off";
};

/**
 * Provides `run_checks` in projects that have checks, and runs the checks automatically with the project's setting `agent_checks` (`after`: when files
 * changed; `both`: before the run too). Results are stored as evidence. Also provides the diagnostics after edits, unless the setting `agent_diagnostics`
 * is false.
 */
export function createChecks({ evidence, store, listContainers }: ChecksOptions): FeatureTools {
  const containersOf = async (run: RunDetails): Promise<ContainerRow[]> =>
    (await listContainers(run.project.id)).filter(({ container_type }) => container_type === "base");
  const checksOf = async (run: RunDetails): Promise<Check[]> => findChecks(run.workspace.files, await containersOf(run));

  /** Runs checks one after another and skips those that do not fit into the time. */
  const runAutomatic = async (run: RunDetails, checks: readonly Check[]): Promise<CheckResult[]> => {
    const deadline = Date.now() + turnMs;
    const results: CheckResult[] = [];
    for (const check of checks) {
      const left = Math.min(turnCheckMs, deadline - Date.now());
      if (left < 1000) break;
      results.push({
        ...factsOf(check),
        before: null,
        after: await runCheck(run.workspace, check, { timeoutMs: left, signal: run.signal }),
      });
    }
    return results;
  };

  const provideTools = async (run: RunDetails): Promise<ProvidedTools> => {
    const checks = await checksOf(run);
    const when = run.edit_mode === "plan" ? "off" : automaticChecks(run.project.settings);
    // Without builds, which are slow and write files.
    const quick = (all: readonly Check[]) => all.filter(({ name }) => name !== "build");
    const before = when === "both" ? await runAutomatic(run, quick(checks)) : [];
    const directories = (await containersOf(run)).map(({ directory }) => directory);
    return {
      tools: checks.length === 0 ? [] : [createRunChecks(run, checksOf, evidence)],
      ...(run.edit_mode !== "plan" &&
        isDiagnosticsOn(run.project.settings) && {
          diagnostics: createDiagnostics(run.workspace, directories.length === 0 ? ["."] : directories, run.signal),
        }),
      close: async () => {
        if (when === "off" || run.signal.aborted || !(await store.hasChangedFiles(run.task_id))) return;
        const started = performance.now();
        const after = await runAutomatic(run, quick(await checksOf(run)));
        const results = after.map((one) => ({ ...one, before: before.find((known) => sameCheck(known, one))?.after ?? null }));
        if (results.length > 0 && !run.signal.aborted) await evidence.add(run, { checks: reportOf(results, started) });
      },
    };
  };
  return { provideTools, tools: [runChecksSummary] };
}

const checksParameters = Type.Object({
  names: Type.Optional(Type.Array(Literals("typecheck", "lint", "test", "build"), { description: "Default: all but build" })),
  container: Type.Optional(Type.String({ maxLength: 100 })),
});
/** The tool without its implementation, for the tool catalogue. */
const runChecksSummary: Omit<Tool<typeof checksParameters>, "run"> = {
  name: "run_checks",
  category: "shell_commands",
  description: "Runs the project's own checks (types, lint, tests, build) and keeps the result as proof for the person.",
  parameters: checksParameters,
  gate: { approval: true, plan_blocked: true, read_only: false },
  timeLimitMs: () => 600_000,
};

function createRunChecks(run: RunDetails, checksOf: (run: RunDetails) => Promise<Check[]>, evidence: EvidenceLog): Tool {
  return defineTool({
    ...runChecksSummary,
    async run({ names = ["typecheck", "lint", "test"], container }, { signal }) {
      const all = await checksOf(run);
      const chosen = all.filter(
        (check) => names.includes(check.name) && (container === undefined || check.container === null || check.container === container),
      );
      if (chosen.length === 0)
        throw new ToolFailure(
          `No matching checks. The project has: ${all.map((c) => `${c.name} (${commandLine(c)})`).join(", ") || "no checks"}.`,
        );
      const started = performance.now();
      const results: CheckResult[] = [];
      for (const check of chosen)
        results.push({ ...factsOf(check), before: null, after: await runCheck(run.workspace, check, { timeoutMs: toolCheckMs, signal }) });
      const report = reportOf(results, started);
      const kept = await evidence.add(run, { checks: report });
      const bad = results.filter(({ after }) => after?.status !== "passed");
      const content = results
        .map(
          ({ command, after }) =>
            `${command}: ${after?.status}${after?.status === "passed" ? "" : ` (exit code ${after?.exit_code ?? "none"})\n${after?.output ?? ""}`}`,
        )
        .join("\n\n");
      const fields = { output: content, details: { evidence_id: kept.id } };
      if (bad.length === 0) return done(`${results.length} of ${results.length} checks passed.`, fields);
      return failed(`${bad.map(({ name }) => name).join(", ")} did not pass.`, fields);
    },
  });
}

const factsOf = (check: Check): Pick<CheckResult, "name" | "container" | "command"> => ({
  name: check.name,
  container: check.container,
  command: commandLine(check),
});

const reportOf = (checks: CheckResult[], started: number): ChecksReport => ({
  success: checks.every(({ after }) => after?.status === "passed"),
  duration_ms: Math.round(performance.now() - started),
  checks,
});
