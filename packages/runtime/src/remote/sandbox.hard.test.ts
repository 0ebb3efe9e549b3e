import { describeRuntimeDriver } from "../conformance.ts";
import { openSandboxDriver, unavailableHere } from "../sandbox/availability.ts";
import { overConnection } from "./conformance.fixture.ts";

describeRuntimeDriver("sandbox on a runner", async (dataDir) => overConnection(await openSandboxDriver({ dataDir })), {
  skip: unavailableHere(),
});
