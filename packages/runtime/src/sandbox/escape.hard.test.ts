import { describeEscapes } from "../escapes.ts";

import { openSandboxDriver, unavailableHere } from "./here.ts";

describeEscapes("sandbox", (dataDir, options) => openSandboxDriver({ dataDir, ...options }), { skip: unavailableHere() });
