import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { eq } from "drizzle-orm";
import { describe, expect, inject, test, vi } from "vitest";
import type { Task, TaskEvent } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import { startJobs, type Jobs } from "../../../platform/jobs.ts";
import { createMeasurements } from "../../../platform/measurements.ts";
import { startTraces, type Traces } from "../../../platform/traces.ts";
import { startOtlpReceiver } from "@tesslate/testkit";
import { testApp } from "../../../testing/app.ts";
import { testPlatform, type TestPlatform } from "../../../testing/platform.ts";
import { createTaskChanges } from "./task-changes.ts";
import { createTasks, type TaskContext, type TaskDefinition, type Tasks } from "./tasks.service.ts";
import { createTasksStore } from "./tasks.store.ts";
import { tasks as tasksTable } from "../../../db/schema/core.ts";

interface Bench extends AsyncDisposable {
  platform: TestPlatform;
  tasks: Tasks;
  jobs: Jobs;
  user_id: string;
  project_id: string;
  /** Creates a task of this type and returns its id. */
  add(type: string, more?: { unique_key?: string; input?: unknown; continues?: string }): Promise<string>;
  /** The task once it has ended. */
  end(id: string): Promise<Task>;
}
/** One process that runs tasks; `of`: another process on the same database. */
async function bench(
  definitions: Record<string, Partial<TaskDefinition> & { run: TaskDefinition["run"] }>,
  of?: Bench,
  traces?: Traces,
): Promise<Bench> {
  const platform = await testPlatform(of ? { of: of.platform } : {});
  const { database, events, bus, log, presence } = platform;
  const store = createTasksStore(database.db, presence.id);
  const tasks = createTasks({
    store,
    reconnect: database.reconnect,
    changes: createTaskChanges({ store, events, bus, isShared: true, log }),
    bus,
    redact: async (_, text) => text,
    measurements: createMeasurements("0.0.0"),
    traces,
    log,
  });
  for (const [type, definition] of Object.entries(definitions)) tasks.define(type, { timeoutMs: 10_000, ...definition });
  const jobs = await startJobs({ pool: database.pool, log, traces, handlers: { ...tasks.jobHandlers } });
  await tasks.start(jobs);
  const owner = of ?? (await platform.project());
  return {
    platform,
    tasks,
    jobs,
    user_id: owner.user_id,
    project_id: owner.project_id,
    add: async (type, more = {}) =>
      (await database.db.transaction((tx) => tasks.create(tx, { user_id: owner.user_id, project_id: owner.project_id, type, ...more }))).id,
    end: async (id) => {
      let last: Task | undefined;
      for await (const { data } of tasks.follow(id, AbortSignal.timeout(10_000))) last = data;
      if (!last?.completed_at) throw new Error(`the task has not ended: ${JSON.stringify(last)}`);
      return last;
    },
    [Symbol.asyncDispose]: async () => {
      await jobs.close();
      await tasks.close();
      await platform[Symbol.asyncDispose]();
    },
  };
}
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const stop = () => reject(new Error("stopped"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });
const waiting: TaskDefinition["run"] = ({ signal }) => untilAborted(signal);

