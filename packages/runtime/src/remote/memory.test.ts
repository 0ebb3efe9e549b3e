import { describeRuntimeDriver } from "../conformance.ts";
import { createMemoryDriver } from "../memory/driver.ts";
import { memoryPrograms } from "../memory/programs.fixture.ts";
import { overConnection } from "./conformance.fixture.ts";

describeRuntimeDriver("memory on a runner", async () => overConnection(createMemoryDriver()), { programs: memoryPrograms });
