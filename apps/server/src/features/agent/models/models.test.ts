import { fileURLToPath } from "node:url";
import { freePort, startModelServer, say, script, fail, type ModelServer, type ModelServerOptions } from "@tesslate/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { testApp, type TestApp, type TestAppOptions } from "../../../testing/app.ts";

const key = "sk-planted-secret-key-0123456789";
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const provider = async (options: ModelServerOptions = {}): Promise<ModelServer> => {
  const server = await startModelServer({ script: script([say("ok")], { repeat: true }), ...options });
  closers.push(() => server.close());
  return server;
};
const start = async (options: TestAppOptions = {}): Promise<TestApp> => {
  const app = await testApp(options);
  closers.push(async () => app[Symbol.asyncDispose]());
  return app;
};
const openaiEnv = (server: ModelServer, more: Record<string, string> = {}) => ({
  OPENAI_BASE_URL: server.openai_base_url,
  OPENAI_API_KEY: key,
  ...more,
});

describe("without any model", () => {
  test("the setup card lists the providers; nothing is configured; a request without a session gets 401", async () => {
    const app = await start();
    const [user, admin] = [await app.signUp(), await app.signUp({ admin: true })];
    const setup = await app.as(user).models.setup();
    expect(setup).toMatchObject({
      configured: false,
      default_model: null,
      can_configure: false,
      demo: false,
      demo_available: false,
      ollama: null,
    });
    expect(setup.providers.map((p) => p.provider)).toEqual([
      "anthropic", "openai", "google", "openai-compatible", "ollama", "openrouter", "groq", "together", "deepseek", "fireworks", "z-ai", "nano-gpt",
    ]); // prettier-ignore
    expect(setup.providers.every((p) => !p.has_key && p.setup_required)).toBe(true);
    expect((await app.as(admin).models.setup()).can_configure).toBe(true);
    expect(await app.as(user).models.list()).toMatchObject({ items: [], total: 0, default: null });
    await expect(app.as().models.setup()).rejects.toMatchObject({ status: 401 });
  });
  test("only an administrator may test or connect a provider", async () => {
    const app = await start();
    const user = app.as(await app.signUp());
    await expect(user.models.test({ body: { provider: "openai" } })).rejects.toMatchObject({ status: 403 });
    await expect(user.models.configure({ body: { kind: "demo", enabled: true } })).rejects.toMatchObject({ status: 403 });
  });
});

describe("models from the environment", () => {
  test("the provider's own list is offered, with prices where they are known, and the first known model is the default", async () => {
    const server = await provider({ apiKey: key, models: ["text-embedding-3-small", "gpt-5-mini", "local-model"] });
    const app = await start({ env: openaiEnv(server) });
    const models = await app.as(await app.signUp()).models.list();
    expect(models).toMatchObject({ total: 2, page: 1, total_pages: 1, default: "openai/gpt-5-mini" });
    expect(models.items.map((m) => [m.id, m.pricing, m.provider_name, m.available, m.health])).toEqual([
      ["openai/gpt-5-mini", { input: 0.25, output: 2 }, "OpenAI", true, "healthy"],
      ["openai/local-model", null, "OpenAI", true, "healthy"],
    ]);
    expect(models.external_providers.find((p) => p.provider === "openai")).toMatchObject({ has_key: true, setup_required: false });
    expect(app.logs()).not.toContain(key);
  });
  test("lists are cached, and a list that fails to load does not fail the page", async () => {
    const server = await provider({ models: ["m"] });
    const app = await start({ env: openaiEnv(server, { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: "http://127.0.0.1:9/v1" }) });
    const client = app.as(await app.signUp());
    await client.models.list();
    const requestsBefore = server.requests.length;
    const models = await client.models.list();
    expect(server.requests.length).toBe(requestsBefore);
    expect(models.items.map((m) => m.id)).toContain("openai/m");
    // The price table knows the models, so that a person can still choose.
    expect(models.items.find((m) => m.id === "anthropic/claude-sonnet-4.6")).toMatchObject({ health: "unhealthy" });
  });
  test("DEFAULT_MODELS: the first model that has a key is used", async () => {
    const server = await provider();
    const app = await start({ env: openaiEnv(server, { DEFAULT_MODELS: "anthropic/claude-sonnet-4.6, openai/gpt-5.1" }) });
    expect((await app.as(await app.signUp()).models.setup()).default_model).toBe("openai/gpt-5.1");
  });
  test("an Ollama server is detected for administrators and used by its base URL", async () => {
    const server = await provider({ models: ["qwen3:8b"] });
    const app = await start({ env: { OLLAMA_BASE_URL: server.url } });
    expect(await app.as(await app.signUp()).models.setup()).toMatchObject({ configured: true, ollama: null });
    const setup = await app.as(await app.signUp({ admin: true })).models.setup();
    expect(setup).toMatchObject({
      configured: true,
      default_model: "ollama/qwen3:8b",
      ollama: { base_url: server.openai_base_url, models: ["qwen3:8b"] },
    });
  });
});

