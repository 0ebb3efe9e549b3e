import { z } from "zod";

/** A task, as `GET /api/tasks` returns it. */
export const Task = z.object({ id: z.number(), title: z.string(), is_done: z.boolean(), created_at: z.string() });
export const Tasks = z.array(Task);
