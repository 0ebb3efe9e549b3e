import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { RunEvent, Transcript, TranscriptEvent, TranscriptRun } from "@tesslate/contract";
import { call, hang, nextMessage, pause, say, think, turn } from "@tesslate/testkit";
import { all, answer, chatWorld, collect, eventually, find, type ChatWorld } from "../../../testing/chat.ts";
import { killDuringRun, task } from "../../../testing/interrupted.ts";
import { joinText, withoutReplacedProgress } from "./transcript-events.ts";

const write = (path: string) => call("write_file", { file_path: path, content: path });
const api = ({ app, owner }: Pick<ChatWorld, "app" | "owner">) => app.as(owner).chat;
const query = ({ app }: ChatWorld, text: string, values: unknown[] = []) => app.studio.database.pool.query(text, values);
const read = (world: ChatWorld, chat_id: string, page: { limit?: number; before?: number; task_id?: string } = {}): Promise<Transcript> =>
  api(world).transcript({ params: { chat_id }, query: page });
const runs = ({ entries }: Transcript): TranscriptRun[] => entries.filter((entry) => entry.type === "run");
const chatOf = (events: readonly RunEvent[]) => find([...events], "task_started")!.data.chat_id;

/** Events as a stream has them: without their time, and with consecutive text or reasoning of a step in one event. */
const plain = (events: readonly (RunEvent | TranscriptEvent)[]): RunEvent[] =>
  events.reduce<RunEvent[]>((before, { seq, task_id, type, data }) => {
    const last = before.at(-1);
    if ((type === "text_chunk" || type === "reasoning_chunk") && last?.type === type && last.data.iteration === data.iteration)
      return before.with(-1, { ...last, data: { ...last.data, content: last.data.content + data.content } });
    return [...before, { seq, task_id, type, data } as RunEvent];
  }, []);
/** As after a month: the event log has nothing of the project. */
const forget = (world: ChatWorld) => query(world, "delete from events where project_id = $1", [world.project.id]);
const onlyRun = async (world: ChatWorld, chatId: string): Promise<TranscriptRun> => {
  const [run, ...more] = runs(await read(world, chatId));
  expect(more).toEqual([]);
  return run!;
};

test("reasoning is streamed before its answer and kept, and its level stays with the chat", async () => {
  await using world = await chatWorld({
    script: [
      turn(think("Is there a file?"), call("write_file", { file_path: "a.txt", content: "a" })),
      turn(think("Now it is there."), say("Written.")),
      nextMessage(),
      say("Second."),
      nextMessage(),
      say("Third."),
    ],
  });
  const model = "openai/gpt-5.1";
  const reasoned = (events: readonly (RunEvent | TranscriptEvent)[]) =>
    plain(events).flatMap(({ type, data }) => (type === "reasoning_chunk" ? [[data.iteration, data.content]] : []));
  const live = await world.run("First", { model, reasoning: "high" });
  expect(reasoned(live)).toEqual([
    [1, "Is there a file?"],
    [2, "Now it is there."],
  ]);
  expect(find(live, "agent_step")?.data.thought).toBe("Is there a file?");
  const chat_id = chatOf(live);
  await forget(world);
  const kept = await onlyRun(world, chat_id);
  expect(plain(kept.events)).toEqual(plain(live));
  const second = await world.run("Second", { model, chat_id });
  const third = await world.run("Third", { model, chat_id, reasoning: null });
  expect([live, second, third].map((events) => find(events, "task_started")?.data.reasoning)).toEqual(["high", "high", undefined]);
  const efforts = world.model.requests
    .map(({ body }) => body as { tools?: unknown; reasoning_effort?: string })
    .filter(({ tools }) => tools);
  expect(efforts.map(({ reasoning_effort }) => reasoning_effort)).toEqual(["high", "high", "high", undefined]);
});

test("a level that the model does not have is not sent", async () => {
  await using world = await chatWorld({ script: [say("Hello.")] });
  await world.run("Hi", { reasoning: "high" });
  expect(JSON.stringify(world.model.requests.map(({ body }) => body))).not.toContain("reasoning_effort");
  const [listed] = (await world.app.as(world.owner).models.list()).items;
  expect(listed).toMatchObject({ id: "openai/scripted", reasoning: [] });
});