describe("lifecycle", () => {
  test("a task is queued, running, completed; it ends with an event, its result and its clean-up", async () => {
    const ended = vi.fn(async () => undefined);
    await using b = await bench({
      sum: {
        run: async ({ input, progress, note }: TaskContext) => {
          await progress(40, "Adding");
          await note("carry one");
          return { sum: (input as number[]).reduce((x, y) => x + y) };
        },
        ended,
      },
    });
    const id = await b.add("sum", { input: [1, 2, 3] });
    const task = await b.end(id);
    expect(task).toEqual({
      id,
      user_id: b.user_id,
      type: "sum",
      status: "completed",
      created_at: expect.stringMatching(/Z$/),
      started_at: expect.stringMatching(/Z$/),
      completed_at: expect.stringMatching(/Z$/),
      progress: { current: 100, total: 100, percentage: 100, message: "Adding" },
      result: { sum: 6 },
      error: null,
      error_code: null,
      logs: [expect.stringMatching(/^\[\d{4}-\d\d-\d\dT.*Z\] carry one$/)],
      metadata: {},
    });
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
    // The project's stream has the same events.
    const statuses: string[] = [];
    for await (const event of b.platform.events.follow(b.project_id, { afterSeq: 0, signal: AbortSignal.timeout(5000) })) {
      if (event.type === "task_update") statuses.push((event.data as Task).status);
      if (statuses.at(-1) === "completed") break;
    }
    expect(statuses).toEqual(["running", "running", "running", "completed"]);
  });

  test("progress never decreases and the last 50 lines are kept", async () => {
    await using b = await bench({
      zigzag: {
        run: async ({ progress, note }: TaskContext) => {
          for (const percent of [10, 60.9, 30, 60, 20]) await progress(percent, `at ${percent}`);
          for (let i = 1; i <= 60; i++) await note(`line ${i}`);
          await sleep(30);
        },
      },
    });
    const id = await b.add("zigzag");
    const seen: number[] = [];
    let last: TaskEvent | undefined;
    for await (const event of b.tasks.follow(id, AbortSignal.timeout(10_000))) {
      if (event.data.status === "running") seen.push(event.data.progress.percentage);
      if (event.data.completed_at) expect(event.seq).toBe(Date.parse(event.data.completed_at));
      else expect(event.seq).toBe((last?.seq ?? 0) + 1);
      last = event;
    }
    expect(seen).toEqual(seen.toSorted((x, y) => x - y));
    expect(Math.max(...seen)).toBe(60);
    expect(last?.data.logs).toHaveLength(50);
    expect(last?.data.logs[0]).toMatch(/line 11$/);
    expect(last?.data.logs[49]).toMatch(/line 60$/);
  });

  test("expected errors have a message; unexpected ones are not disclosed", async () => {
    await using b = await bench({
      refused: {
        run: async () => {
          throw new AppError("storage_full", "The disk is full.");
        },
      },
      broken: {
        run: async () => {
          throw new Error("secret at /root/x");
        },
      },
      slow: { timeoutMs: 50, run: waiting },
    });
    const outcome = async (type: string) => {
      const { status, error } = await b.end(await b.add(type));
      return [status, error];
    };
    expect(await outcome("refused")).toEqual(["failed", "The disk is full."]);
    expect(await outcome("broken")).toEqual(["failed", expect.not.stringContaining("secret")]);
    expect(b.platform.logs()).toContain("secret at /root/x");
    expect(await outcome("slow")).toEqual(["failed", "The task timed out after 0 s."]);
    expect(await outcome("unknown")).toEqual(["failed", "This server version does not support this type of task."]);
  });

  test("exists exactly when its transaction commits", async () => {
    const run = vi.fn(async () => 1);
    await using b = await bench({ one: { run } });
    await expect(
      b.platform.database.db.transaction(async (tx) => {
        await b.tasks.create(tx, { user_id: b.user_id, type: "one" });
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    await b.end(await b.add("one"));
    expect(run).toHaveBeenCalledOnce();
    expect((await b.tasks.list(b.user_id, {})).total).toBe(1);
  });

  test("is started by a notification, not by the next poll", async () => {
    await using b = await bench({ one: { run: async () => 1 } });
    const durations: number[] = [];
    for (let i = 0; i < 5; i++) {
      const started = Date.now();
      await b.end(await b.add("one"));
      durations.push(Date.now() - started);
    }
    // Polls are two seconds apart; the fastest of several starts counts, because the machine may be busy.
    expect(Math.min(...durations)).toBeLessThan(1000);
  });
});

describe("at most once", () => {
  test("two processes and a repeated notification run a task once", async () => {
    let runs = 0;
    const definition = {
      count: {
        run: async () => {
          runs += 1;
          await sleep(20);
          return runs;
        },
      },
    };
    await using a = await bench(definition);
    await using b = await bench(definition, a);
    const ids = await Promise.all(Array.from({ length: 12 }, () => a.add("count")));
    await Promise.all(ids.flatMap((task_id) => [a, b, a].map((x) => x.tasks.jobHandlers.task({ task_id }))));
    await Promise.all(ids.map((id) => a.end(id)));
    expect(runs).toBe(12);
    await a.tasks.jobHandlers.task({ task_id: ids[0] });
    await sleep(50);
    expect(runs).toBe(12);
  });

  test("concurrent requests with one key create one unfinished task", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    await using b = await bench({ start: { run: async () => gate } });
    const make = () => b.tasks.createOnce({ user_id: b.user_id, project_id: b.project_id, type: "start", unique_key: "start:1" });
    const all = await Promise.all(Array.from({ length: 8 }, make));
    expect(new Set(all.map((x) => x.row.id)).size).toBe(1);
    expect(all.filter((x) => x.isNew)).toHaveLength(1);
    expect((await b.tasks.findUnfinished("start:1"))?.id).toBe(all[0]?.row.id);
    release();
    await b.end(all[0]?.row.id ?? "");
    expect(await b.tasks.findUnfinished("start:1")).toBe(undefined);
    const again = await make();
    expect(again.isNew).toBe(true);
    await b.end(again.row.id);
  });
});

describe("cancelling", () => {
  test("a queued task ends at once and never runs", async () => {
    const run = vi.fn(async () => undefined);
    const ended = vi.fn(async () => undefined);
    await using b = await bench({ one: { run, ended } });
    const id = await b.platform.database.db.transaction(async (tx) => {
      const row = await b.tasks.create(tx, { user_id: b.user_id, project_id: b.project_id, type: "one" });
      // Removes its job before a worker takes it.
      await tx.update(tasksTable).set({ status: "cancelled" }).where(eq(tasksTable.id, row.id));
      await tx.update(tasksTable).set({ status: "queued" }).where(eq(tasksTable.id, row.id));
      await tx.execute("select graphile_worker.remove_job('task:" + row.id + "')");
      return row.id;
    });
    expect(await b.tasks.requestCancel(id)).toBe(true);
    expect(await b.tasks.get(b.user_id, id)).toMatchObject({
      status: "cancelled",
      error: "Canceled.",
      completed_at: expect.any(String),
      started_at: null,
    });
    await b.tasks.jobHandlers.task({ task_id: id });
    await sleep(30);
    expect(run).not.toHaveBeenCalled();
    expect(ended).toHaveBeenCalledOnce();
    expect(await b.tasks.requestCancel(id)).toBe(false);
    await expect(b.tasks.cancel(b.user_id, id)).rejects.toMatchObject({ code: "task_finished" });
  });

  test("a running task is aborted, in this and in another process", async () => {
    await using a = await bench({ wait: { run: waiting } });
    await using b = await bench({ wait: { run: waiting } }, a);
    // Either process may run it.
    for (const canceller of [a, b, a, b]) {
      const id = await a.add("wait");
      await vi.waitFor(async () => expect((await a.tasks.get(a.user_id, id)).status).toBe("running"));
      await canceller.tasks.cancel(a.user_id, id);
      expect(await a.end(id)).toMatchObject({ status: "cancelled", error: "Canceled." });
    }
  });

  test("requests made while notifications were down are found at the reconnect", async () => {
    await using b = await bench({ wait: { run: waiting } });
    const id = await b.add("wait");
    await vi.waitFor(async () => expect((await b.tasks.get(b.user_id, id)).status).toBe("running"));
    // As by another process whose notification this one missed.
    await b.platform.database.pool.query("update tasks set cancel_requested_at = now() where id = $1", [id]);
    await b.platform.database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'tesslate-studio bus'",
    );
    expect(await b.end(id)).toMatchObject({ status: "cancelled" });
  });

  test("whenever the cancel arrives while a task starts, it ends cancelled and its work is aborted", async () => {
    let alive = 0;
    await using b = await bench({
      wait: {
        run: async ({ signal }) => {
          alive += 1;
          try {
            await untilAborted(signal);
          } finally {
            alive -= 1;
          }
        },
      },
    });
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const id = await b.add("wait");
        await sleep(i);
        await b.tasks.requestCancel(id);
        expect(await b.end(id)).toMatchObject({ status: "cancelled" });
      }),
    );
    await vi.waitFor(() => expect(alive).toBe(0));
  });

  test("another user's task is 404", async () => {
    await using b = await bench({ wait: { run: waiting } });
    const id = await b.add("wait");
    const otherUser = await b.platform.project();
    await expect(b.tasks.cancel(otherUser.user_id, id)).rejects.toMatchObject({ code: "not_found" });
    await expect(b.tasks.get(otherUser.user_id, id)).rejects.toMatchObject({ code: "not_found" });
    await b.tasks.cancel(b.user_id, id);
    await b.end(id);
  });
});

