import type { ProgramFacts } from "./host/images/tools.ts";

/** The driver's capabilities on a machine, found by trying. */
export interface SandboxFacts {
  /** Why it cannot create a sandbox at all; undefined when it can. */
  reason?: string;
  /** Why sandboxes cannot have separate networks; undefined when they can. */
  networkReason?: string;
}

/**
 * Capabilities of this machine, as found by `inspectMachine`. Plain data for other processes. Valid until programs are installed or kernel
 * settings change.
 */
export interface MachineFacts {
  programs: ProgramFacts;
  sandbox: SandboxFacts;
}
