/**
 * `./studio test [--journeys] [--hard] [--kubernetes] [--all] [--budget MINUTES] [--last-failed] [--watch] [-t PATTERN] [NAME…]`: runs tests, prints progress, and ends with one line:
 * `Total: N passed, N failed, N skipped`. Also fails if anything that a part started is left after it.
 */
import { spawn } from "node:child_process";
import { rmSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readDurations } from "./test/durations.ts";
import { interruption } from "./test/interruption.ts";
import { readFailed } from "./test/last-failed.ts";
import { planParts, watchArgv, type Checkout, type Request } from "./test/plan.ts";
import type { Part } from "./test/run-part.ts";
import { runTests } from "./test/run.ts";

const root = join(import.meta.dirname, "..");
const failedFile = join(root, ".studio/last-failed.json");
const printError = (text: string) => void process.stderr.write(`${text}\n`);

function readRequest(): Request & { watch: boolean } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      journeys: { type: "boolean", default: false },
      hard: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
      kubernetes: { type: "boolean", default: false },
      watch: { type: "boolean", default: false },
      budget: { type: "string" },
      "last-failed": { type: "boolean", default: false },
      pattern: { type: "string", short: "t" },
    },
  });
  const { budget, pattern, "last-failed": onlyFailed, ...flags } = values;
  if (budget !== undefined && !(Number(budget) > 0)) throw new Error("--budget takes minutes, such as 25.");
  return {
    ...flags,
    ...(onlyFailed ? readFailed(failedFile) : { names: positionals, parts: [] }),
    pattern,
    budget: budget === undefined ? undefined : Number(budget) * 60,
  };
}

const build: Part = {
  name: "build",
  argv: [process.execPath, join(root, "scripts/build.ts"), "--if-needed"],
  seconds: 0,
  isPreparation: true,
};
const checkout: Checkout = { root, cores: availableParallelism(), durations: readDurations() };
try {
  const request = readRequest();
  if (request.watch) {
    const [command, ...argv] = watchArgv(request, checkout);
    process.exitCode = await new Promise<number>((resolve) =>
      spawn(command, argv, { cwd: root, stdio: "inherit" }).once("exit", (code) => resolve(code ?? 1)),
    );
  } else {
    rmSync(join(root, "test-results"), { recursive: true, force: true });
    mkdirSync(join(root, "test-results"), { recursive: true });
    const startedAt = Number(process.env["STUDIO_STARTED"] ?? Date.now() / 1000) * 1000;
    process.exitCode = await runTests({
      cwd: root,
      parts: planParts(request, checkout),
      build,
      out: { write: (text) => process.stdout.write(text), isTerminal: process.stdout.isTTY, columns: process.stdout.columns || 80 },
      durations: checkout.durations,
      durationsFile: join(root, ".studio/test-durations.json"),
      failedFile,
      budget: request.budget,
      startedAt,
      fetchSeconds: Number(process.env["STUDIO_FETCH_SECONDS"] ?? 0),
      signal: interruption(),
    });
  }
} catch (error) {
  printError(`studio test: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
