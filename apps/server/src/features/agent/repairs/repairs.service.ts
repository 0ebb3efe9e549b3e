import { isAutoFixOn } from "@tesslate/contract";
import { isFailureReport, maxAutoFixes } from "@tesslate/contract/app-errors";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import type { RunEmitter, RunInput, Runs } from "../runs/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { countRounds, currentErrors, isAfterRun, repairRequest, wasStopped } from "./repairs.rules.ts";
import type { RepairsStore } from "./repairs.store.ts";

export interface RepairsOptions {
  store: RepairsStore;
  projects: { find(id: string): Promise<ProjectRow | undefined> };
  /** Starts what is down, except what a person stopped. */
  wake(project: ProjectRow): Promise<void>;
  start: Runs["start"];
  /** Where events of an ended run go. */
  emitterOf(run: TaskRow): Pick<RunEmitter, "emitAtEnd">;
  /** Wait for a burst of errors to end; a rebuilding app reports temporary ones. */
  limits: { quietMs: number };
  log: Logger;
}

/**
 * Automatic fixes: unless the project setting `auto_fix` is false, errors of the running app and crashes of its containers after a run are sent to
 * the agent, at most twice per message of the person, then a notice says that it stopped. Once a person has changed files since the run, nothing is
 * sent: the person decides. Decided on the server under a lock, so that two open tabs start one run. A container that crashed before a run changed
 * files is started again after the run.
 */
export function createRepairs({ store, projects, wake, start, emitterOf, limits, log }: RepairsOptions) {
  const timers = new Map<string, NodeJS.Timeout>();
  /** One decision at a time: each holds a database connection and needs more, so many at once could exhaust the pool. */
  let queue: Promise<unknown> = Promise.resolve();

  const decide = async (projectId: string): Promise<void> => {
    const project = await projects.find(projectId);
    if (!project || (await store.hasActiveRun(projectId))) return;
    const [allCrashes, change] = await Promise.all([store.listCrashes(projectId), store.findLastChange(projectId)]);
    // The run may have fixed the cause. If not, the container fails again, and the next decision is about that failure.
    if (allCrashes.some(({ seq }) => change !== undefined && seq < change)) {
      await wake(project);
      return;
    }
    if (!isAutoFixOn(project.settings)) return;
    const chat = await store.findLastChat(projectId, project.owner_id);
    if (!chat) return;
    const questions = await store.lastQuestions(chat.id, maxAutoFixes + 1);
    const [last] = questions;
    if (!last) return;
    const errors = currentErrors(await store.reportsSince(projectId, last.created_at, change));
    const run = await store.lastRun(chat.id);
    if (!run || wasStopped(run)) return;
    // Only what the run caused is repaired: after a person's change, the change or what it brought back may be the cause.
    if (await store.hasPersonChanged(projectId, run.completed_at ?? run.created_at)) return;
    const crashes = allCrashes.filter((crash) => isAfterRun(crash, last, run));
    if (crashes.length === 0 && !errors.some(isFailureReport)) return;
    const rounds = countRounds(questions);
    const input = run.input as RunInput;
    if (rounds >= maxAutoFixes) {
      const message = `The app still reports errors after ${maxAutoFixes} automatic fixes. See Problems.`;
      await emitterOf(run).emitAtEnd(async (tx) =>
        (await store.markOnce(tx, input.message_id, "auto_fix_stopped")) ? [{ type: "notice", data: { level: "warning", message } }] : [],
      );
      return;
    }
    const task = await start(
      { id: project.owner_id, name: await store.findOwnerName(project.owner_id) },
      {
        project_id: projectId,
        chat_id: chat.id,
        // The errors are those of the project's app.
        workspace: "project",
        ...repairRequest(crashes, errors, rounds + 1),
        // The options of the person's own message, so that plan mode stays plan mode.
        edit_mode: input.edit_mode,
        agent_id: input.agent_id,
        model: input.model_id,
        container_id: input.container_id,
      },
      { created: (tx, _task, { user_message_id }) => store.mark(tx, user_message_id, { auto_fix: rounds + 1 }) },
    );
    log.info({ project_id: projectId, task_id: task.id, round: rounds + 1 }, "auto-fix");
  };

  /** Checks for errors after a quiet moment. */
  const consider = (projectId: string): void => {
    clearTimeout(timers.get(projectId));
    timers.set(
      projectId,
      setTimeout(() => {
        timers.delete(projectId);
        queue = queue
          .then(() => store.withLock(projectId, () => decide(projectId)))
          .catch((err: unknown) => {
            // No credits, no model or an active run: the person sees these when they send a message.
            if (err instanceof AppError) log.info({ err, project_id: projectId }, "auto-fix not started");
            else log.error({ err, project_id: projectId }, "auto-fix failed");
          });
      }, limits.quietMs),
    );
  };
  return {
    consider,
    /** Called when a run has ended. */
    afterRun: async (chatId: string): Promise<void> => {
      const projectId = await store.findProjectOf(chatId).catch(() => undefined);
      if (projectId) consider(projectId);
    },
    close: (): void => {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
