/** A project of 5,000 files: the first snapshot, the next one after a few changes, and a restore, measured on the history without the server. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRuntime, folderSource } from "@tesslate/runtime";
import { ms, quantile, since, type Row } from "../report.ts";

const folders = 250;
const perFolder = 20;
const rounds = 21;
const changes = 9;

export async function measure(): Promise<Row[]> {
  const dataDir = mkdtempSync(join(tmpdir(), "bench-snapshots-"));
  const source = mkdtempSync(join(tmpdir(), "bench-tree-"));
  const runtime = await createRuntime({ driver: "auto", dataDir });
  try {
    for (let folder = 0; folder < folders; folder++) {
      mkdirSync(join(source, `d${folder}`));
      for (let file = 0; file < perFolder; file++)
        writeFileSync(join(source, `d${folder}/f${file}.ts`), `export const value${file} = ${folder};\n`.repeat(160));
    }
    const { files, history } = await runtime.open({ id: "bench" });
    await files.copyIn(folderSource(source));
    await sleep(200);
    let started = performance.now();
    await history.capture("p/0");
    const first = since(started);
    await history.capture("p/0");
    const next: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (let i = 0; i < changes; i++) await files.write(`d${(round * 7 + i) % folders}/f${i}.ts`, `changed ${round}\n`.repeat(300));
      await sleep(80);
      started = performance.now();
      await history.capture(`p/${round}`);
      next.push(since(started));
    }
    const restores: number[] = [];
    for (let round = rounds - 1; round > rounds - 12; round--) {
      started = performance.now();
      const done = await history.restore(`p/${round}`);
      restores.push(since(started));
      if (done.written === 0) throw new Error("a restore wrote no files");
    }
    started = performance.now();
    await history.compare("p/1", "now");
    const diff = since(started);
    const [taken, restored] = [quantile(next, 0.5), quantile(restores, 0.5)];
    return [
      { what: "first snapshot of 5,000 files", measured: ms(first), target: "-" },
      {
        what: `next snapshot, ${changes} files changed, p50 of ${rounds}`,
        measured: `${ms(taken)}, p95 ${ms(quantile(next, 0.95))}`,
        target: "<= 100 ms",
        meets: taken <= 100,
      },
      {
        what: `restore of the previous snapshot, p50 of ${restores.length}`,
        measured: `${ms(restored)}, p95 ${ms(quantile(restores, 0.95))}`,
        target: "<= 400 ms",
        meets: restored <= 400,
      },
      { what: "comparison of the first snapshot with the current files", measured: ms(diff), target: "-" },
    ];
  } finally {
    await runtime.remove("bench");
    await runtime.removeHistory("bench");
    await runtime.close();
    for (const dir of [dataDir, source]) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}
