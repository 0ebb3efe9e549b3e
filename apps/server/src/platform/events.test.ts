import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { ProjectEvent, RunEvent } from "@tesslate/contract";
import { events as eventsTable, tasks } from "../db/schema/core.ts";
import { testPlatform, type TestPlatform } from "../testing/platform.ts";
import type { NewEvent } from "./event-table.ts";
import type { EventLog } from "./events.ts";

const note = (text: string, task_id?: string): NewEvent =>
  ({ type: "text_chunk", data: { content: text }, ...(task_id && { task_id }) }) as NewEvent;
const textOf = (event: { data: unknown }) => (event.data as { content: string }).content;

/** Collects in the background until stopped. */
function listen<T>(make: (signal: AbortSignal) => AsyncIterable<T>) {
  const abort = new AbortController();
  const seen: T[] = [];
  const ended = (async () => {
    for await (const event of make(abort.signal)) seen.push(event);
  })();
  return { seen, ended, stop: () => (abort.abort(), ended) };
}
const follow = (events: EventLog, id: string, afterSeq?: number) =>
  listen<ProjectEvent>((signal) => events.follow(id, { ...(afterSeq !== undefined && { afterSeq }), signal }));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const newTask = async (platform: TestPlatform, user_id: string, project_id: string) => {
  const [task] = await platform.database.db.insert(tasks).values({ user_id, project_id, type: "agent_execution" }).returning();
  return task?.id ?? "";
};

describe("sequence numbers", () => {
  test("are gapless and in the order of a call, per project", async () => {
    await using p = await testPlatform();
    const [a, b] = [await p.project(), await p.project()];
    await p.events.append(a.project_id, [note("1"), note("2")]);
    await p.events.append(b.project_id, note("x"));
    await p.events.append(a.project_id, note("3"));
    expect(await p.events.lastSeq(a.project_id)).toBe(3);
    expect(await p.events.lastSeq(b.project_id)).toBe(1);
    const { seen, stop } = follow(p.events, a.project_id, 0);
    await vi.waitFor(() =>
      expect(seen.map((e) => [e.seq, textOf(e)])).toEqual([
        [1, "1"],
        [2, "2"],
        [3, "3"],
      ]),
    );
    expect(seen[0]).toEqual({ seq: 1, ts: expect.stringMatching(/Z$/), type: "text_chunk", data: { content: "1" } });
    await stop();
  });

  test.each([100_000, Number.MAX_SAFE_INTEGER, 1e300])("a position after the last event (%d) means: from now on", async (beyond) => {
    await using p = await testPlatform();
    const { user_id, project_id } = await p.project();
    const task = await newTask(p, user_id, project_id);
    await p.events.append(project_id, [note("old", task), note("older", task)]);
    const ofProject = follow(p.events, project_id, beyond);
    const ofTask = listen<RunEvent>((signal) =>
      p.events.followTask(project_id, task, { afterSeq: beyond, signal, isOver: async () => false }),
    );
    await vi.waitFor(async () => {
      await p.events.append(project_id, note("new", task));
      expect([ofProject.seen.length, ofTask.seen.length].every((length) => length > 0)).toBe(true);
    });
    expect(new Set([...ofProject.seen, ...ofTask.seen].map(textOf))).toEqual(new Set(["new"]));
    await Promise.all([ofProject.stop(), ofTask.stop()]);
  });

  test("with 20 concurrent appenders in two processes: no gaps, no duplicates, each call contiguous, followers get all in order", async () => {
    await using p = await testPlatform();
    await using q = await testPlatform({ of: p });
    const { project_id } = await p.project();
    const other = await p.project();
    const followers = [follow(p.events, project_id, 0), follow(q.events, project_id, 0), follow(q.events, project_id)];
    await sleep(50);
    await Promise.all(
      Array.from({ length: 20 }, async (_, w) => {
        const { events } = w % 2 ? p : q;
        for (let i = 0; i < 25; i++) {
          await events.append(project_id, [note(`${w}.${i}.a`), note(`${w}.${i}.b`)]);
          if (i % 5 === 0) await events.append(other.project_id, note("elsewhere"));
        }
      }),
    );
    expect(await p.events.lastSeq(project_id)).toBe(1000);
    for (const { seen, stop } of followers) {
      await vi.waitFor(() => expect(seen.length).toBe(1000));
      expect(seen.map((e) => e.seq)).toEqual(upTo(1000));
      const texts = seen.map(textOf);
      for (let w = 0; w < 20; w++) {
        const mine = texts.filter((t) => t.startsWith(`${w}.`));
        expect(mine).toEqual(Array.from({ length: 25 }, (_, i) => [`${w}.${i}.a`, `${w}.${i}.b`]).flat());
      }
      for (const [at, text] of texts.entries()) if (text.endsWith("a")) expect(texts[at + 1]).toBe(text.replace(/a$/, "b"));
      await stop();
    }
  });

  test("are separate for each task", async () => {
    await using p = await testPlatform();
    const { user_id, project_id } = await p.project();
    const [one, two] = [await newTask(p, user_id, project_id), await newTask(p, user_id, project_id)];
    await p.events.append(project_id, [note("one", one), note("two", two), note("none"), note("one again", one)]);
    const run = listen<RunEvent>((signal) => p.events.followTask(project_id, one, { signal, isOver: async () => false }));
    await vi.waitFor(() => expect(run.seen).toHaveLength(2));
    expect(run.seen).toEqual([
      { seq: 1, task_id: one, type: "text_chunk", data: { content: "one" } },
      { seq: 2, task_id: one, type: "text_chunk", data: { content: "one again" } },
    ]);
    const all = follow(p.events, project_id, 0);
    await vi.waitFor(() =>
      expect(all.seen.map((e) => [e.seq, e.task_id, e.task_seq])).toEqual([
        [1, one, 1],
        [2, two, 1],
        [3, undefined, undefined],
        [4, one, 2],
      ]),
    );
    await p.events.append(project_id, { type: "done", data: {}, task_id: one } as NewEvent);
    await run.ended;
    expect(run.seen.at(-1)?.type).toBe("done");
    await all.stop();
  });
});

