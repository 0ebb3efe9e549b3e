import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { join } from "node:path";
import { killComponent, type TestCluster } from "@tesslate/testkit/kubernetes-cluster";
import { inject } from "vitest";
import type { RuntimeDriver } from "../../types.ts";
import { createKubernetesDriver } from "../driver.ts";
import type { KubernetesOptions } from "../options.ts";

const root = join(import.meta.dirname, "../../../../..");
const given = inject("kubernetes");

/** Why the suites of the cluster cannot run here. */
export const unavailableHere = (): string | undefined => ("problem" in given ? given.problem : undefined);
export const withoutSandboxes = (): string | undefined =>
  unavailableHere() ?? ("sandboxes" in given && given.sandboxes !== true ? given.sandboxes : undefined);

export function testCluster(): TestCluster {
  if ("problem" in given) throw new Error(given.problem);
  return given;
}

export async function kubectl(...argv: string[]): Promise<string> {
  const { kubeconfig } = testCluster();
  const program = join(root, ".studio/kubernetes/bin/kubectl");
  return (await promisify(execFile)(program, ["--kubeconfig", kubeconfig, ...argv], { maxBuffer: 16 << 20 })).stdout;
}
export const kill = (component: string): Promise<void> => killComponent(root, component);

const made = new Set<string>();
/** A namespace per data folder of a suite. */
export async function namespaceFor(key: string): Promise<string> {
  const name = `test-${createHash("sha256").update(key).digest("hex").slice(0, 10)}`;
  if (made.has(name)) return name;
  await kubectl("create", "namespace", name);
  // Pods that the strictest profile refuses are a failure of the driver.
  await kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted");
  made.add(name);
  return name;
}
export async function removeNamespaces(): Promise<void> {
  if (made.size > 0) await kubectl("delete", "namespace", ...made, "--wait=false");
  made.clear();
}

export async function openKubernetes(key: string, more: Partial<KubernetesOptions> = {}): Promise<RuntimeDriver> {
  const { kubeconfig, image, address } = testCluster();
  return createKubernetesDriver({
    kubeconfig,
    namespace: await namespaceFor(key),
    image,
    volumeBytes: 2 ** 30,
    requests: { cpus: 0.01, memoryBytes: 32 * 2 ** 20 },
    suspendAfterMs: 20_000,
    allowFrom: [address],
    ...more,
  });
}
