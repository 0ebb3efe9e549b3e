import { expect, test } from "vitest";
import type { ProjectEvent } from "@tesslate/contract";
import { call, fail, nextMessage, say, when } from "@tesslate/testkit";
import { all, answer, chatWorld, eventually } from "../../../testing/chat.ts";
import { boardOf } from "../../../testing/card-runs.ts";

const codeOf = (error: unknown) => (error as { code?: string }).code;
const write = call("write_file", { file_path: "a.txt", content: "a" });

test("a card moves to the column for running cards with its run, waits there for an answer, and moves to review when the run ends", async () => {
  await using world = await chatWorld({ script: [write, say("The page is there.")] });
  const client = world.app.as(world.owner);
  const board = boardOf(world);
  const card = await board.add("Make the page", "To Do", { description: "With a **menu**." });
  const other = await board.add("Other", "To Do");
  const started = await board.run(card.id, { edit_mode: "ask" });
  expect(started).toMatchObject({
    task_id: expect.any(String),
    status_url: `/api/tasks/${started.task_id}`,
    card: {
      id: card.id,
      title: "Make the page",
      started_at: expect.any(String),
      run: { chat_id: started.chat_id, task_id: started.task_id },
    },
  });
  expect(await board.titles("In Progress")).toEqual(["Make the page"]);
  expect((await board.find(other.id)).position).toBe(0);

  const waiting = await board.until(card.id, "In Progress", "waiting");
  expect(waiting.run).toMatchObject({ message: null, ended_at: null });
  const chat = await client.chat.get({ params: { chat_id: started.chat_id } });
  expect(chat).toMatchObject({
    title: "TSK-0001: Make the page",
    origin: "browser",
    card: { id: card.id, ref_number: 1, title: "Make the page" },
    messages: [{ content: "TSK-0001: Make the page\n\nWith a **menu**." }, {}],
  });
  const sessions = await client.chat.sessions({ query: { project_id: world.project.id } });
  expect(sessions.items.map((one) => one.card?.id)).toEqual([card.id]);

  await answer(world, world.owner, chat.pending_approval!.approval_id, "allow_once");
  const done = await board.until(card.id, "Review", "completed");
  expect(done.run).toMatchObject({ chat_id: started.chat_id, task_id: started.task_id, message: null, ended_at: expect.any(String) });
  expect(done.run!.cost_cents).toBeGreaterThan(0);
  expect(await world.read("a.txt")).toBe("a");
  expect((await board.get(card.id)).runs).toEqual([done.run]);

  // Each change was announced.
  const moves: ProjectEvent[] = [];
  for await (const event of client.projects.events({ params: { id: world.project.id }, query: { last_event_id: 0 } })) {
    if (event.type === "board_changed" && event.data.op === "moved") moves.push(event);
    if (moves.length === 2) break;
  }
  expect(moves.map(({ data }) => data)).toMatchObject([
    { subject: "card", id: card.id, user_id: world.owner.id },
    { subject: "card", id: card.id, user_id: null },
  ]);
});

test("a run that failed or was stopped puts the card back to its place, with the reason, and the card can be run again", async () => {
  await using world = await chatWorld({
    script: [when(/First/, [fail(400, { message: "no such thing" })]), when(/Second/, [write, say("Never said.")])],
  });
  const board = boardOf(world);
  const [first, second] = [await board.add("First", "To Do"), await board.add("Second", "To Do")];
  await board.add("Third", "To Do");
  await board.run(first.id);
  const failed = await board.until(first.id, "To Do", "failed");
  expect(failed.position).toBe(0);
  expect(failed.run!.message).toMatch(/no such thing/);

  const { chat_id } = await board.run(second.id, { edit_mode: "ask" });
  await board.until(second.id, "In Progress", "waiting");
  await board.stop(chat_id);
  const stopped = await board.until(second.id, "To Do", "stopped");
  expect(stopped.run).toMatchObject({ message: "The run was stopped.", ended_at: expect.any(String) });
  expect(await board.titles("To Do")).toEqual(["First", "Second", "Third"]);

  const again = await board.run(second.id, { edit_mode: "ask" });
  expect(again.chat_id).not.toBe(chat_id);
  await board.until(second.id, "In Progress", "waiting");
  expect((await board.get(second.id)).runs.map((run) => run.chat_id)).toEqual([again.chat_id, chat_id]);
});

