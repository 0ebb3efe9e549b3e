import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { parseCounts, parseEvent, type EventLine } from "./events.ts";

/** One process of a test run, with the processes that it starts. */
export interface Part {
  name: string;
  argv: readonly [string, ...string[]];
  env?: Record<string, string>;
  /** Needs the built product. */
  needsBuild?: boolean;
  /** Estimated seconds if it never ran here. */
  seconds: number;
  /** Has no tests. */
  isPreparation?: boolean;
  /** Only part of the tests, as selected: its duration is not recorded. */
  isSelection?: boolean;
  /** Runs only some tests of its files, so the durations of the files are not recorded. */
  isFiltered?: boolean;
  /** The part of it that fits into the given time, and the names of the rest. */
  fit?(seconds: number): { part: Part | undefined; notRun: string[] };
}

export interface Timed {
  name: string;
  seconds: number;
}
export interface PartResult {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  wallSeconds: number;
  cpuSeconds: number | undefined;
  tests: Timed[];
  skips: { name: string; reason: string }[];
  /** `reason` is the first line of the error. */
  failures: { name: string; reason: string }[];
  /** The test files and journeys with failures, as names for `./studio test NAME`. */
  failedFiles: string[];
  /** Something failed that is in no test file or journey: the part itself, or what it left running. */
  hasOtherFailure: boolean;
  /** Test files and journeys. */
  files: Timed[];
}

/** What happens while a part runs. */
export interface PartListener {
  event(line: EventLine): void;
  /** A failure, with its full text. */
  failure(title: string, text: string): void;
}

export interface Limits {
  /** Seconds without output from a part, after which it counts as hanging. */
  silence: number;
  /** Seconds from SIGTERM to SIGKILL. */
  grace: number;
}
export const defaultLimits: Limits = { silence: 600, grace: 20 };

export interface PartEnvironment {
  cwd: string;
  env: NodeJS.ProcessEnv;
  limits: Limits;
  listener: PartListener;
  /** Ends the part early. */
  signal: AbortSignal;
  /** Called with the pid as soon as the process was started. */
  started(pid: number): void;
}

/** Lines of output that are kept for a part that fails without a message. */
const keptLines = 80;