describe("following", () => {
  test("resumes after any number without loss or repetition, while events are appended", async () => {
    await using p = await testPlatform();
    const { project_id } = await p.project();
    const writing = (async () => {
      for (let i = 1; i <= 300; i++) await p.events.append(project_id, note(String(i)));
    })();
    const got: number[] = [];
    while (got.length < 300) {
      const part = follow(p.events, project_id, got.at(-1) ?? 0);
      await sleep(20);
      await part.stop();
      got.push(...part.seen.map((e) => e.seq));
    }
    await writing;
    expect(got).toEqual(upTo(300));
  });

  test("a live-only stream emits no older events, also after falling behind and after a notification of another process", async () => {
    await using p = await testPlatform();
    await using q = await testPlatform({ of: p });
    const { project_id } = await p.project();
    await p.events.append(project_id, [note("old"), note("older")]);
    const live = follow(p.events, project_id);
    await sleep(50);
    await q.events.append(project_id, note("new"));
    await vi.waitFor(() => expect(live.seen.map(textOf)).toEqual(["new"]));
    await live.stop();
  });

  test("a slow follower of a burst gets everything in order and delays no other", async () => {
    await using p = await testPlatform();
    const { project_id } = await p.project();
    const seen: number[] = [];
    const abort = new AbortController();
    const written = Promise.withResolvers<void>();
    const slow = (async () => {
      for await (const event of p.events.follow(project_id, { afterSeq: 0, signal: abort.signal })) {
        seen.push(event.seq);
        // If the writer waited for this follower, nothing would be written.
        await written.promise;
      }
    })();
    for (let i = 0; i < 20; i++)
      await p.events.append(
        project_id,
        Array.from({ length: 250 }, (_, n) => note(`${i}.${n}`)),
      );
    written.resolve();
    await vi.waitFor(() => expect(seen).toHaveLength(5000));
    expect(seen).toEqual(upTo(5000));
    abort.abort();
    await slow;
  });

  test("ends at once on abort, also without events", async () => {
    await using p = await testPlatform();
    const { project_id } = await p.project();
    const live = follow(p.events, project_id);
    await sleep(30);
    await live.stop();
    expect(live.seen).toEqual([]);
  });

  test("a task's stream ends when the task is finished without a last event", async () => {
    await using p = await testPlatform();
    const { user_id, project_id } = await p.project();
    const task = await newTask(p, user_id, project_id);
    await p.events.append(project_id, note("a", task));
    const run = listen<RunEvent>((signal) => p.events.followTask(project_id, task, { signal, isOver: async () => true }));
    await run.ended;
    expect(run.seen.map(textOf)).toEqual(["a"]);
  });

  test("finds events written while notifications were down", async () => {
    await using p = await testPlatform();
    await using q = await testPlatform({ of: p });
    const { project_id } = await p.project();
    const live = follow(p.events, project_id, 0);
    await sleep(30);
    await q.database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'tesslate-studio bus'",
    );
    await q.events.append(project_id, note("while disconnected"));
    await vi.waitFor(() => expect(live.seen.map(textOf)).toEqual(["while disconnected"]));
    await live.stop();
  });
});

