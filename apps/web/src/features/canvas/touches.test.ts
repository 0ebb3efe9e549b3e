import { expect, test } from "vitest";
import type { Task } from "@tesslate/contract";
import { touchesOf } from "./touches.ts";

const task = (id: string, type: string, minute: number, over: Partial<Task> = {}): Task => {
  const at = `2026-03-05T10:${String(minute).padStart(2, "0")}:00Z`;
  const base = {
    id,
    type,
    status: "completed",
    created_at: at,
    started_at: at,
    completed_at: at,
    error: null,
    metadata: {},
    progress: { message: "" },
  };
  return { ...base, ...over } as unknown as Task;
};

test("what happened to one container since it is there, the oldest first", () => {
  const container = { id: "db", created_at: "2026-03-05T10:05:00Z" };
  const touches = touchesOf(container, [
    task("5", "container_restart", 20, {
      status: "running",
      completed_at: null,
      metadata: { container_id: "db" },
      progress: { current: 1, total: 2, percentage: 50, message: "Waiting until db answers" },
    }),
    task("4", "container_start", 12, { status: "failed", error: "Exited with code 1.", metadata: { container_id: "db" } }),
    task("3", "container_start", 11, { metadata: { container_id: "other" } }),
    task("2", "project_start", 10),
    task("1", "project_start", 1),
    task("0", "agent_execution", 15),
  ]);
  expect(touches.map(({ id, bead, text }) => [id, bead, text])).toEqual([
    ["2", "step", "Started with the project"],
    ["4", "failed", "Start failed: Exited with code 1."],
    ["5", "live", "Waiting until db answers"],
  ]);
});