describe("the setup card", () => {
  test("an OpenAI-compatible server: its address is required, a key is not, and its list names the models", async () => {
    const server = await provider({ models: ["qwen3-coder"] });
    const app = await start({ env: { OUTBOUND_ALLOW_HOSTS: "127.0.0.1" } });
    const admin = app.as(await app.signUp({ admin: true }));
    const { providers } = await admin.models.setup();
    expect(providers.find((p) => p.provider === "openai-compatible")).toMatchObject({ needs_key: false, base_url: null, website: "" });
    expect(providers.find((p) => p.provider === "openai")).toMatchObject({
      needs_key: true,
      base_url: "https://api.openai.com/v1",
      website: "https://platform.openai.com/api-keys",
    });
    await expect(admin.models.test({ body: { provider: "openai-compatible" } })).rejects.toMatchObject({ status: 422 });
    const unlisted = await provider({ models: [] });
    const unnamed = { provider: "openai-compatible", base_url: unlisted.openai_base_url };
    expect(await admin.models.test({ body: unnamed })).toMatchObject({ ok: false, needs_model: true });
    const closed = { provider: "openai-compatible", base_url: `http://127.0.0.1:${await freePort()}` };
    expect(await admin.models.test({ body: closed })).toEqual({
      ok: false,
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ did not respond: ./),
      models: [],
    });
    // Without a path: that of the API is added.
    const body = { provider: "openai-compatible", base_url: server.url };
    expect(await admin.models.test({ body })).toEqual({
      ok: true,
      message: "OpenAI-compatible responded with qwen3-coder.",
      models: ["qwen3-coder"],
    });
    await admin.models.configure({ body: { kind: "provider", ...body, default_model: "openai-compatible/qwen3-coder" } });
    expect(await admin.models.list()).toMatchObject({ default: "openai-compatible/qwen3-coder", total: 1 });
    // The stored address counts where none is given.
    expect(await admin.models.test({ body: { provider: "openai-compatible" } })).toMatchObject({ ok: true });
    await expect(
      admin.modelKeys.create({ body: { provider: "openai-compatible", api_key: "sk-own-key-0123456789" } }),
    ).rejects.toMatchObject({ status: 422 });
  });
  test("Ollama's default address on this machine: open to what an administrator connects, closed to addresses of users", async () => {
    const app = await start();
    const admin = app.as(await app.signUp({ admin: true }));
    for (const base_url of ["http://localhost:11434", "http://127.0.0.1:11434/v1"]) {
      // Whether one runs there or not: the request is made.
      expect(await admin.models.test({ body: { provider: "ollama", base_url } })).toMatchObject({ ok: expect.any(Boolean) });
      await expect(
        admin.modelKeys.createCustomProvider({ body: { name: "Mine", slug: "mine", base_url: `${base_url}/` } }),
      ).rejects.toMatchObject({ code: "outbound_refused" });
    }
    await expect(admin.models.test({ body: { provider: "openai-compatible", base_url: "http://127.0.0.1:8080" } })).rejects.toMatchObject({
      code: "outbound_refused",
      message: expect.stringContaining("OUTBOUND_ALLOW_HOSTS=127.0.0.1:8080"),
    });
  });
  test("a valid key: one minimal call lists the usable models and stores nothing", async () => {
    const server = await provider({ apiKey: key, models: ["gpt-5-mini", "gpt-5.1"] });
    const app = await start({ env: { OUTBOUND_ALLOW_HOSTS: "127.0.0.1" } });
    const admin = app.as(await app.signUp({ admin: true }));
    const body = { provider: "openai", api_key: key, base_url: server.openai_base_url };
    expect(await admin.models.test({ body })).toEqual({
      ok: true,
      message: "OpenAI responded with gpt-5.1.",
      models: ["gpt-5-mini", "gpt-5.1"],
    });
    expect((await admin.models.setup()).configured).toBe(false);
    expect(server.requests.filter((r) => r.method === "POST")).toHaveLength(1);
  });
  test("a wrong key: the provider's own message without the key", async () => {
    const server = await provider({ apiKey: "another" });
    const app = await start({ env: { OUTBOUND_ALLOW_HOSTS: "127.0.0.1" } });
    const admin = app.as(await app.signUp({ admin: true }));
    for (const [name, base_url] of [
      ["openai", server.openai_base_url],
      ["anthropic", server.anthropic_base_url],
      ["google", server.google_base_url],
    ] as const) {
      const outcome = await admin.models.test({ body: { provider: name, api_key: key, base_url } });
      expect(outcome).toMatchObject({ ok: false, models: [] });
      expect(outcome.message).toMatch(/api.key/i);
      expect(outcome.message).not.toContain(key);
      await expect(
        admin.models.configure({ body: { kind: "provider", provider: name, api_key: key, base_url, default_model: "m" } }),
      ).rejects.toMatchObject({ status: 502, code: "model_auth_failed" });
    }
    expect(app.logs()).not.toContain(key);
    expect((await admin.models.setup()).configured).toBe(false);
  });
  test("other failures have a message too", async () => {
    const server = await provider({ script: script([fail(400, { message: "This model takes no system prompt." })]) });
    const app = await start({ env: { OUTBOUND_ALLOW_HOSTS: "127.0.0.1" } });
    const admin = app.as(await app.signUp({ admin: true }));
    const body = { provider: "openai", api_key: key, base_url: server.openai_base_url, model: "openai/m" };
    expect(await admin.models.test({ body })).toMatchObject({ ok: false, message: "This model takes no system prompt." });
    const { ok, message } = await admin.models.test({ body: { ...body, base_url: "http://127.0.0.1:9999/v1" } });
    expect([ok, message]).toEqual([false, "127.0.0.1:9999 could not be reached."]);
    await expect(admin.models.test({ body: { provider: "unknown" } })).rejects.toMatchObject({ status: 400, code: "unknown_model" });
  });
  test("private addresses are refused unless the operator allowed them", async () => {
    const server = await provider();
    const app = await start();
    const admin = app.as(await app.signUp({ admin: true }));
    for (const base_url of [server.openai_base_url, "http://169.254.169.254/v1", "http://[::ffff:127.0.0.1]/v1", "file:///etc"])
      await expect(admin.models.test({ body: { provider: "openai", api_key: key, base_url } })).rejects.toMatchObject({
        status: 400,
        code: "outbound_refused",
      });
    expect(server.requests).toEqual([]);
  });
  test("connecting stores the key encrypted, sets the default, and survives a restart", async () => {
    const server = await provider({ apiKey: key, models: ["gpt-5-mini", "gpt-5.1"] });
    const env = { OUTBOUND_ALLOW_HOSTS: "127.0.0.1" };
    const app = await start({ env });
    const owner = await app.signUp({ admin: true });
    const admin = app.as(owner);
    const body = {
      kind: "provider" as const,
      provider: "openai",
      api_key: key,
      base_url: server.openai_base_url,
      default_model: "gpt-5.1",
    };
    expect(await admin.models.configure({ body })).toEqual({ configured: true, default_model: "openai/gpt-5.1", demo: false });
    const { rows } = await app.studio.database.pool.query("select value::text from server_settings");
    expect(JSON.stringify(rows)).not.toContain(key);
    // The stored key is sent to the stored address only.
    expect(await admin.models.test({ body: { provider: "openai" } })).toMatchObject({ ok: true });
    expect(await admin.models.test({ body: { provider: "openai", base_url: `${server.openai_base_url}/elsewhere` } })).toMatchObject({
      ok: false,
    });
    expect(server.requests.filter((r) => r.path.includes("elsewhere")).every((r) => !JSON.stringify(r.headers).includes(key))).toBe(true);

    // The API is stored with the address: chosen once, it is used by tests of the same address, too.
    await admin.models.configure({ body: { ...body, openai_api: "responses" } });
    expect(await admin.models.test({ body: { provider: "openai" } })).toMatchObject({ ok: true });
    const paths = server.requests.filter(({ method }) => method === "POST").map(({ path }) => path.replace("/v1/elsewhere", "/v1"));
    expect(paths.slice(-2)).toEqual(["/v1/responses", "/v1/responses"]);
    expect(new Set(paths.slice(0, -2))).toEqual(new Set(["/v1/chat/completions"]));

    const again = await start({ env, database: app.database });
    expect((await again.as(owner).models.setup()).default_model).toBe("openai/gpt-5.1");
    expect(JSON.stringify([await again.as(owner).models.setup(), await again.as(owner).models.list()])).not.toContain(key);
    expect(app.logs() + again.logs()).not.toContain(key);
  });
});

