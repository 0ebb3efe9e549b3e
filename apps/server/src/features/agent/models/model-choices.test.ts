import {
  call,
  fail,
  continues,
  parallel,
  say,
  script,
  startModelServer,
  turn,
  when,
  type ModelServer,
  type ScriptItem,
  type ScriptRequest,
} from "@tesslate/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { testApp, type TestApp } from "../../../testing/app.ts";
import { chatWorld, find } from "../../../testing/chat.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const serving = async (items: ScriptItem[]): Promise<ModelServer> => {
  const server = await startModelServer({ script: script(items), models: ["small-model"] });
  closers.push(() => server.close());
  return server;
};
const started = async (env: Record<string, string>): Promise<TestApp> => {
  const app = await testApp({ env });
  closers.push(() => app.close());
  return app;
};
const local = (server: ModelServer) => ({ OLLAMA_BASE_URL: server.openai_base_url });
const note = (title: string, count: number) => call("add_note", { title, count });
/** A model that passes every probe. */
const able: ScriptItem[] = [
  when(/^Call add_note once.*else\.$/, [note("alpha", 3)]),
  when(/^Call add_note twice/, [parallel(note("alpha", 1), note("beta", 2))]),
  when(/Then answer with the number/, [turn(note("alpha", 3)), say("4711")]),
];
/** A model whose server refuses tools, and which writes Python literals instead of JSON. */
const weak: ScriptItem[] = [
  when(
    (request: ScriptRequest) => request.tools.length > 0,
    [fail(400, { message: "small-model does not support tools", times: 99 }), say("never")],
  ),
  when(/^Call add_note once.*else\.$/, [turn(say("{'tool_name': 'add_note', 'parameters': {'title': 'alpha', 'count': 3}}"), continues())]),
  when(/^Call add_note twice/, [say("I cannot do two.")]),
  when(/Then answer with the number/, [turn(say("x"), continues()), say("The number is 4711.")]),
];

describe("probing a model", () => {
  test("a capable model gets function calling, parallel calls and the full score; the result is stored and listed", async () => {
    const app = await started(local(await serving(able)));
    const client = app.as(await app.signUp());
    expect((await client.models.list()).items[0]).toMatchObject({
      id: "ollama/small-model",
      tools: null,
      score: null,
      message_cents: 0,
      own_key: false,
    });
    const trial = await client.models.probe({ body: { model: "ollama/small-model" } });
    expect(trial).toMatchObject({
      model: "ollama/small-model",
      tools: "native",
      parallel_tools: true,
      needs_repair: false,
      reports_usage: true,
      score: 100,
    });
    expect(Date.parse(trial.expires_at)).toBeGreaterThan(Date.parse(trial.probed_at));
    expect((await client.models.list()).items[0]).toMatchObject({ tools: "native", score: 100 });
    expect((await client.billing.usage({ query: {} })).items).toMatchObject([{ purpose: "probe", model: "ollama/small-model" }]);
  });

  test("a weak model gets no function calling, repaired JSON and a lower score", async () => {
    const app = await started(local(await serving(weak)));
    const client = app.as(await app.signUp());
    const trial = await client.models.probe({ body: { model: "ollama/small-model" } });
    expect(trial).toMatchObject({ tools: "text", parallel_tools: false, needs_repair: true });
    expect(trial.score).toBeGreaterThan(40);
    expect(trial.score).toBeLessThan(80);
  });

  test("a provider that does not respond is reported, an unknown model is refused", async () => {
    const app = await started({ OLLAMA_BASE_URL: "http://127.0.0.1:9/v1" });
    const client = app.as(await app.signUp());
    await expect(client.models.probe({ body: { model: "ollama/x" } })).rejects.toMatchObject({ status: 502, code: "model_error" });
    expect(await client.models.health({ body: { model: "ollama/x" } })).toMatchObject({ health: "unhealthy", latency_ms: null });
    await expect(client.models.probe({ body: { model: "nowhere/x" } })).rejects.toMatchObject({ status: 400, code: "unknown_model" });
    await expect(client.models.probe({ body: { model: "openai/gpt-5.1" } })).rejects.toMatchObject({ status: 503 });
    await expect(app.as().models.probe({ body: { model: "ollama/x" } })).rejects.toMatchObject({ status: 401 });
    await expect(client.models.probe({ body: {} as never })).rejects.toMatchObject({ status: 422 });
  });

  test("the first run of an unknown model probes it once; the weak model then writes the file by text protocol", async () => {
    const server = await serving([
      ...weak,
      when(/Write it/, [
        turn(say("```json\n{'tool_name': 'write_file', 'parameters': {'path': 'a.txt', 'content': 'hello'}}\n```"), continues()),
        say("Written. TASK_COMPLETE"),
      ]),
      when(/And again/, [say("Nothing to do. TASK_COMPLETE")]),
    ]);
    await using world = await chatWorld({ hasModel: false, env: local(server) });
    const events = await world.run("Write it");
    expect(events.filter((event) => event.type === "notice").map((event) => event.data.message)).toEqual([
      "First run with ollama/small-model: testing its capabilities. This happens once.",
      expect.stringMatching(/no function calling.*Score \d+ of 100/),
    ]);
    expect(find(events, "complete")!.data).toMatchObject({ success: true, final_response: "Written.", tool_calls_made: 1 });
    expect(await world.read("a.txt")).toBe("hello");
    const again = await world.run("And again");
    expect(again.some((event) => event.type === "notice")).toBe(false);
  });

  test("a model that once made a native call keeps function calling until its provider refuses tools", async () => {
    const server = await serving(able);
    const app = await started(local(server));
    const client = app.as(await app.signUp());
    const body = { model: "ollama/small-model" };
    expect(await client.models.probe({ body })).toMatchObject({ tools: "native" });
    await app.studio.database.pool.query("update model_capabilities set expires_at = now() - interval '1 day'");
    const call = "```json\n{'tool_name': 'add_note', 'parameters': {'title': 'alpha', 'count': 3}}\n```";
    server.setScript(script([when(/^Call add_note/, [say(call)])]));
    const trial = await client.models.probe({ body });
    expect(trial).toMatchObject({ tools: "native" });
    expect(trial.score).toBeLessThan(50);
    server.setScript(script(weak));
    expect(await client.models.probe({ body })).toMatchObject({ tools: "text" });
  });
});