describe("when a process ends", () => {
  test("in order, its tasks are interrupted and cleaned up", async () => {
    const interrupted = vi.fn(async () => undefined);
    const ended = vi.fn(async () => undefined);
    await using a = await bench({ wait: { run: waiting, interrupted, ended } });
    const id = await a.add("wait");
    await vi.waitFor(() => expect(a.tasks.isRunningHere(id)).toBe(true));
    await a.tasks.close();
    expect(await a.tasks.get(a.user_id, id)).toMatchObject({ status: "failed", error: "The server stopped while this was running." });
    expect(interrupted).toHaveBeenCalledOnce();
    expect(ended).not.toHaveBeenCalled();
  });

  test("by kill -9, the next one interrupts its tasks once and does not touch those of live processes", async () => {
    const interrupted = vi.fn(async () => undefined);
    const definitions = { wait: { run: waiting, interrupted } };
    await using a = await bench(definitions);
    const mine = await a.add("wait");
    await vi.waitFor(() => expect(a.tasks.isRunningHere(mine)).toBe(true));
    const { server } = inject("postgres");
    const [theirs] = await a.platform.database.db
      .insert(tasksTable)
      .values({ user_id: a.user_id, project_id: a.project_id, type: "wait" })
      .returning();
    const child = spawn(
      process.execPath,
      [
        "--input-type=module-typescript",
        "-e",
        `
        import { connectDatabase } from "../../../platform/database.ts";
        import { createLogger } from "../../../platform/logger.ts";
        import { registerProcess } from "../../../platform/presence.ts";
        import { createTasksStore } from "./tasks.store.ts";
        const log = createLogger("silent");
        const server = ${JSON.stringify(server)};
        const name = ${JSON.stringify(a.platform.name)};
        const { db, connection } = connectDatabase("url" in server ? { url: Object.assign(new URL(server.url), { pathname: "/" + name }).href } : { socketDir: server.socketDir, database: name }, log);
        const presence = await registerProcess(db, connection, log);
        await createTasksStore(db, presence.id).claim(${JSON.stringify(theirs?.id)});
        process.stdout.write("claimed\\n");
        setInterval(() => {}, 1000);
      `,
      ],
      { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] },
    );
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await a.tasks.reap();
    expect(interrupted).not.toHaveBeenCalled();
    child.kill("SIGKILL");
    await vi.waitFor(async () => {
      await a.tasks.reap();
      expect(await a.tasks.get(a.user_id, theirs?.id ?? "")).toMatchObject({
        status: "failed",
        error: "The server stopped while this was running.",
      });
    });
    await a.tasks.reap();
    expect(interrupted).toHaveBeenCalledOnce();
    expect((await a.tasks.get(a.user_id, mine)).status).toBe("running");
    await a.tasks.cancel(a.user_id, mine);
    await a.end(mine);
  });

  test("a task whose job was lost is picked up", async () => {
    await using a = await bench({ one: { run: async () => "done" } });
    const [row] = await a.platform.database.db
      .insert(tasksTable)
      .values({ user_id: a.user_id, type: "one", created_at: new Date(Date.now() - 10_000).toISOString() })
      .returning();
    await a.tasks.reap();
    expect(await a.end(row?.id ?? "")).toMatchObject({ status: "completed", result: "done" });
  });
});