test("a card is run once at a time, within the limit of the column, and only by people with access", async () => {
  await using world = await chatWorld({ script: [write, say("Done.")] });
  const board = boardOf(world);
  const path = (id: string) => `/api/kanban/${world.project.id}/tasks/${id}/run`;
  const [card, other] = [await board.add("A", "To Do"), await board.add("B", "To Do")];
  const starts = await Promise.allSettled([1, 2, 3].map(() => board.run(card.id, { edit_mode: "ask" })));
  const [started] = starts.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  expect(starts.flatMap((one) => (one.status === "rejected" ? [codeOf(one.reason)] : []))).toEqual(["card_run_active", "card_run_active"]);
  await expect(board.run(card.id)).rejects.toMatchObject({ status: 409, code: "card_run_active", details: { chat_id: started!.chat_id } });
  expect((await world.app.as(world.owner).chat.sessions({ query: { project_id: world.project.id } })).total).toBe(1);

  const { id } = await board.columnOf("In Progress");
  const { kanban } = world.app.as(world.owner);
  await kanban.updateColumn({ params: { ...board.params, id }, body: { task_limit: 1 } });
  await expect(board.run(other.id, { edit_mode: "allow", workspace: "project" })).rejects.toMatchObject({ code: "task_limit_reached" });
  expect((await board.find(other.id)).run).toBeNull();
  expect((await board.find(other.id)).column).toBe("To Do");

  const stranger = await world.app.signUp();
  for (const [user, json, status] of [
    [stranger, {}, 404],
    [undefined, {}, 401],
    [world.owner, { edit_mode: "yes" }, 422],
    [world.owner, { chat_id: card.id }, 422],
    [world.owner, { workspace: "ask" }, 422],
  ] as const)
    expect([status, (await world.app.request(path(other.id), { method: "POST", json, ...(user && { user }) })).status]).toEqual([
      status,
      status,
    ]);
  await expect(board.run(other.id, { model: "nowhere/nonesuch" })).rejects.toMatchObject({ code: "unknown_model" });
  await kanban.removeCard({ params: { ...board.params, id: other.id } });
  await expect(board.run(other.id)).rejects.toMatchObject({ status: 404 });
});

test("a card that a person moves during its run stays there; later runs of its chat move it again, but not once it is done", async () => {
  await using world = await chatWorld({
    script: [write, say("First."), nextMessage(), write, say("Second."), nextMessage(), say("Third.")],
  });
  const board = boardOf(world);
  const card = await board.add("A", "To Do");
  const { chat_id } = await board.run(card.id, { edit_mode: "ask" });
  const pending = async () => (await world.app.as(world.owner).chat.get({ params: { chat_id } })).pending_approval;
  await board.until(card.id, "In Progress", "waiting");
  await board.move(card.id, "Backlog");
  await answer(world, world.owner, (await pending())!.approval_id, "allow_once");
  await board.until(card.id, "Backlog", "completed");

  const more = all(world.send("And now?", { chat_id, edit_mode: "ask" }));
  await board.until(card.id, "In Progress", "waiting");
  await answer(world, world.owner, (await eventually(pending))!.approval_id, "allow_once");
  await more;
  await board.until(card.id, "Review", "completed");

  await board.move(card.id, "Done");
  const { task_id } = (await world.run("Thanks", { chat_id })).at(-1)!;
  await eventually(async () => (await board.find(card.id)).run?.task_id === task_id);
  await board.until(card.id, "Done", "completed");
});

