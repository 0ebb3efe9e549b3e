import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { EvaluatedModel } from "./agent-run.ts";
import { loadAppTask, taskFolders } from "./app-task.ts";
import type { Machine } from "./machine.ts";
import type { Outcome } from "./outcome.ts";
import { runAppTask } from "./run-app-task.ts";
import { runSpecFile } from "./spec-tasks.ts";
import { loadSuite, runSuiteTask } from "./suite.ts";

export interface TaskContext {
  machine: Machine;
  /** Undefined: the task's script answers. */
  model: EvaluatedModel;
  /** For what the task leaves: its transcript, its cassette, screenshots. Created when it is needed. */
  reportDir: string;
  signal: AbortSignal;
}
export interface Task {
  name: string;
  /** The bundled template that it starts from. */
  template: string | undefined;
  /** Rejects if the task could not be run; what the model did wrong is in the outcome. */
  run(context: TaskContext): Promise<Outcome>;
}

/** The tasks of a folder: an app task if it has a `task.json`; otherwise its specs and cassettes, and the app tasks in it, each sorted by name. */
export async function loadTasks(folder: string): Promise<Task[]> {
  const folders = await taskFolders(folder, "task.json");
  const entries = folders.includes(folder) ? [] : await readdir(folder, { withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.jsonl?$/.test(entry.name))
    .map((entry) => join(folder, entry.name))
    .toSorted();
  const apps = await Promise.all(folders.map(loadAppTask));
  return [
    ...files.map((file): Task => ({
      name: basename(file).replace(/\.jsonl?$/, ""),
      template: undefined,
      run: (context) => runSpecFile(file, context),
    })),
    ...apps.map((app): Task => ({ name: app.name, template: app.template, run: (context) => runAppTask(app, context) })),
  ];
}

/** The tasks of a suite of repositories. */
export async function loadSuiteTasks(folder: string): Promise<Task[]> {
  const tasks = await loadSuite(folder);
  return tasks.map((task): Task => ({ name: task.name, template: undefined, run: (context) => runSuiteTask(task, context) }));
}

/** The outcome of a task that could not be run. */
export const failedOutcome = (name: string, error: unknown): Outcome => ({
  name,
  title: name,
  checks: [
    { kind: "start", name: "The task can be run", status: "failed", detail: error instanceof Error ? error.message : String(error), ms: 0 },
  ],
  ended: "not run",
  steps: 0,
  tokens_in: 0,
  tokens_cached: 0,
  tokens_out: 0,
  run_ms: 0,
  ms: 0,
});
