import { labels } from "./labels.ts";
import type { LivePod } from "./live.ts";
import { createUnit, openUnit, type Environment } from "./units.ts";

export interface Programs {
  find(paths: readonly string[]): Promise<string[]>;
  close(): Promise<void>;
}

/** Of the workload that is asked, and of its annotation: image and answers. */
const id = "programs";
const annotation = labels.workload.replace("workload", "programs");
const spec = { id, limits: { memoryBytes: 512 * 2 ** 20, diskBytes: 2 ** 28 } };

/** Which programs the pods' image has: a pod of its own answers, and what it said about this image is kept. */
export function createPrograms(environment: Environment): Programs {
  const { workloads, options } = environment;
  const known = new Map<string, boolean>();
  let live: LivePod | undefined;
  let asking: Promise<unknown> = Promise.resolve();
  const stored = () => workloads.all().find((workload) => workload.kind === "image" && workload.id === id);
  const text = stored()?.annotations[annotation];
  const before = text === undefined ? undefined : (JSON.parse(text) as { image: string; found: Record<string, boolean> });
  if (before?.image === options.image) for (const [path, isFound] of Object.entries(before.found)) known.set(path, isFound);

  async function ask(paths: readonly string[]) {
    const missing = paths.filter((path) => !known.has(path));
    if (missing.length === 0) return;
    const name = stored()?.name ?? (await createUnit(environment, { id, kind: "image", spec, annotations: {} }));
    live ??= openUnit(environment, name, "image", {
      spec: () => spec,
      onConnect: async () => undefined,
      beforeSuspend: async () => ({}),
      onLost: () => undefined,
    });
    const found = new Set(await live.use((runner) => runner.findPrograms(missing), { isRepeatable: true }));
    for (const path of missing) known.set(path, found.has(path));
    await workloads.annotate(name, { [annotation]: JSON.stringify({ image: options.image, found: Object.fromEntries(known) }) });
  }
  return {
    async find(paths) {
      // One at a time: the next one may be answered by what this one learns.
      asking = asking.catch(() => undefined).then(() => ask(paths));
      await asking;
      return paths.filter((path) => known.get(path));
    },
    close: async () => live?.close({ isKept: true }),
  };
}
