import type { RunCommands } from "@tesslate/agent";
import type { Bus } from "../../../platform/bus.ts";
import { notFound } from "../../../platform/errors.ts";
import type { RunAccess } from "./runs.access.ts";
import type { RunsStore } from "./runs.store.ts";

const channel = "command_stop_requested";
type Stoppable = Pick<RunCommands, "stop">;

export type CommandStops = ReturnType<typeof createCommandStops>;
/** Lets a person stop a single command of a run. Requests go over the bus, so that any process may take them. */
export function createCommandStops({
  store,
  access,
  bus,
}: {
  store: Pick<RunsStore, "isCommandRunning">;
  access: Pick<RunAccess, "ownRun">;
  bus: Bus;
}) {
  /** The commands of the runs in this process, and of their sub-agents. */
  const byTask = new Map<string, Stoppable[]>();
  bus.listen<{ task_id: string; command_id: string }>(channel, ({ task_id, command_id }) => {
    for (const commands of byTask.get(task_id) ?? []) void commands.stop(command_id, "person");
  });
  return {
    /** Makes the commands of a run stoppable until the result is disposed. */
    open(taskId: string): Disposable & { add(commands: Stoppable): void } {
      const all: Stoppable[] = [];
      byTask.set(taskId, all);
      return { add: (commands) => void all.push(commands), [Symbol.dispose]: () => void byTask.delete(taskId) };
    },
    /** Throws 404, also for commands that have ended. */
    stop: async (userId: string, { task_id, command_id }: { task_id: string; command_id: string }) => {
      const task = await access.ownRun(userId, task_id);
      if (task.status !== "running" || !(await store.isCommandRunning(task.id, command_id))) throw notFound("Command");
      await bus.notify(channel, { task_id: task.id, command_id });
      return { command_id, status: "stop_requested" as const };
    },
  };
}
