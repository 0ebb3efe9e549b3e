import { inject } from "vitest";
import { describeRuntimeDriver } from "../conformance.ts";
import { createProcessDriver } from "./driver.ts";

const skip = process.platform === "linux" ? undefined : "it needs Linux";

describeRuntimeDriver("process", (dataDir) => createProcessDriver({ dataDir, machine: inject("machine") }), { skip });
