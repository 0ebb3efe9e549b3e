import pg from "pg";
import { describe, expect, inject, test } from "vitest";
import type { RunEvent } from "@tesslate/contract";
import { call, hang, parallel, pause, say, turn, when } from "@tesslate/testkit";
import {
  all,
  answer,
  chatWorld,
  find,
  orderOf,
  reading,
  studioProcess,
  type ChatWorld,
  type ChatWorldOptions,
} from "../../testing/chat.ts";
import { connectionOf } from "../../testing/postgres.ts";

/**
 * Starts the run in a process of its own, kills that process when `when` is reached, and goes on with a fresh one on the same database,
 * tree and model.
 */
async function killed(
  options: ChatWorldOptions,
  when: (events: RunEvent[]) => boolean,
  edit_mode: "allow" | "ask" = "allow",
  again = false,
  meanwhile: (before: ChatWorld) => Promise<void> = async () => undefined,
): Promise<{ world: ChatWorld; seen: RunEvent[] }> {
  const before = await chatWorld({ ...options, ownServer: true });
  await before.app.close();
  const server = await studioProcess(before);
  const seen: RunEvent[] = [];
  try {
    for await (const event of before.send("Go", { edit_mode })) {
      seen.push(event);
      if (when(seen)) await server.kill();
    }
  } catch {
    // The line broke, as it does when a server dies.
  }
  await server.kill();
  // A second process that takes over what the first left, and dies as well.
  if (again) await (await studioProcess(before)).kill();
  await meanwhile(before);
  return { world: await chatWorld({ ...options, after: before }), seen };
}
const isAsked = (events: RunEvent[]) => find(events, "approval_required") !== undefined;
/** As `killed`, for a server that ends in order while a person is asked. */
async function shutDown(options: ChatWorldOptions): Promise<{ world: ChatWorld; seen: RunEvent[] }> {
  const before = await chatWorld({ ...options, ownServer: true });
  const stream = reading(before.send("Go", { edit_mode: "ask" }));
  await stream.until("approval_required");
  await before.app.close();
  await stream.ended.catch(() => undefined);
  const { seen } = stream;
  const world = await chatWorld({ ...options, after: before });
  return { world, seen };
}
const task = (events: RunEvent[]) => events[0]!.task_id;

