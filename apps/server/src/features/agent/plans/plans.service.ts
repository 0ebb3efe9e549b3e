import { randomUUID } from "node:crypto";
import { includedSteps, stepLine, planPrompt, savePlan, updatePlan, type PlanStore, type Todo } from "@tesslate/agent";
import type { BuildPlan, EditPlan, Plan } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, invalid, notFound } from "../../../platform/errors.ts";
import type { EventLog } from "../../../platform/events.ts";
import type { ChatStore } from "../chats/index.ts";
import type { NewRunEvent, RunDetails, Runs, Sender, ToolProvider } from "../runs/index.ts";
import type { TaskRow } from "../../core/tasks/index.ts";
import { planName } from "./plan-names.ts";
import type { PlansStore } from "./plans.store.ts";
import type { PlanRow } from "../../../db/schema/agent/chats.ts";

export interface PlansOptions {
  store: PlansStore;
  chats: Pick<ChatStore, "updateChat" | "readTodos">;
  runs: Pick<Runs, "ownChat" | "start">;
  events: EventLog;
}

const noPlan: PlanStore = { read: async () => undefined, change: () => Promise.reject(notFound("Chat")) };

export type ChatPlans = ReturnType<typeof createChatPlans>;
/** The plan of a chat: the agent saves it, the person edits it and builds the included steps. */
export function createChatPlans({ store, chats, runs, events }: PlansOptions) {
  const own = async (userId: string, chatId: string) => {
    const { id, project_id } = await runs.ownChat(userId, chatId);
    if (project_id === null) throw notFound("Project");
    return { id, project_id };
  };
  const check = (row: PlanRow | undefined, ifMatch: string | undefined) => {
    if (ifMatch !== undefined && ifMatch !== String(row?.version ?? 0))
      throw new AppError("etag_mismatch", "The plan has been changed. Reload it and try again.", {
        details: { etag: String(row?.version ?? 0) },
      });
  };

  /** Copies the status of plan steps to to-dos with the same text. */
  const syncTodos = async (tx: Queries, row: PlanRow): Promise<NewRunEvent[]> => {
    const statuses = new Map(row.steps.map((step) => [step.step, step.status]));
    const todos = await chats.readTodos(tx, row.chat_id);
    if (!todos.some((todo) => (statuses.get(todo.content) ?? todo.status) !== todo.status)) return [];
    const next = todos.map((todo): Todo => ({ ...todo, status: statuses.get(todo.content) ?? todo.status }));
    await chats.updateChat(tx, row.chat_id, { todos: next });
    return [{ type: "todo_updated", data: { todos: next } }];
  };

  /** The plan store of a run's tools. */
  const planStore = ({ chat_id, emitter }: Pick<RunDetails, "chat_id" | "emitter">): PlanStore => ({
    read: () => store.find(chat_id),
    change: async (work) => {
      let row: PlanRow | undefined;
      await emitter.emitWith(async (tx) => {
        const before = await store.lock(tx, chat_id);
        row = await store.write(tx, chat_id, before?.name ?? planName(), work(before));
        return [planUpdated(row), ...(await syncTodos(tx, row))];
      });
      if (!row) throw new Error("the plan was not stored");
      return row;
    },
  });

  return {
    /** For the tool catalogue: the same tools without a chat. */
    tools: [savePlan(noPlan), updatePlan(noPlan)],
    get: async (userId: string, chatId: string): Promise<Plan | null> => {
      const row = await store.find((await own(userId, chatId)).id);
      return row ? present(row) : null;
    },

    /** `ifMatch`: the version that is replaced; `0`: no plan yet. Throws `etag_mismatch` when it is not the current one. */
    put: async (userId: string, chatId: string, body: EditPlan, ifMatch: string | undefined): Promise<{ plan: Plan; isNew: boolean }> => {
      const { id, project_id } = await own(userId, chatId);
      if (body.steps.filter((step) => step.status === "in_progress").length > 1)
        throw invalid(["body", "steps"], "Only one step can be in progress", "value_error");
      const ids = body.steps.flatMap((step) => step.id ?? []);
      if (new Set(ids).size < ids.length) throw invalid(["body", "steps"], "Two steps have the same id", "value_error");
      let written: { plan: Plan; isNew: boolean } | undefined;
      await events.appendWith(project_id, async (tx) => {
        const before = await store.lock(tx, id);
        check(before, ifMatch);
        const row = await store.write(tx, id, before?.name ?? planName(), {
          task: body.task?.trim() ?? before?.task ?? "",
          critical_files: body.critical_files ?? before?.critical_files ?? [],
          steps: body.steps.map((step) => {
            const known = before?.steps.find((one) => one.id === step.id);
            return {
              id: known?.id ?? randomUUID(),
              step: stepLine(step.step),
              status: step.status ?? known?.status ?? "pending",
              is_included: step.is_included ?? known?.is_included ?? true,
            };
          }),
        });
        written = { plan: present(row), isNew: before === undefined };
        return [planUpdated(row)];
      });
      if (!written) throw new Error("the plan was not stored");
      return written;
    },

    remove: async (userId: string, chatId: string): Promise<void> => {
      const { id, project_id } = await own(userId, chatId);
      await events.appendWith(project_id, async (tx) => {
        if (!(await store.remove(tx, id))) throw notFound("Plan");
        return [{ type: "plan_updated", data: { chat_id: id, plan: null } }];
      });
    },

    /** Starts a run with the included, unfinished steps as its to-do list. Throws `etag_mismatch`, `nothing_to_build` and what sending a message throws. */
    build: async (sender: Sender, chatId: string, body: BuildPlan, ifMatch: string | undefined): Promise<TaskRow> => {
      const { id, project_id } = await own(sender.id, chatId);
      const row = await store.find(id);
      if (!row) throw notFound("Plan");
      check(row, ifMatch);
      const steps = includedSteps(row).filter((step) => step.status !== "completed");
      if (steps.length === 0) throw badRequest("No included step is left to build.", "nothing_to_build");
      const message = [
        `Build the plan ${row.name}${row.task === "" ? "." : `: ${row.task}`}`,
        "",
        ...steps.map((step, index) => `${index + 1}. ${step.step}`),
      ].join("\n");
      const created_at = new Date().toISOString();
      return runs.start(
        sender,
        { ...body, edit_mode: body.edit_mode ?? "ask", project_id, chat_id: id, message },
        {
          todos: steps.map(({ id: stepId, step, status }) => ({ id: stepId, content: step, status, priority: "medium", created_at })),
          claim: async (tx) => check(await store.lock(tx, id), String(row.version)),
        },
      );
    },

    /** Copies the status of to-dos to plan steps with the same text. Returns the events of that. */
    syncPlan: async (tx: Queries, chatId: string, todos: readonly Pick<Todo, "content" | "status">[]): Promise<NewRunEvent[]> => {
      const statuses = new Map(todos.map((todo) => [todo.content, todo.status]));
      const row = await store.lock(tx, chatId);
      if (!row?.steps.some((step) => (statuses.get(step.step) ?? step.status) !== step.status)) return [];
      const steps = row.steps.map((step) => ({ ...step, status: statuses.get(step.step) ?? step.status }));
      return [planUpdated(await store.write(tx, chatId, row.name, { ...row, steps }))];
    },

    /** Provides `save_plan` and `update_plan`, and tells the model about the current plan. */
    provideTools: (async (run) => {
      const plans = planStore(run);
      return { tools: [savePlan(plans), updatePlan(plans)], context: planPrompt(await plans.read(), run.edit_mode) };
    }) satisfies ToolProvider,
  };
}

const planUpdated = (row: PlanRow): Extract<NewRunEvent, { type: "plan_updated" }> => ({
  type: "plan_updated",
  data: { chat_id: row.chat_id, plan: present(row) },
});
const present = ({ chat_id, name, task, steps, critical_files, version, created_at, updated_at }: PlanRow): Plan => ({
  chat_id,
  name,
  task,
  steps,
  critical_files,
  version,
  created_at,
  updated_at,
});