test("the columns that runs use can be chosen; without a column for review the card is done", async () => {
  await using world = await chatWorld({ script: [say("Done.")] });
  const board = boardOf(world);
  const { kanban } = world.app.as(world.owner);
  const stages = async () =>
    Object.fromEntries((await kanban.board({ params: board.params })).columns.map((one) => [one.name, one.run_stage]));
  expect(await stages()).toEqual({ Backlog: null, "To Do": null, "In Progress": "in_progress", Review: "review", Done: null });
  const change = async (name: string, body: object) =>
    kanban.updateColumn({ params: { ...board.params, id: (await board.columnOf(name)).id }, body });
  await change("To Do", { run_stage: "in_progress" });
  await change("Review", { run_stage: null });
  expect(await stages()).toEqual({ Backlog: null, "To Do": "in_progress", "In Progress": null, Review: null, Done: null });
  await kanban.createColumn({ params: board.params, body: { name: "Check", run_stage: "in_progress" } });
  expect(await stages()).toMatchObject({ "To Do": null, Check: "in_progress" });
  await kanban.removeColumn({ params: { ...board.params, id: (await board.columnOf("Check")).id }, query: {} });

  const card = await board.add("A", "Backlog");
  const { card: running } = await board.run(card.id);
  expect(running.column_id).toBe((await board.columnOf("Backlog")).id);
  const done = await board.until(card.id, "Done", "completed");
  expect(done.completed_at).toEqual(expect.any(String));
});

test("while another run changes files the card is queued, and starts when that run ends; it can be removed from the queue", async () => {
  await using world = await chatWorld({
    script: [when(/First/, [write, say("First.")]), when(/Second/, [say("Second.")]), when(/Third/, [say("Third.")])],
  });
  const client = world.app.as(world.owner);
  const board = boardOf(world);
  const [first, second, third] = [await board.add("First", "To Do"), await board.add("Second", "To Do"), await board.add("Third", "To Do")];
  const running = await board.run(first.id, { edit_mode: "ask" });
  await board.until(first.id, "In Progress", "waiting");
  const queued = await board.run(second.id);
  expect(queued).toMatchObject({ task_id: null, status_url: null, card: { run: { state: "queued", task_id: null, cost_cents: 0 } } });
  await expect(board.run(second.id)).rejects.toMatchObject({ code: "card_run_active" });
  expect((await board.find(second.id)).column).toBe("To Do");

  const removed = await board.run(third.id);
  const { items } = await client.queue.list({ params: { chat_id: removed.chat_id } });
  expect(items).toMatchObject([{ message: "TSK-0003: Third", workspace: "wait" }]);
  await client.queue.remove({ params: { chat_id: removed.chat_id, item_id: items[0]!.id } });
  await world.app.studio.database.pool.query("select graphile_worker.add_job('follow_card_runs', '{}'::json)");
  expect((await board.until(third.id, "To Do", "stopped")).run?.message).toBe("The message was removed from the queue.");

  const chat = await client.chat.get({ params: { chat_id: running.chat_id } });
  await answer(world, world.owner, chat.pending_approval!.approval_id, "allow_once");
  await board.until(first.id, "Review", "completed");
  const done = await board.until(second.id, "Review", "completed");
  expect(done.run).toMatchObject({ chat_id: queued.chat_id, task_id: expect.any(String) });
});

test("a long description becomes the details of the message", async () => {
  await using world = await chatWorld({ script: [say("Read.")] });
  const board = boardOf(world);
  const card = await board.add("Long", "To Do", { description: "word ".repeat(3_000) });
  const { chat_id } = await board.run(card.id);
  await board.until(card.id, "Review", "completed");
  const { entries } = await world.app.as(world.owner).chat.transcript({ params: { chat_id }, query: {} });
  expect(entries[0]).toMatchObject({ text: "TSK-0001: Long", details: expect.stringMatching(/^word word/) });
  expect(world.model.requests[0]!.request!.messages.at(-1)!.text).toContain("word word");
});
