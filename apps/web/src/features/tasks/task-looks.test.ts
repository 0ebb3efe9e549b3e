import type { Task } from "@tesslate/contract";
import { expect, test } from "vitest";
import { isCancellable, shownTasks, taskTitle } from "./task-looks.ts";

const task = (id: number, status: Task["status"], type = "project_start", metadata: Task["metadata"] = {}) =>
  ({ id: String(id), status, type, metadata, created_at: `2026-01-01T00:00:0${id}.000Z` }) as Task;

test("open and a few ended operations, each newest first", () => {
  const all = [task(1, "completed"), task(2, "running"), task(3, "failed"), task(4, "queued"), task(5, "cancelled")];
  const { open, ended } = shownTasks(all, 2);
  expect([open.map((t) => t.id), ended.map((t) => t.id)]).toEqual([
    ["4", "2"],
    ["5", "3"],
  ]);
});
test("titles, also of unknown types", () => {
  expect(taskTitle(task(1, "running"))).toBe("Starting project");
  expect(taskTitle(task(1, "running", "container_start", { container_name: "shop-web" }))).toBe("Starting shop-web");
  const start = task(1, "running", "container_start", { container_id: "c1", container_name: "shop-web" });
  expect(taskTitle(start, [{ id: "c1", name: "Web" }])).toBe("Starting Web");
  expect(taskTitle(task(1, "running", "agent_execution"))).toBe("Agent run");
  expect(taskTitle(task(1, "running", "agent_execution", { message: "Add a cart" }))).toBe("Agent run: Add a cart");
  expect(taskTitle(task(1, "running", "moon_landing"))).toBe("Moon landing");
});
test("a deletion and ended operations cannot be cancelled", () => {
  expect(isCancellable(task(1, "running", "project_deletion"))).toBe(false);
  expect(isCancellable(task(1, "completed"))).toBe(false);
  expect(isCancellable(task(1, "queued"))).toBe(true);
});
