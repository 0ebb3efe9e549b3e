import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { call, nextMessage, pause, say, turn } from "@tesslate/testkit";
import { all, answer, chatSocket, chatWorld, eventually, find, orderOf, collect } from "../../../testing/chat.ts";
import { approvalScript, startBusyChat, client, listQueue, queuedMessages, enqueue, userMessages } from "../../../testing/queue.ts";

test("queued messages can be edited, moved and removed, and start one after another when a run ends", async () => {
  await using world = await chatWorld({ script: approvalScript });
  const { chat_id, approval_id } = await startBusyChat(world);
  const params = { chat_id };
  const socket = await chatSocket(world.app, world.owner, chat_id);
  const a = await enqueue(world, chat_id, " A ");
  expect((await socket.until("queue_changed")).data).toEqual({ chat_id });
  socket.close();
  expect(a).toMatchObject({ message: "A", edit_mode: "allow", model: null, is_steering: false, task_id: null, status_url: null });
  const b = await enqueue(world, chat_id, "B", { edit_mode: "plan" });
  const c = await enqueue(world, chat_id, "C");
  expect(await listQueue(world, chat_id)).toMatchObject({ total: 3, page: 1, total_pages: 1, held: null, max_items: 20 });
  const update = (id: string, body: object) => client(world).queue.update({ params: { chat_id, item_id: id }, body });
  await update(b.id, { before: a.id });
  await update(c.id, { before: b.id });
  await update(c.id, { before: null });
  expect(await update(a.id, { message: "A2" })).toMatchObject({ id: a.id, message: "A2" });
  expect(await queuedMessages(world, chat_id)).toEqual(["B", "A2", "C"]);
  await client(world).queue.remove({ params: { ...params, item_id: c.id } });
  await expect(client(world).queue.remove({ params: { ...params, item_id: c.id } })).rejects.toMatchObject({ status: 404 });
  await expect(update(a.id, { before: c.id })).rejects.toMatchObject({ status: 404 });

  await answer(world, world.owner, approval_id, "allow_once");
  expect(await userMessages(world, chat_id, 3)).toEqual(["Go", "B", "A2"]);
  expect(await listQueue(world, chat_id)).toMatchObject({ items: [], total: 0, held: null });
  const chat = await client(world).chat.get({ params });
  expect(chat.messages.map((message) => message.message_metadata?.["edit_mode"] ?? message.content)).toEqual([
    "Go",
    "ask",
    "B",
    "plan",
    "A2",
    "allow",
  ]);
  // With no active run and an empty queue it starts at once.
  await eventually(async () => (await client(world).chat.get({ params })).active_task === null);
  const { task_id } = await enqueue(world, chat_id, "D");
  expect(find(await all(client(world).chat.runEvents({ params: { task_id: task_id! } })), "complete")?.data.final_response).toBe("Fourth.");
});

