import type { AdminJob, AdminTask, JobState, List } from "@tesslate/contract";
import { conflict, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { percentageOf, type Tasks } from "../../core/tasks/index.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";
import type { AdminTaskRow, TaskFilter, WorkStore } from "./work.store.ts";

/** Administration of tasks and background jobs. */
export type AdminWork = ReturnType<typeof createAdminWork>;
export function createAdminWork({
  store,
  audit,
  tasks,
}: {
  store: WorkStore;
  audit: Audit;
  tasks: Pick<Tasks, "requestCancel" | "ended">;
}) {
  const requireTask = async (id: string) => {
    const row = await store.findTask(id);
    if (!row) throw notFound("Task");
    return row;
  };
  const running = () => conflict("run_active", "This job is running. Try again in a moment.");
  return {
    tasks: async (query: PageQuery & TaskFilter): Promise<List<AdminTask>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listTasks(query, page);
      return page.envelope(rows.map(presentAdminTask), total);
    },
    task: async (id: string): Promise<AdminTask> => presentAdminTask(await requireTask(id)),
    /** Logged before the task is cancelled, because that may take a moment. Throws 404, `task_finished`. */
    cancelTask: async (actor: Actor, id: string, reason: string): Promise<AdminTask> => {
      const { task, username } = await requireTask(id);
      const isOver = () => conflict("task_finished", "This task has already ended.");
      if (task.completed_at !== null) throw isOver();
      await audit.change(actor, ({ record }) =>
        record({
          action: "task.cancel",
          target: { type: "server", id, name: task.type },
          reason,
          details: { type: task.type, user_id: task.user_id, username, project_id: task.project_id },
        }),
      );
      if (!(await tasks.requestCancel(id))) throw isOver();
      await tasks.ended(id);
      return presentAdminTask(await requireTask(id));
    },
    jobs: async (query: PageQuery & { state?: JobState; name?: string }): Promise<List<AdminJob>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listJobs(query, page);
      return page.envelope(rows, total);
    },
    /** Throws 404, `run_active`. */
    retryJob: (actor: Actor, id: string, reason: string): Promise<AdminJob> =>
      audit.change(actor, async ({ tx, record }) => {
        const job = await store.findJob(tx, id);
        if (!job) throw notFound("Job");
        if (!(await store.retryJob(tx, id))) throw running();
        await record({
          action: "job.retry",
          target: { type: "server", id, name: job.name },
          reason,
          details: { attempts: job.attempts, last_error: job.last_error },
        });
        return (await store.findJob(tx, id)) ?? job;
      }),
    /** Throws 404, `run_active`. */
    removeJob: (actor: Actor, id: string, reason: string): Promise<void> =>
      audit.change(actor, async ({ tx, record }) => {
        const job = await store.findJob(tx, id);
        if (!job) throw notFound("Job");
        if (!(await store.removeJob(tx, id))) throw running();
        await record({
          action: "job.remove",
          target: { type: "server", id, name: job.name },
          reason,
          details: { state: job.state, attempts: job.attempts, last_error: job.last_error },
        });
      }),
  };
}

const presentAdminTask = ({ task, username, project_name }: AdminTaskRow): AdminTask => ({
  id: task.id,
  type: task.type,
  status: task.status,
  user_id: task.user_id,
  username,
  project_id: task.project_id,
  project_name,
  percentage: percentageOf(task),
  message: task.progress_message,
  error: task.error,
  error_code: task.error_code,
  created_at: task.created_at,
  started_at: task.started_at,
  completed_at: task.completed_at,
});
