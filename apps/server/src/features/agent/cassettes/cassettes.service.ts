import { recordRun, writeCassette, type CassetteLine, type RunOptions, type RunResult } from "@tesslate/agent";
import { notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import type { CassettesStore } from "./cassettes.store.ts";

const maxChars = 8_000_000;

export interface RecordedRun {
  task_id: string;
  user_id: string;
  project: { id: string; settings: Record<string, unknown> | null };
  model: string;
  agent: string;
  redactor: LiveRedactor;
  log: Logger;
}

export type Cassettes = ReturnType<typeof createCassettes>;
/** Recordings of runs, where the operator or the project has switched them on. */
export function createCassettes({ store, isOn }: { store: CassettesStore; isOn: boolean }) {
  return {
    /** Calls `run` and stores a cassette of it if recording is on. A failure to store does not affect the run. */
    record: async (facts: RecordedRun, options: RunOptions, run: (options: RunOptions) => Promise<RunResult>): Promise<RunResult> => {
      if (!isOn && facts.project.settings?.["record_cassettes"] !== true) return run(options);
      const lines: CassetteLine[] = [];
      const recording = recordRun(options, {
        write: (line) => lines.push(line),
        redact: (line) => facts.redactor.current.redactIn(line),
        // Instructions of other people's agents are private, and a replay does not need them.
        hidesPrompt: true,
        about: { task_id: facts.task_id, project_id: facts.project.id, model: facts.model, agent: facts.agent },
        recordedAt: new Date(),
        maxChars,
      });
      const result = await run(recording.options);
      recording.finish(result);
      const { task_id, user_id, project } = facts;
      await store
        .insert({
          task_id,
          user_id,
          project_id: project.id,
          lines: writeCassette(lines),
          is_cut: lines.some((line) => line.kind === "cut"),
        })
        .catch((err: unknown) => facts.log.warn({ err }, "cassette not stored"));
      return result;
    },
    /** JSON lines. Throws 404 for runs of other people and runs that were not recorded. */
    get: async (userId: string, taskId: string): Promise<string> => {
      const lines = await store.find(taskId, userId);
      if (lines === undefined) throw notFound("Cassette");
      return lines;
    },
  };
}
