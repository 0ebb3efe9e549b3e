import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempWorkspace } from "../testing/temp-workspace.ts";
import { readSpec, runSpec, type SpecOutcome } from "./index.ts";

const folder = join(import.meta.dirname, "../../../../evals/specs");
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));

test("every spec passes with its scripted model", async () => {
  const outcomes: (SpecOutcome & { name: string })[] = [];
  const play = async (name: string): Promise<void> => {
    await using workspace = await tempWorkspace();
    outcomes.push({ name, ...(await runSpec(readSpec(readFileSync(join(folder, name), "utf8")), { workspace })) });
  };
  const queue = [...names];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let name = queue.shift(); name; name = queue.shift()) await play(name);
    }),
  );
  const failed = outcomes.filter((one) => one.failures.length > 0).map(({ name, failures }) => `${name}: ${failures.join("; ")}`);
  expect(failed).toEqual([]);
  expect(outcomes.length).toBeGreaterThanOrEqual(30);
}, 60_000);

test("the error of an invalid spec names the field", () => {
  expect(() => readSpec("{")).toThrow(/not JSON/);
  expect(() => readSpec('{"title":"x","files":{},"message":"m","turns":[],"checks":{"endz":"x"}}')).toThrow(/checks/);
});

test("a run that fails the checks of its spec gives the reasons", async () => {
  await using workspace = await tempWorkspace();
  const outcome = await runSpec(
    {
      title: "t",
      files: { "a.txt": "a\n" },
      message: "m",
      turns: [{ calls: [{ tool: "write_file", args: { file_path: "b.txt", content: "b" } }] }, { text: "Done." }],
      checks: {
        files: { "a.txt": { equals: "b\n" }, "c.txt": { contains: ["x"] } },
        only: [],
        answer: ["never"],
        max_steps: 1,
        commands: [{ run: "exit 4" }],
      },
    },
    { workspace },
  );
  expect(outcome.failures).toHaveLength(6);
});
