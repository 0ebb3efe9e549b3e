import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { getPage } from "../../conformance/observe.ts";
import { createProcessDriver } from "../../process/driver.ts";
import { openSandboxDriver, unavailableHere } from "../../sandbox/availability.ts";
import { locateProgram, translate } from "./programs.ts";

const binds = [{ from: "/host/pg", to: "/opt/pg", isWritable: false }];

test.each([
  ["/opt/pg/bin/postgres", "/host/pg/bin/postgres"],
  ["/opt/pg", "/host/pg"],
  ["/opt/pgx/bin", undefined],
  ["/opt/pg/../../etc/shadow", undefined],
  ["/usr/bin/env", "/usr/bin/env"],
  ["/usr/../etc/passwd", undefined],
  ["/etc/passwd", undefined],
  ["/root/secret", undefined],
  ["opt/pg", undefined],
])("services see %s at %s", (path, expected) => expect(locateProgram(path, binds)).toBe(expected));

test("only whole paths are translated", () => {
  expect(translate("/opt/pg/bin", binds)).toBe("/host/pg/bin");
  expect(translate("see /opt/pg/bin", binds)).toBeUndefined();
});

describe.each([
  { name: "sandbox", create: openSandboxDriver, skip: unavailableHere() },
  { name: "process", create: createProcessDriver, skip: process.platform === "linux" ? undefined : "it needs Linux" },
])("programs of the $name driver", ({ create, skip }) => {
  test.skipIf(skip !== undefined)(
    "are visible to services, read-only, and not to others",
    async () => {
      const base = mkdtempSync(join(tmpdir(), "runtime-programs-"));
      onTestFinished(() => rmSync(base, { recursive: true, force: true }));
      mkdirSync(join(base, "tool/bin"), { recursive: true });
      writeFileSync(
        join(base, "tool/bin/serve.sh"),
        `touch "$(dirname "$0")/mine" 2> /dev/null && echo written; exec node -e 'require("http").createServer((q, r) => r.end("from a program")).listen(4100, "127.0.0.1")'`,
      );
      const driver = await create({ dataDir: join(base, "data"), programs: { tool: join(base, "tool") } });
      onTestFinished(() => driver.close());
      const there = ["/opt/tool/bin/serve.sh", "/usr/bin/env"];
      expect(await driver.findPrograms([...there, "/opt/tool/bin/other", "/etc/passwd", "/usr/bin/../../etc/passwd"])).toEqual(there);
      const sandbox = await driver.open({ id: "p-1" });
      await sandbox.start({ name: "web", command: ["sh", "/opt/tool/bin/serve.sh"], cwd: ".", env: {}, port: 4100 });
      const { port } = await sandbox.ready("web", { timeoutMs: 20_000 });
      expect(await getPage(sandbox, port ?? 0)).toBe("from a program");
      for await (const { line } of sandbox.logs("web")) expect(line).not.toBe("written");
      expect((await sandbox.exec(["ls", "/opt/tool"])).exitCode).not.toBe(0);
      await driver.remove(sandbox.id);
    },
    60_000,
  );
});
