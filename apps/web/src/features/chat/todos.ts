import type { Todo } from "./chat.types.ts";

const statuses = new Set(["pending", "in_progress", "completed"]);

/** Parses a list written by the model. Invalid entries are skipped. */
export function readTodos(list: unknown): Todo[] | undefined {
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((entry: unknown, index): Todo[] => {
    const { id, content, status } = (entry ?? {}) as { id?: unknown; content?: unknown; status?: unknown };
    if (typeof content !== "string" || content === "") return [];
    return [
      {
        id: typeof id === "string" ? id : String(index),
        content,
        status: statuses.has(String(status)) ? (status as Todo["status"]) : "pending",
      },
    ];
  });
}

/** The to-do list that an event or a tool call sets, if it sets one. */
export function todosOf(event: { type: string; data: unknown }): Todo[] | undefined {
  const data = (event.data ?? {}) as {
    todos?: unknown;
    name?: unknown;
    parameters?: { todos?: unknown };
    tool_calls?: { name: string; parameters: { todos?: unknown } }[];
    tool_results?: { success: boolean }[];
    status?: unknown;
  };
  if (event.type === "todo_updated") return readTodos(data.todos);
  if (event.type === "tool") return data.name === "todo_write" && data.status === "ok" ? readTodos(data.parameters?.todos) : undefined;
  if (event.type !== "agent_step") return undefined;
  const at =
    data.tool_calls?.findLastIndex((call, index) => call.name === "todo_write" && data.tool_results?.[index]?.success !== false) ?? -1;
  return at < 0 ? undefined : readTodos(data.tool_calls?.[at]?.parameters.todos);
}
