import { describeEscapes } from "../escapes.ts";
import { createSandboxDriver } from "./driver.ts";
import { unavailableHere } from "./here.ts";

describeEscapes("sandbox", (dataDir, options) => createSandboxDriver({ dataDir, ...options }), { skip: await unavailableHere() });
