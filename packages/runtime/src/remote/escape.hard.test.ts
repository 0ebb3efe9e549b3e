import { describeEscapes } from "../escapes.ts";
import { openSandboxDriver, unavailableHere } from "../sandbox/availability.ts";
import { overConnection } from "./conformance.fixture.ts";

describeEscapes("sandbox on a runner", async (dataDir, options) => overConnection(await openSandboxDriver({ dataDir, ...options })), {
  skip: unavailableHere(),
});
