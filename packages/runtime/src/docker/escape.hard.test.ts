import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import { afterAll, inject } from "vitest";
import { describeEscapes } from "../escapes.ts";
import { createDockerDriver } from "./driver.ts";

const engine = await startDockerEngine();
afterAll(() => engine.close());
describeEscapes(
  "docker",
  (dataDir, options) => createDockerDriver({ machine: inject("machine"), dataDir, host: engine.host, ...options }),
  { skip: engine.reason },
);
