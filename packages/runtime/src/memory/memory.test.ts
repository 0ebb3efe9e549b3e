import { expect, test } from "vitest";
import { describeRuntimeDriver } from "../conformance.ts";
import { createMemoryDriver } from "./driver.ts";
import { memoryPrograms } from "./programs.fixture.ts";

describeRuntimeDriver("memory", async () => createMemoryDriver(), { programs: memoryPrograms });

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
