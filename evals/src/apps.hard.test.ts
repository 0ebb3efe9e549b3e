import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { say, script, startModelServer } from "@tesslate/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../../apps/server/src/features/agent/verify/chromium.ts";
import { evaluate, failuresOf } from "./command.fixture.ts";
import type { ReportedOutcome } from "./report.ts";

const apps = join(import.meta.dirname, "../apps");
const names = await readdir(apps);
const chromium = await findChromium(process.env["CHROMIUM_PATH"]);
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "apps-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe.skipIf("missing" in chromium)("app tasks with their scripted models", () => {
  let outcomes: Map<string, ReportedOutcome>;
  beforeAll(async () => {
    ({ outcomes } = await evaluate(apps, "--report", dir));
  }, 20 * 60_000);

  test.each(names)("%s passes", (name) => {
    expect(failuresOf(outcomes.get(name))).toEqual([]);
    expect(outcomes.get(name)?.passed).toBe(true);
  });

  test("there are ten", () => {
    expect(names).toHaveLength(10);
  });
});

test.skipIf("missing" in chromium)(
  "a broken project that nobody repairs fails the type check, the build and the browser checks",
  async () => {
    await using model = await startModelServer({ script: script([say("Done.")]) });
    const { outcomes, exitCode } = await evaluate(
      apps,
      "--only",
      "fix-build,rename-components",
      "--report",
      dir,
      "--model",
      "scripted",
      "--base-url",
      model.openai_base_url,
    );
    expect(failuresOf(outcomes.get("fix-build"))).toEqual(
      expect.arrayContaining(["failed: The types are correct", "failed: The build succeeds", "failed: The articles have their totals"]),
    );
    expect(failuresOf(outcomes.get("rename-components"))).toEqual([
      "failed: ProductCard is in its new file",
      "failed: ProductList is in its new file",
      "failed: The old files are gone",
      "failed: The old names are gone",
    ]);
    expect(exitCode).toBe(1);
  },
  5 * 60_000,
);