test("the demo server starts when the demo is switched on and exits with the server", async () => {
  const entry = fileURLToPath(new URL("../../../../../../packages/testkit/src/demo/server.ts", import.meta.url));
  const app = await start({ swap: { demoModel: entry } });
  const admin = app.as(await app.signUp({ admin: true }));
  expect(await admin.models.setup()).toMatchObject({ demo: false, demo_available: true, configured: false });
  expect(await admin.models.configure({ body: { kind: "demo", enabled: true } })).toEqual({
    configured: true,
    default_model: "demo/scripted",
    demo: true,
  });
  expect((await admin.models.list()).items).toMatchObject([{ id: "demo/scripted", provider: "demo" }]);
  const pid = Number(/"pid":(\d+)[^\n]*demo model started/.exec(app.logs())?.[1]);
  expect(() => process.kill(pid, 0)).not.toThrow();
  expect(await admin.models.configure({ body: { kind: "demo", enabled: false } })).toMatchObject({ configured: false, demo: false });
  await app.close();
  expect(() => process.kill(pid, 0)).toThrow();
});

test("where the demo is not installed it cannot be switched on", async () => {
  const app = await start();
  const admin = app.as(await app.signUp({ admin: true }));
  await expect(admin.models.configure({ body: { kind: "demo", enabled: true } })).rejects.toMatchObject({
    status: 400,
    code: "not_supported",
  });
});