test("a task has a trace of its own, which refers to what created it; one that continues it at another server refers to its trace", async () => {
  await using collector = await startOtlpReceiver();
  const config = {
    url: `${collector.url}/v1/traces`,
    protocol: "http/json",
    serviceName: "s",
    attributes: "",
    ratio: 1,
    delayMs: 20,
  } as const;
  const [first, second] = [await startTraces(config, "1.0.0"), await startTraces({ ...config, serviceName: "t" }, "1.0.0")];
  const run = async () => "done";
  await using a = await bench({ one: { run } }, undefined, first);
  const created = (await first?.within("request", {}, () => a.add("one"))) ?? "";
  await a.end(created);
  await a.tasks.close();
  await a.jobs.close();
  await using b = await bench({ one: { run } }, a, second);
  const continued = (await second?.within("resume", {}, () => b.add("one", { continues: created }))) ?? "";
  await b.end(continued);
  await vi.waitFor(() => expect(collector.spans.filter(({ name }) => name === "task one")).toHaveLength(2), 5_000);
  const find = (name: string) => collector.spans.find((span) => span.name === name);
  const idOf = ({ trace_id, span_id }: { trace_id: string; span_id: string }) => ({ trace_id, span_id });
  const byTask = (id: string) => collector.spans.find(({ attributes }) => attributes["studio.task_id"] === id);
  const [task, next, request, resume] = [byTask(created), byTask(continued), find("request"), find("resume")];
  if (!task || !next || !request || !resume) throw new Error("a span is missing");
  expect(task).toMatchObject({ kind: 5, parent_id: undefined, links: [idOf(request)], attributes: { "studio.task_type": "one" } });
  expect(next).toMatchObject({ parent_id: undefined, links: [idOf(task), idOf(resume)], resource: { "service.name": "t" } });
  expect(next.trace_id).not.toBe(task.trace_id);
  await vi.waitFor(() => expect(find("job task")).toMatchObject({ kind: 5 }), 5_000);
  await first?.close();
  await second?.close();
});

