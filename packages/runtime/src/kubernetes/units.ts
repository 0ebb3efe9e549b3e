import { createHmac, randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError } from "../errors.ts";
import { defaultSandboxLimits } from "../host/driver.ts";
import type { RuntimeLog } from "../log.ts";
import { hashToken } from "../remote/runner/tokens.ts";
import type { Limits, RuntimeDriver, SandboxSpec } from "../types.ts";
import { isChanged, type ApiObject, type Cluster } from "./cluster.ts";
import { annotations, labels, manager, newName, type WorkloadKind } from "./labels.ts";
import { createLivePod, type LivePod } from "./live.ts";
import type { KubernetesOptions } from "./options.ts";
import { claimSize, podTemplate } from "./pod-template.ts";
import type { Pods } from "./pods.ts";
import type { Workload, Workloads } from "./workloads.ts";

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
  onLost?(): void;
  onSuspended?(): void;
  isFollowed?(): boolean;
}

/** The pod of a workload of that name. */
export function openUnit({ options, workloads, pods, key, log }: Environment, name: string, kind: WorkloadKind, hooks: UnitHooks): LivePod {
  const token = tokenOf(key, name);
  return createLivePod({
    name,
    workloads,
    pods,
    token,
    template: () => templateOf({ options, key }, name, kind, hooks.spec()),
    suspendAfterMs: options.suspendAfterMs,
    startTimeoutMs: options.startTimeoutMs ?? 120_000,
    onConnect: hooks.onConnect,
    beforeSuspend: hooks.beforeSuspend,
    onLost: () => hooks.onLost?.(),
    onSuspended: () => hooks.onSuspended?.(),
    isFollowed: () => hooks.isFollowed?.() === true,
    tracing: options.tracing,
    log,
  });
}

const tokenOf = (key: Buffer, name: string) => createHmac("sha256", key).update(name).digest("hex");

const templateOf = ({ options, key }: Pick<Environment, "options" | "key">, name: string, kind: WorkloadKind, spec: SandboxSpec) =>
  podTemplate(options, { name, kind, tokenHash: hashToken(tokenOf(key, name)), spec: { ...spec, limits: limitsOf(spec) } });

interface NewUnit {
  id: string;
  kind: WorkloadKind;
  spec: SandboxSpec;
  annotations: Readonly<Record<string, string>>;
}

/** Creates a workload without a pod and returns its name. */
async function create({ options, workloads, key }: Environment, { id, kind, spec, annotations: marks }: NewUnit): Promise<string> {
  const name = newName(kind, id === "" ? "warm" : id);
  await workloads.create({
    name,
    id,
    kind,
    annotations: marks,
    pod: templateOf({ options, key }, name, kind, spec),
    size: claimSize(options, spec.limits),
    storageClass: options.storageClass,
  });
  return name;
}

/** Creates a workload that has no id yet, and starts its pod. */
export async function startUnit(environment: Environment, unit: Omit<NewUnit, "id">): Promise<void> {
  const name = await create(environment, { ...unit, id: "" });
  await environment.workloads.resume(name, templateOf(environment, name, unit.kind, unit.spec));
}

/** The mark of a workload that becomes the one of its id. */
export const unclaimed = (): Record<string, string> => ({ [annotations.unclaimed]: new Date().toISOString() });
/** Its server is gone: claiming takes milliseconds. */
const abandonedMs = 60_000;
const isAbandoned = ({ annotations: marks }: Workload) => Date.now() - Date.parse(marks[annotations.unclaimed] ?? "") > abandonedMs;

/**
 * Makes an unclaimed workload the one of its id, unless there is another one: then it is removed. Of several servers that create one at the
 * same time, the one that wrote last sees those before, so at most one claims.
 */
export async function claimUnit({ workloads }: Environment, { name, kind, id }: Pick<Workload, "name" | "kind" | "id">): Promise<boolean> {
  const others = (await workloads.read(kind, id)).filter((one) => one.name !== name && one.id === id);
  if (others.length === 0) {
    await workloads.annotate(name, { [annotations.unclaimed]: null });
    return true;
  }
  await workloads.remove(name);
  await removeAbandoned(workloads, others);
  return false;
}

/** Removes what a server left that was killed while it created it. */
export async function removeAbandoned(workloads: Workloads, among: readonly Workload[] = workloads.unclaimed()): Promise<void> {
  for (const one of among)
    if (isAbandoned(one))
      await workloads.remove(one.name, { version: one.version }).catch((error: unknown) => {
        if (!isChanged(error)) throw error;
      });
}

/** The workload of an id, created if there is none. `isNew`: by this call. */
export async function ensureUnit(environment: Environment, unit: NewUnit): Promise<{ workload: Workload; isNew: boolean }> {
  const { workloads } = environment;
  const deadline = Date.now() + 2 * abandonedMs;
  for (let attempt = 1; ; attempt++) {
    // While another server claims one, this one waits.
    const others = attempt === 1 ? [] : await workloads.read(unit.kind, unit.id);
    const known = workloads.find(unit.kind, unit.id);
    if (known) return { workload: known, isNew: false };
    if (others.length === 0) {
      const name = await create(environment, { ...unit, annotations: { ...unit.annotations, ...unclaimed() } });
      if (await claimUnit(environment, { ...unit, name })) {
        const workload = workloads.get(name);
        if (workload) return { workload, isNew: true };
      }
    } else await removeAbandoned(workloads, others);
    if (Date.now() > deadline) throw new RuntimeError("unavailable", "Other servers create the same sandbox. Try again.");
    // Those that saw each other try again one after the other, however slow the API is.
    await sleep(randomInt(50, Math.min(500 * attempt, 5_000)));
  }
}
