import { describeEveryday } from "../everyday.ts";

import { openSandboxDriver, unavailableHere } from "./here.ts";

describeEveryday("sandbox", (dataDir) => openSandboxDriver({ dataDir }), { skip: unavailableHere() });