test("ended tasks are deleted after a day, agent runs after a month", async () => {
  await using b = await bench({});
  const insert = (type: string, hours: number) =>
    b.platform.database.db
      .insert(tasksTable)
      .values({ user_id: b.user_id, type, status: "completed", completed_at: new Date(Date.now() - hours * 3_600_000).toISOString() });
  await insert("start", 23);
  await insert("start", 25);
  await insert("agent_execution", 25);
  await insert("agent_execution", 31 * 24);
  await b.tasks.jobHandlers.prune_tasks();
  const { items } = await b.tasks.list(b.user_id, {});
  expect(items.map((t) => t.type).sort()).toEqual(["agent_execution", "start"]);
});

describe("over the API", () => {
  test("only the owner can get, list, cancel and follow a task", async () => {
    await using app = await testApp();
    const [ada, eve] = [await app.signUp(), await app.signUp()];
    const insert = async (values: Partial<typeof tasksTable.$inferInsert> = {}) =>
      (
        await app.db
          .insert(tasksTable)
          .values({ user_id: ada.id, type: "test", ...values })
          .returning()
      )[0]?.id ?? "";
    const done = await insert({ status: "completed", completed_at: new Date().toISOString(), result: { n: 1 } });
    const queued = await insert({ created_at: new Date(Date.now() - 1000).toISOString() });

    expect(await app.as(ada).tasks.get({ params: { task_id: done } })).toMatchObject({
      id: done,
      status: "completed",
      result: { n: 1 },
      progress: { percentage: 100 },
    });
    const list = await app.as(ada).tasks.list({ query: { limit: 1 } });
    expect(list).toMatchObject({ total: 2, page: 1, total_pages: 2, items: [{ id: done }] });
    expect(await app.as(ada).tasks.list({ query: { status: "queued" } })).toMatchObject({ total: 1, items: [{ id: queued }] });

    for (const path of [`/api/tasks/${done}`, `/api/tasks/${done}/events`, "/api/tasks/00000000-0000-4000-8000-000000000000"]) {
      expect((await app.request(path)).status).toBe(401);
      expect((await app.request(path, { user: eve })).status).toBe(404);
    }
    expect((await app.request(`/api/tasks/${queued}`, { method: "DELETE", user: eve })).status).toBe(404);
    expect(await app.as(eve).tasks.list()).toMatchObject({ total: 0, total_pages: 0, items: [] });
    expect((await app.request("/api/tasks/nonsense", { user: ada })).status).toBe(422);
    expect((await app.request("/api/tasks?status=odd", { user: ada })).status).toBe(422);
    expect((await app.request("/api/tasks?limit=501", { user: ada })).status).toBe(422);

    const events: TaskEvent[] = [];
    for await (const event of app.as(ada).tasks.events({ params: { task_id: done } })) events.push(event);
    expect(events).toMatchObject([{ type: "task_update", data: { id: done, status: "completed" } }]);
    // An EventSource reconnects until it gets 204. Its last event id says whether there are more events.
    const returning = (lastEventId: string) =>
      app.request(`/api/tasks/${done}/events`, { user: ada, headers: { "last-event-id": lastEventId } });
    const afterLast = await returning(String(events[0]?.seq));
    expect([afterLast.status, await afterLast.text()]).toEqual([204, ""]);
    for (const id of ["1", "Infinity", "x"]) expect(await (await returning(id)).text()).toContain(`id: ${events[0]?.seq}\ndata: {`);

    const cancelled = await app.request(`/api/tasks/${queued}`, { method: "DELETE", user: ada });
    expect(cancelled.status).toBe(204);
    const again = await app.request(`/api/tasks/${queued}`, { method: "DELETE", user: ada });
    expect([again.status, ((await again.json()) as { code: string }).code]).toEqual([409, "task_finished"]);
  });
});
