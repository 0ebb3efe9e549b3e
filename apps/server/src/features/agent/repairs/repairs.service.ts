import { AppError } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Chat, RunInput } from "../runs/index.ts";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { currentErrors, maxRounds, repairMessage, roundsOf, wasStopped } from "./repairs.rules.ts";
import type { RepairsStore } from "./repairs.store.ts";

export interface RepairsOptions {
  store: RepairsStore;
  projects: { find(id: string): Promise<ProjectRow | undefined> };
  start: Chat["start"];
  events: Pick<EventLog, "append">;
  /** Errors come in bursts, and an app that is being rebuilt shows some that pass. */
  limits: { quietMs: number };
  log: Logger;
}

/**
 * "Fix with agent", by itself: where the project's setting `auto_fix` is on, what the running app reports after a turn is given to the agent, at
 * most twice per message of the person; then it stops and says so. Decided here, under a lock, so that two tabs ask once.
 */
export function createRepairs({ store, projects, start, events, limits, log }: RepairsOptions) {
  const timers = new Map<string, NodeJS.Timeout>();
  /** One decision at a time: it holds a connection of the database and needs further ones, which many at once would take from each other. */
  let turn: Promise<unknown> = Promise.resolve();

  const decide = async (projectId: string): Promise<void> => {
    const project = await projects.find(projectId);
    if (project?.settings?.["auto_fix"] !== true || (await store.hasActiveRun(projectId))) return;
    const chat = await store.findLastChat(projectId, project.owner_id);
    if (!chat) return;
    const questions = await store.lastQuestions(chat.id, maxRounds + 1);
    const [last] = questions;
    if (!last) return;
    const errors = currentErrors(await store.reportsSince(projectId, last.created_at));
    if (errors.length === 0) return;
    const rounds = roundsOf(questions);
    const run = await store.lastRun(chat.id);
    const input = run?.input as RunInput | undefined;
    if (run && wasStopped(run)) return;
    if (rounds >= maxRounds) {
      if (input && (await store.markOnce(input.message_id, "auto_fix_stopped")))
        await events.append(projectId, {
          type: "notice",
          data: {
            level: "warning",
            message: `The app still reported errors after ${maxRounds} automatic attempts, so they stopped here. Look at Problems.`,
          },
          ...(run && { task_id: run.id }),
        });
      return;
    }
    const task = await start(
      { id: project.owner_id, name: await store.findOwnerName(project.owner_id) },
      {
        project_id: projectId,
        chat_id: chat.id,
        message: repairMessage(errors, rounds + 1),
        // As the person's own message was sent; a plan is not turned into changes behind their back.
        ...(input && { edit_mode: input.edit_mode, agent_id: input.agent_id, model: input.model_id, container_id: input.container_id }),
      },
      { created: (tx, _task, { user_message_id }) => store.mark(tx, user_message_id, { auto_fix: rounds + 1 }) },
    );
    log.info({ project_id: projectId, task_id: task.id, round: rounds + 1 }, "auto-fix");
  };

  /** Something may be to repair: looked at once it has been quiet for a moment. */
  const consider = (projectId: string): void => {
    clearTimeout(timers.get(projectId));
    timers.set(
      projectId,
      setTimeout(() => {
        timers.delete(projectId);
        turn = turn
          .then(() => store.alone(projectId, () => decide(projectId)))
          .catch((err: unknown) => {
            // No credits, no model, a run that began meanwhile: the person sees those where they send.
            if (err instanceof AppError) log.info({ err, project_id: projectId }, "auto-fix not started");
            else log.error({ err, project_id: projectId }, "auto-fix failed");
          });
      }, limits.quietMs),
    );
  };
  return {
    consider,
    /** A run has ended and its chat is free: what its changes broke is known by now, or soon. */
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
