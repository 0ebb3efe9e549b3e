import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runChecks, type KnownCheck } from "./run-checks.ts";

const dir = mkdtempSync(join(tmpdir(), "doctor-"));
const program = join(dir, "checks.mjs");
beforeAll(() => {
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    program,
    `const send = (message) => new Promise((done) => process.send(message, done));
    for (const name of process.argv.slice(2)) {
      await send({ begin: name });
      // As a disk that does not respond: nothing of the process runs any more.
      if (name === "stuck") for (;;);
      if (name === "crash") process.exit(3);
      await send({ line: ["ok", name, "works"] });
    }
    process.exit(0);`,
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function linesOf(...names: string[]): Promise<string[]> {
  const lines: string[] = [];
  const known: KnownCheck[] = names.map((what) => ({ what, seconds: what === "stuck" ? 0.5 : 30, subject: `the disk of ${what}` }));
  await runChecks(known, {
    start: (wanted) => fork(program, wanted, { execArgv: [] }),
    report: (...line) => void lines.push(line.join(" ")),
  });
  return lines;
}

test("each check is made, and one that does not answer is named while the others go on", async () => {
  expect(await linesOf("first", "stuck", "last")).toEqual([
    "ok first works",
    "XX stuck the disk of stuck did not answer within 0.5 s",
    "ok last works",
  ]);
});

test("a check whose process ends is named, and the last one may be it", async () => {
  expect(await linesOf("crash", "first")).toEqual(["XX crash the check ended with exit code 3", "ok first works"]);
  expect(await linesOf("first", "stuck")).toEqual(["ok first works", "XX stuck the disk of stuck did not answer within 0.5 s"]);
});
