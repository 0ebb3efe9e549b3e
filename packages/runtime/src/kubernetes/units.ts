import { createHmac, randomBytes } from "node:crypto";
import { RuntimeError } from "../errors.ts";
import { defaultSandboxLimits } from "../host/driver.ts";
import type { RuntimeLog } from "../log.ts";
import { hashToken } from "../remote/runner/tokens.ts";
import type { Limits, RuntimeDriver, SandboxSpec } from "../types.ts";
import type { ApiObject, Cluster } from "./cluster.ts";
import { labels, manager, newName, type WorkloadKind } from "./labels.ts";
import { createLivePod, type LivePod } from "./live.ts";
import type { KubernetesOptions } from "./options.ts";
import { claimSize, podTemplate } from "./pod-template.ts";
import type { Pods } from "./pods.ts";
import type { Workloads } from "./workloads.ts";

const keySecret = "studio-runner-key";

/** The key that the tokens of all runners are derived from, kept in the cluster: any server of this namespace finds it. */
export async function readKey(cluster: Cluster): Promise<Buffer> {
  const secret = () => cluster.find<ApiObject & { data?: Record<string, string> }>("v1", "Secret", keySecret);
  let found = await secret();
  if (!found) {
    await cluster.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: keySecret, labels: { [labels.managedBy]: manager } },
      stringData: { key: randomBytes(32).toString("hex") },
    } as ApiObject);
    found = await secret();
  }
  const key = Buffer.from(found?.data?.["key"] ?? "", "base64");
  if (key.length < 32) throw new RuntimeError("unavailable", `The secret ${keySecret} has no key of 32 bytes.`);
  return key;
}

export interface Environment {
  options: KubernetesOptions;
  cluster: Cluster;
  workloads: Workloads;
  pods: Pods;
  key: Buffer;
  log: RuntimeLog;
}

export const limitsOf = (spec: SandboxSpec): Limits => ({ ...defaultSandboxLimits, ...spec.limits });

interface UnitHooks {
  /** Of its next pod. */
  spec(): SandboxSpec;
  onConnect(runner: RuntimeDriver): Promise<void>;
  beforeSuspend(runner: RuntimeDriver): Promise<Record<string, string | null> | undefined>;
  onLost(): void;
}

/** The pod of a workload of that name. */
export function openUnit({ options, workloads, pods, key, log }: Environment, name: string, kind: WorkloadKind, hooks: UnitHooks): LivePod {
  const token = tokenOf(key, name);
  return createLivePod({
    name,
    workloads,
    pods,
    token,
    template() {
      const spec = hooks.spec();
      return podTemplate(options, { name, kind, tokenHash: hashToken(token), spec: { ...spec, limits: limitsOf(spec) } });
    },
    suspendAfterMs: options.suspendAfterMs,
    startTimeoutMs: options.startTimeoutMs ?? 120_000,
    onConnect: hooks.onConnect,
    beforeSuspend: hooks.beforeSuspend,
    onLost: hooks.onLost,
    tracing: options.tracing,
    log,
  });
}

const tokenOf = (key: Buffer, name: string) => createHmac("sha256", key).update(name).digest("hex");

/** Creates a workload with a pod and returns its name. */
export async function createUnit(
  { options, workloads, key }: Environment,
  { id, kind, spec, annotations }: { id: string; kind: WorkloadKind; spec: SandboxSpec; annotations: Readonly<Record<string, string>> },
): Promise<string> {
  const name = newName(kind, id === "" ? "warm" : id);
  await workloads.create({
    name,
    id,
    kind,
    annotations,
    pod: podTemplate(options, { name, kind, tokenHash: hashToken(tokenOf(key, name)), spec: { ...spec, limits: limitsOf(spec) } }),
    size: claimSize(options, spec.limits),
    storageClass: options.storageClass,
  });
  return name;
}
