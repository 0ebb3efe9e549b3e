import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
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
  const { kubeconfig, folder } = testCluster();
  const chosen = argv.includes("--kubeconfig") ? [] : ["--kubeconfig", kubeconfig];
  return (await promisify(execFile)(join(folder, "bin/kubectl"), [...chosen, ...argv], { maxBuffer: 16 << 20 })).stdout;
}
/** How long a test waits for the cluster, which may be under load, and how often it asks: each time starts a program. */
export const patience = [60_000, 250] as const;

/** Pods in the namespace of that key, of workloads whose names include the text. Without those that are being ended. */
export async function podsOf(key: string, workload: string): Promise<{ name: string; uid: string }[]> {
  const { items } = JSON.parse(await kubectl("get", "pods", "-n", await namespaceFor(key), "-o", "json")) as {
    items: { metadata: { name: string; uid: string; deletionTimestamp?: string; labels: Record<string, string> } }[];
  };
  return items.flatMap(({ metadata }) =>
    metadata.deletionTimestamp === undefined && (metadata.labels["studio.tesslate.com/workload"] ?? "").includes(workload) ? metadata : [],
  );
}
export const kill = (component: string): Promise<void> => killComponent(root, component);

const made = new Map<string, Promise<string>>();
/** A namespace per data folder of a suite. */
export function namespaceFor(key: string): Promise<string> {
  const name = made.get(key) ?? makeNamespace(`test-${randomBytes(5).toString("hex")}`);
  made.set(key, name);
  return name;
}
async function makeNamespace(name: string): Promise<string> {
  const manifest = join(tmpdir(), `${name}.yaml`);
  await writeFile(
    manifest,
    (await readFile(join(root, "deploy/kubernetes/projects.yaml"), "utf8")).replaceAll(
      /tesslate-sandboxes|namespace: tesslate-studio/g,
      (found) => found.replace(/tesslate-(sandboxes|studio)/, name),
    ),
  );
  await kubectl("apply", "-f", manifest);
  await rm(manifest);
  await kubectl("create", "serviceaccount", "tesslate-studio", "-n", name);
  return name;
}
export async function removeNamespaces(): Promise<void> {
  if (made.size > 0) await kubectl("delete", "namespace", ...(await Promise.all(made.values())), "--wait=false");
  made.clear();
}

/** A server's own account, with the rights that the documents give it. */
async function kubeconfigFor(namespace: string): Promise<string> {
  const file = join(testCluster().folder, `${namespace}-${randomBytes(4).toString("hex")}.kubeconfig`);
  const token = (await kubectl("create", "token", "tesslate-studio", "-n", namespace, "--duration=2h")).trim();
  await copyFile(testCluster().kubeconfig, file);
  await kubectl("config", "set-credentials", "server", `--token=${token}`, "--kubeconfig", file);
  await kubectl("config", "set-context", "--current", "--user=server", "--kubeconfig", file);
  return file;
}

/** The namespace is that of the key. */
export async function optionsFor(key: string, more: Partial<KubernetesOptions> = {}): Promise<KubernetesOptions> {
  const { image, address } = testCluster();
  const namespace = await namespaceFor(key);
  return {
    kubeconfig: await kubeconfigFor(namespace),
    namespace,
    image,
    volumeBytes: 2 ** 30,
    requests: { cpus: 0.01, memoryBytes: 32 * 2 ** 20 },
    suspendAfterMs: 20_000,
    allowFrom: [address],
    ...more,
  };
}
export const openKubernetes = async (key: string, more: Partial<KubernetesOptions> = {}): Promise<RuntimeDriver> =>
  createKubernetesDriver(await optionsFor(key, more));
