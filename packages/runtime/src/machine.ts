import type { RuntimeOptions } from "./create.ts";
import { findPrograms, type ProgramFacts } from "./host/tools.ts";
import type { SandboxFacts } from "./sandbox/driver.ts";

/**
 * Capabilities of this machine, as found by `inspectMachine`. Plain data for other processes. Valid until programs are installed or kernel
 * settings change.
 */
export interface MachineFacts {
  programs: ProgramFacts;
  sandbox: SandboxFacts;
}

/** Inspects once what every `createRuntime` would inspect, for callers that open many runtimes: pass it as `RuntimeOptions.machine`. */
export async function inspectMachine(options: Pick<RuntimeOptions, "log"> = {}): Promise<MachineFacts> {
  const { inspectSandboxes } = await import("./sandbox/driver.ts");
  return { programs: await findPrograms(), sandbox: await inspectSandboxes(options) };
}
