import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { openControlGroup } from "./control-group.ts";
import { recordDurations, type Durations } from "./durations.ts";
import { compiled, removeAbandoned, removeFolder, watchLeftovers } from "./leftovers.ts";
import { fileKey } from "./plan.ts";
import { secondsOfEndedChildren } from "./processes.ts";
import { recordFailed } from "./last-failed.ts";
import { createProgress, listLeftovers, type Output } from "./progress.ts";
import { defaultLimits, runPart, type Limits, type Part, type PartResult } from "./run-part.ts";
import { summarize } from "./summary.ts";
import { abandonedRoots, makeTempRoot } from "./temp-root.ts";

export interface RunOptions {
  cwd: string;
  parts: readonly Part[];
  /** Runs once, before the first part that needs it. */
  build: Part;
  out: Output;
  durations: Durations;
  /** Where durations are recorded; not recorded if missing. */
  durationsFile?: string;
  /** Where the failed test files and journeys are recorded for `--last-failed`. */
  failedFile?: string;
  /** Seconds from `startedAt`. A part that by earlier durations would exceed them is not started. */
  budget: number | undefined;
  startedAt: number;
  fetchSeconds: number;
  signal: AbortSignal;
  limits?: Limits;
  /** Time for a part's processes to end after it. */
  graceMs?: number;
}

const partKey = (name: string) => `part ${name}`;

/** Runs the parts one after another, each on all cores, and prints their results. Returns the exit code. */
export async function runTests(options: RunOptions): Promise<number> {
  const { out, signal } = options;
  const progress = createProgress(out);
  for (const leftover of abandonedRoots()) {
    const found = await removeAbandoned(leftover);
    progress.line(`Removed the leftovers of a killed run: ${leftover}${found.length > 0 ? `\n${listLeftovers(found)}` : ""}`);
  }
  const root = makeTempRoot();
  const id = basename(root);
  mkdirSync(join(root, compiled));
  const leftovers = watchLeftovers(root);
  const group = openControlGroup(id);
  const sampler = setInterval(() => leftovers.sample(), 1000);
  const outer = process.env["STUDIO_TEST_RUN"];
  const env = {
    ...process.env,
    // A nested run has both names.
    STUDIO_TEST_RUN: outer ? `${outer}/${id}` : id,
    TEST_RUN: "1",
    TMPDIR: root,
    // Hundreds of processes load the same code.
    NODE_COMPILE_CACHE: join(root, compiled),
  };
  const results: PartResult[] = [];
  const ran: Part[] = [];
  const notRun: string[] = [];
  const expected = (part: Part) => (part.isSelection ? part.seconds : (options.durations[partKey(part.name)] ?? part.seconds));

  async function run(part: Part): Promise<PartResult> {
    const slug = part.name.replaceAll(/\W+/g, "-");
    const cpuBefore = { group: group?.cpuSeconds(slug) ?? 0, sandboxes: leftovers.sandboxSeconds(), children: secondsOfEndedChildren() };
    progress.partStarted(part.name, expected(part));
    const result = await runPart(part, {
      cwd: options.cwd,
      env,
      limits: options.limits ?? defaultLimits,
      listener: progress,
      signal,
      started: (pid) => group?.add(slug, pid),
    });
    const leftover = await leftovers.collect(options.graceMs);
    const inGroup = group?.cpuSeconds(slug);
    result.cpuSeconds =
      inGroup === undefined
        ? secondsOfEndedChildren() - cpuBefore.children
        : inGroup - cpuBefore.group + leftovers.sandboxSeconds() - cpuBefore.sandboxes;
    if (leftover.length > 0) {
      result.failed += 1;
      // A test that fails may not reach its cleanup; when it runs again, what it leaves is found again.
      if (result.failedFiles.length === 0) result.hasOtherFailure = true;
    }
    progress.partEnded(result, leftover);
    results.push(result);
    ran.push(part);
    return result;
  }

  let built: boolean | undefined;
  try {
    for (const wanted of options.parts) {
      if (signal.aborted) {
        notRun.push(wanted.name);
        continue;
      }
      let part: Part | undefined = wanted;
      if (options.budget !== undefined) {
        const seconds = options.budget - (Date.now() - options.startedAt) / 1000;
        if (wanted.fit) {
          const fitting = wanted.fit(seconds);
          part = fitting.part;
          notRun.push(...fitting.notRun);
        } else if (expected(wanted) > seconds) {
          part = undefined;
          notRun.push(`${wanted.name} (about ${Math.round(expected(wanted))} s)`);
        }
      }
      if (!part) continue;
      if (part.needsBuild) {
        built ??= (await run(options.build)).failed === 0;
        if (!built) {
          notRun.push(`${part.name} (the build failed)`);
          continue;
        }
      }
      await run(part);
    }
  } finally {
    clearInterval(sampler);
    progress.close();
    group?.remove();
    removeFolder(root);
  }
  if (options.durationsFile !== undefined && !signal.aborted) recordDurations(durationsOf(results, ran), options.durationsFile);
  if (options.failedFile !== undefined && !signal.aborted) recordFailed(results, options.failedFile);
  const wallSeconds = (Date.now() - options.startedAt) / 1000 - options.fetchSeconds;
  out.write(`${summarize({ results, notRun, fetchSeconds: options.fetchSeconds, wallSeconds })}\n`);
  if (signal.aborted) return 130;
  const hasFailed = results.some(({ failed }) => failed > 0);
  return hasFailed || results.every(({ passed }) => passed === 0) ? 1 : 0;
}

function durationsOf(results: readonly PartResult[], parts: readonly Part[]): Durations {
  const named = (flag: "isSelection" | "isFiltered") => new Set(parts.filter((part) => part[flag]).map(({ name }) => name));
  const [selections, filtered] = [named("isSelection"), named("isFiltered")];
  return Object.fromEntries([
    ...results
      .filter(({ name, failed }) => failed === 0 && !selections.has(name))
      .map(({ name, wallSeconds }) => [partKey(name), wallSeconds] as const),
    ...results
      .filter(({ name }) => !filtered.has(name))
      .flatMap(({ files }) => files.map(({ name, seconds }) => [fileKey(name), seconds] as const)),
  ]);
}
