import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { call, nextMessage, parallel, say } from "@tesslate/testkit";
import { answer, chatWorld, eventually, find, orderOf, collect } from "../../../testing/chat.ts";

const write = (path: string) => call("write_file", { file_path: path, content: path });

describe("ask mode", () => {
  test("nothing runs before the answer; the question survives a reload; allow_once runs the call once", async () => {
    await using world = await chatWorld({ script: [write("a.txt"), write("b.txt"), say("Both.")] });
    const stream = collect(world.send("Go", { edit_mode: "ask" }));
    const { data: approval } = await stream.until("approval_required");
    expect(approval).toMatchObject({
      tool_name: "write_file",
      tool_parameters: { file_path: "a.txt", content: "a.txt" },
      tool_description: expect.any(String),
    });
    expect(await world.read("a.txt")).toBeUndefined();
    const client = world.app.as(world.owner).chat;
    const chatId = find(stream.seen, "task_started")!.data.chat_id;
    const chat = await client.get({ params: { chat_id: chatId } });
    expect(chat).toMatchObject({
      status: "waiting_approval",
      pending_approval: { ...approval, task_id: expect.any(String), expires_at: expect.any(String) },
    });
    expect(JSON.stringify(chat)).not.toContain('"pending":');

    expect(await answer(world, world.owner, approval.approval_id, "allow_once")).toEqual({
      approval_id: approval.approval_id,
      response: "allow_once",
    });
    await eventually(() => stream.seen.filter((e) => e.type === "approval_required").length === 2);
    expect([await world.read("a.txt"), await world.read("b.txt")]).toEqual(["a.txt", undefined]);
    await expect(answer(world, world.owner, approval.approval_id, "deny")).rejects.toMatchObject({ status: 409, code: "already_answered" });
    const second = stream.seen.findLast((e) => e.type === "approval_required")!.data as { approval_id: string };
    // A chat that is archived while it waits stays archived.
    await client.update({ params: { chat_id: chatId }, body: { status: "archived" } });
    await answer(world, world.owner, second.approval_id, "allow_once");
    expect(orderOf(await stream.ended)).toEqual([
      "task_started", "credits_used", "tool_started", "approval_required", "approval_resolved", "file_changed", "agent_step",
      "credits_used", "tool_started", "approval_required", "approval_resolved", "file_changed", "agent_step", "text_chunk", "credits_used", "complete", "done",
    ]); // prettier-ignore
    expect(find(stream.seen, "approval_resolved")?.data).toMatchObject({
      approval_id: approval.approval_id,
      response: "allow_once",
      note: null,
      by: world.owner.id,
    });
    expect(await client.get({ params: { chat_id: chatId } })).toMatchObject({ status: "archived", pending_approval: null });
  });

  test("allow_all covers this chat, also its next run, but not another chat or another tool", async () => {
    await using world = await chatWorld({
      script: [
        write("a.txt"),
        write("b.txt"),
        say("Both."),
        nextMessage(),
        write("c.txt"),
        call("run_command", { command: "true" }),
        say("Third."),
      ],
    });
    const first = collect(world.send("Go", { edit_mode: "ask" }));
    await answer(world, world.owner, (await first.until("approval_required")).data.approval_id, "allow_all");
    const events = await first.ended;
    expect(events.filter((e) => e.type === "approval_required")).toHaveLength(1);
    expect(await world.read("b.txt")).toBe("b.txt");

    const second = collect(world.send("More", { edit_mode: "ask" }));
    expect((await second.until("approval_required")).data.tool_name).toBe("run_command");
    expect(await world.read("c.txt")).toBe("c.txt");
    await answer(world, world.owner, find(second.seen, "approval_required")!.data.approval_id, "allow_once");
    await second.ended;

    const other = await world.app.as(world.owner).chat.createSession({ body: { project_id: world.project.id } });
    const third = collect(world.send("Go elsewhere", { edit_mode: "ask", chat_id: other.id }));
    const { data } = await third.until("approval_required");
    expect(data.tool_name).toBe("write_file");
    await answer(world, world.owner, data.approval_id, "stop");
    await third.ended;
  });

  test("deny with a note: the model reads it and continues", async () => {
    await using world = await chatWorld({ script: [write("a.txt"), say("Then not.")] });
    const stream = collect(world.send("Go", { edit_mode: "ask" }));
    await answer(world, world.owner, (await stream.until("approval_required")).data.approval_id, "deny", "Use b.txt instead");
    const events = await stream.ended;
    expect(find(events, "approval_resolved")?.data).toMatchObject({ response: "deny", note: "Use b.txt instead" });
    expect(find(events, "agent_step")?.data.tool_results[0]).toMatchObject({
      success: false,
      error: expect.stringContaining("Use b.txt instead"),
    });
    expect(find(events, "complete")?.data).toMatchObject({ success: true, final_response: "Then not." });
    expect(await world.read("a.txt")).toBeUndefined();
  });

  test("stop keeps finished work: the step has the finished results and correct counts", async () => {
    await using world = await chatWorld({ script: [parallel(write("a.txt"), write("b.txt"), write("c.txt"))] });
    const stream = collect(world.send("Go", { edit_mode: "ask" }));
    await answer(world, world.owner, (await stream.until("approval_required")).data.approval_id, "allow_once");
    await eventually(() => stream.seen.filter((e) => e.type === "approval_required").length === 2);
    await answer(
      world,
      world.owner,
      (stream.seen.findLast((e) => e.type === "approval_required")!.data as { approval_id: string }).approval_id,
      "stop",
    );
    const events = await stream.ended;
    expect(find(events, "agent_step")?.data.tool_results.map((r) => r.success)).toEqual([true, false, false]);
    expect(find(events, "complete")?.data).toMatchObject({
      success: false,
      completion_reason: "user_stopped",
      iterations: 1,
      tool_calls_made: 1,
    });
    const [, message] = (await world.app.as(world.owner).chat.history({ params: { project_id: world.project.id } })).items;
    expect(message?.message_metadata).toMatchObject({ completion_reason: "user_stopped", tool_calls_made: 1, steps: [{ iteration: 1 }] });
    expect([await world.read("a.txt"), await world.read("b.txt")]).toEqual(["a.txt", undefined]);
  });

  test("without an answer in time the run ends; a late answer gets 404", async () => {
    await using world = await chatWorld({ env: { AGENT_APPROVAL_TIMEOUT_SECONDS: "1" }, script: [write("a.txt")] });
    const events = await world.run("Go", { edit_mode: "ask" });
    expect(find(events, "approval_resolved")?.data).toMatchObject({ response: "timeout", by: null });
    expect(find(events, "complete")?.data).toMatchObject({ success: false, completion_reason: "approval_timeout" });
    await expect(answer(world, world.owner, find(events, "approval_required")!.data.approval_id, "allow_once")).rejects.toMatchObject({
      status: 404,
    });
    expect(await world.read("a.txt")).toBeUndefined();
  });

  test("a run can be cancelled while it waits for an answer", async () => {
    await using world = await chatWorld({ script: [write("a.txt")] });
    const stream = collect(world.send("Go", { edit_mode: "ask" }));
    const { data, task_id } = await stream.until("approval_required");
    await world.app.as(world.owner).chat.cancel({ body: { task_id } });
    const events = await stream.ended;
    expect(find(events, "complete")?.data).toMatchObject({ completion_reason: "cancelled" });
    expect(find(events, "approval_resolved")?.data).toMatchObject({ approval_id: data.approval_id, response: "cancelled" });
    await expect(answer(world, world.owner, data.approval_id, "allow_once")).rejects.toMatchObject({ status: 404 });
  });

  test("the default edit mode is ask", async () => {
    await using world = await chatWorld({ script: [write("a.txt")] });
    const stream = collect(world.send("Go", { edit_mode: undefined }));
    const { task_id } = await stream.until("approval_required");
    await world.app.as(world.owner).chat.cancel({ body: { task_id } });
    await stream.ended;
  });

  test("an unknown answer gets 422, an unknown question 404, and of two answers one counts", async () => {
    await using world = await chatWorld({ script: [write("a.txt"), say("Done.")] });
    const stream = collect(world.send("Go", { edit_mode: "ask" }));
    const { approval_id } = (await stream.until("approval_required")).data;
    const post = (json: object) => world.app.request("/api/chat/agent/approval", { method: "POST", user: world.owner, json });
    expect((await post({ approval_id, response: "perhaps" })).status).toBe(422);
    expect((await post({ approval_id })).status).toBe(422);
    await expect(answer(world, world.owner, randomUUID(), "allow_once")).rejects.toMatchObject({ status: 404 });
    const answers = await Promise.allSettled(
      ["allow_once", "deny", "allow_once", "stop"].map((r) => answer(world, world.owner, approval_id, r as "deny")),
    );
    expect(answers.filter((a) => a.status === "fulfilled")).toHaveLength(1);
    await stream.ended;
  });
});