describe("a run's transcript is what its stream was, however long ago", () => {
  test("every kind of decision, with its note", async () => {
    await using world = await chatWorld({
      script: [
        write("a.txt"),
        write("b.txt"),
        call("ask_question", { question: "Which?", choices: [{ label: "One" }, { label: "Two" }] }),
        call("ask_question", { question: "Which else?", choices: [{ label: "One" }, { label: "Two" }] }),
        call("request_secret", { name: "STRIPE_KEY", reason: "To take payments" }),
        call("request_secret", { name: "OTHER_KEY", reason: "To send email" }),
        call("bash_exec", { command: "true" }),
        call("bash_exec", { command: "true" }),
        write("c.txt"),
      ],
    });
    const stream = collect(world.send("Go", { edit_mode: "ask" }));
    const nth = async <T extends "approval_required" | "question_asked">(type: T, n: number) =>
      (await eventually(() => stream.seen.filter((event) => event.type === type)[n])).data as Extract<RunEvent, { type: T }>["data"];
    const decide = async (n: number, response: Parameters<typeof answer>[3], note?: string) =>
      answer(world, world.owner, (await nth("approval_required", n)).approval_id, response, note);
    const reply = async (n: number, given: object) =>
      api(world).answer({ body: { question_id: (await nth("question_asked", n)).question_id, ...given } });
    await decide(0, "allow_once", "carefully");
    await decide(1, "deny", "not that file");
    await reply(0, { choices: ["Two"], text: "for now" });
    await reply(1, { declined: true });
    await reply(2, { value: "sk_test_not_shown" });
    await reply(3, { declined: true });
    await decide(2, "allow_all");
    await decide(3, "stop", "enough");
    const live = await stream.ended;
    await forget(world);
    const run = await onlyRun(world, chatOf(live));
    expect(plain(run.events)).toEqual(plain(live));
    expect(run).toMatchObject({ task_id: task(live), last_seq: live.at(-1)!.seq });
    expect(run.events.every(({ ts }) => !Number.isNaN(Date.parse(ts)) && ts.endsWith("Z"))).toBe(true);
    const decisions = run.events.flatMap(({ type, data }) => (type === "approval_resolved" ? [[data.response, data.note, data.by]] : []));
    const me = world.owner.id;
    expect(decisions).toEqual([
      ["allow_once", "carefully", me],
      ["deny", "not that file", me],
      ["allow_all", null, me],
      ["stop", "enough", me],
    ]);
    expect(run.events.flatMap(({ type, data }) => (type === "question_resolved" ? [[data.outcome, data.choices, data.text]] : []))).toEqual(
      [
        ["answered", ["Two"], "for now"],
        ["declined", [], null],
        ["answered", [], null],
        ["declined", [], null],
      ],
    );
    expect(JSON.stringify(run)).not.toContain("sk_test_not_shown");
    expect(run.events[0]).toMatchObject({ type: "task_started", data: { edit_mode: "ask" } });
  });

  test("the partial text of a run that was stopped", async () => {
    await using world = await chatWorld({ script: [turn(say("I will add the page"), pause(20_000), say("now."))] });
    const stream = collect(world.send("Go"));
    const { task_id } = await stream.until("text_chunk");
    await eventually(() =>
      stream.seen
        .map((e) => (e.type === "text_chunk" ? e.data.content : ""))
        .join("")
        .includes("page"),
    );
    await api(world).cancel({ body: { task_id } });
    const live = await stream.ended;
    await forget(world);
    const run = await onlyRun(world, chatOf(live));
    expect(plain(run.events)).toEqual(plain(live));
    expect(run.events.find(({ type }) => type === "text_chunk")).toMatchObject({
      seq: 2,
      data: { content: expect.stringContaining("page") },
    });
    expect(run.events.at(-2)).toMatchObject({ type: "complete", data: { completion_reason: "cancelled" } });
  });

  test("a run that died with its server and was resumed: both tasks, in order", async () => {
    const script = [say("First."), write("a.txt"), hang({ afterTokens: 1 }), say("Second."), write("b.txt"), say("All done.")];
    const { world, seen } = await killDuringRun({ script }, (events) =>
      events.some((event) => event.type === "text_chunk" && event.data.iteration === 2),
    );
    await using _ = world;
    const first = await all(api(world).runEvents({ params: { task_id: task(seen) } }));
    const before = await onlyRun(world, chatOf(first));
    expect([before.task_id, plain(before.events)]).toEqual([task(seen), plain(first)]);
    const { task_id } = await api(world).resume({ body: { task_id: task(seen) } });
    const second = await all(api(world).runEvents({ params: { task_id } }));
    await forget(world);
    await query(world, "delete from tasks where project_id = $1", [world.project.id]);
    const run = await onlyRun(world, chatOf(first));
    expect(plain(run.events)).toEqual([...plain(first), ...plain(second)]);
    expect(run).toMatchObject({ task_id, last_seq: second.at(-1)!.seq });
    for (const one of [task(seen), task_id]) expect((await read(world, chatOf(first), { task_id: one })).entries).toEqual([run]);
  });

  test("an active run up to its latest event, from which its stream goes on", async () => {
    await using world = await chatWorld({ script: [say("First."), write("a.txt"), say("Done.")] });
    const stream = collect(world.send("Go", { edit_mode: "ask" }));
    const { data, task_id } = await stream.until("approval_required");
    const active = await onlyRun(world, chatOf(stream.seen));
    expect(active.events.at(-1)).toMatchObject({ type: "approval_required", seq: active.last_seq });
    await answer(world, world.owner, data.approval_id, "allow_once");
    const rest = await all(api(world).runEvents({ params: { task_id }, query: { last_event_id: active.last_seq } }));
    expect([...plain(active.events), ...plain(rest)]).toEqual(plain(await stream.ended));
  });
});

