import { expect, test } from "vitest";
import { describeRuntimeDriver } from "../conformance.ts";
import type { Programs } from "../conformance/programs.ts";
import { createMemoryDriver } from "./driver.ts";

const programs: Programs = {
  echo: (text) => ["echo", text],
  fail: (text, code) => ["fail", text, String(code)],
  cat: ["cat"],
  variable: (name) => ["printenv", name],
  show: (file) => ["cat", file],
  put: (file, text) => ["put", file, text],
  sleep: (ms) => ["wait", String(ms)],
  flood: (bytes) => ["flood", String(bytes)],
  missing: ["no-such-program-here"],
  serve: (port, text) => ["serve", String(port), text],
  chatter: ["chatter"],
};

describeRuntimeDriver("memory", async () => createMemoryDriver(), { programs });

test("a test provides its own programs", async () => {
  const driver = createMemoryDriver({
    commands: {
      async greet({ argv, stdout }) {
        stdout(`hello ${argv[1]}`);
        return 4;
      },
    },
  });
  const sandbox = await driver.open({ id: "a" });
  expect(await sandbox.exec(["greet", "you"])).toMatchObject({ stdout: "hello you", exitCode: 4 });
});