describe("events of another server", () => {
  /** Connections that were taken from a pool, so statements and transactions. */
  const countUses = ({ database }: TestPlatform) => {
    const counted = { uses: 0 };
    database.pool.on("acquire", () => (counted.uses += 1));
    return counted;
  };

  test("arrive in order without a query, whatever follows them", async () => {
    await using p = await testPlatform();
    await using q = await testPlatform({ of: p });
    const { user_id, project_id } = await p.project();
    const task = await newTask(p, user_id, project_id);
    await p.events.append(project_id, note("0", task));
    const ofProject = [follow(q.events, project_id, 0), follow(q.events, project_id, 0)];
    const ofTask = listen<RunEvent>((signal) => q.events.followTask(project_id, task, { signal, isOver: async () => false }));
    const all = [...ofProject, ofTask];
    await vi.waitFor(() => expect(all.map(({ seen }) => seen.length)).toEqual([1, 1, 1]));
    const counted = countUses(q);
    for (let i = 1; i <= 20; i++) await p.events.append(project_id, note(String(i), task));
    await vi.waitFor(() => expect(all.map(({ seen }) => seen.length)).toEqual([21, 21, 21]));
    for (const { seen } of all) expect(seen.map(textOf)).toEqual(Array.from({ length: 21 }, (_, i) => String(i)));
    expect(counted.uses).toBe(0);
    await Promise.all(all.map(({ stop }) => stop()));
  });

  test("that do not fit into a notification are read from the table, in order with those before and after", async () => {
    await using p = await testPlatform();
    await using q = await testPlatform({ of: p });
    const { project_id } = await p.project();
    const other = await p.project();
    await p.events.append(project_id, note("first"));
    const live = [follow(q.events, project_id, 0), follow(q.events, other.project_id, 0)];
    await vi.waitFor(() => expect(live[0]?.seen).toHaveLength(1));
    const large = "x".repeat(20_000);
    await Promise.all([
      p.events.append(project_id, [note("small"), note(large), note("small again")]),
      p.events.append(other.project_id, note("elsewhere")),
      ...Array.from({ length: 300 }, (_, i) => p.events.append(project_id, note(String(i)))),
    ]);
    await vi.waitFor(() => expect(live.map(({ seen }) => seen.length)).toEqual([304, 1]));
    const texts = live[0]?.seen.map(textOf);
    expect(texts).toEqual(["first", "small", large, "small again", ...Array.from({ length: 300 }, (_, i) => String(i))]);
    expect(p.logs()).not.toContain("notify failed");
    await Promise.all(live.map(({ stop }) => stop()));
  });

  test("that are waited for together are stored together", async () => {
    await using p = await testPlatform();
    const projects = [await p.project(), await p.project(), await p.project()];
    const counted = countUses(p);
    await Promise.all(
      projects.map(async ({ project_id }) => {
        await p.events.nextBatch();
        await p.events.append(project_id, note("text"));
      }),
    );
    // The other one is the notification.
    expect(counted.uses).toBeLessThanOrEqual(2);
    for (const { project_id } of projects) expect(await p.events.lastSeq(project_id)).toBe(1);
  });

  test("tell listeners which project has changed, without the streams of tasks", async () => {
    await using p = await testPlatform();
    await using q = await testPlatform({ of: p });
    const { user_id, project_id } = await p.project();
    const task = await newTask(p, user_id, project_id);
    const changed = { p: [] as (string | undefined)[], q: [] as (string | undefined)[] };
    p.events.onProjectChange((id) => changed.p.push(id));
    q.events.onProjectChange((id) => changed.q.push(id));
    await p.events.append(project_id, note("text of a run", task));
    await p.events.append(project_id, note("a change"));
    expect(changed.p).toEqual([project_id]);
    await vi.waitFor(() => expect(changed.q).toEqual([project_id]));
  });
});

