import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asOrdinaryUser, noOrdinaryUserHere, ordinaryUid } from "@tesslate/testkit/ordinary-user";
import { expect, onTestFinished, test } from "vitest";
import { describeRuntimeDriver } from "../conformance.ts";
import { getPage, processesWith, until } from "../conformance/observe.ts";
import { describeEscapes } from "../escapes.ts";
import { openAs } from "./ordinary-user.fixture.ts";
import { unavailableHere } from "./availability.ts";

const skip = unavailableHere() ?? noOrdinaryUserHere();
const openAsOrdinaryUser = openAs({ uid: ordinaryUid, become: asOrdinaryUser });

describeRuntimeDriver("sandbox of an ordinary user", openAsOrdinaryUser, { skip });
describeEscapes("sandbox of an ordinary user", openAsOrdinaryUser, { skip });

test.skipIf(skip !== undefined)(
  `when the network of an ordinary user ends, services end and the next start creates it again${skip === undefined ? "" : ` (skipped: ${skip})`}`,
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "user-network-"));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const driver = await openAsOrdinaryUser(dataDir);
    const sandbox = await driver.open({ id: "a" });
    const serve = async () => {
      const script = 'require("http").createServer((q, r) => r.end("alive")).listen(4100, "127.0.0.1")';
      await sandbox.start({ name: "web", command: ["node", "-e", script], cwd: ".", env: {}, port: 4100 });
      await sandbox.ready("web", { timeoutMs: 20_000 });
      expect(await getPage(sandbox, 4100)).toBe("alive");
    };
    await serve();
    const holders = () => processesWith(join(dataDir, "runtime/network/"));
    expect(holders().length).toBeGreaterThan(0);
    for (const pid of holders()) process.kill(pid, "SIGKILL");
    await until(() => holders().length === 0);
    expect((await sandbox.exec(["echo", "works"])).stdout).toBe("works\n");
    await until(async () => (await sandbox.services())[0]?.status === "failed");
    await serve();
    await driver.close();
    expect(processesWith(dataDir)).toEqual([]);
  },
  120_000,
);
