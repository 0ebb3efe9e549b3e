import { Type } from "typebox";
import { defineTool, done } from "../tool.ts";
import type { Todo } from "../todos.ts";
import { reads } from "./gates.ts";

export const todoRead = defineTool({
  name: "todo_read",
  category: "planning",
  description: "Read your to-do list of this chat.",
  parameters: Type.Object({}),
  gate: reads,
  async run(_params, context) {
    const todos = await context.todos.read();
    return done(todos.length === 0 ? "The list is empty." : `${todos.length} to-dos.`, { todos, details: todoCounts(todos) });
  },
});

export function todoCounts(todos: Todo[]): { total: number; pending: number; in_progress: number; completed: number } {
  const count = (status: Todo["status"]): number => todos.filter((todo) => todo.status === status).length;
  return { total: todos.length, pending: count("pending"), in_progress: count("in_progress"), completed: count("completed") };
}
