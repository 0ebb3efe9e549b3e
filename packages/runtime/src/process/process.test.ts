import { describeRuntimeDriver } from "../conformance.ts";
import { createProcessDriver } from "./driver.ts";

describeRuntimeDriver("process", (dataDir) => createProcessDriver({ dataDir }), {
  skip: process.platform === "linux" ? undefined : "it needs Linux",
});
