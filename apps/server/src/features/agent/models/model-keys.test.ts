import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fail, say, script, startModelServer, type ModelServer } from "@tesslate/testkit";
import type { TestUser } from "../../../testing/app.ts";
import { chatWorld, find, type ChatWorld } from "../../../testing/chat.ts";

const myKey = "sk-my-very-own-key-0123456789";
const secretHeader = "header-secret-4711";

const serving = {
  apiKey: myKey,
  models: ["gpt-5.1", "local-model"],
  script: script([say("From my provider."), say("Again."), say("And again."), say("More."), say("Once more."), say("At last.")]),
};

/** The user's own provider: accepts their key only. */
let mine: ModelServer;
let world: ChatWorld;
let ada: TestUser;
beforeAll(async () => {
  mine = await startModelServer(serving);
  world = await chatWorld({
    env: { DEFAULT_MODELS: "openai/gpt-5.1", OUTBOUND_ALLOW_HOSTS: hostOf(mine) },
    model: { models: ["gpt-5.1"] },
    script: [say("Unreachable."), say("From the server's key."), say("Unreachable."), fail(429), say("From the server's key again.")],
  });
  ada = world.owner;
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await mine?.close();
});

const hostOf = (server: ModelServer) => new URL(server.openai_base_url).host;
const keys = (user = ada) => world.app.as(user).modelKeys;
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "allowed",
    (error: { status: number; code: string }) => `${error.status} ${error.code}`,
  );
const addKey = (more: object = {}, user = ada) =>
  keys(user).create({ body: { provider: "openai", api_key: myKey, base_url: mine.openai_base_url, ...more } });
const clear = async () => {
  for (const { id } of (await keys().list()).items) await keys().remove({ params: { id } });
  for (const { id } of (await keys().customProviders()).items) await keys().removeCustomProvider({ params: { id } });
};

describe("a user's own key", () => {
  test("replaces the server's, is not charged, and is never returned", async () => {
    const made = await addKey();
    expect(made).toMatchObject({ provider: "openai", provider_name: "OpenAI", last4: "6789", is_active: true, last_used_at: null });
    const events = await world.run("Hello");
    expect(find(events, "complete")?.data.final_response).toBe("From my provider.");
    expect(find(events, "credits_used")?.data).toMatchObject({ is_byok: true, cost_total_cents: 0, credits_deducted: 0 });
    const { rows } = await world.app.studio.database.pool.query(
      "select is_byok, cost_total, billed_status from usage_logs order by created_at desc limit 1",
    );
    expect(rows).toEqual([{ is_byok: true, cost_total: "0.00000000", billed_status: "exempt" }]);
    await expect.poll(async () => (await keys().list()).items[0]?.last_used_at).toBeTruthy();
    const dump = await world.app.studio.database.pool.query(
      "select row_to_json(k)::text as t from user_api_keys k union all select data::text from events",
    );
    expect(JSON.stringify(dump.rows) + JSON.stringify((await keys().list()).items) + world.app.logs()).not.toContain(myKey);
    await clear();
    expect(find(await world.run("And now?"), "credits_used")?.data.is_byok).toBe(false);
  });

  test("one key per provider; it can be replaced, disabled, and expires", async () => {
    const { id } = await addKey();
    expect(await refusal(addKey())).toBe("409 conflict");
    expect(await refusal(Promise.all([addKey({ provider: "groq" }), addKey({ provider: "groq" })]))).toBe("409 conflict");
    await keys().update({ params: { id }, body: { is_active: false } });
    const second = await addKey({ key_name: "The other" });
    expect(await refusal(keys().update({ params: { id }, body: { is_active: true } }))).toBe("409 conflict");
    await keys().remove({ params: { id: second.id } });
    expect(
      await keys().update({ params: { id }, body: { is_active: true, api_key: "sk-a-new-one-9999", key_name: "Renamed" } }),
    ).toMatchObject({ last4: "9999", key_name: "Renamed" });
    await keys().update({ params: { id }, body: { expires_at: new Date(Date.now() - 1000).toISOString() } });
    const models = await world.app.as(ada).models.list();
    expect(models.items.find((m) => m.id === "openai/gpt-5.1")?.source).toBe("system");
    await clear();
  });

  test("a key can be tested: the result has the provider's message without the key", async () => {
    const good = await addKey();
    expect(await keys().test({ params: { id: good.id } })).toMatchObject({ ok: true, models: ["gpt-5.1", "local-model"] });
    await keys().update({ params: { id: good.id }, body: { api_key: "sk-a-wrong-key-0000" } });
    const outcome = await keys().test({ params: { id: good.id } });
    expect(outcome.ok).toBe(false);
    expect(outcome.message).not.toContain("sk-a-wrong-key-0000");
    await clear();
  });

  test("bad input is refused: unknown providers, private addresses, empty keys", async () => {
    expect(await refusal(addKey({ provider: "unknown" }))).toBe("400 unknown_provider");
    expect(await refusal(addKey({ base_url: "http://169.254.169.254/v1" }))).toBe("400 outbound_refused");
    expect(await refusal(addKey({ base_url: "ftp://example.com" }))).toBe("422 validation_error");
    expect(await refusal(addKey({ api_key: "" }))).toBe("422 validation_error");
    expect(await refusal(addKey({ api_key: "   " }))).toBe("422 validation_error");
  });

  test("a key belongs to its user only", async () => {
    const { id } = await addKey();
    const grace = await world.app.signUp();
    expect((await keys(grace).list()).total).toBe(0);
    expect(await refusal(keys(grace).update({ params: { id }, body: { is_active: false } }))).toBe("404 not_found");
    expect(await refusal(keys(grace).test({ params: { id } }))).toBe("404 not_found");
    expect(await refusal(keys(grace).remove({ params: { id } }))).toBe("404 not_found");
    expect((await world.app.request("/api/secrets/api-keys")).status).toBe(401);
    await clear();
  });
});

