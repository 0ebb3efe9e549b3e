import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRuntime, type RuntimeOptions } from "./create.ts";
import { inspectMachine } from "./machine.ts";
import type { MachineFacts } from "./machine-facts.ts";

const machine = JSON.parse(JSON.stringify(await inspectMachine())) as MachineFacts;
const isRoot = process.getuid?.() === 0;
const { reason } = machine.sandbox;

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "machine-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const isolationWith = async (facts: RuntimeOptions["machine"]) => {
  const runtime = await createRuntime({ driver: "sandbox", dataDir, ...(facts && { machine: facts }) });
  const { isolation, warnings } = runtime;
  const sandbox = await runtime.open({ id: "a" });
  const { stdout } = await sandbox.exec(["echo", "works"]);
  await runtime.close();
  return { isolation, warnings, stdout };
};

test.skipIf(reason)(
  `a runtime with given machine facts equals one that inspects the machine itself${reason ? ` (skipped: ${reason})` : ""}`,
  async () => {
    const inspected = await isolationWith(undefined);
    expect(inspected.stdout).toBe("works\n");
    expect(await isolationWith(machine)).toEqual(inspected);
  },
);

/**
 * What this machine allows without our code. Sandbox tests are skipped where the driver cannot be opened, so a bug in it must not look
 * like a limit of the machine.
 */
const whole = ["bwrap", "--ro-bind", "/", "/", "--unshare-user", "--unshare-pid", "--proc", "/proc", "true"];
const asOtherUser = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs", "--"];
const canSandbox = spawnSync("/usr/bin/env", [...(isRoot ? asOtherUser : []), ...whole]).status === 0;

test.skipIf(!canSandbox)(
  `a machine on which bubblewrap works has the sandbox driver${canSandbox ? "" : " (skipped: bubblewrap does not work)"}`,
  () => {
    expect(reason).toBe(undefined);
  },
);

test.skipIf(reason || !isRoot)("uses the given machine facts", async () => {
  const facts = { ...machine, sandbox: { networkReason: "no cables" } };
  const { isolation, warnings, stdout } = await isolationWith(facts);
  expect([isolation, stdout]).toEqual(["no-netns", "works\n"]);
  expect(warnings).toContainEqual(expect.stringContaining("no cables"));
  const nothing = createRuntime({ driver: "sandbox", dataDir, machine: { ...machine, sandbox: { reason: "no walls" } } });
  await expect(nothing).rejects.toMatchObject({ code: "unavailable", message: "no walls" });
});

test("without any isolation the message ends with what to install", async () => {
  const facts: MachineFacts = { ...machine, sandbox: { reason: "bubblewrap (bwrap) is not installed" } };
  const start = createRuntime({ driver: "auto", dataDir, machine: facts, docker: { host: "unix:///nowhere/docker.sock" } });
  await expect(start).rejects.toThrow(
    /bwrap.* is not installed.*install bubblewrap .*apt-get install bubblewrap.* or start a Docker engine, then start again\.$/,
  );
});
