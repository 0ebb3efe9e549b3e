export * from "./types.ts";
export * from "./errors.ts";
export type * from "./history/types.ts";
export { folderSource } from "./file-source.ts";
export { stepsOf } from "./image-steps.ts";
export { createRuntime, findDockerEngine, type RuntimeOptions } from "./create.ts";
export { stopRuntimesBelow } from "./stop-runtimes.ts";
export { findMountPoint } from "./host/container.ts";
export { inspectMachine } from "./machine.ts";
export type { MachineFacts } from "./machine-facts.ts";
export {
  acquireProcessLock,
  describeHolder,
  findLockHolder,
  isRunningHere,
  LockHeldError,
  thisProcess,
  type Holder,
} from "./host/files/locks.ts";
export {
  accepts,
  fetchPort,
  forwardPort,
  PortAgent,
  requestPort,
  sandboxPort,
  type ForwardedPort,
  type SandboxPort,
} from "./sandbox-port.ts";
export { loadPage, untilQuiet } from "./load-page.ts";
export { keptLogLines } from "./host/services/log-file.ts";
export type { RuntimeLog } from "./log.ts";
export { readDriverFacts } from "./remote/protocol.ts";
export type { CallSpan, ClientTracing, RunnerTracing } from "./remote/tracing.ts";
export { npmProgram } from "./host/images/tools.ts";
export { reachable, releaseReachable } from "./reachable.ts";
export { createMemoryDriver, type MemoryDriverOptions } from "./memory/driver.ts";
export type { MemoryCommand, MemoryProcess } from "./memory/commands.ts";
export { openFolder, type FolderEntry, type OpenFolder } from "./tree/open-folder.ts";
export { notBackedUp } from "./state-folder.ts";
