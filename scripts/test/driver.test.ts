import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseCounts, parseEvent } from "./events.ts";
import { readFailed } from "./last-failed.ts";
import { matchNames, planParts, type Request } from "./plan.ts";
import { listProcesses } from "./processes.ts";
import type { Part } from "./run-part.ts";
import { runTests, type RunOptions } from "./run.ts";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "driver-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const isRoot = process.getuid?.() === 0;

const pass = `console.log(JSON.stringify({ part: "e2e", journey: "a", step: "works", state: "pass", ms: 5 }));`;
const end = `console.log(JSON.stringify({ part: "e2e", state: "end" }));`;
const part = (name: string, script: string, more: Partial<Part> = {}): Part => ({
  name,
  argv: [process.execPath, "-e", script],
  seconds: 1,
  ...more,
});

async function run(parts: Part[], options: Partial<RunOptions> = {}) {
  let text = "";
  const code = await runTests({
    cwd: root,
    parts,
    build: part("build", "", { isPreparation: true }),
    out: { write: (more) => void (text += more), isTerminal: false, columns: 80 },
    durations: {},
    budget: undefined,
    startedAt: Date.now(),
    fetchSeconds: 0,
    signal: new AbortController().signal,
    graceMs: 300,
    ...options,
  });
  return { code, text };
}
const isRunning = (command: string) => listProcesses().some((entry) => entry.command === command);

