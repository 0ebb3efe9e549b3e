import { startDockerEngine } from "@tesslate/testkit/docker-engine";
import { afterAll, inject } from "vitest";
import { describeDeleted } from "../deleted.ts";

const engine = await startDockerEngine();
afterAll(() => engine.close());
describeDeleted({ driver: "docker", docker: { host: engine.host }, machine: inject("machine") }, { skip: engine.reason });
