import { describeRuntimeDriver } from "../conformance.ts";
import { createSandboxDriver } from "./driver.ts";
import { unavailableHere } from "./here.ts";

describeRuntimeDriver("sandbox", (dataDir) => createSandboxDriver({ dataDir }), { skip: await unavailableHere() });
