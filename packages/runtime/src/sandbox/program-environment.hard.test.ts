import { describeProgramEnvironment } from "../program-environment.ts";

import { openSandboxDriver, unavailableHere } from "./availability.ts";

describeProgramEnvironment("sandbox", (dataDir) => openSandboxDriver({ dataDir }), { skip: unavailableHere() });
