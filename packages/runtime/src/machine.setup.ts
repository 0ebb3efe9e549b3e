import type { TestProject } from "vitest/node";
import { inspectMachine, type MachineFacts } from "./machine.ts";

declare module "vitest" {
  interface ProvidedContext {
    machine: MachineFacts;
  }
}

/** Inspects the machine once for all workers of a test run: `inject("machine")`. */
export default async function setup({ provide }: TestProject): Promise<void> {
  provide("machine", await inspectMachine());
}
