import type { SandboxSpec } from "../types.ts";
import { annotations } from "./labels.ts";
import { claimSize } from "./pod-template.ts";
import { createUnit, limitsOf, type Environment } from "./units.ts";
import type { Workload } from "./workloads.ts";

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
  /** Pods of other limits, another size or image are of no use. */
  const kindOf = (spec: SandboxSpec) =>
    JSON.stringify({ limits: limitsOf(spec), size: claimSize(options, spec.limits), image: options.image });

  async function fill(spec: SandboxSpec) {
    const kind = kindOf(spec);
    for (const { name, annotations: marks } of all()) if (marks[annotations.warm] !== kind) await workloads.remove(name);
    while (!isClosed && all().length < count)
      await createUnit(environment, {
        id: "",
        kind: "project",
        spec: { id: "warm", limits: limitsOf(spec) },
        annotations: { [annotations.warm]: kind },
      });
  }
  /** One at a time, and never as a reason for a project to fail. */
  const refill = (spec: SandboxSpec) => {
    filling = filling.then(() => fill(spec)).catch((err: unknown) => log.warn({ err }, "warm pods cannot be started"));
  };
  if (count === 0)
    filling = Promise.all(all().map(({ name }) => workloads.remove(name))).catch((err: unknown) =>
      log.warn({ err }, "warm pods of an earlier start cannot be removed"),
    );

  return {
    async take(spec, changes) {
      if (count === 0) return undefined;
      const kind = kindOf(spec);
      const warm = spec.offline === true ? undefined : all().find(({ annotations: marks }) => marks[annotations.warm] === kind);
      try {
        if (warm) await workloads.annotate(warm.name, { ...changes, [annotations.id]: spec.id, [annotations.warm]: null });
      } finally {
        refill(spec);
      }
      return warm && workloads.get(warm.name);
    },
    async close() {
      isClosed = true;
      await filling;
    },
  };
}
