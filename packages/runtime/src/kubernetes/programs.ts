import { createHash } from "node:crypto";
import { labels } from "./labels.ts";
import type { LivePod } from "./live.ts";
import { ensureUnit, openUnit, type Environment } from "./units.ts";
import type { Workload } from "./workloads.ts";

export interface Programs {
  find(paths: readonly string[]): Promise<string[]>;
  /** Removes what was asked for other versions of the product: their servers remember the answers. */
  removeOutdated(): Promise<void>;
  close(): Promise<void>;
}

/** Of the workload that is asked, and of its annotation: image and answers. Servers of two versions can run at the same time. */
const idOf = (image: string) => `programs-${createHash("sha256").update(image).digest("hex").slice(0, 8)}`;
const annotation = labels.workload.replace("workload", "programs");
const limits = { memoryBytes: 512 * 2 ** 20, diskBytes: 2 ** 28 };

/** Which programs the pods' image has: a pod of its own answers, and what it said about this image is kept. */
export function createPrograms(environment: Environment): Programs {
  const { workloads, options } = environment;
  const known = new Map<string, boolean>();
  let live: LivePod | undefined;
  let asking: Promise<unknown> = Promise.resolve();
  const id = idOf(options.image);
  const spec = { id, limits };
  const stored = () => workloads.find("image", id);
  const readAnswers = (workload: Workload | undefined) => {
    const text = workload?.annotations[annotation];
    return text === undefined ? undefined : (JSON.parse(text) as { image: string; found: Record<string, boolean> });
  };
  const before = readAnswers(stored());
  if (before?.image === options.image) for (const [path, isFound] of Object.entries(before.found)) known.set(path, isFound);

  async function ask(paths: readonly string[]) {
    const missing = paths.filter((path) => !known.has(path));
    if (missing.length === 0) return;
    const { name } = (await ensureUnit(environment, { id, kind: "image", spec, annotations: {} })).workload;
    live ??= openUnit(environment, name, "image", {
      spec: () => spec,
      onConnect: async () => undefined,
      beforeSuspend: async () => ({}),
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
    async removeOutdated() {
      for (const workload of workloads.all()) {
        const answers = workload.isAwake ? undefined : readAnswers(workload);
        if (answers && answers.image !== options.image) await workloads.remove(workload.name);
      }
    },
    close: async () => live?.close({ isKept: true }),
  };
}