describe("events that cannot be stored", () => {
  test("NUL characters and unpaired surrogates are replaced, everything else is unchanged", async () => {
    await using p = await testPlatform();
    const { project_id } = await p.project();
    const odd = `a\u0000b \ud83d c \\u0000 "quote" \n \u2028 😀`;
    await p.events.append(project_id, note(odd));
    const live = follow(p.events, project_id, 0);
    await vi.waitFor(() => expect(live.seen.map(textOf)).toEqual([`a\ufffdb \ufffd c \\u0000 "quote" \n \u2028 😀`]));
    await live.stop();
  });
  test("a refused event does not affect others", async () => {
    await using p = await testPlatform();
    const { project_id } = await p.project();
    const results = await Promise.allSettled([
      p.events.append(project_id, note("1")),
      p.events.append(project_id, note("2")),
      p.events.append(project_id, { type: null, data: {} } as unknown as NewEvent),
      p.events.append(project_id, note("3")),
    ]);
    expect(results.map((r) => r.status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    const live = follow(p.events, project_id, 0);
    await vi.waitFor(() =>
      expect(live.seen.map((e) => [e.seq, textOf(e)])).toEqual([
        [1, "1"],
        [2, "2"],
        [3, "3"],
      ]),
    );
    await live.stop();
  });
  test("events of a deleted project are not stored", async () => {
    await using p = await testPlatform();
    const { project_id } = await p.project();
    await p.database.pool.query("delete from projects where id = $1", [project_id]);
    await p.events.append(project_id, note("no project"));
    expect(await p.events.lastSeq(project_id)).toBe(0);
  });
});

test("events are deleted after a month, chunks of text after a day", async () => {
  await using p = await testPlatform();
  const { project_id } = await p.project();
  const stored = [
    ["text_chunk", 23],
    ["text_chunk", 25],
    ["file_changed", 29 * 24],
    ["file_changed", 31 * 24],
  ] as const;
  const rows = stored.map(([type, hours], i) => ({
    project_id,
    seq: i + 1,
    type,
    data: {},
    ts: new Date(Date.now() - hours * 3_600_000).toISOString(),
  }));
  await p.database.db.insert(eventsTable).values(rows);
  await p.events.jobHandlers.prune_events();
  const kept = await p.database.db.select({ seq: eventsTable.seq }).from(eventsTable);
  expect(kept.map(({ seq }) => seq).sort()).toEqual([1, 3]);
});
