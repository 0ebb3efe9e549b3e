import type { PreviewState } from "@tesslate/agent";
import { folderSource, type Sandbox } from "@tesslate/runtime";
import type { AppTask } from "./app-task.ts";
import { modelOf, runAndRecord, usageOf, type EvaluatedModel } from "./agent-run.ts";
import { judgeApp, startApp, type AppService } from "./judge-app.ts";
import type { Machine } from "./machine.ts";
import type { Outcome } from "./outcome.ts";

/**
 * Runs the agent on a task in a new sandbox and judges what it made. As in a project, the app runs while the agent works. Throws if the task cannot be
 * run on this machine.
 */
export async function runAppTask(
  task: AppTask,
  { machine, model, reportDir, signal }: { machine: Machine; model: EvaluatedModel; reportDir: string; signal: AbortSignal },
): Promise<Outcome> {
  const started = performance.now();
  const { browsers } = machine;
  if ("missing" in browsers) throw new Error(`Apps are judged in a browser: ${browsers.missing}.`);
  const client = modelOf(model, task);
  const prepared = task.template === undefined ? undefined : await machine.prepare(task.template, signal);
  const { command, port } = task.start ?? prepared?.template.service ?? { command: null, port: 0 };
  if (!command) throw new Error(`${task.name}: task.json needs "start", or a "template" that starts an app.`);
  const service: AppService = { command, port };
  await using opened = await machine.open(task.name, prepared?.image);
  const { sandbox } = opened;
  if (task.files !== undefined) await sandbox.files.copyIn(folderSource(task.files));
  // The app of a task may be broken at the start.
  await startApp(sandbox, service, signal).catch(() => undefined);
  signal.throwIfAborted();
  const run = await runAndRecord(
    {
      title: task.title,
      message: task.prompt,
      workspace: sandbox,
      ...client,
      getPreviewState: () => previewStateOf(sandbox, service),
      signal,
    },
    reportDir,
  );
  signal.throwIfAborted();
  const checks = await judgeApp({ sandbox, task, service, browsers, reportDir, signal });
  return { name: task.name, title: task.title, checks, ...usageOf(run), ms: Math.round(performance.now() - started) };
}

const shownLines = 20;

async function previewStateOf(sandbox: Sandbox, { port }: AppService): Promise<PreviewState> {
  const state = (await sandbox.services()).find(({ name }) => name === "app");
  const lines: string[] = [];
  for await (const { line } of sandbox.logs("app", { tail: shownLines })) lines.push(line);
  return { url: `http://127.0.0.1:${state?.port ?? port}`, status: state?.status ?? "stopped", console_errors: [], last_logs: lines };
}
