import type { RuntimeOptions } from "./create.ts";
import { findPrograms, type ProgramFacts } from "./host/tools.ts";
import type { SandboxFacts } from "./sandbox/driver.ts";

/**
 * What this machine can do, as `inspectMachine` found it. Plain data: it can be handed to other processes. It holds until programs
 * are installed or the kernel is set otherwise.
 */
export interface MachineFacts {
  programs: ProgramFacts;
  sandbox: SandboxFacts;
}

/**
 * Finds out once what every `createRuntime` would find out again, for whoever opens many runtimes on one machine: it is handed to
 * them as `RuntimeOptions.machine`.
 */
export async function inspectMachine(options: Pick<RuntimeOptions, "log"> = {}): Promise<MachineFacts> {
  const { inspectSandboxes } = await import("./sandbox/driver.ts");
  return { programs: await findPrograms(), sandbox: await inspectSandboxes(options) };
}
