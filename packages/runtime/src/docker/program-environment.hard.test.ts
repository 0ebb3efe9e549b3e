import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import { afterAll, inject } from "vitest";
import { describeEveryday } from "../program-environment.ts";
import { createDockerDriver } from "./driver.ts";

const engine = await startDockerEngine();
afterAll(() => engine.close());
describeEveryday("docker", (dataDir) => createDockerDriver({ machine: inject("machine"), dataDir, host: engine.host }), {
  skip: engine.reason,
});