describe("parts", () => {
  test("passed tests are counted, and the last line has the totals", async () => {
    const { code, text } = await run([part("first", `${pass}${end}`), part("second", `console.log("3 passed, 0 failed, 1 skipped")`)]);
    expect(code, text).toBe(0);
    expect(text.trimEnd().split("\n").at(-1)).toBe("Total: 4 passed, 0 failed, 1 skipped");
    expect(text).toContain("ok   second: 3 passed, 0 failed, 1 skipped");
  });

  test("a failure is printed with its whole text, and fails the run without a retry", async () => {
    const line = { part: "e2e", journey: "a", step: "breaks", state: "fail", ms: 1, error: "Error: one\n    at two" };
    const counter = join(scratch, "counter");
    const script = `require("node:fs").appendFileSync(${JSON.stringify(counter)}, "x"); console.error("a trace of it"); console.log(${JSON.stringify(JSON.stringify(line))}); ${end} process.exitCode = 1;`;
    const failedFile = join(scratch, "failed.json");
    const { code, text } = await run([part("breaking", script), part("next", `${pass}${end}`)], { failedFile });
    expect(code).toBe(1);
    expect(readFailed(failedFile)).toEqual({ names: ["e2e/a.ts"], parts: [] });
    expect(text).toContain("FAIL a: breaks\n     Error: one\n         at two\n     a trace of it");
    expect(text).toContain("Failed:\n  a: breaks: Error: one\n\nTotal: 1 passed, 1 failed, 0 skipped");
    expect(readFileSync(counter, "utf8")).toBe("x");
  });

  test("a part that crashes fails and is reported with its last output", async () => {
    const { code, text } = await run([
      part("crashing", `${pass} console.error("final output"); setTimeout(() => process.kill(process.pid, "SIGKILL"), 100)`),
    ]);
    expect(code).toBe(1);
    expect(text).toContain("FAIL crashing was ended by SIGKILL");
    expect(text).toContain("final output");
    expect(text).toContain("Total: 1 passed, 1 failed, 0 skipped");
  });

  test("the last failures are test files and journeys, or the whole part if something else failed in it", async () => {
    const failedFile = join(scratch, "failed.json");
    await run([part("crashing", `${pass} process.exitCode = 3`)], { failedFile });
    expect(readFailed(failedFile)).toEqual({ names: [], parts: ["crashing"] });
    await run([part("passing", `${pass}${end}`)], { failedFile });
    expect(() => readFailed(failedFile)).toThrow("Nothing failed in the last run.");
    const line = { part: "vitest", file: "apps/a.test.ts", step: "breaks", state: "fail", ms: 1, error: "Error: one" };
    await run([part("breaking", `console.log(${JSON.stringify(JSON.stringify(line))}); ${end}; process.exitCode = 1;`)], { failedFile });
    expect(readFailed(failedFile)).toEqual({ names: ["apps/a.test.ts"], parts: [] });
    const leave = `require("node:child_process").spawn("sleep", ["770"], { detached: true, stdio: "ignore" }).unref();`;
    await run([part("leaving", `${leave} ${pass} ${end}`)], { failedFile });
    expect(readFailed(failedFile)).toEqual({ names: [], parts: ["leaving"] });
    const both = `${leave} console.log(${JSON.stringify(JSON.stringify(line))}); ${end}; process.exitCode = 1;`;
    await run([part("breaking", both)], { failedFile });
    expect(readFailed(failedFile)).toEqual({ names: ["apps/a.test.ts"], parts: [] });
    expect(() => readFailed(join(scratch, "none.json"))).toThrow("No test run has ended here yet.");
  });

  test("a part without output for too long is stopped with all its descendants", async () => {
    const start = `console.log(JSON.stringify({ part: "e2e", journey: "a", step: "waits", state: "start" }));`;
    const hang = `require("node:child_process").spawn("sleep", ["772"]); ${start} process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);`;
    const { code, text } = await run([part("hanging", hang)], { limits: { silence: 4, grace: 0.5 } });
    expect(code).toBe(1);
    expect(text).toContain("FAIL hanging hangs");
    expect(text).toContain("a: waits");
    expect(isRunning("sleep 772")).toBe(false);
  });

  test("a part that runs no test or cannot be started fails", async () => {
    const { code, text } = await run([part("empty", ""), { name: "missing", argv: ["/nowhere/program"], seconds: 1 }]);
    expect(code).toBe(1);
    expect(text).toContain("FAIL empty ran no test");
    expect(text).toContain("FAIL missing could not be started");
  });

  test("parts that need the product wait for one build, and do not run if it fails", async () => {
    const needy = [part("one", `${pass}${end}`, { needsBuild: true }), part("two", `${pass}${end}`, { needsBuild: true })];
    const good = await run(needy);
    expect(good.text.match(/^== build\b/gm)).toHaveLength(1);
    expect(good.code, good.text).toBe(0);
    const bad = await run(needy, { build: part("build", `console.error("no such file"); process.exit(1)`, { isPreparation: true }) });
    expect(bad.code).toBe(1);
    expect(bad.text).toContain("no such file");
    expect(bad.text).toContain("not run: two (the build failed)");
  });

  test("with a budget, parts that do not fit are not started but listed", async () => {
    const parts = [
      part("short", `${pass}${end}`),
      part("long", `${pass}${end}`, { seconds: 500 }),
      part("known", `${pass}${end}`, { seconds: 500 }),
    ];
    const { code, text } = await run(parts, { budget: 60, durations: { "part known": 2 } });
    expect(code, text).toBe(0);
    expect(text).toContain("not run: long (about 500 s)");
    expect(text).toContain("Total: 2 passed, 0 failed, 0 skipped");
  });
});

