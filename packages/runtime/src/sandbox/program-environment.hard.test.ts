import { describeEveryday } from "../program-environment.ts";

import { openSandboxDriver, unavailableHere } from "./availability.ts";

describeEveryday("sandbox", (dataDir) => openSandboxDriver({ dataDir }), { skip: unavailableHere() });
