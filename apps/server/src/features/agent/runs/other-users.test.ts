import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { chatRoutes, type RouteSpec } from "@tesslate/contract";
import { call, say } from "@tesslate/testkit";
import { answer, chatSocket, chatWorld, eventually, collect } from "../../../testing/chat.ts";

test("another user gets the same 404 on every chat route as for ids that do not exist, and changes nothing", async () => {
  await using world = await chatWorld({ script: [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")] });
  const otherUser = await world.app.signUp();
  const stream = collect(world.send("Go", { edit_mode: "ask" }));
  const { data, task_id } = await stream.until("approval_required");
  const chat_id = (await stream.until("task_started")).data.chat_id;
  const { approval_id } = data;
  const project_id = world.project.id;

  type Ids = { chat_id: string; task_id: string; approval_id: string; project_id: string };
  const requests: Record<Exclude<keyof typeof chatRoutes, "socket">, (ids: Ids) => { query?: string; json?: object } | "own list"> = {
    history: () => ({}),
    stream: (ids) => ({ json: { project_id: ids.project_id, message: "Hi" } }),
    cancel: (ids) => ({ json: { task_id: ids.task_id } }),
    sessions: (ids) => ({ query: `?project_id=${ids.project_id}` }),
    createSession: (ids) => ({ json: { project_id: ids.project_id } }),
    approval: (ids) => ({ json: { approval_id: ids.approval_id, response: "allow_once" } }),
    answer: (ids) => ({ json: { question_id: ids.approval_id, choices: ["A"] } }),
    retry: (ids) => ({ json: { task_id: ids.task_id, retry_id: "0badc0de" } }),
    stopCommand: (ids) => ({ json: { task_id: ids.task_id, command_id: "0badc0de" } }),
    active: (ids) => ({ query: `?project_id=${ids.project_id}` }),
    runEvents: () => ({}),
    resume: (ids) => ({ json: { task_id: ids.task_id } }),
    get: () => ({}),
    transcript: () => ({}),
    update: () => ({ json: { title: "Mine" } }),
    fork: () => ({ json: { message_id: randomUUID() } }),
    clear: () => ({}),
    compact: () => ({ json: {} }),
    estimate: (ids) => ({ json: { project_id: ids.project_id, message: "Hi" } }),
    restore: () => ({ json: { message_id: randomUUID() } }),
    redo: () => ({}),
    remove: () => ({}),
  };
  const respond = async (name: keyof typeof requests, ids: Ids) => {
    const spec: RouteSpec = chatRoutes[name];
    const { query = "", json } = requests[name](ids) as { query?: string; json?: object };
    const path = spec.path.replace(/\{(\w+)\}/g, (_, key: keyof Ids) => ids[key]);
    const response = await world.app.request(path + query, { method: spec.method, user: otherUser, json });
    return [response.status, await response.text()];
  };
  const real = { chat_id, task_id, approval_id, project_id };
  const nowhere = { chat_id: randomUUID(), task_id: randomUUID(), approval_id: randomUUID(), project_id: randomUUID() };
  for (const name of Object.keys(requests) as (keyof typeof requests)[]) {
    const foreign = await respond(name, real);
    expect([name, foreign[0]]).toEqual([name, 404]);
    expect(foreign).toEqual(await respond(name, nowhere));
  }
  const cancelByChat = await world.app.request("/api/chat/cancel", { method: "POST", user: otherUser, json: { chat_id } });
  expect(cancelByChat.status).toBe(404);
  for (const id of [chat_id, nowhere.chat_id]) {
    const socket = await chatSocket(world.app, otherUser, id);
    expect(await socket.closed).toBe(4404);
  }
  // A user's own chat id gives no access to another user's run or question.
  const mine = await chatSocket(world.app, world.owner, chat_id);
  mine.send({ type: "subscribe", task_id: nowhere.task_id });
  mine.send({ type: "approval_response", approval_id: nowhere.approval_id, response: "allow_once" });
  await eventually(() => mine.frames.filter((f) => f.type === "error").length === 2);
  expect(mine.frames.map((f) => f.data?.["code"])).toEqual(["not_found", "not_found"]);
  mine.close();

  expect(await world.read("a.txt")).toBeUndefined();
  expect((await world.app.as(world.owner).chat.sessions({})).total).toBe(1);
  await answer(world, world.owner, approval_id, "allow_once");
  expect((await stream.ended).at(-1)?.type).toBe("done");
});

test("without a session every route gets 401", async () => {
  await using world = await chatWorld();
  for (const spec of Object.values(chatRoutes) as RouteSpec[]) {
    if (spec.kind === "socket") continue;
    const path = spec.path.replace(/\{\w+\}/g, randomUUID());
    expect([path, (await world.app.request(path, { method: spec.method, ...(spec.body && { json: {} }) })).status]).toEqual([path, 401]);
  }
});