describe("leftovers", () => {
  const leak = `const { spawn } = require("node:child_process");`;

  test("a leftover process is listed with its command line and ports, fails the run, and is killed", async () => {
    const server = `require("node:net").createServer().listen(0, () => console.log("up")); setInterval(() => {}, 773)`;
    const start = `const child = spawn(process.execPath, ["-e", ${JSON.stringify(server)}], { detached: true, stdio: ["ignore", "pipe", "ignore"] });`;
    const { code, text } = await run([
      part("innocent", `${pass}${end}`),
      part("leaking", `${leak} ${start} child.stdout.once("data", () => { ${pass}${end} process.exit() })`),
    ]);
    expect(code).toBe(1);
    expect(text).toMatch(/LEFTOVERS of leaking.*\n.*process \d+ .*setInterval\(\(\) => \{\}, 773\).*listens on \d+/);
    expect(text).not.toContain("LEFTOVERS of innocent");
    expect(listProcesses().some(({ command }) => command.endsWith("setInterval(() => {}, 773)"))).toBe(false);
  });

  test.runIf(isRoot)("a process without any marker is recognized by its control group", async () => {
    const { code, text } = await run([
      part(
        "leaking",
        `${leak} spawn("sleep", ["774"], { detached: true, stdio: "ignore", cwd: "/", env: {} }); ${pass}${end} process.exit()`,
      ),
    ]);
    expect(code, text).toBe(1);
    expect(text).toMatch(/process \d+ sleep 774/);
    expect(isRunning("sleep 774")).toBe(false);
  });

  test("a process that is about to end is not a leftover", async () => {
    const script = `${leak} spawn("sleep", ["0.5"], { detached: true, stdio: "ignore" }); ${pass}${end} process.exit()`;
    const { code, text } = await run([part("tidy", script)], { graceMs: 3000 });
    expect(code, text).toBe(0);
  });

  test("a leftover temporary folder is listed", async () => {
    const { code, text } = await run([part("leaking", `require("node:fs").mkdtempSync(process.env.TMPDIR + "/studio-x-"); ${pass}${end}`)]);
    expect(code).toBe(1);
    expect(text).toMatch(/folder .*studio-x…/);
  });

  test.runIf(isRoot)("a leftover mount is listed and removed", async () => {
    const mount = `const at = process.env.TMPDIR + "/at"; require("node:fs").mkdirSync(at); require("node:child_process").execFileSync("mount", ["-t", "tmpfs", "none", at]);`;
    const { code, text } = await run([part("leaking", `${mount} ${pass}${end}`)]);
    expect(code).toBe(1);
    const target = /mount (\S+\/at) /.exec(text)?.[1] ?? "";
    expect(target).not.toBe("");
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(` ${target} `);
    expect(existsSync(target)).toBe(false);
  });

  test.runIf(isRoot && existsSync("/run/netns"))("only network namespaces of the run's data folders are removed", async () => {
    const [ours, others] = ["0de1e7e1", "0de1e7e2"];
    const make = `
      const fs = require("node:fs"), { execFileSync } = require("node:child_process");
      const keys = "/run/tesslate-slots/keys", dir = process.env.TMPDIR + "/data";
      fs.mkdirSync(keys, { recursive: true }); fs.mkdirSync(dir);
      fs.writeFileSync(keys + "/${ours}", dir); fs.writeFileSync(keys + "/${others}", "/");
      for (const key of ["${ours}", "${others}"]) execFileSync("ip", ["netns", "add", "tesslate-" + key + "-1"]);
    `;
    try {
      const { code, text } = await run([part("leaking", `${make} ${pass}${end}`)]);
      expect(code).toBe(1);
      expect(text).toContain(`network namespace tesslate-${ours}-1`);
      expect(text).not.toContain(others);
      expect(existsSync(`/run/netns/tesslate-${ours}-1`)).toBe(false);
      expect(existsSync(`/run/netns/tesslate-${others}-1`)).toBe(true);
    } finally {
      spawnSync("ip", ["netns", "del", `tesslate-${others}-1`]);
      rmSync(`/run/tesslate-slots/keys/${others}`, { force: true });
    }
  });

  test("a process of another run is not touched", async () => {
    const other = spawn("sleep", ["775"], { stdio: "ignore", env: { ...process.env, STUDIO_TEST_RUN: "tests-1-zzzzzz" } });
    try {
      const { code, text } = await run([part("tidy", `${pass}${end}`)]);
      expect(code, text).toBe(0);
      expect(isRunning("sleep 775")).toBe(true);
    } finally {
      other.kill("SIGKILL");
    }
  });

  test("Ctrl-C stops the running part and removes its leftovers", async () => {
    const driver = spawn(process.execPath, [join(import.meta.dirname, "interrupted.fixture.ts")], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [driver.stdout, driver.stderr]) stream.setEncoding("utf8").on("data", (more: string) => (text += more));
    const ended = new Promise((resolve) => void driver.once("exit", resolve));
    await expect.poll(() => isRunning("sleep 771"), { interval: 200 }).toBe(true);
    driver.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(text).toMatch(/LEFTOVERS of endless[^]*process \d+ sleep 771/);
    expect(text).toContain("not run: never reached");
    expect(isRunning("sleep 771")).toBe(false);
    const folder = /(\S+\/tests-\d+-\w{6})\//.exec(text)?.[1];
    expect(folder === undefined || !existsSync(folder)).toBe(true);
  });

  test("the leftovers of a killed driver are removed by the next run", async () => {
    const driver = spawn(process.execPath, [join(import.meta.dirname, "interrupted.fixture.ts")], { cwd: root, stdio: "ignore" });
    const ended = new Promise((resolve) => void driver.once("exit", resolve));
    await expect.poll(() => isRunning("sleep 771"), { interval: 200 }).toBe(true);
    driver.kill("SIGKILL");
    await ended;
    const { code, text } = await run([part("tidy", `${pass}${end}`)]);
    expect(code, text).toBe(0);
    expect(text).toMatch(/Removed the leftovers of a killed run: \S+\/tests-\d+-\w{6}\n[^]*process \d+ sleep 771/);
    expect(isRunning("sleep 771")).toBe(false);
  });
});

