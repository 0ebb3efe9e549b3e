import { randomUUID } from "node:crypto";
import { Type } from "typebox";
import { defineTool, done } from "../tool.ts";
import type { Todo } from "../todos.ts";
import { free } from "./gates.ts";
import { todoCounts } from "./todo-read.ts";

export const todoWrite = defineTool({
  name: "todo_write",
  category: "planning",
  description: "Replace your to-do list. For work of several steps; keep one item in_progress.",
  parameters: Type.Object({
    todos: Type.Array(
      Type.Object({
        content: Type.String({ minLength: 1 }),
        status: Type.Enum(["pending", "in_progress", "completed"], { type: "string" }),
        priority: Type.Optional(Type.Enum(["high", "medium", "low"], { type: "string" })),
      }),
      { minItems: 1 },
    ),
  }),
  gate: free,
  async run({ todos: wanted }, context) {
    // An item with the same text keeps its id and date.
    const known = new Map((await context.todos.read()).map((todo) => [todo.content, todo]));
    const todos = wanted.map((item): Todo => {
      const earlier = known.get(item.content);
      known.delete(item.content);
      return {
        id: earlier?.id ?? randomUUID(),
        content: item.content,
        status: item.status,
        priority: item.priority ?? "medium",
        created_at: earlier?.created_at ?? context.now().toISOString(),
      };
    });
    await context.todos.write(todos);
    const counts = todoCounts(todos);
    return done(`${counts.completed} of ${counts.total} done.`, { todos, details: counts });
  },
});
