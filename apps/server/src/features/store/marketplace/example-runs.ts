import { createHash } from "node:crypto";
import type { TranscriptEvent } from "@tesslate/contract";
import type { RecordedRunsStore } from "./recorded-runs.store.ts";
import apiDesigner from "./example-runs/api-designer-oss.json" with { type: "json" };
import apiIntegrationAgent from "./example-runs/api-integration-agent.json" with { type: "json" };
import codeAnalyzer from "./example-runs/code-analyzer-oss.json" with { type: "json" };
import dbSchemaDesigner from "./example-runs/db-schema-designer-oss.json" with { type: "json" };
import docWriter from "./example-runs/doc-writer-oss.json" with { type: "json" };
import reactAgent from "./example-runs/react-agent.json" with { type: "json" };
import reactComponentBuilder from "./example-runs/react-component-builder.json" with { type: "json" };
import refactorAssistant from "./example-runs/refactor-assistant-oss.json" with { type: "json" };
import streamBuilder from "./example-runs/stream-builder.json" with { type: "json" };
import tesslateAgent from "./example-runs/tesslate-agent.json" with { type: "json" };
import testGenerator from "./example-runs/test-generator-oss.json" with { type: "json" };

interface ExampleRun {
  message: string;
  events: readonly TranscriptEvent[];
}
/** By the slug of the official agent; `./studio example-runs` records them (e2e/example-runs). */
const examples = {
  "tesslate-agent": tesslateAgent,
  "stream-builder": streamBuilder,
  "react-component-builder": reactComponentBuilder,
  "api-integration-agent": apiIntegrationAgent,
  "react-agent": reactAgent,
  "code-analyzer-oss": codeAnalyzer,
  "doc-writer-oss": docWriter,
  "refactor-assistant-oss": refactorAssistant,
  "test-generator-oss": testGenerator,
  "api-designer-oss": apiDesigner,
  "db-schema-designer-oss": dbSchemaDesigner,
};
export const exampleRuns = examples as unknown as Readonly<Record<string, ExampleRun>>;

const digestOf = (slug: string, run: ExampleRun) =>
  createHash("sha256")
    .update(JSON.stringify([slug, run]))
    .digest("hex");

/** Puts the example of each official agent on its page, and replaces those of earlier versions. Safe to repeat, also concurrently. */
export async function seedExampleRuns(
  store: Pick<RecordedRunsStore, "listExampleDigests" | "setExample">,
  runs = exampleRuns,
): Promise<void> {
  const stored = new Set(await store.listExampleDigests());
  for (const [slug, run] of Object.entries(runs)) {
    const digest = digestOf(slug, run);
    if (!stored.has(digest)) await store.setExample(slug, run, digest);
  }
}