/** Runs a part to its end. Never throws: a part that cannot be started, crashes or hangs has failed. */
export async function runPart(part: Part, { cwd, env, limits, listener, signal, started }: PartEnvironment): Promise<PartResult> {
  const result: PartResult = {
    name: part.name,
    passed: 0,
    failed: 0,
    skipped: 0,
    wallSeconds: 0,
    cpuSeconds: undefined,
    tests: [],
    skips: [],
    failures: [],
    failedFiles: [],
    hasOtherFailure: false,
    files: [],
  };
  const startedAt = performance.now();
  const files = new Map<string, number>();
  const running = new Set<string>();
  const failed = new Set<string>();
  const lastLines: string[] = [];
  /** Output since the last test ended: the trace of a failure precedes its event, on the other stream perhaps a little later. */
  let linesOfTest: string[] = [];
  const failures = new Set<() => void>();
  let lastOutputAt = Date.now();
  let hasEvents = false;
  let hasEnded = false;

  function fail(title: string, text: string, count = 1) {
    result.hasOtherFailure = true;
    result.failed += count;
    result.failures.push({ name: title, reason: firstLineOf(text) });
    listener.failure(title, text);
  }
  function failTest(title: string, text: string, count: number) {
    result.failed += count;
    result.failures.push({ name: title, reason: firstLineOf(text) });
    const lines = linesOfTest;
    const print = () => {
      if (failures.delete(print)) listener.failure(title, [text, ...lines].join("\n"));
    };
    failures.add(print);
    setTimeout(() => {
      print();
      if (linesOfTest === lines) linesOfTest = [];
    }, 100);
  }
  function take(line: string) {
    lastOutputAt = Date.now();
    const event = parseEvent(line);
    if (!event) {
      for (const lines of [lastLines, linesOfTest]) {
        lines.push(line);
        if (lines.length > keptLines) lines.shift();
      }
      return;
    }
    hasEvents = true;
    const file = event.file ?? event.journey ?? "";
    const count = event.count ?? 1;
    const title = `${file}: ${event.step ?? ""}`;
    if (event.state === "start") running.add(title);
    if (event.state === "end") hasEnded = true;
    if (event.state === "file-end") files.set(file, (event.ms ?? 0) / 1000);
    if (event.state === "pass" || event.state === "fail" || event.state === "skip") {
      running.delete(title);
      const seconds = (event.ms ?? 0) / 1000;
      if (event.state === "skip") {
        result.skipped += count;
        result.skips.push({ name: title, reason: event.error ?? "" });
      } else result.tests.push({ name: title, seconds });
      if (event.state !== "fail") linesOfTest = [];
      if (event.state === "pass") result.passed += count;
      if (event.journey !== undefined) files.set(event.journey, (files.get(event.journey) ?? 0) + seconds);
      if (event.state === "fail") {
        if (event.journey !== undefined) failed.add(`e2e/${event.journey}.ts`);
        else if (file.includes("/")) failed.add(file);
        else result.hasOtherFailure = true;
        failTest(title, event.error ?? "no reason given", count);
      }
    }
    listener.event(event);
  }

  const child = spawn(part.argv[0], part.argv.slice(1), {
    cwd,
    env: { ...env, ...part.env, TEST_PART: part.name },
    stdio: ["ignore", "pipe", "pipe"],
    // Its own process group: Ctrl-C reaches only the driver, which then ends its parts in order.
    detached: true,
  });
  if (child.pid !== undefined) started(child.pid);
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", take);
  const exit = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, by) => resolve(by ? `was ended by ${by}` : code === 0 ? "" : `ended with exit code ${code}`));
  });
  const closed = new Promise((resolve) => void child.once("close", resolve));

  let isHanging = false;
  const watch = setInterval(
    () => {
      if (Date.now() - lastOutputAt > limits.silence * 1000) {
        isHanging = true;
        void stop();
      }
    },
    Math.min(1000, limits.silence * 250),
  );
  async function stop() {
    clearInterval(watch);
    // Only its first process, so that it can end the others in order.
    child.kill("SIGTERM");
    await Promise.race([exit, sleep(limits.grace * 1000, undefined, { ref: false })]);
    killGroup(child.pid);
  }
  if (signal.aborted) void stop();
  signal.addEventListener("abort", () => void stop(), { once: true });

  const outcome = await exit;
  clearInterval(watch);
  // With a time limit: a leftover process may keep the pipe open.
  await Promise.race([closed, sleep(1000)]);
  child.stdout.destroy();
  child.stderr.destroy();

  for (const print of failures) print();
  if (!hasEvents) Object.assign(result, parseCounts(lastLines.join("\n")));
  const output = lastLines.slice(-40).join("\n").trim() || "It printed nothing.";
  const open = running.size > 0 ? `While running:\n${[...running].map((name) => `  ${name}`).join("\n")}\n` : "";
  if (isHanging) fail(`${part.name} hangs`, `It printed nothing for ${limits.silence} s and was stopped. ${open}Last output:\n${output}`);
  else if (signal.aborted) result.skipped += running.size;
  else if (outcome !== "" && (result.failed === 0 || (hasEvents && !hasEnded)))
    fail(`${part.name} ${outcome}`, `${open}Last output:\n${output}`);
  else if (!hasEvents && result.failed > 0) {
    result.hasOtherFailure = true;
    listener.failure(`${part.name}: ${result.failed} failed`, output);
  } else if (!part.isPreparation && result.passed + result.failed + result.skipped === 0) fail(`${part.name} ran no test`, output);
  result.wallSeconds = (performance.now() - startedAt) / 1000;
  result.failedFiles = [...failed];
  result.files = [...files].map(([name, seconds]) => ({ name, seconds }));
  return result;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has already ended
  }
}

const firstLineOf = (text: string) => stripVTControlCharacters(text).trim().split("\n", 1)[0] ?? "";
