import type { SandboxSpec } from "../types.ts";
import { isChanged } from "./cluster.ts";
import { RuntimeError } from "../errors.ts";
import { annotations } from "./labels.ts";
import { claimSize } from "./pod-template.ts";
import { claimUnit, limitsOf, startUnit, unclaimed, type Environment } from "./units.ts";
import { removeUnchanged, type Workload } from "./workloads.ts";

/** Pods that run before it is known whose they are: a new project takes one instead of waiting for its own. */
export interface WarmPods {
  /** One for a project of this spec, which now has its id; undefined when there is none. Another one is started in its place. */
  take(spec: SandboxSpec, changes: Readonly<Record<string, string>>): Promise<Workload | undefined>;
  /** Waits for pods that are being created. */
  close(): Promise<void>;
}

export function createWarmPods(environment: Environment): WarmPods {
  const { options, workloads, log } = environment;
  const count = options.warmPods ?? 0;
  let filling: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  const all = () => workloads.all().filter((workload) => workload.annotations[annotations.warm] !== undefined);
  /** Pods of other limits, another size, image or template are of no use. */
  const kindOf = (spec: SandboxSpec) =>
    JSON.stringify({
      limits: limitsOf(spec),
      size: claimSize(options, spec.limits),
      image: options.image,
      template: options.podTemplate,
    });

  /** Unless another server takes it. */
  const remove = (workload: Workload) => removeUnchanged(workloads, workload);
  async function fill(spec: SandboxSpec) {
    const kind = kindOf(spec);
    for (const workload of all()) if (workload.annotations[annotations.warm] !== kind) await remove(workload);
    while (!isClosed && all().length < count)
      await startUnit(environment, {
        kind: "project",
        spec: { id: "warm", limits: limitsOf(spec) },
        annotations: { [annotations.warm]: kind },
      });
    // Other servers may have started some at the same time.
    const surplus = all().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    for (const workload of surplus.slice(count)) await remove(workload);
  }
  /** One at a time, and never as a reason for a project to fail. */
  const refill = (spec: SandboxSpec) => {
    filling = filling.then(() => fill(spec)).catch((err: unknown) => log.warn({ err }, "warm pods cannot be started"));
  };
  if (count === 0)
    filling = Promise.all(all().map(remove)).catch((err: unknown) => log.warn({ err }, "warm pods of an earlier start cannot be removed"));

  return {
    async take(spec, changes) {
      if (count === 0) return undefined;
      const kind = kindOf(spec);
      const usable = spec.offline === true ? [] : all().filter(({ annotations: marks }) => marks[annotations.warm] === kind);
      try {
        for (const { name, version } of usable)
          try {
            await workloads.assign(name, { id: spec.id, changes: { ...changes, ...unclaimed(), [annotations.warm]: null }, version });
            return (await claimUnit(environment, { name, kind: "project", id: spec.id })) ? workloads.get(name) : undefined;
          } catch (error) {
            // Another server took it, or removed it.
            if (!isChanged(error) && !(error instanceof RuntimeError && error.code === "not_found")) throw error;
          }
      } finally {
        refill(spec);
      }
      return undefined;
    },
    async close() {
      isClosed = true;
      await filling;
    },
  };
}
