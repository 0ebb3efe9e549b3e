import { statSync } from "node:fs";
import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { readDurations } from "./durations.ts";

/** Estimate for files that never ran here: 10 kB of tests take about a second. */
const secondsPerByte = 1 / 10_000;

/**
 * In each project the longest files first, and the largest project last. Vitest gives the next file of this list to a free worker, so many short files
 * run at the end, and all workers end at about the same time, even if no durations are recorded yet. The files of a project stay together, because a
 * worker is replaced when the next file belongs to another project.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const durations = readDurations();
    const secondsOf = new Map(
      files.map((spec) => [
        spec,
        durations[relative(this.ctx.config.root, spec.moduleId)] ?? statSync(spec.moduleId).size * secondsPerByte,
      ]),
    );
    const seconds = (spec: TestSpecification) => secondsOf.get(spec) ?? 0;
    const totals = new Map<string, number>();
    for (const spec of files) totals.set(spec.project.name, (totals.get(spec.project.name) ?? 0) + seconds(spec));
    const total = (spec: TestSpecification) => totals.get(spec.project.name) ?? 0;
    return files.toSorted(
      (a, b) =>
        a.project.config.sequence.groupOrder - b.project.config.sequence.groupOrder ||
        total(a) - total(b) ||
        a.project.name.localeCompare(b.project.name) ||
        seconds(b) - seconds(a),
    );
  }
}