describe("a server that dies", () => {
  test("leaves a run that says so, keeps its steps, and goes on with them", async () => {
    const script = [
      say("First."),
      call("write_file", { file_path: "a.txt", content: "a" }),
      hang({ afterTokens: 1 }),
      say("Second."),
      call("write_file", { file_path: "b.txt", content: "b" }),
      say("All done."),
    ];
    const { world, seen } = await killed({ script }, (events) => events.some((e) => e.type === "text_chunk" && e.data.iteration === 2));
    await using _ = world;
    const client = world.app.as(world.owner).chat;

    const whole = await all(client.runEvents({ params: { task_id: task(seen) } }));
    expect(whole.slice(0, seen.length)).toEqual(seen);
    expect(orderOf(whole).slice(-3)).toEqual(["error", "complete", "done"]);
    expect(find(whole, "error")?.data.code).toBe("interrupted");
    expect(find(whole, "complete")?.data).toMatchObject({
      success: false,
      completion_reason: "interrupted",
      iterations: 1,
      tool_calls_made: 1,
    });
    const { chat_id, message_id } = find(whole, "task_started")!.data;
    const chat = await client.get({ params: { chat_id } });
    expect(chat).toMatchObject({ status: "active", active_task: null });
    expect(chat.messages[1]).toMatchObject({
      id: message_id,
      message_metadata: { completion_reason: "interrupted", steps: [{ iteration: 1 }] },
    });
    expect(await world.app.as(world.owner).tasks.get({ params: { task_id: task(seen) } })).toMatchObject({ status: "failed" });

    // Its files were kept when it was found dead, not by the run itself.
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
    // The model was told of the interruption, and only then.
    const told = world.model.requests.map((r) => /interrupted/.test(r.request?.messages[0]?.text ?? ""));
    expect(told).toEqual([false, false, true, true]);
    // Its first half is not told twice, and it cannot be resumed again.
    await expect(client.resume({ body: { task_id: task(seen) } })).rejects.toMatchObject({ status: 409, code: "not_resumable" });
    await expect(client.resume({ body: { task_id } })).rejects.toMatchObject({ code: "not_resumable" });
  });

  test.each(["killed", "shut down", "killed twice"])(
    "while it waits for an answer (%s): the question stays open, and the model is not asked again",
    async (how) => {
      const script = [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")];
      const { world, seen } =
        how === "shut down" ? await shutDown({ script }) : await killed({ script }, isAsked, "ask", how === "killed twice");
      await using _ = world;
      const client = world.app.as(world.owner).chat;
      const { approval_id } = find(seen, "approval_required")!.data;
      const whole = await all(client.runEvents({ params: { task_id: task(seen) } }));
      expect(orderOf(whole).slice(-3)).toEqual(["error", "complete", "done"]);
      expect(find(whole, "approval_resolved")).toBeUndefined();
      expect(find(whole, "complete")?.data).toMatchObject({ completion_reason: "interrupted" });

      const { chat_id, message_id } = find(whole, "task_started")!.data;
      const chat = await client.get({ params: { chat_id } });
      expect(chat.pending_approval).toMatchObject({ approval_id });
      const asked = world.model.requests.length;
      await answer(world, world.owner, approval_id, "allow_once");
      await expect(answer(world, world.owner, approval_id, "deny")).rejects.toMatchObject({ code: "already_answered" });
      const resumed = await all(client.runEvents({ params: { task_id: chat.active_task!.task_id } }));
      expect(find(resumed, "task_started")?.data).toMatchObject({ chat_id, message_id });
      expect(find(resumed, "approval_resolved")?.data).toMatchObject({ approval_id, response: "allow_once" });
      expect(find(resumed, "complete")?.data).toMatchObject({ success: true, final_response: "Done." });
      expect(world.model.requests.length).toBe(asked + 1);
      expect(await world.read("a.txt")).toBe("a");
      const steps = (await client.get({ params: { chat_id } })).messages[1]?.message_metadata?.["steps"] as { iteration: number }[];
      expect(steps.map((s) => s.iteration)).toEqual([1]);
    },
  );
});

test("asked to stop, but its server died before it could: it is cancelled, and nobody is asked any more", async () => {
  const options = { script: [call("write_file", { file_path: "a.txt", content: "a" }), say("Never said.")] };
  // As another server keeps the wish when the one that runs it does not hear any more.
  const stop = async ({ place }: ChatWorld) => {
    const client = new pg.Client(connectionOf(inject("postgres").server, place.database));
    await client.connect();
    await client.query("update tasks set cancel_requested_at = now() where type = 'agent_execution'");
    await client.end();
  };
  const { world, seen } = await killed(options, isAsked, "ask", false, stop);
  await using _ = world;
  const client = world.app.as(world.owner).chat;
  const whole = await all(client.runEvents({ params: { task_id: task(seen) } }));
  expect(orderOf(whole).slice(-3)).toEqual(["approval_resolved", "complete", "done"]);
  expect(find(whole, "approval_resolved")?.data.response).toBe("cancelled");
  expect(find(whole, "complete")?.data).toMatchObject({ success: false, completion_reason: "cancelled" });
  const { chat_id } = find(whole, "task_started")!.data;
  expect(await client.get({ params: { chat_id } })).toMatchObject({ status: "active", active_task: null, pending_approval: null });
  await expect(answer(world, world.owner, find(seen, "approval_required")!.data.approval_id, "allow_once")).rejects.toMatchObject({
    status: 404,
  });
});

test.each(["killed", "killed twice"])(
  "while a sub-agent waits for an answer (%s): it goes on with its own conversation, and its neighbour is told as cut off",
  async (how) => {
    const script = [
      when(/make a\.txt/, [
        turn(say("I look first."), call("glob", { pattern: "*.txt" })),
        turn(say("Writing."), call("write_file", { file_path: "a.txt", content: "a" })),
        say("Made a.txt."),
      ]),
      when(/look around/, [hang({ afterTokens: 0 })]),
      when(/Go/, [
        parallel(
          call("invoke_subagent", { name: "general-purpose", task: "make a.txt" }),
          call("invoke_subagent", { name: "Explore", task: "look around" }),
        ),
        say("Done by a helper."),
      ]),
    ];
    const { world, seen } = await killed({ script }, isAsked, "ask", how === "killed twice");
    await using _ = world;
    const client = world.app.as(world.owner).chat;
    const { approval_id } = find(seen, "approval_required")!.data;
    const whole = await all(client.runEvents({ params: { task_id: task(seen) } }));
    expect(find(whole, "approval_resolved")).toBeUndefined();
    const { chat_id } = find(whole, "task_started")!.data;
    const chat = await client.get({ params: { chat_id } });
    expect(chat.pending_approval).toMatchObject({ approval_id, tool_description: expect.stringContaining("sub-agent general-purpose") });
    expect(await world.read("a.txt")).toBeUndefined();
    const asked = world.model.requests.length;
    await answer(world, world.owner, approval_id, "allow_once");
    const resumed = await all(client.runEvents({ params: { task_id: chat.active_task!.task_id } }));
    expect(find(resumed, "complete")?.data).toMatchObject({ success: true, final_response: "Done by a helper." });
    expect(await world.read("a.txt")).toBe("a");
    // One call for the sub-agent's report, one for the agent's answer: nothing is asked or done twice.
    expect(world.model.requests.length).toBe(asked + 2);
    const nested = world.model.requests[asked]!.request!.messages;
    expect(nested.map((message) => message.role)).toEqual(["user", "assistant", "tool", "assistant", "tool"]);
    const steps = (await client.get({ params: { chat_id } })).messages[1]?.message_metadata?.["steps"] as {
      tool_calls: { result: { success: boolean; error?: string; result?: Record<string, unknown> } }[];
    }[];
    expect(steps).toHaveLength(1);
    expect(steps[0]!.tool_calls.map((one) => one.result)).toMatchObject([
      { success: true, result: { content: "Made a.txt.", activity: [{ text: "I look first." }, { text: "Writing." }] } },
      { success: false, error: expect.stringContaining("cannot be gone on with") },
    ]);
  },
);

test("an orderly shutdown ends runs as interrupted, their clients hear it after the restart, and a new message makes them unresumable", async () => {
  const options: ChatWorldOptions = {
    script: [call("write_file", { file_path: "a.txt", content: "a" }), turn(say("Wait "), pause(5000), say("done."))],
  };
  const before = await chatWorld({ ...options, ownServer: true });
  const stream = reading(before.send("Go"));
  const { task_id } = await stream.until("agent_step");
  await before.app.close();
  await stream.ended.catch(() => undefined);
  await using world = await chatWorld({ ...options, after: before });
  const client = world.app.as(world.owner).chat;
  const whole = await all(client.runEvents({ params: { task_id } }));
  expect(orderOf(whole).slice(-3)).toEqual(["error", "complete", "done"]);
  expect(find(whole, "complete")?.data).toMatchObject({ completion_reason: "interrupted" });
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
