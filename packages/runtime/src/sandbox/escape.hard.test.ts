import { describeEscapes } from "../escapes.ts";

import { openSandboxDriver, unavailableHere } from "./availability.ts";

describeEscapes("sandbox", (dataDir, options) => openSandboxDriver({ dataDir, ...options }), { skip: unavailableHere() });
