import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { describe, expect, test, vi } from "vitest";
import type { Container, Project, ProjectEvent, Task } from "@tesslate/contract";
import { buildTree, type FileTree } from "../lib/file-tree.ts";
import { patchCache, patchFiles, refetchBroken } from "./project-cache.ts";

const project = { id: "p1", slug: "counter" };
const key = (name: string) => ["project", "p1", name];
const event = (type: string, data: unknown) => ({ seq: 1, ts: "2026-03-05T10:00:00Z", type, data }) as ProjectEvent;
const task = (id: string, status: Task["status"]): Task => ({ id, status }) as Task;

const fresh = () => {
  const queries = new QueryClient();
  queries.setQueryData(key("containers"), [{ id: "k1", name: "web", status: "starting", url: null, port: null }] as Container[]);
  queries.setQueryData(["projects", "counter"], { id: "p1", name: "Counter", environment_status: "provisioning" } as Project);
  queries.setQueryData(key("tree"), buildTree([]));
  return queries;
};
const isStale = (queries: QueryClient, name: readonly unknown[]) => queries.getQueryState(name)?.isInvalidated;

describe("events into the cache", () => {
  test("container status", () => {
    const queries = fresh();
    patchCache(
      queries,
      project,
      event("container_status", { container_id: "k1", name: "web", status: "running", url: "http://x", port: 5173 }),
    );
    expect(queries.getQueryData(key("containers"))).toEqual([
      { id: "k1", name: "web", status: "running", status_message: null, exit_code: null, url: "http://x", port: 5173 },
    ]);
    expect(isStale(queries, key("containers"))).toBe(false);
  });
  test("replaced files can bring back what was rejected of a run", () => {
    const queries = fresh();
    queries.setQueryData(["change-set", "t1"], {});
    patchCache(queries, project, event("files_replaced", {}));
    expect(isStale(queries, ["change-set", "t1"])).toBe(true);
  });
  test("a crash says why, until it starts again", () => {
    const queries = fresh();
    const statusEvent = (status: string, over: object = {}) =>
      patchCache(queries, project, event("container_status", { container_id: "k1", name: "web", status, url: null, ...over }));
    statusEvent("failed", { exit_code: 137, message: "Exited with code 137." });
    expect(queries.getQueryData(key("containers"))).toMatchObject([
      { status: "failed", status_message: "Exited with code 137.", exit_code: 137 },
    ]);
    statusEvent("starting");
    expect(queries.getQueryData(key("containers"))).toMatchObject([{ status: "starting", status_message: null, needs_restart: false }]);
  });
  test("what somebody moved on the canvas", () => {
    const queries = fresh();
    queries.setQueryData(key("previews"), [{ id: "v1", position_x: 0, position_y: 0, width: null, height: null, current_path: "/a" }]);
    patchCache(
      queries,
      project,
      event("positions_changed", {
        containers: [{ id: "k1", position_x: 5, position_y: 6 }],
        previews: [{ id: "v1", position_x: 7, position_y: 8, width: 320, height: null }],
      }),
    );
    expect(queries.getQueryData(key("containers"))).toMatchObject([{ id: "k1", name: "web", position_x: 5, position_y: 6 }]);
    expect(queries.getQueryData(key("previews"))).toEqual([
      { id: "v1", position_x: 7, position_y: 8, width: 320, height: null, current_path: "/a" },
    ]);
    const before = queries.getQueryData(key("previews"));
    patchCache(queries, project, event("positions_changed", { containers: [], previews: [] }));
    expect(queries.getQueryData(key("previews"))).toBe(before);
  });
  test("what somebody added to the canvas or took away", () => {
    const queries = fresh();
    for (const name of ["previews", "connections"]) queries.setQueryData(key(name), []);
    patchCache(queries, project, event("graph_changed", { part: "connection", op: "add", id: "c1" }));
    expect([isStale(queries, key("connections")), isStale(queries, key("previews"))]).toEqual([true, false]);
    patchCache(queries, project, event("graph_changed", { part: "container", op: "delete", id: "k1" }));
    expect([isStale(queries, key("containers")), isStale(queries, key("previews"))]).toEqual([true, true]);
  });
  test("a container unknown: the list is read again", () => {
    const queries = fresh();
    patchCache(queries, project, event("container_status", { container_id: "k2", name: "api", status: "running", url: null }));
    expect(isStale(queries, key("containers"))).toBe(true);
  });
  test("project status and name", () => {
    const queries = fresh();
    patchCache(queries, project, event("project_status", { environment_status: "active" }));
    expect(queries.getQueryData(["projects", "counter"])).toMatchObject({ environment_status: "active", name: "Counter" });
  });
  test("files", () => {
    const queries = fresh();
    patchFiles(queries, "p1", [
      { path: "src/App.tsx", op: "add", by: "process" },
      { path: "src/main.tsx", op: "add", by: "process" },
    ]);
    expect(queries.getQueryData<FileTree>(key("tree"))?.children.get("src")).toEqual(["src/App.tsx", "src/main.tsx"]);
    expect(queries.getQueryData<FileTree>(key("tree"))?.nodes.has("src/App.tsx")).toBe(true);
  });
  test("tasks: known ones change, new ones come first, ended ones make the project be read again", () => {
    const queries = fresh();
    patchCache(queries, project, event("task_update", task("a", "running")));
    patchCache(queries, project, event("task_update", task("b", "running")));
    expect(isStale(queries, ["projects", "counter"])).toBe(false);
    queries.setQueryData(["change-set", "a"], { is_running: true });
    patchCache(queries, project, event("task_update", task("a", "completed")));
    expect(isStale(queries, ["change-set", "a"])).toBe(true);
    expect(queries.getQueryData<Task[]>(key("tasks"))?.map((known) => `${known.id}:${known.status}`)).toEqual(["b:running", "a:completed"]);
    expect(isStale(queries, ["projects", "counter"])).toBe(true);
  });
  test("edited rows make rows be read again; statements everything of their database, and of no other", () => {
    const queries = fresh();
    const rows = [...key("database"), "db", "rows", "orders"];
    const tables = [...key("database"), "db", "tables", ""];
    const other = [...key("database"), "other", "rows", "orders"];
    for (const one of [rows, tables, other]) queries.setQueryData(one, {});
    const changed = { database_id: "db", name: "PostgreSQL", tables: [], user_id: null };
    patchCache(queries, project, event("data_changed", { ...changed, op: "rows" }));
    expect([rows, tables, other].map((one) => isStale(queries, one))).toEqual([true, false, false]);
    patchCache(queries, project, event("data_changed", { ...changed, op: "sql" }));
    expect([rows, tables, other].map((one) => isStale(queries, one))).toEqual([true, true, false]);
  });
  test("events of later versions are no trouble", () => {
    const queries = fresh();
    expect(() => patchCache(queries, project, event("board_changed", {}))).not.toThrow();
  });
});

test("what could not be read while the server was away is read again, and nothing else", async () => {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  let isAway = true;
  const reads = { plan: 0, board: 0 };
  const watch = (name: keyof typeof reads, read: () => string) =>
    new QueryObserver(queries, { queryKey: key(name), queryFn: () => (reads[name]++, read()) }).subscribe(() => undefined);
  const ends = [
    watch("board", () => "cards"),
    watch("plan", () => {
      if (isAway) throw new Error("away");
      return "steps";
    }),
  ];
  await vi.waitFor(() => expect(queries.getQueryState(key("plan"))?.status).toBe("error"));
  await vi.waitFor(() => expect(queries.getQueryData(key("board"))).toBe("cards"));
  isAway = false;
  refetchBroken(queries);
  await vi.waitFor(() => expect(queries.getQueryData(key("plan"))).toBe("steps"));
  expect(reads).toEqual({ plan: 2, board: 1 });
  for (const end of ends) end();
});