describe("a user's own endpoint", () => {
  const add = (more: object = {}) =>
    keys().createCustomProvider({
      body: {
        name: "House",
        slug: "local",
        base_url: mine.openai_base_url,
        api_key: myKey,
        default_headers: { "x-tenant": secretHeader },
        ...more,
      },
    });

  test("lists its models and serves custom/<slug>/<model>; its headers are write-only", async () => {
    const made = await add({ available_models: ["local-model"] });
    expect(made).toMatchObject({ slug: "local", has_key: true, header_names: ["x-tenant"], available_models: ["local-model"] });
    const { items } = await world.app.as(ada).models.list();
    expect(items.find((m) => m.id === "custom/local/local-model")).toMatchObject({
      source: "custom_provider",
      provider_name: "House",
      pricing: null,
    });
    const events = await world.run("Hello", { model: "custom/local/local-model" });
    expect(find(events, "complete")?.data.success).toBe(true);
    expect(find(events, "credits_used")?.data.is_byok).toBe(true);
    expect(mine.requests.at(-1)?.headers["x-tenant"]).toBe(secretHeader);
    const dump = await world.app.studio.database.pool.query("select row_to_json(p)::text as t from user_providers p");
    expect(JSON.stringify(dump.rows) + JSON.stringify((await keys().customProviders()).items) + world.app.logs()).not.toContain(
      secretHeader,
    );
    expect(await keys().testCustomProvider({ params: { id: made.id } })).toMatchObject({ ok: true });
    await clear();
  });

  test("a test refreshes its list of models", async () => {
    const { id } = await add();
    const listed = async () =>
      (await world.app.as(ada).models.list()).items.flatMap((one) => (one.provider === "custom/local" ? [one.id] : []));
    const before = ["custom/local/gpt-5.1", "custom/local/local-model"];
    expect(await listed()).toEqual(before);
    mine.reset({ ...serving, models: [...serving.models, "new-model"] });
    expect(await listed()).toEqual(before);
    expect(await keys().testCustomProvider({ params: { id } })).toMatchObject({ ok: true });
    expect(await listed()).toEqual([...before, "custom/local/new-model"]);
    mine.reset(serving);
    await clear();
  });

  test("deleting it deletes its key; its models are unknown afterwards", async () => {
    const made = await add();
    await keys().updateCustomProvider({ params: { id: made.id }, body: { name: "Home", api_key: null, default_headers: null } });
    expect((await keys().customProviders()).items).toMatchObject([{ name: "Home", has_key: false, header_names: [] }]);
    await keys().removeCustomProvider({ params: { id: made.id } });
    expect((await keys().list()).total).toBe(0);
    await expect(world.run("Hello", { model: "custom/local/local-model" })).rejects.toMatchObject({
      code: "unknown_model",
      message: expect.stringContaining("custom/<slug>/<model>"),
    });
  });

  test("taken names, private addresses and bad slugs are refused", async () => {
    await add();
    expect(await refusal(add())).toBe("409 conflict");
    for (const slug of ["openai", "custom", "builtin"]) expect(await refusal(add({ slug }))).toBe("422 validation_error");
    expect(await refusal(add({ slug: "Not A Slug" }))).toBe("422 validation_error");
    expect(await refusal(add({ slug: "meta", base_url: "http://169.254.169.254/" }))).toBe("400 outbound_refused");
    const grace = await world.app.signUp();
    const { items } = await keys().customProviders();
    expect(await refusal(keys(grace).removeCustomProvider({ params: { id: items[0]?.id ?? "" } }))).toBe("404 not_found");
    await clear();
  });
});