test("a run whose process and task are gone has ended with an error", async () => {
  await using world = await chatWorld({ script: [say("First."), write("a.txt"), say("Done.")] });
  const live = await world.run("Go");
  await query(world, "delete from run_transcripts where task_id = $1", [task(live)]);
  await query(world, "delete from events where task_id = $1 and type in ('complete', 'done')", [task(live)]);
  await query(world, "delete from tasks where id = $1", [task(live)]);
  await query(world, `update messages set message_metadata = message_metadata || '{"completion_reason": "in_progress"}' where id = $1`, [
    find(live, "task_started")!.data.message_id,
  ]);
  const run = await onlyRun(world, chatOf(live));
  expect(plain(run.events.slice(0, -1))).toEqual(plain(live).slice(0, -2));
  expect(run.events.at(-1)).toMatchObject({
    type: "complete",
    seq: run.last_seq,
    data: { success: false, completion_reason: "error", error: "This answer was not completed." },
  });
  await forget(world);
  expect(await onlyRun(world, chatOf(live))).toEqual(run);
});

describe("a chat", () => {
  test("is read in pages, from its end; another user gets 404, an anonymous caller 401, a bad page 422", async () => {
    await using world = await chatWorld({ script: [say("One."), say("Two."), say("Three.")] });
    const chat_id = chatOf(await world.run("First"));
    await world.run("Second");
    await world.run("Third");
    const whole = await read(world, chat_id);
    expect(whole.before).toBeNull();
    expect(whole.entries.map((entry) => (entry.type === "message" ? entry.text : entry.events.length > 0))).toEqual([
      "First", true, "Second", true, "Third", true,
    ]); // prettier-ignore
    const newest = await read(world, chat_id, { limit: 4 });
    expect(newest.entries).toEqual(whole.entries.slice(2));
    const oldest = await read(world, chat_id, { limit: 4, before: newest.before ?? -1 });
    expect([oldest.entries, oldest.before]).toEqual([whole.entries.slice(0, 2), null]);
    const path = `/api/chat/${chat_id}/transcript`;
    const status = async (of: string, user?: Parameters<ChatWorld["app"]["request"]>[1]) => (await world.app.request(of, user)).status;
    expect(await status(path, { user: await world.app.signUp() })).toBe(404);
    expect(await status(`/api/chat/${randomUUID()}/transcript`, { user: world.owner })).toBe(404);
    expect(await status(path)).toBe(401);
    for (const bad of ["limit=0", "limit=201", "before=-1", "task_id=1", "page=2"])
      expect(await status(`${path}?${bad}`, { user: world.owner })).toBe(422);
  });

  test("has one run by its task, also one that a restore took out, and none of other chats", { timeout: 90_000 }, async () => {
    await using world = await chatWorld({ script: [write("a.txt"), say("First."), nextMessage(), write("b.txt"), say("Second.")] });
    const first = await world.run("First");
    const chat_id = chatOf(first);
    const second = await world.run("Second", { chat_id });
    const other = await api(world).createSession({ body: { project_id: world.project.id } });
    const runOf = async (task_id: string, chat = chat_id) => runs(await read(world, chat, { task_id })).map(({ events }) => plain(events));
    expect(await runOf(task(first))).toEqual([plain(first)]);
    expect(await runOf(randomUUID())).toEqual([]);
    expect(await runOf(task(second), other.id)).toEqual([]);
    const { entries } = await read(world, chat_id);
    const { task_id } = await api(world).restore({
      params: { chat_id },
      body: { message_id: entries[2]?.type === "message" ? entries[2].id : "" },
    });
    for await (const { data } of world.app.as(world.owner).tasks.events({ params: { task_id } })) if (data.completed_at) break;
    expect(runs(await read(world, chat_id))).toHaveLength(1);
    expect(await runOf(task(second))).toEqual([plain(second)]);
    expect(await runOf(task(second), other.id)).toEqual([]);
    await forget(world);
    expect([await runOf(task(first)), await runOf(task(second))]).toEqual([[plain(first)], []]);
  });

  test("keeps its transcript through a fork, a restore and its redo, and loses it when it is cleared", { timeout: 90_000 }, async () => {
    await using world = await chatWorld({ script: [write("a.txt"), say("First."), nextMessage(), write("b.txt"), say("Second.")] });
    const chat_id = chatOf(await world.run("First"));
    await world.run("Second");
    await forget(world);
    const before = await read(world, chat_id);
    const [, first, question] = before.entries;
    if (first?.type !== "run" || question?.type !== "message") throw new Error("no run");

    const fork = await api(world).fork({ params: { chat_id }, body: { message_id: first.message_id } });
    const copy = await onlyRun(world, fork.id);
    const [started, ...rest] = copy.events;
    expect(started?.data).toEqual({ ...first.events[0]?.data, chat_id: fork.id, message_id: copy.message_id });
    const others = (events: TranscriptEvent[]) => events.filter(({ type }) => type !== "complete");
    expect(others(rest)).toEqual(others(first.events.slice(1)));

    const ends = async ({ task_id }: { task_id: string }) => {
      for await (const { data } of world.app.as(world.owner).tasks.events({ params: { task_id } })) if (data.completed_at) return;
    };
    await ends(await api(world).restore({ params: { chat_id }, body: { message_id: question.id } }));
    const hidden = await read(world, chat_id);
    expect(hidden.entries).toEqual(before.entries.slice(0, 2));
    expect(hidden.rewound.map(({ role, text }) => [role, text])).toEqual([
      ["user", "Second"],
      ["assistant", "Second."],
    ]);
    await ends(await api(world).redo({ params: { chat_id } }));
    expect(await read(world, chat_id)).toEqual(before);

    await api(world).clear({ params: { chat_id } });
    expect((await read(world, chat_id)).entries).toEqual([]);
    expect((await onlyRun(world, fork.id)).events).toEqual(copy.events);
    const { rows } = await query(
      world,
      "select message_id from run_transcripts t join messages m on m.id = t.message_id where m.chat_id = $1",
      [chat_id],
    );
    expect(rows).toEqual([]);
  });
});

