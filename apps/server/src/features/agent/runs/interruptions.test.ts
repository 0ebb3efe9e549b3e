import { describe, expect, test } from "vitest";
import { call, hang, pause, say, turn } from "@tesslate/testkit";
import { all, chatWorld, find, orderOf, collect, type ChatWorldOptions } from "../../../testing/chat.ts";
import { killDuringRun, task } from "../../../testing/interrupted.ts";

describe("a server that dies", () => {
  test("leaves an interrupted run that keeps its steps and is resumed from them", async () => {
    const script = [
      say("First."),
      call("write_file", { file_path: "a.txt", content: "a" }),
      hang({ afterTokens: 1 }),
      say("Second."),
      call("write_file", { file_path: "b.txt", content: "b" }),
      say("All done."),
    ];
    const { world, seen } = await killDuringRun({ script }, (events) =>
      events.some((e) => e.type === "text_chunk" && e.data.iteration === 2),
    );
    await using _ = world;
    const client = world.app.as(world.owner).chat;

    const allEvents = await all(client.runEvents({ params: { task_id: task(seen) } }));
    expect(allEvents.slice(0, seen.length)).toEqual(seen);
    expect(orderOf(allEvents).slice(-3)).toEqual(["error", "complete", "done"]);
    expect(find(allEvents, "error")?.data.code).toBe("interrupted");
    expect(find(allEvents, "complete")?.data).toMatchObject({
      success: false,
      completion_reason: "interrupted",
      iterations: 1,
      tool_calls_made: 1,
    });
    const { chat_id, message_id } = find(allEvents, "task_started")!.data;
    const chat = await client.get({ params: { chat_id } });
    expect(chat).toMatchObject({ status: "active", active_task: null });
    expect(chat.messages[1]).toMatchObject({
      id: message_id,
      message_metadata: { completion_reason: "interrupted", steps: [{ iteration: 1 }] },
    });
    expect(await world.app.as(world.owner).tasks.get({ params: { task_id: task(seen) } })).toMatchObject({ status: "failed" });

    // The next server made the checkpoint of its files, not the run itself.
    const changes = (taskId: string) => world.app.as(world.owner).changes.diff({ params: { task_id: taskId } });
    expect(await changes(task(seen))).toMatchObject({ compared_with: "after", files: [{ path: "a.txt", status: "added" }] });

    const { task_id, status_url } = await client.resume({ body: { task_id: task(seen) } });
    expect(status_url).toBe(`/api/tasks/${task_id}`);
    const resumed = await all(client.runEvents({ params: { task_id } }));
    expect(find(resumed, "task_started")?.data).toMatchObject({ chat_id, message_id });
    expect(find(resumed, "complete")?.data).toMatchObject({
      success: true,
      final_response: "All done.",
      iterations: 3,
      tool_calls_made: 2,
    });
    expect([await world.read("a.txt"), await world.read("b.txt")]).toEqual(["a", "b"]);
    expect(await changes(task_id)).toMatchObject({ compared_with: "after", files: [{ path: "a.txt" }, { path: "b.txt" }] });
    const after = await client.get({ params: { chat_id } });
    expect(after.messages).toHaveLength(2);
    const steps = after.messages[1]?.message_metadata?.["steps"] as { iteration: number }[];
    expect(steps.map((s) => s.iteration)).toEqual([1, 2]);
    expect(after.messages[1]).toMatchObject({ content: "All done.", message_metadata: { completion_reason: "no_more_actions", task_id } });
    // The prompt mentions the interruption only after the restart.
    const mentionsInterruption = world.model.requests.map((r) => /interrupted/.test(r.request?.messages.at(-1)?.text ?? ""));
    expect(mentionsInterruption).toEqual([false, false, true, false]);
    // The first half is not repeated, and the run cannot be resumed again.
    await expect(client.resume({ body: { task_id: task(seen) } })).rejects.toMatchObject({ status: 409, code: "not_resumable" });
    await expect(client.resume({ body: { task_id } })).rejects.toMatchObject({ code: "not_resumable" });
  });
});

test("an orderly shutdown ends runs as interrupted, their clients get the event after the restart, and a new message makes them unresumable", async () => {
  const options: ChatWorldOptions = {
    script: [call("write_file", { file_path: "a.txt", content: "a" }), turn(say("Wait "), pause(5000), say("done."))],
  };
  const before = await chatWorld({ ...options, ownServer: true });
  const stream = collect(before.send("Go"));
  const { task_id } = await stream.until("agent_step");
  await before.app.close();
  await stream.ended.catch(() => undefined);
  await using world = await chatWorld({ ...options, after: before });
  const client = world.app.as(world.owner).chat;
  const allEvents = await all(client.runEvents({ params: { task_id } }));
  expect(orderOf(allEvents).slice(-3)).toEqual(["error", "complete", "done"]);
  expect(find(allEvents, "complete")?.data).toMatchObject({ completion_reason: "interrupted" });
  expect((await client.active({ query: { project_id: world.project.id } })).active).toBeNull();
  await world.run("Something else");
  await expect(client.resume({ body: { task_id } })).rejects.toMatchObject({ code: "not_resumable" });
});

test("a finished run cannot be resumed", async () => {
  await using world = await chatWorld({ script: [say("Hi.")] });
  const events = await world.run("Hello");
  await expect(world.app.as(world.owner).chat.resume({ body: { task_id: task(events) } })).rejects.toMatchObject({
    status: 409,
    code: "not_resumable",
  });
});
