import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { ReadablePage } from "./readable.ts";

// Source and bundle stand at different depths.
const workerFile = ["./readable.worker.ts", "./readable-worker.js"]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path));

const maxMs = 5000;

/**
 * `readableOf` in a thread of its own, which a page made to take for ever cannot keep busy: after 5 s or 256 MB it is ended.
 * `undefined` when nothing readable came of it.
 */
export async function readPage(html: string, url: string, signal: AbortSignal): Promise<ReadablePage | undefined> {
  if (!workerFile) throw new Error("the worker that reads pages is missing from this build");
  const worker = new Worker(workerFile, {
    workerData: { html, url },
    resourceLimits: { maxOldGenerationSizeMb: 256 },
    stdout: true,
    stderr: true,
  });
  try {
    const [page] = (await once(worker, "message", { signal: AbortSignal.any([signal, AbortSignal.timeout(maxMs)]) })) as [ReadablePage];
    return page;
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    worker.on("error", () => undefined);
    await worker.terminate();
  }
}