describe("runs of earlier versions", () => {
  const unstored = (world: ChatWorld) => query(world, "delete from run_transcripts where message_id in (select id from messages)");

  test("get their events from steps, decisions and metadata, once", async () => {
    await using world = await chatWorld({
      script: [write("a.txt"), write("b.txt"), call("ask_question", { question: "Which?", choices: [{ label: "One" }] }), say("Done.")],
    });
    const stream = collect(world.send("Go", { edit_mode: "ask" }));
    const approval = (await stream.until("approval_required")).data.approval_id;
    await answer(world, world.owner, approval, "deny", "no");
    const second = await eventually(() => stream.seen.filter((event) => event.type === "approval_required")[1]);
    await answer(world, world.owner, second.data.approval_id, "allow_once");
    const { question_id } = (await stream.until("question_asked")).data;
    await api(world).answer({ body: { question_id, choices: ["One"] } });
    const live = await stream.ended;
    await unstored(world);
    await forget(world);
    const [run, again] = [await onlyRun(world, chatOf(live)), await onlyRun(world, chatOf(live))];
    expect(again).toEqual(run);
    expect(run.events.map(({ type }) => type)).toEqual([
      "task_started",
      "tool_started", "approval_required", "approval_resolved", "agent_step",
      "tool_started", "approval_required", "approval_resolved", "agent_step",
      "tool_started", "question_asked", "question_resolved", "agent_step",
      "complete", "done",
    ]); // prettier-ignore
    // Earlier versions did not tell when a question expires.
    const same = (type: RunEvent["type"]) =>
      expect(run.events.filter((event) => event.type === type).map(({ data }) => data)).toEqual(
        live.filter((event) => event.type === type).map(({ data }) => ({ ...data, expires_at: undefined })),
      );
    for (const type of ["approval_required", "approval_resolved", "question_asked", "question_resolved", "agent_step"] as const) same(type);
    const { data } = run.events.at(-2)!;
    expect(data).toMatchObject({
      success: true,
      final_response: "Done.",
      iterations: 4,
      resource_stats: { tokens_in: expect.any(Number) },
    });
  });

  test("are stored by the migration as long as the event log has them", async () => {
    await using world = await chatWorld({ script: [say("First."), write("a.txt"), say("Done.")] });
    const live = await world.run("Go");
    await unstored(world);
    const folder = new URL("../../../../migrations/", import.meta.url);
    const name = readdirSync(folder).find((one) => one.endsWith("_run_transcripts")) ?? "";
    const statements = readFileSync(new URL(`${name}/migration.sql`, folder), "utf8").split("--> statement-breakpoint");
    await query(world, statements.at(-1) ?? "");
    const stored = await query(
      world,
      "select t.task_id, t.position, t.last_seq from run_transcripts t join messages m on m.id = t.message_id where m.chat_id = $1",
      [chatOf(live)],
    );
    expect(stored.rows).toEqual([{ task_id: task(live), position: 0, last_seq: String(live.at(-1)!.seq) }]);
    await forget(world);
    expect(plain((await onlyRun(world, chatOf(live))).events)).toEqual(plain(live));
  });

  test("a message without a run is an answer that ended", async () => {
    await using world = await chatWorld();
    const { id: chat_id } = await api(world).createSession({ body: { project_id: world.project.id } });
    await query(world, "insert into messages (chat_id, role, content, position) values ($1, 'user', 'a', 0), ($1, 'assistant', 'b', 1)", [
      chat_id,
    ]);
    const run = await onlyRun(world, chat_id);
    expect(run.events.map(({ type }) => type)).toEqual(["task_started", "complete", "done"]);
    expect(run.events[1]?.data).toMatchObject({ success: true, final_response: "b" });
    expect(run.task_id).toBe(run.message_id);
  });
});