describe("choosing models", () => {
  test("a custom model is offered, runs, and is deleted; other users have their own", async () => {
    const server = await serving([say("ok")]);
    const app = await started(local(server));
    const [client, other] = [app.as(await app.signUp()), app.as(await app.signUp())];
    const added = await client.models.addCustom({ body: { model_id: "ollama/hidden:7b", name: "Hidden" } });
    expect(added).toMatchObject({ id: "ollama/hidden:7b", name: "Hidden", source: "custom", available: true });
    expect((await client.models.list()).items.map((model) => [model.id, model.source])).toEqual([
      ["ollama/small-model", "system"],
      ["ollama/hidden:7b", "custom"],
    ]);
    expect((await other.models.list()).total).toBe(1);
    expect(await client.models.health({ body: { model: "small-model" } }).catch((error: unknown) => error)).toMatchObject({ status: 400 });
    expect(await client.models.health({ body: { model: "ollama/small-model" } })).toMatchObject({
      health: "healthy",
      message: "The model responded.",
    });
    // By name alone; this server does not offer it.
    expect(await client.models.health({ body: { model: "hidden:7b" } })).toMatchObject({ health: "unhealthy", model: "ollama/hidden:7b" });
    await expect(client.models.addCustom({ body: { model_id: "ollama/hidden:7b" } })).rejects.toMatchObject({ status: 409 });
    await expect(client.models.addCustom({ body: { model_id: "unknown/model" } })).rejects.toMatchObject({
      status: 400,
      code: "unknown_model",
    });
    await expect(other.models.removeCustom({ params: { id: added.custom_id! } })).rejects.toMatchObject({ status: 404 });
    await client.models.removeCustom({ params: { id: added.custom_id! } });
    expect((await client.models.list()).total).toBe(1);
  });

  test("a model without a list price is charged at the default price, which the list, the estimate and the run show", async () => {
    await using world = await chatWorld({ script: [say("one")] });
    const client = world.app.as(world.owner);
    const model = "openai/house-model";
    await client.models.addCustom({ body: { model_id: model } });
    const listed = (await client.models.list({ query: { limit: 500 } })).items.find(({ id }) => id === model);
    expect(listed).toMatchObject({ own_key: false, pricing: null, is_price_known: false });
    expect(listed?.message_cents).toBeGreaterThan(0);
    const estimate = await client.chat.estimate({ body: { project_id: world.project.id, message: "Go", model } });
    expect(estimate).toMatchObject({ model, is_price_known: false, is_byok: false });
    expect(estimate.likely_cost_cents).toBeGreaterThan(0);
    const cost = find(await world.run("Go", { model }), "complete")?.data.resource_stats?.cost_cents;
    expect(cost).toBeGreaterThan(0);
    const [usage] = (await client.billing.usage({ query: {} })).items.filter((row) => row.model === model);
    expect(usage?.cost_total_cents).toBe(cost);
  });

  test("an agent's model, a project's model and a user's fallbacks are used", async () => {
    await using world = await chatWorld({ script: [say("one"), say("two"), say("three")] });
    const client = world.app.as(world.owner);
    expect(await client.models.selectForAgent({ params: { id: "tesslate-agent" }, body: { model: "openai/gpt-5-mini" } })).toEqual({
      model: "openai/gpt-5-mini",
    });
    expect(find(await world.run("First"), "task_started")!.data.model).toBe("openai/gpt-5-mini");
    await client.projects.update({ params: { id: world.project.id }, body: { settings: { model: "openai/gpt-5-nano" } } });
    expect(find(await world.run("Second"), "task_started")!.data.model).toBe("openai/gpt-5-nano");
    expect(await client.models.selectForAgent({ params: { id: "tesslate-agent" }, body: { model: null } })).toEqual({ model: null });
    await expect(client.models.selectForAgent({ params: { id: "code-analyzer-oss" }, body: { model: null } })).rejects.toMatchObject({
      status: 404,
    });
    await expect(client.models.selectForAgent({ params: { id: "tesslate-agent" }, body: { model: "no/such" } })).rejects.toMatchObject({
      status: 400,
    });
    expect(await client.models.preferences()).toEqual({ fallback_models: null, max_cost_cents: null, own_key_day_cents: null });
    expect(await client.models.setPreferences({ body: { fallback_models: ["openai/gpt-5"], max_cost_cents: 25.5 } })).toEqual({
      fallback_models: ["openai/gpt-5"],
      max_cost_cents: 25.5,
      own_key_day_cents: null,
    });
    // Stored with four decimals: a smaller value would be stored as 0, which means no limit.
    for (const body of [{ max_cost_cents: 1e-9 }, { own_key_day_cents: 1e-9 }])
      await expect(client.models.setPreferences({ body })).rejects.toMatchObject({ status: 422 });
    expect(await client.models.setPreferences({ body: { max_cost_cents: 0.0001 } })).toMatchObject({ max_cost_cents: 0.0001 });
    expect(await client.models.setPreferences({ body: { max_cost_cents: null } })).toEqual({
      fallback_models: ["openai/gpt-5"],
      max_cost_cents: null,
      own_key_day_cents: null,
    });
    await expect(client.models.setPreferences({ body: { fallback_models: ["no/such"] } })).rejects.toMatchObject({ status: 400 });

    // The estimate of a message before it is sent, and a lower estimate after compaction.
    const estimate = await client.chat.estimate({ body: { project_id: world.project.id, message: "Rename the label", max_cost_cents: 3 } });
    expect(estimate).toMatchObject({
      model: "openai/gpt-5-nano",
      basis: "usual",
      is_byok: false,
      is_price_known: true,
      cost_limit_cents: 3,
      context_window: 272_000,
    });
    expect(estimate.tokens_in).toBeGreaterThan(1_500);
    expect(estimate.likely_cost_cents).toBeGreaterThan(0);
    const chat_id = find(await world.run("Third"), "task_started")!.data.chat_id;
    world.model.setScript(script([when(/Transcript:/, [say("Three messages so far.")]), when(/Fourth/, [say("four")])]));
    const compacted = await client.chat.compact({ params: { chat_id }, body: {} });
    expect(compacted.cost_cents).toBeGreaterThan(0);
    await world.run("Fourth");
    const sentTexts = world.model.requests.at(-1)!.request!.messages.map((message) => message.text);
    expect(sentTexts[0]).toMatch(/^\[SUMMARY of earlier turns\]\nThree messages so far\./);
    expect(sentTexts.slice(1).join("\n")).not.toContain("First");
    expect((await client.billing.usage({ query: {} })).items.map((item) => item.purpose).toSorted()).toEqual([
      "compaction",
      "turn",
      "turn",
      "turn",
      "turn",
    ]);
    expect((await client.chat.get({ params: { chat_id } })).messages).toHaveLength(8);
  });
});
