import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const file = join(import.meta.dirname, "../../.studio/test-durations.json");

/** Seconds of earlier runs on this machine, by part, test file or journey. Not checked in: a fresh clone uses estimates. */
export type Durations = Record<string, number>;

export function readDurations(from = file): Durations {
  try {
    return JSON.parse(readFileSync(from, "utf8")) as Durations;
  } catch {
    return {}; // missing or incomplete
  }
}

/** Merges with the current content of the file, because another run may have written to it. */
export function recordDurations(durations: Durations, to = file): void {
  const all = Object.entries({ ...readDurations(to), ...durations }).map(([name, seconds]) => [name, Math.round(seconds * 100) / 100]);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(`${to}.${process.pid}`, JSON.stringify(Object.fromEntries(all), undefined, 1));
  renameSync(`${to}.${process.pid}`, to);
}