test("consecutive text is one event: of a step, and of each sub-agent between events of others", () => {
  const event = (seq: number, type: string, data: object) =>
    ({ seq, task_id: "t", ts: `2026-03-05T10:00:0${seq}.000Z`, type, data }) as TranscriptEvent;
  const chunk = (seq: number, content: string, iteration = 1) => event(seq, "text_chunk", { content, iteration });
  const agent = (seq: number, agent_id: string, kind: string, content?: string) =>
    event(seq, "subagent_event", { agent_id, kind, content });
  expect(joinText([chunk(1, "a"), chunk(2, "b"), chunk(3, "c", 2), event(4, "todo_updated", { todos: [] }), chunk(5, "d", 2)])).toEqual([
    chunk(1, "ab"),
    chunk(3, "c", 2),
    event(4, "todo_updated", { todos: [] }),
    chunk(5, "d", 2),
  ]);
  expect(
    joinText([
      agent(1, "x", "text", "a"),
      agent(2, "y", "text", "1"),
      agent(3, "x", "text", "b"),
      agent(4, "x", "step"),
      agent(5, "y", "text", "2"),
      agent(6, "x", "text", "c"),
      chunk(7, "d"),
      agent(8, "x", "text", "e"),
    ]),
  ).toEqual([
    agent(1, "x", "text", "ab"),
    agent(2, "y", "text", "12"),
    agent(4, "x", "step"),
    agent(6, "x", "text", "c"),
    chunk(7, "d"),
    agent(8, "x", "text", "e"),
  ]);
});

test("of the progress of calls only the newest is kept, and none once they have started or the run has ended", () => {
  const event = (seq: number, type: string, data: object = {}) =>
    ({ seq, task_id: "t", ts: `2026-03-05T10:00:0${seq}.000Z`, type, data }) as TranscriptEvent;
  const progress = (seq: number, index: number, agent_id?: string) => event(seq, "tool_progress", { iteration: 1, index, agent_id });
  const writing = [progress(1, 0), progress(2, 0), progress(3, 1), progress(4, 0, "s"), event(5, "text_chunk"), progress(6, 1)];
  const seqs = (events: TranscriptEvent[]) => withoutReplacedProgress(events).map(({ seq }) => seq);
  expect(seqs(writing)).toEqual([2, 4, 5, 6]);
  expect(seqs([...writing, event(7, "tool_started")])).toEqual([5, 7]);
  expect(seqs([...writing, event(7, "subagent_event", { agent_id: "s", kind: "tool_started" })])).toEqual([2, 5, 6, 7]);
  expect(seqs([...writing, event(7, "complete"), event(8, "done")])).toEqual([5, 7, 8]);
});
