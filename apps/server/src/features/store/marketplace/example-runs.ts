import { createHash } from "node:crypto";
import type { TranscriptEvent } from "@tesslate/contract";
import type { RecordedRunsStore } from "./recorded-runs.store.ts";
import tesslateAgent from "./example-runs/tesslate-agent.json" with { type: "json" };

interface ExampleRun {
  message: string;
  events: readonly TranscriptEvent[];
}
/** By the slug of the official agent; `./studio example-runs` records them (e2e/example-runs). */
const examples = { "tesslate-agent": tesslateAgent };
export const exampleRuns = examples as unknown as Readonly<Record<string, ExampleRun>>;

const digestOf = (run: ExampleRun) => createHash("sha256").update(JSON.stringify(run)).digest("hex");

/** Puts the example of each official agent on its page, and replaces those of earlier versions. Safe to repeat, also concurrently. */
export async function seedExampleRuns(store: Pick<RecordedRunsStore, "setExample">, runs = exampleRuns): Promise<void> {
  for (const [slug, run] of Object.entries(runs)) await store.setExample(slug, run, digestOf(run));
}
