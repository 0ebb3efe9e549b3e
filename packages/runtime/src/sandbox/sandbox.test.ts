import { describeRuntimeDriver } from "../conformance.ts";

import { openSandboxDriver, unavailableHere } from "./here.ts";

describeRuntimeDriver("sandbox", (dataDir) => openSandboxDriver({ dataDir }), { skip: unavailableHere() });
