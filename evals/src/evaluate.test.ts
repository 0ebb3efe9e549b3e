import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { script, startModelServer, turn, say, usage } from "@tesslate/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findChromium } from "../../apps/server/src/features/agent/verify/chromium.ts";
import { evaluate, failuresOf } from "./command.fixture.ts";

const evals = join(import.meta.dirname, "..");
const chromium = await findChromium(process.env["CHROMIUM_PATH"]);
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "evaluate-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test.skipIf("missing" in chromium)(
  "an app task: the scripted agent builds it, and what it built is judged by running it",
  async () => {
    const { outcomes, exitCode } = await evaluate(join(evals, "fixtures"), "--report", dir);
    const outcome = outcomes.get("guest-book");
    expect(failuresOf(outcome)).toEqual([]);
    expect(outcome).toMatchObject({ passed: true, pass_rate: 1, steps: 3, ended: "no_more_actions" });
    expect(exitCode).toBe(0);
    for (const file of ["report.md", "report.json", "guest-book/screenshot.png", "guest-book/transcript.md", "guest-book/run.jsonl"])
      expect(existsSync(join(dir, file)), file).toBe(true);
    expect(await readFile(join(dir, "guest-book/transcript.md"), "utf8")).toContain("edit_file");
  },
  180_000,
);

test("a suite task: its tests are put in after the run", async () => {
  const { outcomes, exitCode } = await evaluate("--suite", join(evals, "suite-example"), "--report", dir);
  expect(failuresOf(outcomes.get("slugify"))).toEqual([]);
  expect(outcomes.get("slugify")?.checks).toHaveLength(5);
  expect(exitCode).toBe(0);
});

test("a model that does nothing: the tests that must pass fail, and what it used is counted", async () => {
  await using model = await startModelServer({
    script: script([turn(say("I would change slugify."), usage({ input: 2000, cached: 1500, output: 40 }))]),
  });
  const { outcomes, exitCode } = await evaluate(
    "--suite",
    join(evals, "suite-example"),
    "--report",
    dir,
    "--model",
    "scripted",
    "--base-url",
    model.openai_base_url,
    "--price-in",
    "1",
    "--price-cached",
    "0.1",
    "--price-out",
    "10",
  );
  const outcome = outcomes.get("slugify");
  expect(failuresOf(outcome)).toEqual([
    "failed: keeps letters without their accents",
    "failed: joins words by one hyphen",
    "failed: has no hyphen at its ends",
  ]);
  expect(outcome).toMatchObject({ passed: false, pass_rate: 0.4, tokens_in: 2000, tokens_cached: 1500, tokens_out: 40 });
  expect(outcome?.cost).toBeCloseTo((500 + 150 + 400) / 1e6, 8);
  expect(exitCode).toBe(1);
});

test("a scripted task that fails ends with exit code 1", async () => {
  const suite = join(dir, "slugify");
  await cp(join(evals, "suite-example/slugify"), suite, { recursive: true });
  await writeFile(join(suite, "script.ts"), 'export default [{ text: "Done." }];\n');
  const { outcomes, exitCode } = await evaluate("--suite", suite, "--report", dir);
  expect(outcomes.get("slugify")).toMatchObject({ passed: false, steps: 1 });
  expect(exitCode).toBe(1);
});

test("wrong folders and files are named", async () => {
  expect(await evaluate("--suite", join(evals, "src"))).toMatchObject({
    exitCode: 2,
    errors: expect.stringContaining("no suite.json") as string,
  });
  const suite = join(dir, "wrong");
  await cp(join(evals, "suite-example/slugify"), suite, { recursive: true });
  await writeFile(join(suite, "suite.json"), '{ "test": [], "must_pass": ["a"] }');
  expect(await evaluate("--suite", suite)).toMatchObject({
    exitCode: 2,
    errors: expect.stringMatching(/suite\.json: \/test must not have fewer than 1 items/) as string,
  });
});
