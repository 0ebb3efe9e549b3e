import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { parseCounts, parseEvent, type EventLine } from "./events.ts";

/** One process of a test run, which starts whatever else it needs. */
export interface Part {
  name: string;
  argv: readonly [string, ...string[]];
  env?: Record<string, string>;
  /** Needs the built product. */
  needsBuild?: boolean;
  /** Seconds it is expected to take where it never ran. */
  seconds: number;
  /** Has no tests of its own. */
  isPreparation?: boolean;
  /** Only for somebody's selection: how long it takes says nothing about another run. */
  isSelection?: boolean;
  /** Runs only some tests of its files, so how long these took says nothing either. */
  isFiltered?: boolean;
  /** What of it can be done in the given time, and the names of what cannot. */
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
  /** Each with the first line of its text. */
  failures: { name: string; reason: string }[];
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
  /** Seconds without a word from a part, after which it is taken to hang. */
  silence: number;
  /** Seconds from being asked to end until it is killed. */
  farewell: number;
}
export const defaultLimits: Limits = { silence: 600, farewell: 20 };

export interface PartSurroundings {
  cwd: string;
  env: NodeJS.ProcessEnv;
  limits: Limits;
  listener: PartListener;
  /** Ends the part early. */
  signal: AbortSignal;
  /** Called with the process before it does anything. */
  started(pid: number): void;
}

/** How much of what a part printed is kept, for the case that it fails without saying why. */
const keptLines = 80;

/** Runs a part to its end. Never throws: a part that cannot be started, crashes or hangs has failed. */
export async function runPart(part: Part, { cwd, env, limits, listener, signal, started }: PartSurroundings): Promise<PartResult> {
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
    files: [],
  };
  const began = performance.now();
  const files = new Map<string, number>();
  const running = new Set<string>();
  const lastLines: string[] = [];
  /** Printed for people since a test ended: traces of a failure come just before it, on the other stream perhaps a little later. */
  let linesOfTest: string[] = [];
  const failures = new Set<() => void>();
  let lastWord = Date.now();
  let hasEvents = false;
  let hasEnded = false;

  function fail(title: string, text: string, count = 1) {
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
    lastWord = Date.now();
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
      if (event.state === "fail") failTest(title, event.error ?? "no reason was given", count);
    }
    listener.event(event);
  }

  const child = spawn(part.argv[0], part.argv.slice(1), {
    cwd,
    env: { ...env, ...part.env, TEST_PART: part.name },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: Ctrl-C reaches the driver alone, which then ends its parts in order.
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
      if (Date.now() - lastWord > limits.silence * 1000) {
        isHanging = true;
        void stop();
      }
    },
    Math.min(1000, limits.silence * 250),
  );
  async function stop() {
    clearInterval(watch);
    // Its first process alone, so that it can end the others in order.
    child.kill("SIGTERM");
    await Promise.race([exit, sleep(limits.farewell * 1000, undefined, { ref: false })]);
    killGroup(child.pid);
  }
  if (signal.aborted) void stop();
  signal.addEventListener("abort", () => void stop(), { once: true });

  const how = await exit;
  clearInterval(watch);
  // Not for long: a process that was left behind may hold its end of the pipe open.
  await Promise.race([closed, sleep(1000)]);
  child.stdout.destroy();
  child.stderr.destroy();

  for (const print of failures) print();
  if (!hasEvents) Object.assign(result, parseCounts(lastLines.join("\n")));
  const said = lastLines.slice(-40).join("\n").trim() || "It printed nothing.";
  const open = running.size > 0 ? `While running:\n${[...running].map((name) => `  ${name}`).join("\n")}\n` : "";
  if (isHanging)
    fail(`${part.name} hangs`, `Nothing was heard of it for ${limits.silence} s, so it was ended. ${open}What it said last:\n${said}`);
  else if (signal.aborted) result.skipped += running.size;
  else if (how !== "" && (result.failed === 0 || (hasEvents && !hasEnded)))
    fail(`${part.name} ${how}`, `${open}What it said last:\n${said}`);
  else if (!hasEvents && result.failed > 0) listener.failure(`${part.name}: ${result.failed} failed`, said);
  else if (!part.isPreparation && result.passed + result.failed + result.skipped === 0) fail(`${part.name} ran no test`, said);
  result.wallSeconds = (performance.now() - began) / 1000;
  result.files = [...files].map(([name, seconds]) => ({ name, seconds }));
  return result;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ended already
  }
}

const firstLineOf = (text: string) => stripVTControlCharacters(text).trim().split("\n", 1)[0] ?? "";
