import { appendFileSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openServiceLog } from "./service-log.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "log-"));
  writeFileSync(join(dir, "stdout"), "");
  writeFileSync(join(dir, "stderr"), "");
});
afterEach(() => rmSync(dir, { recursive: true }));
const print = (text: string | Uint8Array, stream = "stdout") => appendFileSync(join(dir, stream), text);
const shown = (log: ReturnType<typeof openServiceLog>) => log.last(1000).map((l) => [l.seq, l.stream, l.line]);

test("numbers lines of both streams and its own notes", () => {
  const log = openServiceLog(dir, undefined);
  log.note("starting");
  print("one\r\ntwo\n");
  print("oops\n", "stderr");
  log.drain();
  expect(shown(log)).toEqual([
    [1, "system", "starting"],
    [2, "stdout", "one"],
    [3, "stdout", "two"],
    [4, "stderr", "oops"],
  ]);
  log.close();
});

test("continues where the previous process stopped, even within a line or a character", () => {
  const first = openServiceLog(dir, undefined);
  print("one\ntw");
  print(Buffer.from("ü").subarray(0, 1));
  first.drain();
  // Killed without closing anything, while the service continues to print.
  print(Buffer.from("ü").subarray(1));
  print("o\nthree\n");
  const second = openServiceLog(dir, undefined);
  second.drain();
  expect(shown(second)).toEqual([
    [1, "stdout", "one"],
    [2, "stdout", "twüo"],
    [3, "stdout", "three"],
  ]);
  second.close();
  first.close();
});

test("shows a line without an end after a moment", async () => {
  const log = openServiceLog(dir, undefined);
  print("Password: ");
  log.drain();
  expect(log.last(1)).toEqual([]);
  await sleep(600);
  expect(log.last(1)[0]?.line).toBe("Password: ");
  log.close();
});

test("empties what it has read, drops what is too much, and continues after both", () => {
  const log = openServiceLog(dir, undefined);
  const line = `${"x".repeat(99)}\n`;
  print(line.repeat(50_000));
  log.drain();
  expect(statSync(join(dir, "stdout")).size).toBe(0);
  print("after\n");
  log.drain();
  expect(log.last(1)[0]).toMatchObject({ seq: 50_001, line: "after" });
  print(line.repeat(100_000));
  log.drain();
  expect(log.last(1)[0]).toMatchObject({ stream: "system", line: expect.stringContaining("dropped") });
  print("the end\n");
  log.drain();
  const before = log.last(1)[0];
  expect(before?.line).toBe("the end");
  log.close();
  const again = openServiceLog(dir, undefined);
  again.drain();
  expect(again.last(1)[0]).toEqual(before);
  // The service may empty its own log.
  truncateSync(join(dir, "stdout"));
  print("new\n");
  again.drain();
  expect(again.last(1)[0]).toMatchObject({ seq: (before?.seq ?? 0) + 1, line: "new" });
  again.close();
});

test("splits lines that never end", () => {
  const log = openServiceLog(dir, undefined);
  print("y".repeat(40_000));
  print("\n");
  log.drain();
  expect(log.last(10).map((l) => l.line.length)).toEqual([16_384, 16_384, 40_000 - 2 * 16_384]);
  log.close();
});

test("keeps the log file small and the numbers right over many restarts", () => {
  let last = 0;
  for (let round = 0; round < 6; round++) {
    const log = openServiceLog(dir, undefined);
    for (let i = 0; i < 10; i++) {
      print(`${"z".repeat(400)}\n`.repeat(300));
      log.drain();
    }
    const seq = log.last(1)[0]?.seq ?? 0;
    expect(seq).toBe(last + 3_000);
    last = seq;
    log.close();
  }
  expect(statSync(join(dir, "journal.ndjson")).size + statSync(join(dir, "journal.old.ndjson")).size).toBeLessThan(4 << 20);
});
