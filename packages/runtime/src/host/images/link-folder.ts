import { readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../run.ts";

/** Linking 20,000 files takes one process 0.6 s, two of them 0.25 s. */
const processes = 2;
/** Packages differ in size: each process takes the next part when it is done. Starting one takes 15 ms. */
const parts = 4;

/**
 * Makes the folder `to`, with the same folders as `from` and hard links to its files. Returns false if that is not possible, as on another file
 * system.
 */
export async function linkFolder(from: string, to: string): Promise<boolean> {
  const names = readdirSync(from);
  const waiting = Array.from({ length: parts }, (_, part) => names.filter((_name, i) => i % parts === part)).values();
  await mkdir(to, { recursive: true });
  const link = async () => {
    for (const part of waiting)
      if (part.length > 0) await run(["cp", "-dR", "--link", "--", ...part.map((name) => join(from, name)), to], { timeoutMs: 300_000 });
  };
  const results = await Promise.allSettled(Array.from({ length: processes }, link));
  return results.every(({ status }) => status === "fulfilled");
}
