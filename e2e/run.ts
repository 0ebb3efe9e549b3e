/**
 * Browser journeys, conformance, weights and templates, on the built product: `node e2e/run.ts [NAME…] [--main] [--whole] [--lanes N] [--shots DIR] [--list]`.
 * Without a name all of them; `--main` runs the steps of the main user flow, conformance and weights, `--whole` also what takes minutes. Each lane has
 * one server, one browser and one scripted model, which its journeys share. `--shots DIR` also writes screenshots. `--docs-images` runs the journeys of
 * `docs-images/` instead, which write the pictures of the documents into `docs/images`; `--example-runs` those of `example-runs/`, which record the
 * runs on the pages of the official agents.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Journey } from "./journey.ts";
import { openLane } from "./lane.ts";
import { createReport } from "./report.ts";
import { openRunFolder } from "./run-folder.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    main: { type: "boolean", default: false },
    lanes: { type: "string", default: String(availableParallelism()) },
    whole: { type: "boolean", default: false },
    shots: { type: "string" },
    list: { type: "boolean", default: false },
    "docs-images": { type: "boolean", default: false },
    "example-runs": { type: "boolean", default: false },
  },
});
const here = import.meta.dirname;
const filesIn = (folder: string) =>
  Object.fromEntries(readdirSync(join(here, folder)).map((file) => [file.replace(/\.ts$/, ""), join(here, folder, file)]));
/** Scripts beside the journeys, most of which need no browser. */
const scripts = Object.fromEntries(
  ["conformance", "demo", "deployments", "templates", "three-containers", "weights"].map((name) => [name, join(here, `${name}.ts`)]),
);
const files: Record<string, string> = values["docs-images"]
  ? filesIn("docs-images")
  : values["example-runs"]
    ? { agents: join(here, "example-runs/agents.ts") }
    : { ...scripts, ...filesIn("journeys") };
if (values.list) {
  process.stdout.write(`${Object.keys(files).toSorted().join("\n")}\n`);
  process.exit(0);
}
const lanes = Number(values.lanes);
const unknown = positionals.filter((name) => !(name in files));
if (unknown.length > 0 || !(lanes >= 1)) {
  process.stderr.write(
    unknown.length > 0
      ? `there is no journey ${unknown.join(", ")}; --list prints all names\n`
      : "--lanes must be a number of at least 1\n",
  );
  process.exit(2);
}

interface Named {
  name: string;
  journey: Journey;
}
const chosen: Named[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(files)) {
  const { default: journey } = (await import(files[name] ?? "")) as { default: Journey };
  if (!values.main || journey.hasMain) chosen.push({ name, journey });
}

const { images, cleanUp } = await openRunFolder(new Set(chosen.flatMap(({ journey }) => journey.templates ?? ["static"])));
const report = createReport({ isMachineReadable: process.env["TEST_RUN"] === "1" });

/** Durations of the last run. For new journeys the size of the file is the estimate. */
const timesFile = join(here, "../.studio/journeys.json");
const times = ((): Record<string, number> => {
  try {
    return JSON.parse(readFileSync(timesFile, "utf8")) as Record<string, number>;
  } catch {
    return {};
  }
})();
const keepsTimes = !values.main && !values["docs-images"] && !values["example-runs"];
const lengthOf = ({ name }: Named) => times[name] ?? statSync(files[name] ?? "").size;
const runAll = async (queue: Named[], count: number) => {
  await Promise.all(
    Array.from({ length: Math.min(count, queue.length) }, async () => {
      const lane = openLane({ images, report, isMain: values.main, isWhole: values.whole });
      for (let next = queue.shift(); next; next = queue.shift()) {
        const startedAt = Date.now();
        await lane.run(next.name, next.journey);
        if (keepsTimes) times[next.name] = Date.now() - startedAt;
      }
      await lane.close();
    }),
  );
};
const isAlone = ({ journey }: Named) => journey.isMeasured === true && values.whole;
const byLength = chosen.toSorted((a, b) => lengthOf(b) - lengthOf(a));
await runAll(
  byLength.filter((one) => !isAlone(one)),
  lanes,
);
await runAll(byLength.filter(isAlone), 1);
if (keepsTimes) writeFileSync(timesFile, JSON.stringify(times));
await cleanUp();
process.exit(report.end() ? 0 : 1);
