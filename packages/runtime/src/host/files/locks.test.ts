import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { acquireProcessLock, awaitProcessLock } from "./locks.ts";

const dir = mkdtempSync(join(tmpdir(), "lock-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("waits for a process that cleans up after an earlier server, but not for another server", async () => {
  const file = join(dir, "lock");
  for (const [name, isWaitedFor] of [
    ["the-caretaker", true],
    ["a-server", false],
  ] as const) {
    const holder = spawn("/bin/sh", ["-c", "read _; :", name], { stdio: ["pipe", "ignore", "ignore"] });
    const ended = once(holder, "exit");
    await once(holder, "spawn");
    const started = readFileSync(`/proc/${holder.pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
    writeFileSync(file, `${holder.pid} ${started}`);
    let isFree = false;
    const waiting = awaitProcessLock(file, "the-caretaker").then((unlock) => {
      isFree = true;
      unlock();
    });
    if (isWaitedFor) {
      expect(() => acquireProcessLock(file)).toThrow(/is locked by process/);
      expect(isFree).toBe(false);
    } else {
      await expect(waiting).rejects.toThrow(/uses this data folder/);
    }
    holder.stdin.end();
    await ended;
    if (isWaitedFor) await waiting;
    acquireProcessLock(file)();
  }
});
