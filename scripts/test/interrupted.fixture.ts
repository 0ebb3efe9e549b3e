/** A test run with a part that leaves a process behind and then waits forever; the tests of the driver interrupt it. */
import { interruption } from "./interruption.ts";
import { runTests } from "./run.ts";

const part = `
  require("node:child_process").spawn("sleep", ["771"], { detached: true, stdio: "ignore" });
  console.log(JSON.stringify({ part: "e2e", journey: "waiting", step: "forever", state: "start" }));
  setInterval(() => {}, 1000);
`;
process.exitCode = await runTests({
  cwd: process.cwd(),
  parts: [
    { name: "endless", argv: [process.execPath, "-e", part], seconds: 1 },
    { name: "never reached", argv: [process.execPath, "-e", ""], seconds: 1 },
  ],
  build: { name: "build", argv: [process.execPath, "-e", ""], seconds: 0, isPreparation: true },
  out: { write: (text) => process.stdout.write(text), isTerminal: false, columns: 80 },
  durations: {},
  budget: undefined,
  startedAt: Date.now(),
  fetchSeconds: 0,
  signal: interruption(),
  graceMs: 200,
});
