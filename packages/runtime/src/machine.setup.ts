import type { TestProject } from "vitest/node";
import { inspectMachine } from "./machine.ts";
import type { MachineFacts } from "./machine-facts.ts";

declare module "vitest" {
  interface ProvidedContext {
    machine: MachineFacts;
  }
}

/** Inspects the machine once for all workers of a test run: `inject("machine")`. */
export default async function setup({ provide }: TestProject): Promise<void> {
  provide("machine", await inspectMachine());
}
