import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, test } from "vitest";
import { call, pause, say, script, turn, usage, type ScriptItem } from "@tesslate/testkit";
import type { RunEvent } from "@tesslate/contract";
import { createLogger } from "../../../platform/logger.ts";
import { startEmbeddedPostgres } from "../../../platform/postgres/embedded.ts";
import { startDatabaseProxy, type DatabaseProxy } from "../../../testing/database-proxy.ts";
import { all, answer, chatWorld, eventually, find, orderOf, collect, textOf, type ChatWorld } from "../../../testing/chat.ts";

/** Ten cents a call at 1.25 dollars per million tokens. */
const tenCents = usage({ input: 80_000, output: 0 });
const billed = {
  model: { models: ["gpt-5.1"] },
  env: { DEFAULT_MODELS: "openai/gpt-5.1", BILLING_ENABLED: "true", AGENT_MAX_COST_PER_DAY: "0" },
};
const words = Array.from({ length: 40 }, (_, i) => `word${i} `);
/** Appends one line to the log each time it runs. */
const append = (word: string) => call("run_command", { command: `echo ${word} >> log.txt` });
const slowWords = (ms: number) => words.flatMap((word) => [say(word), pause(ms)]);

const setCredits = (world: ChatWorld) =>
  world.app.studio.database.pool.query(
    "update users set daily_credits = 0, bundled_credits = 0, signup_bonus_credits = 0, purchased_credits = 1000 where id = $1",
    [world.owner.id],
  );
/** Everything that a run stored: it must be the same whatever failed on the way. */
async function outcomeOf(world: ChatWorld, events: RunEvent[]) {
  const { task_id } = events[0]!;
  const { pool } = world.app.studio.database;
  const { chat_id } = find(events, "task_started")!.data;
  const chat = await world.app.as(world.owner).chat.get({ params: { chat_id } });
  const answered = chat.messages[1]!;
  const of = async (text: string, ...values: unknown[]) => (await pool.query(text, values)).rows as Record<string, unknown>[];
  const stored = await of("select task_seq::int as seq, type, data from events where task_id = $1 order by task_seq", task_id);
  const project = await of("select seq::int as seq from events where project_id = $1 order by seq", world.project.id);
  return {
    order: orderOf(events),
    text: textOf(events),
    reason: find(events, "complete")?.data.completion_reason,
    isGapless: events.every((event, i) => event.seq === i + 1) && project.every(({ seq }, i) => seq === i + 1),
    isStored:
      JSON.stringify(stored.map(({ seq, type, data }) => [seq, type, data])) ===
      JSON.stringify(events.map(({ seq, type, data }) => [seq, type, data])),
    message: answered.content,
    steps: (answered.message_metadata!["steps"] as { iteration: number }[]).map((step) => step.iteration),
    log: await world.read("log.txt"),
    calls: (await of("select count(*)::int as n, sum(credits_deducted)::int as credits from usage_logs where task_id = $1", task_id))[0],
    balance: (await of("select purchased_credits from users where id = $1", world.owner.id))[0],
    task: (await of("select status, error from tasks where id = $1", task_id))[0],
    requests: world.model.requests.length,
  };
}

