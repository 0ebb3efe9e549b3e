import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import { afterAll, inject } from "vitest";
import { describeProgramEnvironment } from "../program-environment.ts";
import { createDockerDriver } from "./driver.ts";

const engine = await startDockerEngine();
afterAll(() => engine.close());
describeProgramEnvironment("docker", (dataDir) => createDockerDriver({ machine: inject("machine"), dataDir, host: engine.host }), {
  skip: engine.reason,
});