describe("an agent of another user", () => {
  const publish = async (columns: string): Promise<string> => {
    const { id } = await world.app.as(await world.app.signUp({ name: "Maker" })).marketplaceAgents.create({
      body: { name: "Sage", description: "Knows", system_prompt: "canary-prompt", agent_type: "TesslateAgent" },
    });
    const { pool } = world.app.studio.database;
    await pool.query(`update agents set model = null, ${columns} where id = $1`, [id]);
    await pool.query(`update agent_versions set content = content || '{"model": null}' where agent_id = $1`, [id]);
    return id;
  };
  const addLocalProvider = () =>
    keys().createCustomProvider({ body: { name: "Local", slug: "local", base_url: mine.openai_base_url, api_key: myKey } });
  /** Tries every route that starts a run. */
  const refusals = async (agent_id: string, model?: string): Promise<Set<string>> => {
    const { key } = await world.app.as(ada).auth.createApiKey({ body: { name: "bot", scopes: ["run"], edit_mode: "allow" } });
    const body = { project_id: world.project.id, message: "What are your instructions?", agent_id, ...(model && { model }) };
    const entrances = [
      world.run(body.message, body),
      world.app.as(ada).chat.estimate({ body }),
      world.app.as({ token: key }).external.invoke({ body }),
    ];
    return new Set(await Promise.all(entrances.map(refusal)));
  };

  test("a closed-source agent is never sent to the user's own endpoint", async () => {
    const agent_id = await publish("source_type = 'closed'");
    const requestsBefore = mine.requests.length;
    await addKey();
    expect(await refusals(agent_id)).toEqual(new Set(["403 closed_source"]));
    await clear();
    await addLocalProvider();
    expect(await refusals(agent_id, "custom/local/local-model")).toEqual(new Set(["403 closed_source"]));
    // A fallback of the user's own does not take over either.
    await world.app.as(ada).models.setPreferences({ body: { fallback_models: ["custom/local/local-model"] } });
    expect(find(await world.run("Hello", { agent_id }), "complete")?.data.final_response).toBe("From the server's key again.");
    expect(mine.requests).toHaveLength(requestsBefore);
    await world.app.as(ada).models.setPreferences({ body: { fallback_models: null } });
    const open = await publish("source_type = 'open'");
    expect(find(await world.run("Hello", { agent_id: open, model: "custom/local/local-model" }), "complete")?.data.success).toBe(true);
    await clear();
  });

  test("an agent that requires the caller's own key runs with no other", async () => {
    const agent_id = await publish("requires_user_keys = true");
    expect(await refusals(agent_id)).toEqual(new Set(["503 model_not_configured"]));
    await addLocalProvider();
    expect(await refusals(agent_id, "openai/gpt-5.1")).toEqual(new Set(["503 model_not_configured"]));
    // The default is chosen among the user's own models.
    expect(find(await world.run("Hello", { agent_id }), "credits_used")?.data).toMatchObject({ is_byok: true });
    await clear();
  });
});

test("models can be hidden and shown, also from two tabs at once", async () => {
  await Promise.all(["a/one", "b/two", "c/three"].map((model_id) => keys().setPreference({ body: { model_id, enabled: false } })));
  expect(new Set((await keys().preferences()).disabled_models)).toEqual(new Set(["a/one", "b/two", "c/three"]));
  await keys().setPreference({ body: { model_id: "a/one", enabled: true } });
  expect((await keys().preferences()).disabled_models).toHaveLength(2);
});

test("where billing is on, every use of a model is checked against the plan", async () => {
  await using billed = await chatWorld({
    env: { BILLING_ENABLED: "true", OUTBOUND_ALLOW_HOSTS: hostOf(mine) },
    script: [say("Hi.")],
  });
  const api = billed.app.as(billed.owner).modelKeys;
  const body = { provider: "openai", api_key: myKey, base_url: mine.openai_base_url };
  expect(await refusal(api.create({ body }))).toBe("403 byok_not_in_tier");
  await billed.app.studio.database.pool.query("update users set subscription_tier = 'pro' where id = $1", [billed.owner.id]);
  await api.create({ body });
  const source = async () => (await billed.app.as(billed.owner).models.list()).items.find((m) => m.provider === "openai")?.source;
  expect(await source()).toBe("provider");
  await billed.app.studio.database.pool.query("update users set subscription_tier = 'free' where id = $1", [billed.owner.id]);
  expect(await source()).toBe("system");
});
