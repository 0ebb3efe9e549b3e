/**
 * `./studio bench [--only runtime,preview,…] [--json FILE]`: ratios, side by side, in one run. Read the ratios; the absolutes are this
 * machine's. A topic is a file of bench/topics; adding one is adding a file.
 */
import { readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { print, type Row } from "./report.ts";
import { createStage, type Measure } from "./stage.ts";

const { values } = parseArgs({ options: { only: { type: "string" }, json: { type: "string" } } });
const folder = join(import.meta.dirname, "topics");
const topics = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => basename(file, ".ts"))
  .toSorted();
const wanted = values.only?.split(",") ?? topics;
const unknown = wanted.filter((topic) => !topics.includes(topic));
if (unknown.length > 0) {
  console.error(`There is no topic ${unknown.join(", ")}. There are: ${topics.join(", ")}.`);
  process.exit(2);
}

const rows: Row[] = [];
const stage = createStage();
let hasFailed = false;
try {
  for (const topic of topics.filter((name) => wanted.includes(name)))
    try {
      console.error(`measuring ${topic}`);
      const { measure } = (await import(join(folder, `${topic}.ts`))) as { measure: Measure };
      rows.push(...(await measure(stage)));
    } catch (error) {
      // The other topics still have something to say.
      hasFailed = true;
      console.error(error);
      rows.push({ what: topic, seen: "failed, see above", target: "" });
    }
} finally {
  await stage.close();
}
console.log("");
print(rows);
if (values.json) {
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(values.json, JSON.stringify(rows, undefined, 2));
}
if (hasFailed) process.exitCode = 1;
