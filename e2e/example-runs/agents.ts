/** Runs of official agents, for their pages in the store: the model is scripted, the tools, changes and outputs are real. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TranscriptEvent } from "@tesslate/contract";
import { script, when } from "@tesslate/testkit";
import { createProject } from "../account.ts";
import { expect, journey, note } from "../journey.ts";
import { tasks } from "./tasks.ts";

const folder = join(import.meta.dirname, "../../apps/server/src/features/store/marketplace/example-runs");
const maxBytes = 64 * 1024;
/** The start of every recording, so that a new one of the same run differs in what happened only. */
const startedAt = Date.parse("2026-01-01T09:00:00.000Z");

/** One event per text instead of one per token, and times from a fixed start in whole tenths of a second. */
function compacted(events: readonly TranscriptEvent[]): TranscriptEvent[] {
  const first = Date.parse(events[0]?.ts ?? "");
  const kept: TranscriptEvent[] = [];
  for (const event of events) {
    const last = kept.at(-1);
    if (event.type === "text_chunk" && last?.type === "text_chunk" && event.data.iteration === last.data.iteration)
      kept[kept.length - 1] = { ...last, data: { ...last.data, content: last.data.content + event.data.content } };
    else kept.push(event);
  }
  const timeOf = (ts: string) => new Date(startedAt + Math.round((Date.parse(ts) - first) / 100) * 100).toISOString();
  const text = JSON.stringify(kept.map((event, index) => ({ ...event, seq: index + 1 })));
  return JSON.parse(text, (key, value: unknown) =>
    (key === "ts" || key === "timestamp") && typeof value === "string" ? timeOf(value) : value,
  ) as TranscriptEvent[];
}

export default journey({}, async ({ model, signUp }) => {
  model.setScript(
    script(tasks.map(({ message, answers }) => when((request) => JSON.stringify(request.messages).includes(message), answers))),
  );
  const account = await signUp();
  const { api } = account;
  mkdirSync(folder, { recursive: true });
  return tasks.map(({ agent: slug, message, files, fails = 0 }) => ({
    name: slug,
    run: async () => {
      const project = await createProject(account, "Bakery", "static");
      for (const [path, content] of Object.entries(files)) await api.files.put({ params: { id: project.id, path }, body: { content } });
      // Its creator chooses the run of an agent: a copy has the same instructions and tools, and this account as its creator.
      const copy = await api.marketplaceAgents.fork({ params: { id: slug }, body: {} });
      let task_id = "";
      for await (const event of api.chat.stream({
        body: { project_id: project.id, message, agent_id: copy.id, edit_mode: "allow" },
      }))
        task_id = event.task_id;
      const params = { id: copy.id };
      await api.recordedRuns.set({ params, body: { task_id } });
      const events = compacted((await api.recordedRuns.get({ params })).events);
      const results = events.flatMap((event) => (event.type === "agent_step" ? event.data.tool_results : []));
      const failed = results.filter(({ success }) => !success);
      expect(failed.length === fails, `${failed.length} calls failed instead of ${fails}: ${JSON.stringify(failed).slice(0, 2000)}`);
      const text = `${JSON.stringify({ message, events }, null, 1)}\n`;
      expect(text.length <= maxBytes, `${slug} takes ${text.length} bytes, ${maxBytes} at most`);
      writeFileSync(join(folder, `${slug}.json`), text);
      note(`${slug}: ${results.length} calls, ${Math.round(text.length / 1024)} kB`);
    },
  }));
});
