import { describeRuntimeDriver } from "../conformance.ts";

import { openSandboxDriver, unavailableHere } from "./availability.ts";

describeRuntimeDriver("sandbox", (dataDir) => openSandboxDriver({ dataDir }), { skip: unavailableHere() });
