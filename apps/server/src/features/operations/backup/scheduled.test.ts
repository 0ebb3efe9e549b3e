import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../testing/temporary.ts";
import { createScheduledBackups, leftOutExitCode } from "./scheduled.ts";

/** Scheduled backups with a program of this text, and the lines of their log. */
function scheduled(text: string) {
  const dir = temporaryFolder("program");
  const program = join(dir, "program.mjs");
  writeFileSync(program, text);
  const lines: Record<string, unknown>[] = [];
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => done(void lines.push(JSON.parse(chunk.toString("utf8")) as never)),
  });
  return { ...createScheduledBackups({ program, log: pino({ level: "info" }, out) }), lines, dir };
}

test("a backup runs in a process of low priority, and its result is logged", async () => {
  const { jobHandlers, lines } = scheduled(
    `import { getPriority } from "node:os"; import { setTimeout as sleep } from "node:timers/promises";
     while (getPriority() !== 10) await sleep(5);
     if (process.argv[2] !== "--scheduled") process.exit(1);`,
  );
  await jobHandlers.back_up();
  expect(lines).toMatchObject([{ msg: "scheduled backup made" }]);
});

test("warnings of a backup are logged", async () => {
  const { jobHandlers, lines } = scheduled(`process.stderr.write("Files of 2 projects are on the runner.\\n");`);
  await jobHandlers.back_up();
  expect(lines).toMatchObject([{ msg: "scheduled backup made, with warnings", warnings: "Files of 2 projects are on the runner." }]);
});

test("a backup that fails is logged with its last words, and does not fail the job", async () => {
  const { jobHandlers, lines } = scheduled(`process.stderr.write("The disk is full.\\n"); process.exitCode = 1;`);
  await jobHandlers.back_up();
  expect(lines).toMatchObject([{ msg: "the scheduled backup failed", exit_code: 1, output: "The disk is full." }]);
});

test("a copy that makes no scheduled backups has not failed", async () => {
  const { jobHandlers, lines } = scheduled(`process.stderr.write("This may be a copy.\\n"); process.exitCode = ${leftOutExitCode};`);
  await jobHandlers.back_up();
  expect(lines).toEqual([expect.objectContaining({ level: 40, msg: "no scheduled backup made", reason: "This may be a copy." })]);
});

test("one backup runs at a time, and closing the server ends it", async () => {
  const { jobHandlers, close, lines, dir } = scheduled(
    `import { writeFileSync } from "node:fs"; writeFileSync(new URL("started", import.meta.url), ""); setInterval(() => {}, 1000);`,
  );
  const first = jobHandlers.back_up();
  await expect.poll(() => existsSync(join(dir, "started"))).toBe(true);
  await jobHandlers.back_up();
  expect(lines).toMatchObject([{ msg: "the previous backup is still running, so this one is left out" }]);
  await close();
  await first;
  expect(lines).toMatchObject([{}, { msg: "the scheduled backup failed", exit_code: null }]);
});