test("a steering message reaches the next model call once and stays in the history; after the run it becomes the next message", async () => {
  await using world = await chatWorld({
    script: [
      call("write_file", { file_path: "a.txt", content: "a" }),
      nextMessage(),
      call("list_dir", {}),
      nextMessage(),
      say("Blue and red."),
      nextMessage(),
      turn(say("Wait "), pause(400), say("done.")),
      nextMessage(),
      say("Late."),
    ],
  });
  const { stream, chat_id, task_id, approval_id } = await startBusyChat(world);
  const item = await enqueue(world, chat_id, "Red too");
  const steered = await client(world).queue.steer({ params: { chat_id }, body: { message: "Use blue" } });
  expect(steered).toMatchObject({ task_id, status_url: `/api/tasks/${task_id}` });
  expect((await listQueue(world, chat_id)).items).toMatchObject([
    { message: "Use blue", is_steering: true },
    { message: "Red too", is_steering: false },
  ]);
  await answer(world, world.owner, approval_id, "allow_once");
  const first = await stream.until("steered");
  expect(first.data).toMatchObject({ id: steered.id, message: "Use blue", iteration: 2 });
  // The second joins the run while its next call is made, or starts the next run when that has ended.
  await client(world).queue.steerNow({ params: { chat_id, item_id: item.id } });
  const events = await stream.ended;
  const order = orderOf(events);
  expect(order.indexOf("steered")).toBeGreaterThan(order.indexOf("agent_step"));
  const userTexts = () =>
    world.model.requests.map((one) =>
      one.request!.messages.flatMap((message) => (message.role === "user" ? [message.text.split("\n").at(-1)] : [])),
    );
  await eventually(async () => userTexts().some((texts) => texts.includes("Red too")));
  expect(userTexts().at(1)!.slice(-2)).toEqual(["Go", "Use blue"]);
  const chat = await eventually(async () => {
    const now = await client(world).chat.get({ params: { chat_id } });
    return now.active_task === null ? now : undefined;
  });
  expect(chat.messages[1]?.message_metadata).toMatchObject({
    steered: [{ id: steered.id, text: "Use blue", iteration: 2 }, ...(chat.messages.length === 2 ? [{ text: "Red too" }] : [])],
  });
  expect(await queuedMessages(world, chat_id)).toEqual([]);

  // Sent during the last answer: no further call follows, so it becomes the next message.
  const last = collect(world.send("More", { chat_id }));
  await last.until("text_chunk");
  await client(world).queue.steer({ params: { chat_id }, body: { message: "Too late", edit_mode: "allow" } });
  expect(find(await last.ended, "steered")).toBeUndefined();
  const questions = await eventually(async () => {
    const now = await client(world).chat.get({ params: { chat_id } });
    return now.active_task === null && now.messages.some((message) => message.content === "Too late") ? now.messages : undefined;
  });
  expect(questions.filter((message) => message.content === "Too late")).toHaveLength(1);
  expect(JSON.stringify(world.model.requests.at(-1)!.request!.messages)).toContain("Use blue");
});

test("a stop puts the queue on hold with a reason, also across a restart, until it is resumed or a message is sent; a message that cannot start also holds it", async () => {
  const before = await chatWorld({ ownServer: true, script: approvalScript });
  const { stream, chat_id, task_id } = await startBusyChat(before);
  await enqueue(before, chat_id, "A", { model: "nowhere/nonesuch" });
  const b = await enqueue(before, chat_id, "B");
  await client(before).queue.steer({ params: { chat_id }, body: { message: "Unsent", edit_mode: "allow" } });
  await client(before).chat.cancel({ body: { task_id } });
  await stream.ended;
  await before.app.close();
  await using world = await chatWorld({ script: approvalScript, after: before });
  expect(await listQueue(world, chat_id)).toMatchObject({ held: { reason: "cancelled", message: "The run was stopped." } });
  expect((await listQueue(world, chat_id)).items.map((item) => [item.message, item.is_steering])).toEqual([
    ["Unsent", false],
    ["A", false],
    ["B", false],
  ]);
  // Messages added later wait too.
  await enqueue(world, chat_id, "C");
  expect(await queuedMessages(world, chat_id)).toEqual(["Unsent", "A", "B", "C"]);

  const { task_id: resumedTask } = await client(world).queue.resume({ params: { chat_id } });
  expect(resumedTask).not.toBeNull();
  // "A" names a model that does not exist.
  await eventually(async () => (await listQueue(world, chat_id)).held?.reason === "unknown_model");
  expect(await queuedMessages(world, chat_id)).toEqual(["A", "B", "C"]);
  await expect(client(world).queue.resume({ params: { chat_id } })).rejects.toMatchObject({ status: 400, code: "unknown_model" });
  const { task_id: sent } = await client(world).queue.steerNow({ params: { chat_id, item_id: b.id } });
  expect(find(await all(client(world).chat.runEvents({ params: { task_id: sent! } })), "complete")?.data.success).toBe(true);
  expect(await queuedMessages(world, chat_id)).toEqual(["A", "C"]);
  await client(world).queue.remove({ params: { chat_id, item_id: (await listQueue(world, chat_id)).items[0]!.id } });
  await client(world).queue.resume({ params: { chat_id } });
  expect(await userMessages(world, chat_id, 4)).toEqual(["Go", "Unsent", "B", "C"]);
});

