import { call, fail, say, turn, usage } from "@tesslate/testkit";
import { expect, test } from "vitest";
import { chatWorld, find } from "../../testing/chat.ts";

test("a run stops at its cap in the middle, keeps what it did, and is written down by purpose and model", async () => {
  await using world = await chatWorld({
    env: { DEFAULT_MODELS: "openai/gpt-5.1" },
    script: [
      // 20 000 in and 1 000 out of gpt-5.1 are 3.5 cents.
      turn(call("write_file", { file_path: "a.txt", content: "a" }), usage({ input: 20_000, output: 1_000 })),
      turn(call("write_file", { file_path: "b.txt", content: "b" }), usage({ input: 20_000, output: 1_000 })),
      say("never said"),
    ],
  });
  const events = await world.run("Write two files", { max_cost_cents: 5 });
  const complete = find(events, "complete")!.data;
  expect(complete).toMatchObject({ success: false, completion_reason: "resource_limit_exceeded" });
  expect(complete.final_response).toContain("Paused at the cap of $0.05");
  expect(complete.resource_stats).toMatchObject({
    cost_limit_cents: 5,
    cost_cents: 7,
    tokens_in: 40_000,
    context_used: 21_000,
    context_window: 400_000,
  });
  // The second call was told how long its answer may become, so that the cap holds while it streams.
  const limits = world.model.requests
    .filter((request) => request.method === "POST")
    .map((request) => (request.body as { max_completion_tokens?: number }).max_completion_tokens);
  expect(limits[0]).toBeLessThan(5_000);
  expect(limits[1]).toBeLessThan(limits[0]!);
  expect(await world.read("a.txt")).toBe("a");
  expect(find(events, "credits_used")!.data).toMatchObject({ purpose: "turn", model: "openai/gpt-5.1", context_window: 400_000 });
  const { items } = await world.app.as(world.owner).billing.usage({ query: {} });
  expect(items.map((item) => [item.model, item.purpose])).toEqual([
    ["openai/gpt-5.1", "turn"],
    ["openai/gpt-5.1", "turn"],
  ]);
});

test("a project's own fallback answers when its model is overloaded, and the usage says who answered", async () => {
  await using world = await chatWorld({
    env: { DEFAULT_MODELS: "openai/gpt-5.1" },
    script: [fail(429, { times: 1 }), say("Hello from the other one.")],
  });
  const client = world.app.as(world.owner);
  await client.projects.update({
    params: { id: world.project.id },
    body: { settings: { fallback_models: ["openai/gpt-5-mini", "not a model"] } },
  });
  const events = await world.run("Hello");
  expect(find(events, "notice")!.data).toMatchObject({
    level: "warning",
    message: expect.stringMatching(/limiting requests.*openai\/gpt-5-mini answers in place of openai\/gpt-5\.1/),
  });
  expect(find(events, "complete")!.data).toMatchObject({ success: true, final_response: "Hello from the other one." });
  // What was told on the way is there after a reload.
  const [, answer] = (await client.chat.history({ params: { project_id: world.project.id } })).items;
  expect(answer?.message_metadata?.["notices"]).toEqual([{ ...find(events, "notice")!.data, iteration: 1, at: expect.any(String) }]);
  expect((await client.billing.usage({ query: {} })).items.map((item) => item.model)).toEqual(["openai/gpt-5-mini"]);
  expect(find(events, "task_started")!.data.model).toBe("openai/gpt-5.1");
});
