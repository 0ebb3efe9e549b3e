import { describeEveryday } from "../everyday.ts";
import { createSandboxDriver } from "./driver.ts";
import { unavailableHere } from "./here.ts";

describeEveryday("sandbox", (dataDir) => createSandboxDriver({ dataDir }), { skip: await unavailableHere() });
