import { describe, expect, test } from "vitest";
import type { RunEvent } from "@tesslate/contract";
import { call, nextMessage, pause, say, turn } from "@tesslate/testkit";
import { all, chatSocket, chatWorld, eventually, orderOf, collect, type ChatWorld } from "../../../testing/chat.ts";

const newChat = async (world: ChatWorld) =>
  (await world.app.as(world.owner).chat.createSession({ body: { project_id: world.project.id } })).id;
const runFrames = (frames: { type: string; seq?: number }[]) => frames.filter((f) => f.seq !== undefined) as RunEvent[];

describe("the chat socket", () => {
  test("sends messages and emits exactly the events of the HTTP stream", async () => {
    await using world = await chatWorld({
      script: [say("Writing."), call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")],
    });
    const socket = await chatSocket(world.app, world.owner, await newChat(world));
    socket.send({ type: "ping" });
    await socket.until("pong");
    socket.send({ type: "message", message: "Go", edit_mode: "allow" });
    const { task_id } = await socket.until("done");
    const replay = await all(world.app.as(world.owner).chat.runEvents({ params: { task_id: task_id ?? "" } }));
    expect(runFrames(socket.frames)).toEqual(replay);
    expect(orderOf(replay)).toEqual([
      "task_started",
      "text_chunk",
      "credits_used",
      "tool_started",
      "file_changed",
      "agent_step",
      "text_chunk",
      "credits_used",
      "complete",
      "done",
    ]);
  });

  test("frames are answered during a run: ping, approval, cancel", async () => {
    await using world = await chatWorld({
      script: [call("write_file", { file_path: "a.txt", content: "a" }), call("run_command", { command: "sleep 60" })],
    });
    const socket = await chatSocket(world.app, world.owner, await newChat(world));
    socket.send({ type: "message", message: "Go" });
    const approvalCount = await socket.until("approval_required");
    socket.send({ type: "ping" });
    await socket.until("pong");
    socket.send({ type: "approval_response", approval_id: approvalCount.data?.["approval_id"], response: "allow_once" });
    await socket.until("file_changed");
    expect(await world.read("a.txt")).toBe("a");
    await eventually(() => socket.frames.filter((f) => f.type === "approval_required").length === 2);
    socket.send({ type: "cancel" });
    expect((await socket.until("complete")).data).toMatchObject({ completion_reason: "cancelled" });
    await socket.until("done");
  });

  test("two tabs both see a run that one started, and a run of the HTTP stream, but no run of another chat", async () => {
    await using world = await chatWorld({ script: [say("Hi."), nextMessage(), say("Again.")] });
    const chatId = await newChat(world);
    const tabs = [await chatSocket(world.app, world.owner, chatId), await chatSocket(world.app, world.owner, chatId)];
    // A tab that has received a frame misses nothing from then on.
    for (const tab of tabs) tab.send({ type: "ping" });
    for (const tab of tabs) await tab.until("pong");
    tabs[0]!.send({ type: "message", message: "Go" });
    for (const tab of tabs) await tab.until("done");
    await world.run("From elsewhere", { chat_id: await newChat(world) });
    const http = await world.run("More", { chat_id: chatId });
    for (const tab of tabs) {
      await eventually(() => tab.frames.filter((f) => f.type === "done").length === 2);
      expect(runFrames(tab.frames).slice(-http.length)).toEqual(http);
      expect(new Set(runFrames(tab.frames).map((f) => f.task_id)).size).toBe(2);
    }
    expect(tabs[0]!.frames).toEqual(tabs[1]!.frames);
  });

  test("subscribe replays missed events in order and without duplicates, then continues live", async () => {
    await using world = await chatWorld({
      model: { tokenDelayMs: 4 },
      script: [turn(say("one two three four five six "), pause(300), say("seven eight nine ten."))],
    });
    const chatId = await newChat(world);
    const stream = collect(world.send("Count", { chat_id: chatId }));
    const { task_id } = await stream.until("text_chunk");
    const socket = await chatSocket(world.app, world.owner, chatId);
    socket.send({ type: "subscribe", task_id, after_seq: 1 });
    await socket.until("done");
    const allEvents = await stream.ended;
    // Live events sent before the subscription was read may come first; the subscription itself is complete.
    const from = socket.frames.findLastIndex((f) => f.seq === 2);
    expect(runFrames(socket.frames.slice(from))).toEqual(allEvents.slice(1));
  });

  test("subscribing to a run again replaces the subscription", async () => {
    await using world = await chatWorld({ script: [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")] });
    const chatId = await newChat(world);
    const stream = collect(world.send("Go", { chat_id: chatId, edit_mode: "ask" }));
    const { task_id, data } = await stream.until("approval_required");
    const socket = await chatSocket(world.app, world.owner, chatId);
    const approvalCount = () => socket.frames.filter((f) => f.type === "approval_required").length;
    for (const times of [1, 2, 3]) {
      socket.send({ type: "subscribe", task_id, after_seq: 0 });
      await eventually(() => approvalCount() === times);
    }
    socket.send({ type: "approval_response", approval_id: data.approval_id, response: "allow_once" });
    const allEvents = await stream.ended;
    await socket.until("done");
    socket.send({ type: "ping" });
    await socket.until("pong");
    const from = socket.frames.findLastIndex((f) => f.seq === 1);
    expect(runFrames(socket.frames.slice(from))).toEqual(allEvents);
  });

  test("a refused frame is answered with an error frame with the route's code, and the socket stays open", async () => {
    await using world = await chatWorld({ script: [turn(say("Wait "), pause(600), say("done."))] });
    const socket = await chatSocket(world.app, world.owner, await newChat(world));
    socket.send({ type: "message", message: "Go" });
    await socket.until("task_started");
    const refusal = async (frame: unknown) => {
      const before = socket.frames.filter((f) => f.type === "error").length;
      socket.send(frame);
      return eventually(() => socket.frames.filter((f) => f.type === "error")[before]?.data);
    };
    const codes = async (frame: unknown) => (await refusal(frame))["code"];
    expect(await codes({ type: "message", message: "Again" })).toBe("chat_busy");
    expect(await codes({ type: "message", message: "Hi", agent_id: "unknown" })).toBe("not_found");
    for (const [frame, field, message] of [
      ["invalid json", undefined, "A frame must be a JSON object."],
      [{ type: "dance" }, "type", expect.stringMatching(/^`type` must be one of: ping, message, /)],
      [{ type: "message" }, "message", "message: Field required."],
      [{ type: "message", message: "" }, "message", "message: Enter a message or attach a file."],
      [{ type: "message", message: "Hi", edit_mode: "yolo" }, "edit_mode", expect.stringMatching(/^edit_mode: Must be one of: /)],
      [{ type: "approval_response", approval_id: "x", response: "allow_once" }, "approval_id", "approval_id: Must be a UUID."],
      [{ type: "subscribe", task_id: null, after_seq: 0 }, "task_id", expect.stringContaining("task_id: ")],
      [{ type: "cancel", task: "x" }, "task", expect.stringMatching(/^task: /)],
      [{ type: "constructor" }, "type", expect.any(String)],
      [[], undefined, expect.any(String)],
      [null, undefined, expect.any(String)],
    ] as const)
      expect(await refusal(frame)).toEqual({ code: "bad_frame", message, ...(field && { field }) });
    await socket.until("done");
    socket.send({ type: "ping" });
    await socket.until("pong");
    // A cancel with nothing to cancel is still answered.
    socket.send({ type: "cancel" });
    expect((await socket.until("cancel_status")).data).toEqual({ status: "not_running", task_id: null });
  });
});