test("limits, bad bodies and another user's requests are refused", async () => {
  await using world = await chatWorld({ script: approvalScript });
  const otherUser = await world.app.signUp();
  const { stream, chat_id, task_id } = await startBusyChat(world);
  const item = await enqueue(world, chat_id, "A");
  const request = async (method: string, path: string, json: object | undefined, user = world.owner) => {
    const response = await world.app.request(path, { method, user, ...(json && { json }) });
    return [response.status, await response.text()] as const;
  };
  const routes = (chatId: string, itemId: string): [string, string, object?][] => [
    ["GET", `/api/chat/${chatId}/queue`],
    ["POST", `/api/chat/${chatId}/queue`, { message: "Mine" }],
    ["PATCH", `/api/chat/${chatId}/queue/${itemId}`, { message: "Mine" }],
    ["DELETE", `/api/chat/${chatId}/queue/${itemId}`],
    ["POST", `/api/chat/${chatId}/queue/${itemId}/steer`],
    ["POST", `/api/chat/${chatId}/queue/resume`],
    ["POST", `/api/chat/${chatId}/steer`, { message: "Mine" }],
  ];
  const nowhere = routes(randomUUID(), randomUUID());
  for (const [index, [method, path, json]] of routes(chat_id, item.id).entries()) {
    const foreign = await request(method, path, json, otherUser);
    expect([path, foreign[0]]).toEqual([path, 404]);
    expect(foreign).toEqual(await request(method, nowhere[index]![1], json, otherUser));
    expect((await world.app.request(path, { method, ...(json && { json }) })).status).toBe(401);
  }
  expect((await request("POST", `/api/chat/${chat_id}/queue`, { message: "   " }))[0]).toBe(422);
  expect((await request("POST", `/api/chat/${chat_id}/steer`, { message: "x".repeat(10_001) }))[0]).toBe(422);
  expect((await request("PATCH", `/api/chat/${chat_id}/queue/${item.id}`, { before: "first" }))[0]).toBe(422);
  expect((await request("PATCH", `/api/chat/${chat_id}/queue/none`, {}))[0]).toBe(422);
  // An API key can queue only with its own edit mode, edit only such messages, and steer no run with more permissions.
  const keyed = async (scopes: ("read" | "write" | "run")[]) => ({
    ...world.owner,
    token: (await client(world).auth.createApiKey({ body: { name: "bot", scopes, edit_mode: "plan" } })).key,
  });
  const [writer, bot] = [await keyed(["read", "write"]), await keyed(["run"])];
  const queued = { message: "By key", edit_mode: "allow" };
  expect((await request("POST", `/api/chat/${chat_id}/queue`, queued, writer))[0]).toBe(403);
  expect((await request("POST", `/api/chat/${chat_id}/plan/build`, {}, writer))[0]).toBe(403);
  expect((await request("POST", `/api/chat/${chat_id}/steer`, queued, bot))[0]).toBe(403);
  expect((await request("POST", `/api/chat/${chat_id}/queue/${item.id}/steer`, undefined, bot))[0]).toBe(403);
  const [status, text] = await request("POST", `/api/chat/${chat_id}/queue`, queued, bot);
  expect([status, JSON.parse(text)]).toMatchObject([201, { edit_mode: "plan" }]);
  expect(JSON.parse((await request("PATCH", `/api/chat/${chat_id}/queue/${item.id}`, { message: "Changed" }, bot))[1])).toMatchObject({
    edit_mode: "plan",
  });
  for (let count = 2; count < 20; count++) await enqueue(world, chat_id, `N${count}`);
  await expect(enqueue(world, chat_id, "One too many")).rejects.toMatchObject({ status: 409, code: "queue_full" });
  await client(world).chat.cancel({ body: { task_id } });
  await stream.ended;
  expect(await queuedMessages(world, chat_id)).toHaveLength(20);
  // Clearing the chat clears the queue.
  await eventually(async () => (await client(world).chat.get({ params: { chat_id } })).active_task === null);
  await client(world).chat.clear({ params: { chat_id } });
  expect(await queuedMessages(world, chat_id)).toEqual([]);
});
