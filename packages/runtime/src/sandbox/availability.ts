import { inject } from "vitest";
import type { RuntimeDriver } from "../types.ts";
import { createSandboxDriver, type SandboxDriverOptions } from "./driver.ts";

/** Why this machine cannot host the sandbox driver; undefined when it can, at any level. */
export const unavailableHere = (): string | undefined => inject("machine").sandbox.reason;

/** The driver with the machine facts of the test run. */
export const openSandboxDriver = (options: Omit<SandboxDriverOptions, "machine">): Promise<RuntimeDriver> =>
  createSandboxDriver({ ...options, machine: inject("machine") });
