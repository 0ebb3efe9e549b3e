import { join } from "node:path";
import { clusterProblem, startCluster, stopCluster, type TestCluster } from "@tesslate/testkit/kubernetes-cluster";
import type { TestProject } from "vitest/node";
import { bundle } from "../../../../../scripts/bundle.ts";

const root = join(import.meta.dirname, "../../../../..");

/** One cluster for all suites that need one, which say why there is none. `KUBERNETES_KEEP=1` leaves it running. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const problem = clusterProblem();
  if (problem !== undefined) {
    project.provide("kubernetes", { problem });
    return async () => undefined;
  }
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  project.provide("kubernetes", await startCluster({ root, bundle, agentSandbox: process.env["AGENT_SANDBOX_SOURCE"], say }));
  return async () => {
    if (process.env["KUBERNETES_KEEP"] === undefined) await stopCluster(root);
  };
}

declare module "vitest" {
  interface ProvidedContext {
    kubernetes: TestCluster | { problem: string };
  }
}
