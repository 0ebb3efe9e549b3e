import { findPrograms } from "./host/images/tools.ts";
import type { RuntimeLog } from "./log.ts";
import type { MachineFacts } from "./machine-facts.ts";

/** Inspects once what every `createRuntime` would inspect, for callers that open many runtimes: pass it as `RuntimeOptions.machine`. */
export async function inspectMachine(options: { log?: RuntimeLog } = {}): Promise<MachineFacts> {
  const { inspectSandboxes } = await import("./sandbox/driver.ts");
  return { programs: await findPrograms(), sandbox: await inspectSandboxes(options) };
}
