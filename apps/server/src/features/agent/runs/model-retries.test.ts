import { expect, test } from "vitest";
import type { RunEvent } from "@tesslate/contract";
import { call, fail, say } from "@tesslate/testkit";
import { chatWorld, find, type ChatWorldOptions } from "../../../testing/chat.ts";

/** Waits take their time, so that a person can end them. */
const waiting: Pick<ChatWorldOptions, "configure"> = { configure: (config) => void (config.modelRetries.timeFactor = 1) };
const retriesOf = (events: readonly RunEvent[]) => events.flatMap((event) => (event.type === "model_retry" ? [event.data] : []));

test("an overloaded model is called again after waits that are shown, and kept in the transcript", async () => {
  await using world = await chatWorld({
    env: { DEFAULT_MODELS: "openai/gpt-5.1" },
    script: [fail(529, { message: "Too busy.", times: 2 }), say("Hi.")],
  });
  const events = await world.run("Hi");
  expect(find(events, "complete")?.data).toMatchObject({ success: true, final_response: "Hi." });
  expect(retriesOf(events).map(({ status, attempt, of }) => [status, attempt, of])).toEqual([
    ["waiting", 2, 5],
    ["retrying", 2, 5],
    ["waiting", 3, 5],
    ["retrying", 3, 5],
  ]);
  expect(retriesOf(events)[0]).toMatchObject({
    model: "openai/gpt-5.1",
    kind: "overloaded",
    message: expect.stringMatching(/is overloaded \(529\)\.$/),
    reason: "Too busy.",
  });
  const chat_id = find(events, "task_started")!.data.chat_id;
  const transcript = await world.app.as(world.owner).chat.transcript({ params: { chat_id }, query: {} });
  expect(JSON.stringify(transcript)).toContain("Too busy.");
});

test("the owner ends a wait, also with another model for this call; others cannot", async () => {
  await using world = await chatWorld({
    ...waiting,
    env: { DEFAULT_MODELS: "openai/gpt-5.1,openai/gpt-5-mini" },
    script: [
      fail(429, { retryAfter: 50 }),
      call("write_file", { file_path: "a.txt", content: "a" }),
      fail(429, { retryAfter: 50 }),
      say("Done."),
    ],
  });
  const stranger = await world.app.signUp();
  const client = world.app.as(world.owner).chat;
  const statusOf = async (json: object, user = world.owner): Promise<number> =>
    (await world.app.request("/api/chat/agent/retry", { method: "POST", user, json })).status;
  const refusals: number[] = [];
  const choices = [null, "openai/gpt-5-mini"];
  const events: RunEvent[] = [];
  for await (const event of world.send("Go")) {
    events.push(event);
    if (event.type !== "model_retry" || event.data.status !== "waiting") continue;
    const body = { task_id: event.task_id, retry_id: event.data.retry_id };
    refusals.push(
      await statusOf(body, stranger),
      await statusOf({ ...body, retry_id: "none" }),
      await statusOf({ ...body, model: "no/such-model" }),
    );
    expect(Date.parse(event.data.until) - Date.now()).toBeGreaterThan(30_000);
    expect(await client.retry({ body: { ...body, model: choices.shift()! } })).toEqual({
      retry_id: body.retry_id,
      status: "retry_requested",
    });
  }
  expect(refusals).toEqual([404, 409, 400, 404, 409, 400]);
  expect(find(events, "complete")?.data).toMatchObject({ success: true, final_response: "Done." });
  const [first, , , last] = retriesOf(events);
  expect(last).toMatchObject({ status: "retrying", model: "openai/gpt-5-mini" });
  // The call is charged to the model that answered it.
  const used = events.flatMap((event) => (event.type === "credits_used" ? [event.data.model] : []));
  expect(used).toEqual(["openai/gpt-5.1", "openai/gpt-5-mini"]);
  expect(await statusOf({ task_id: events[0]!.task_id, retry_id: first!.retry_id })).toBe(409);
});

test("stopping the run ends a wait", async () => {
  await using world = await chatWorld({ ...waiting, script: [fail(429, { retryAfter: 50 }), say("never")] });
  const events: RunEvent[] = [];
  for await (const event of world.send("Go")) {
    events.push(event);
    if (event.type === "model_retry") await world.app.as(world.owner).chat.cancel({ body: { task_id: event.task_id } });
  }
  expect(find(events, "complete")?.data).toMatchObject({ completion_reason: "cancelled" });
  expect(retriesOf(events)).toHaveLength(1);
});

test("a longer Retry-After than a minute ends the run with the time", async () => {
  await using world = await chatWorld({ script: [fail(429, { retryAfter: 600 }), say("never")] });
  const events = await world.run("Go");
  expect(retriesOf(events)).toEqual([]);
  expect(find(events, "error")?.data).toMatchObject({
    code: "rate_limited",
    kind: "rate_limit",
    message: expect.stringContaining("Try again in 10 minutes."),
  });
});

test.each([
  [401, "auth", "Invalid key."],
  [402, "quota", "Pay first."],
  [400, "context", "This model's maximum context length is 1000 tokens."],
  [404, "not_found", "Unknown model."],
])("HTTP %i is an error of kind %s with the provider's message, and the same message runs again", async (status, kind, message) => {
  await using world = await chatWorld({
    script: [call("write_file", { file_path: "a.txt", content: "a" }), fail(status, { message }), say("Done.")],
  });
  const events = await world.run("Make a.txt");
  expect(find(events, "error")?.data).toMatchObject({ kind, message: expect.stringContaining(message) });
  const { task_id } = events[0]!;
  const client = world.app.as(world.owner).chat;
  const resumed = await client.resume({ body: { task_id } });
  const after: RunEvent[] = [];
  for await (const event of client.runEvents({ params: { task_id: resumed.task_id }, query: {} })) after.push(event);
  expect(find(after, "complete")?.data).toMatchObject({ success: true, final_response: "Done.", iterations: 2 });
  const { items } = await client.history({ params: { project_id: world.project.id } });
  expect(items.map(({ role, content }) => [role, content])).toEqual([
    ["user", "Make a.txt"],
    ["assistant", "Done."],
  ]);
});
