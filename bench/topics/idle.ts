/** The unused server: time to healthy, and idle memory. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startStudio } from "../../e2e/studio.ts";
import { treeMiB } from "../memory.ts";
import { ms, quantile, since, type Row } from "../report.ts";

export async function measure(): Promise<Row[]> {
  const rows: Row[] = [];
  const dataDir = await mkdtemp(join(tmpdir(), "bench-idle-"));
  let started = performance.now();
  let studio = await startStudio({}, { dataDir });
  const first = since(started);
  await studio.close();
  const starts: number[] = [];
  for (let i = 0; i < 3; i++) {
    started = performance.now();
    studio = await startStudio({}, { dataDir });
    starts.push(since(started));
    if (i < 2) await studio.close();
  }
  rows.push({
    what: "cold start to healthy",
    measured: `${ms(quantile(starts, 0.5))}, first start ${ms(first)}`,
    target: "<= 2 s, first start <= 5 s",
    meets: quantile(starts, 0.5) <= 2000 && first <= 5000,
  });
  await sleep(20_000);
  const memory = treeMiB(studio.process.pid ?? 0);
  rows.push({
    what: "idle memory of all processes (PSS of the tree)",
    measured: `${memory.toFixed(0)} MiB`,
    target: "<= 250 MB",
    meets: memory <= 250,
  });
  await studio.close();
  await rm(dataDir, { recursive: true, force: true });
  return rows;
}
