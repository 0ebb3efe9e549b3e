import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RuntimeDriver } from "../types.ts";
import { openSandboxDriver, unavailableHere } from "./availability.ts";

const reason = unavailableHere();

describe.skipIf(reason !== undefined)(`package managers inside${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let driver: RuntimeDriver;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "sandbox-"));
    driver = await openSandboxDriver({ dataDir });
  });
  afterAll(async () => {
    await driver?.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const inside = async (...argv: string[]) => {
    const { stdout, stderr, exitCode } = await (await driver.open({ id: "tools" })).exec(argv, { timeoutMs: 120_000 });
    return exitCode === 0 ? stdout.trim() : `${exitCode} ${stderr}`;
  };

  test("packages install from the host's registry", async ({ skip }) => {
    const answer = await inside("npm", "ping", "--fetch-timeout=5000", "--fetch-retries=0");
    if (/^\d+ /.test(answer)) return skip("the registry does not answer from this machine");
    expect(await inside("sh", "-c", "npm init -y >/dev/null && npm install is-number && node -p 'require(\"is-number\")(5)'")).toMatch(
      /true$/,
    );
    expect(
      await inside(
        "sh",
        "-c",
        "mkdir p && cd p && npm init -y >/dev/null && pnpm add is-number >&2 && node -p 'require(\"is-number\")(5)'",
      ),
    ).toMatch(/true$/);
    expect(await inside("sh", "-c", "npm install -g is-odd && ls /home/app/.local/lib/node_modules")).toContain("is-odd");
  }, 120_000);
});
