import { recordRun, writeCassette, type CassetteLine, type RunOptions, type RunResult } from "@tesslate/agent";
import { notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { LiveRedactor } from "../../projects/secrets/index.ts";
import type { CassettesStore } from "./cassettes.store.ts";

/** Characters of one cassette. */
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
/** Runs on tape (product.md "Cassette runs"), where the operator or the project wants it. */
export function createCassettes({ store, isOn }: { store: CassettesStore; isOn: boolean }) {
  return {
    /** Plays a run with `run`, and keeps its cassette when it is wanted. A cassette that cannot be kept costs the run nothing. */
    around: async (facts: RecordedRun, options: RunOptions, run: (options: RunOptions) => Promise<RunResult>): Promise<RunResult> => {
      if (!isOn && facts.project.settings?.["record_cassettes"] !== true) return run(options);
      const lines: CassetteLine[] = [];
      const recording = recordRun(options, {
        write: (line) => lines.push(line),
        redact: (line) => facts.redactor.current.redactIn(line),
        // Agents of others have instructions that are theirs; nothing in a replay depends on them.
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
        .catch((err: unknown) => facts.log.warn({ err }, "cassette not kept"));
      return result;
    },
    /** JSON lines. Throws 404: not that person's run, or it was not recorded. */
    get: async (userId: string, taskId: string): Promise<string> => {
      const lines = await store.find(taskId, userId);
      if (lines === undefined) throw notFound("Cassette");
      return lines;
    },
  };
}
