import { inject } from "vitest";
import type { RuntimeDriver } from "../types.ts";
import { createSandboxDriver, type SandboxDriverOptions } from "./driver.ts";

/** Why this machine cannot host the sandbox driver at all; undefined when it can, at whatever level. */
export const unavailableHere = (): string | undefined => inject("machine").sandbox.reason;

/** The driver on a machine that was looked at once for all tests. */
export const openSandboxDriver = (options: Omit<SandboxDriverOptions, "machine">): Promise<RuntimeDriver> =>
  createSandboxDriver({ ...options, machine: inject("machine") });