describe("the embedded database is killed", () => {
  test("during a model call, between steps and during an approval: the run continues unaffected", async () => {
    // As root the database server runs as another user, who needs access to the folder.
    const dataDir = await mkdtemp(join(tmpdir(), "studio-pg-"));
    await chmod(dataDir, 0o755);
    const postgres = await startEmbeddedPostgres({ dataDir, reach: async (folder) => folder, log: createLogger("silent") });
    const kill = async () => {
      const pid = Number((await readFile(join(dataDir, "postgres/data/postmaster.pid"), "utf8")).split("\n")[0]);
      process.kill(pid, "SIGKILL");
    };
    try {
      const items = [turn(append("one"), tenCents), turn(...slowWords(40), append("two"), tenCents), turn(say("Done."), tenCents)];
      await using world = await chatWorld({ ...billed, script: items, postgres: { socketDir: postgres.socketDir } });
      await setCredits(world);
      const events: RunEvent[] = [];
      let kills = 0;
      let isAnswered = false;
      for await (const event of world.send("Go", { edit_mode: "ask" })) {
        events.push(event);
        if (event.type === "approval_required" && !isAnswered) {
          isAnswered = true;
          await kill();
          kills++;
        }
        if (event.type === "approval_required")
          void eventually(
            () =>
              answer(world, world.owner, event.data.approval_id, "allow_once").then(
                () => true,
                () => false,
              ),
            30_000,
          );
        if (event.type === "agent_step" && kills === 1) {
          await kill();
          kills++;
        }
        if (event.type === "text_chunk" && event.data.content.includes("word15") && kills === 2) {
          await kill();
          kills++;
        }
      }
      expect(kills).toBe(3);
      expect(await outcomeOf(world, events)).toMatchObject({
        text: `${words.join("")}Done.`,
        reason: "no_more_actions",
        isGapless: true,
        isStored: true,
        message: "Done.",
        steps: [1, 2],
        log: "one\ntwo\n",
        calls: { n: 3, credits: 30 },
        balance: { purchased_credits: 970 },
        task: { status: "completed", error: null },
        requests: 3,
      });
    } finally {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 120_000);
});

describe("the connection breaks", () => {
  const items: ScriptItem[] = [
    turn(say("First."), append("one"), tenCents),
    turn(say("Second."), append("two"), call("todo_write", { todos: [{ content: "a", status: "pending", priority: "low" }] }), tenCents),
    turn(say("Done."), tenCents),
  ];
  const run = async (world: ChatWorld, proxy: DatabaseProxy, decide: DatabaseProxy["decide"]) => {
    world.model.reset({ ...billed.model, apiKey: "sk-planted-secret-key-0123456789", script: script(items) });
    await world.sandbox.files.remove("log.txt").catch(() => undefined);
    await setCredits(world);
    const session = await world.app.as(world.owner).chat.createSession({ body: { project_id: world.project.id } });
    // From the moment in which a worker takes the run.
    let isTaken = false;
    proxy.decide = (statement) => {
      isTaken ||= /^update "tasks" set "status" = .*"process_id" = /.test(statement);
      return isTaken ? decide(statement) : "pass";
    };
    const stream = collect(world.send("Go", { chat_id: session.id }));
    await stream.ended;
    const events = await all(world.app.as(world.owner).chat.runEvents({ params: { task_id: stream.seen[0]!.task_id } }));
    proxy.decide = () => "pass";
    expect(stream.seen).toEqual(events);
    return outcomeOf(world, events);
  };

  test("before and after every commit of a run: each change is stored once", async () => {
    await using proxy = await startDatabaseProxy(inject("postgres").server);
    await using world = await chatWorld({ ...billed, server: proxy.server });
    const isCommit = (statement: string) => /^commit$|^append_events$|^update "tasks" set|insert into events/i.test(statement);
    let commits = 0;
    const complete = await run(world, proxy, (statement) => {
      if (isCommit(statement)) commits++;
      return "pass";
    });
    expect(complete).toMatchObject({
      text: "First.Second.Done.",
      isGapless: true,
      isStored: true,
      log: "one\ntwo\n",
      calls: { n: 3, credits: 30 },
    });
    expect(commits).toBeGreaterThan(15);
    for (const fate of ["lose", "lose answer"] as const)
      for (let at = 1; at <= commits; at++) {
        let seen = 0;
        const outcome = await run(world, proxy, (statement) => (isCommit(statement) && ++seen === at ? fate : "pass"));
        expect(outcome, `${fate} at commit ${at} of ${commits}`).toEqual(complete);
      }
  }, 300_000);

  test("for longer than the retry limit: the run is interrupted, says why, and can be resumed", async () => {
    await using proxy = await startDatabaseProxy(inject("postgres").server);
    await using world = await chatWorld({
      ...billed,
      server: proxy.server,
      longestOutageMs: 1500,
      script: [turn(append("one"), tenCents), turn(...slowWords(20), tenCents)],
    });
    await setCredits(world);
    const stream = collect(world.send("Go"));
    const { task_id } = await stream.until("agent_step");
    await stream.until("text_chunk");
    proxy.shut();
    await sleep(4000);
    proxy.open();
    await stream.ended.catch(() => undefined);
    const client = world.app.as(world.owner);
    const task = await eventually(() => client.tasks.get({ params: { task_id } }).then((one) => one.completed_at && one), 30_000);
    const reason = "The database could not be reached for 1.5 seconds while this was running.";
    expect(task).toMatchObject({ status: "failed", error_code: "interrupted", error: reason });
    const events = await all(client.chat.runEvents({ params: { task_id } }));
    expect(orderOf(events).slice(-3)).toEqual(["error", "complete", "done"]);
    expect(find(events, "error")?.data).toMatchObject({ code: "interrupted", message: expect.stringContaining(reason) });
    expect(find(events, "complete")?.data).toMatchObject({ success: false, completion_reason: "interrupted", iterations: 1 });
    const resumed = await client.chat.resume({ body: { task_id } });
    const more = await all(client.chat.runEvents({ params: { task_id: resumed.task_id } }));
    expect(find(more, "complete")?.data).toMatchObject({ success: true, final_response: words.join("") });
    expect(await world.read("log.txt")).toBe("one\n");
  }, 60_000);
});
