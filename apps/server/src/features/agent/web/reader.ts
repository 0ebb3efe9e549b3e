import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { ReadablePage } from "./readable.ts";

// Source and bundle have different depths.
const workerFile = ["./readable.worker.ts", "./readable-worker.js"]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path));

const maxMs = 5000;
/** Each uses a core and up to 256 MB. */
const maxAtOnce = 2;

export interface PageReader {
  /** Undefined when nothing readable was found. Rejects only with `signal`. */
  read(html: string, url: string, signal: AbortSignal): Promise<ReadablePage | undefined>;
}

/**
 * Runs `readableOf` in a worker that is terminated after 5 s or at 256 MB. Two run at the same time; waiting does not count towards the 5 s.
 */
export function createPageReader(): PageReader {
  const waiting: (() => void)[] = [];
  let reading = 0;
  const turn = async (signal: AbortSignal): Promise<void> => {
    if (reading < maxAtOnce) return void (reading += 1);
    await new Promise<void>((resolve, reject) => {
      const give = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(give), 1);
        reject(signal.reason as Error);
      };
      waiting.push(give);
      signal.addEventListener("abort", leave, { once: true });
    });
  };
  /** Passes the slot to the next in line. */
  const done = () => {
    const next = waiting.shift();
    if (next) next();
    else reading -= 1;
  };
  return {
    read: async (html, url, signal) => {
      signal.throwIfAborted();
      await turn(signal);
      try {
        return await readPage(html, url, signal);
      } finally {
        done();
      }
    },
  };
}

async function readPage(html: string, url: string, signal: AbortSignal): Promise<ReadablePage | undefined> {
  if (!workerFile) throw new Error("the worker that reads pages is missing from this build");
  const worker = new Worker(workerFile, { resourceLimits: { maxOldGenerationSizeMb: 256 }, stdout: true, stderr: true });
  try {
    await once(worker, "message", { signal });
    const answer = once(worker, "message", { signal: AbortSignal.any([signal, AbortSignal.timeout(maxMs)]) });
    worker.postMessage({ html, url });
    const [page] = (await answer) as [ReadablePage];
    return page;
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    worker.on("error", () => undefined);
    await worker.terminate();
  }
}