describe("selection", () => {
  const checkout = { root, cores: 2, durations: {} };
  const request: Request = {
    names: [],
    parts: [],
    pattern: undefined,
    journeys: false,
    hard: false,
    all: false,
    kubernetes: false,
    budget: undefined,
  };
  const names = (more: Partial<Request>) => planParts({ ...request, ...more }, checkout).map(({ name }) => name);

  test("without names the quick parts run; each other group has a flag, and --all runs everything", () => {
    const [quick, journeys, hard] = [names({}), names({ journeys: true }), names({ hard: true })];
    expect(quick).toEqual(["tests beside the code", "main journeys, conformance, weights"]);
    expect(journeys).toEqual(["all journeys"]);
    expect(hard).toContain("hard tests of the runtime and the demo");
    expect(hard).toContain("crash suite, briefly");
    expect(names({ all: true })).toEqual(["tests beside the code", "all journeys", ...hard]);
    expect(names({ all: true, budget: 60 })).toEqual([...quick, "the other journeys", ...hard]);
  });

  test("a name is a package, a part of a path, a journey, or a part of a test's name", () => {
    const contract = matchNames(["contract"], root);
    expect(contract.files.length).toBeGreaterThan(1);
    expect(contract.files.every((file) => file.startsWith("packages/contract/"))).toBe(true);
    expect(matchNames(["evals-hard"], root).files).toEqual(["evals/src/apps.hard.test.ts"]);
    expect(matchNames(["repo"], root).files.every((file) => file.startsWith("scripts/"))).toBe(true);
    expect(matchNames(["src/dotenv"], root).files).toEqual(["packages/contract/src/dotenv.test.ts"]);
    expect(matchNames(["conformance"], root).journeys).toEqual(["conformance"]);
    expect(matchNames(["e2e/journeys/review.ts"], root)).toEqual({ files: [], journeys: ["review"], texts: [] });
    expect(matchNames(["a megabyte of unclosed quotes"], root).texts[0]?.files).toContain("packages/contract/src/dotenv.test.ts");
    expect(() => matchNames([randomUUID()], root)).toThrow("Nothing matches");
  });

  test("a part of an earlier run is run whole, before what is named", () => {
    expect(names({ parts: ["tests beside the code"], names: ["contract"] })).toEqual(["tests beside the code", "matching tests"]);
    expect(names({ parts: ["all journeys"] })).toEqual(["all journeys"]);
    expect(() => names({ parts: ["build"] })).toThrow('"build" failed in the last run');
  });

  test("only names of journeys need a build", () => {
    expect(planParts({ ...request, names: ["contract"] }, checkout).some(({ needsBuild }) => needsBuild)).toBe(false);
    expect(planParts({ ...request, names: ["weights"] }, checkout).some(({ needsBuild }) => needsBuild)).toBe(true);
  });
});

test("lines with events and counts are recognized", () => {
  expect(parseEvent(`{"part":"e2e","state":"pass","ms":1}`)).toEqual({ part: "e2e", state: "pass", ms: 1 });
  expect(parseEvent(`{"part":"e2e","sta`)).toBeUndefined();
  expect(parseEvent(`{"level":30}`)).toBeUndefined();
  expect(parseCounts("1 passed, 0 failed\nTotal: 12 passed, 3 failed, 4 skipped\n")).toEqual({ passed: 12, failed: 3, skipped: 4 });
  expect(parseCounts("nothing")).toBeUndefined();
});
