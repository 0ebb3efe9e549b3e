import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { usageOfProcesses } from "./process-usage.ts";

/** Fills `megabytes` of memory, computes for a moment, then waits. */
const busy = (megabytes: number) => {
  const script = `const kept = Buffer.alloc(${megabytes} * 2 ** 20, 1); const end = process.cpuUsage().user + 5e4;
while (process.cpuUsage().user < end); console.log(kept.length); setInterval(() => {}, 1e6)`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
};

test("memory that processes share is counted once", async () => {
  const children = [busy(100), busy(100)];
  await Promise.all(children.map(({ stdout }) => once(stdout, "data")));
  const [one, other] = children.map(({ pid }) => usageOfProcesses([pid ?? 0]));
  const both = usageOfProcesses(children.map(({ pid }) => pid ?? 0));
  const mib = 2 ** 20;
  expect(one?.memoryBytes).toBeGreaterThan(100 * mib);
  expect(both?.memoryBytes).toBeGreaterThan(200 * mib);
  // The program itself has at least 20 MiB, which is in both.
  expect(both?.memoryBytes).toBeLessThan((one?.memoryBytes ?? 0) + (other?.memoryBytes ?? 0) - 20 * mib);
  expect(one?.cpuSeconds).toBeGreaterThanOrEqual(0.04);
  expect(both?.cpuSeconds).toBeGreaterThanOrEqual(0.08);
  expect(both?.pids).toBe(2);
});

test("processes that ended are left out", async () => {
  const child = spawn("true");
  await once(child, "exit");
  expect(usageOfProcesses([child.pid ?? 0])).toBeUndefined();
  expect(usageOfProcesses([])).toBeUndefined();
});
