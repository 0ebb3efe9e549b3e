/**
 * `./studio bench [--only runtime,preview,…] [--json FILE]`: measures the server and baselines in one run. Compare the ratios; absolute numbers
 * depend on the machine. A topic is a file of bench/topics; to add a topic, add a file.
 */
import { readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { print, type Row } from "./report.ts";
import { createContext, type Measure } from "./context.ts";

const { values } = parseArgs({ options: { only: { type: "string" }, json: { type: "string" } } });
const folder = join(import.meta.dirname, "topics");
const topics = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => basename(file, ".ts"))
  .toSorted();
const wanted = values.only?.split(",") ?? topics;
const unknown = wanted.filter((topic) => !topics.includes(topic));
if (unknown.length > 0) {
  console.error(`Unknown topic ${unknown.join(", ")}. Topics: ${topics.join(", ")}.`);
  process.exit(2);
}

const rows: Row[] = [];
const context = createContext();
let hasFailed = false;
try {
  for (const topic of topics.filter((name) => wanted.includes(name)))
    try {
      console.error(`measuring ${topic}`);
      const { measure } = (await import(join(folder, `${topic}.ts`))) as { measure: Measure };
      rows.push(...(await measure(context)));
    } catch (error) {
      // Continue with the other topics.
      hasFailed = true;
      console.error(error);
      rows.push({ what: topic, measured: "failed, see above", target: "" });
    }
} finally {
  await context.close();
}
console.log("");
print(rows);
if (values.json) {
  await mkdir(dirname(values.json), { recursive: true });
  await writeFile(values.json, JSON.stringify(rows, undefined, 2));
}
if (hasFailed) process.exitCode = 1;
