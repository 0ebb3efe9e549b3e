export interface Todo {
  id: string;
  content: string;
  status: "pending" | "in_progress" | "completed";
  priority: "high" | "medium" | "low";
  created_at: string;
}

export interface TodoStore {
  read(): Promise<Todo[]>;
  /** Replaces the list. */
  write(todos: Todo[]): Promise<void>;
}
