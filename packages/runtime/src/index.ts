export * from "./types.ts";
export * from "./errors.ts";
export type * from "./history/types.ts";
export { createRuntime, findDockerEngine, type RuntimeOptions } from "./create.ts";
export { inspectMachine, type MachineFacts } from "./machine.ts";
export type { RuntimeLog } from "./log.ts";
export { reachable, releaseReachable } from "./reachable.ts";
export { createMemoryDriver, type MemoryDriverOptions } from "./memory/driver.ts";
export type { MemoryCommand, MemoryProcess } from "./memory/commands.ts";
