import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, fail, say, script, startModelServer, turn, usage } from "@tesslate/testkit";
import { all, chatWorld, find, orderOf, type ChatWorld, type ChatWorldOptions } from "../../../testing/chat.ts";

/** At 1.25 and 10 dollars per million tokens: 80 000 input and no output tokens are 10 cents. */
const tenCents = usage({ input: 80_000, output: 0 });

const billed = (options: ChatWorldOptions = {}) =>
  chatWorld({
    model: { models: ["gpt-5.1"] },
    ...options,
    env: { DEFAULT_MODELS: "openai/gpt-5.1", BILLING_ENABLED: "true", ...options.env },
  });
const setCredits = (world: ChatWorld, credits: { daily?: number; bundled?: number; bonus?: number; purchased?: number }) =>
  world.app.studio.database.pool.query(
    `update users set daily_credits = $2, bundled_credits = $3, signup_bonus_credits = $4, purchased_credits = $5,
       signup_bonus_expires_at = now() + interval '1 day' where id = $1`,
    [world.owner.id, credits.daily ?? 0, credits.bundled ?? 0, credits.bonus ?? 0, credits.purchased ?? 0],
  );
const balance = (world: ChatWorld) => world.app.as(world.owner).billing.credits();
/** For the owner only: other tests share this server. */
const rowsOf = async (world: ChatWorld, text: string) =>
  (
    await world.app.studio.database.pool.query(
      `with usage_logs as (select * from public.usage_logs where user_id = $1),
        credit_reservations as (select * from public.credit_reservations where user_id = $1),
        messages as (select m.* from public.messages m join chats on chats.id = m.chat_id where chats.user_id = $1)
       ${text}`,
      [world.owner.id],
    )
  ).rows as Record<string, unknown>[];

/** Adds an agent of another creator to the owner's library; dollars per million tokens. */
async function pricedAgent(world: ChatWorld, { input, output }: { input: number; output: number }) {
  const creator = await world.app.signUp();
  const { rows } = await world.app.studio.database.pool.query<{ id: string }>(
    `insert into agents (slug, name, description, system_prompt, agent_type, pricing_type, api_pricing_input, api_pricing_output, created_by_user_id)
     values ('priced-${creator.slug}', 'Priced', '', 'Be brief.', 'TesslateAgent', 'api', ${input}, ${output}, '${creator.id}') returning id`,
  );
  const agent_id = String(rows[0]?.id);
  await world.app.as(world.owner).marketplaceAgents.purchase({ params: { id: agent_id }, body: {} });
  return { agent_id, creator };
}

test("credits are used in their order and reported", async () => {
  await using world = await billed({
    script: [
      turn(call("todo_read"), usage({ input: 4_000, output: 0 })),
      turn(call("todo_read"), usage({ input: 4_000, output: 0 })),
      turn(say("Done."), tenCents),
    ],
  });
  await setCredits(world, { daily: 5, bundled: 3, purchased: 100 });
  const events = await world.run("Go");
  const creditEvents = events.filter((e) => e.type === "credits_used").map((e) => [e.data.credits_deducted, e.data.new_balance]);
  expect(creditEvents).toEqual([
    [0, 108],
    [1, 107],
    [10, 97],
  ]);
  expect(await balance(world)).toMatchObject({
    daily_credits: 0,
    bundled_credits: 0,
    purchased_credits: 97,
    total_credits: 97,
    is_billed: true,
  });
  expect(await rowsOf(world, "select billed_status, credits_deducted from usage_logs order by created_at")).toEqual([
    { billed_status: "credited", credits_deducted: 0 },
    { billed_status: "credited", credits_deducted: 1 },
    { billed_status: "credited", credits_deducted: 10 },
  ]);
  const history = await world.app.as(world.owner).chat.history({ params: { project_id: world.project.id } });
  expect(history.items.at(-1)?.message_metadata).toMatchObject({ usage: { credits: 11 } });
  expect(await rowsOf(world, "select * from credit_reservations")).toEqual([]);
});

test("without credits a message is refused with 402, and nothing of it is stored", async () => {
  await using world = await billed({ script: [say("Hi.")] });
  await setCredits(world, {});
  const response = await world.app.request("/api/chat/stream", {
    method: "POST",
    user: world.owner,
    json: { project_id: world.project.id, message: "Go" },
  });
  expect(response.status).toBe(402);
  expect(await response.json()).toMatchObject({
    code: "insufficient_credits",
    details: { used: 5, limit: 5, unit: "credits", balance: 0 },
  });
  const { key } = await world.app.as(world.owner).auth.createApiKey({ body: { name: "bot", scopes: ["run"], edit_mode: "allow" } });
  const byKey = world.app.as({ token: key }).external.invoke({ body: { project_id: world.project.id, message: "Go" } });
  await expect(byKey).rejects.toMatchObject({ status: 402, code: "insufficient_credits" });
  expect(await rowsOf(world, "select * from messages")).toEqual([]);
});

test("an expired bonus does not count", async () => {
  await using world = await billed({ script: [say("Hi.")] });
  await setCredits(world, { bonus: 500 });
  await world.app.studio.database.pool.query("update users set signup_bonus_expires_at = now() - interval '1 second' where id = $1", [
    world.owner.id,
  ]);
  expect(await balance(world)).toMatchObject({ signup_bonus_credits: 0, total_credits: 0, is_empty: true });
  await expect(all(world.send("Go"))).rejects.toMatchObject({ status: 402 });
});

test("when credits run out during a run, it ends with a message and keeps its work; the remainder is forgiven", async () => {
  await using world = await billed({
    script: [turn(call("write_file", { file_path: "a.txt", content: "a" }), tenCents), turn(say("Never sent."), tenCents)],
  });
  await setCredits(world, { purchased: 7 });
  const events = await world.run("Go");
  expect(orderOf(events).slice(-3)).toEqual(["error", "complete", "done"]);
  expect(find(events, "error")?.data.code).toBe("insufficient_credits");
  expect(find(events, "complete")?.data).toMatchObject({ success: false, completion_reason: "credits_exhausted" });
  expect(await balance(world)).toMatchObject({ total_credits: 0 });
  expect(await rowsOf(world, "select credits_deducted, shortfall_credits from usage_logs")).toEqual([
    { credits_deducted: 7, shortfall_credits: 3 },
  ]);
});

test("a finished answer succeeds although it used the last credit", async () => {
  await using world = await billed({ script: [turn(say("Here you are."), tenCents)] });
  await setCredits(world, { purchased: 10 });
  const events = await world.run("Go");
  expect(find(events, "complete")?.data).toMatchObject({ success: true, final_response: "Here you are." });
  expect(await balance(world)).toMatchObject({ total_credits: 0 });
});

test("a server model does not take over from the user's own endpoint unless it is paid for", async () => {
  await using mine = await startModelServer({
    models: ["mine"],
    script: script([fail(503, { times: 99 }), say("never sent")], { repeat: true }),
  });
  await using world = await billed({
    env: { OUTBOUND_ALLOW_HOSTS: new URL(mine.openai_base_url).host },
    script: [turn(say("For nothing."), tenCents), turn(say("Paid for."), tenCents)],
  });
  await world.app.studio.database.pool.query("update users set subscription_tier = 'pro' where id = $1", [world.owner.id]);
  await setCredits(world, {});
  const client = world.app.as(world.owner);
  await client.modelKeys.createCustomProvider({
    body: { name: "Mine", slug: "mine", base_url: mine.openai_base_url, api_key: "sk-mine-0123456789" },
  });
  await client.models.setPreferences({ body: { fallback_models: ["openai/gpt-5.1"] } });
  const refused = find(await world.run("Go", { model: "custom/mine/mine" }), "complete")!.data;
  expect(refused).toMatchObject({ success: false, completion_reason: "error" });
  expect(refused.error).toMatch(/openai\/gpt-5\.1 could not take over: You are out of credits/);
  expect(await rowsOf(world, "select model from usage_logs where not is_byok")).toEqual([]);
  await setCredits(world, { purchased: 20 });
  const answered = find(await world.run("Again", { model: "custom/mine/mine" }), "complete")!.data;
  expect(answered).toMatchObject({ success: true, final_response: "Paid for." });
  expect((await balance(world)).total_credits).toBe(10);
});

test("credits reserved by one run cannot be spent by another", async () => {
  await using world = await billed({ script: [say("Never sent."), say("Hi.")] });
  await setCredits(world, { purchased: 5 });
  await world.app.studio.database.pool.query(
    "insert into credit_reservations (task_id, user_id, amount, expires_at) values (gen_random_uuid(), $1, 5, now() + interval '1 minute')",
    [world.owner.id],
  );
  const events = await world.run("Go");
  expect(find(events, "complete")?.data).toMatchObject({ completion_reason: "credits_exhausted" });
  expect(await rowsOf(world, "select * from usage_logs")).toEqual([]);
  await world.app.studio.database.pool.query("update credit_reservations set expires_at = now() - interval '1 second'");
  expect(find(await world.run("Again"), "complete")?.data).toMatchObject({ success: true });
});

test("an agent that is priced below its model is charged at the model's price, and its creator earns nothing", async () => {
  await using world = await billed({ script: [turn(say("Done."), tenCents)] });
  await setCredits(world, { purchased: 50 });
  const { agent_id } = await pricedAgent(world, { input: 0, output: 150 });
  await world.run("Go", { agent_id });
  expect(await rowsOf(world, "select cost_total, creator_id, creator_revenue from usage_logs where agent_id is not null")).toEqual([
    { cost_total: "10.00000000", creator_id: null, creator_revenue: "0.00000000" },
  ]);
  expect((await balance(world)).purchased_credits).toBe(40);
});

test("an agent with its own price is charged at that price, and its creator earns from it", async () => {
  await using world = await billed({ script: [turn(say("One."), usage({ input: 1_000, output: 500 })), turn(say("Two."), tenCents)] });
  await setCredits(world, { purchased: 50 });
  const { agent_id, creator } = await pricedAgent(world, { input: 30, output: 150 });
  const settle = async (cents: number) => {
    await world.app.studio.database.pool.query("select graphile_worker.add_job('settle_usage')");
    const earned = async () =>
      (await world.app.as(creator).creatorStudio.dashboard({ query: {} })).earnings.by_agent[agent_id]?.revenue_cents ?? 0;
    await expect.poll(earned).toBe(cents);
  };
  const shared = () =>
    rowsOf(
      world,
      "select cost_total, creator_id, creator_revenue, platform_revenue from usage_logs where agent_id is not null order by created_at",
    );
  await world.run("Go", { agent_id });
  // 1000 × $30 + 500 × $150 per million are 10.5 cents.
  expect(await shared()).toEqual([
    { cost_total: "10.50000000", creator_id: creator.id, creator_revenue: "9.45000000", platform_revenue: "1.05000000" },
  ]);
  expect((await balance(world)).purchased_credits).toBe(40);
  await settle(9);
  // 240 cents are due and 40 available: the creator earns nothing from forgiven amounts.
  await world.run("Again", { agent_id });
  expect((await balance(world)).total_credits).toBe(0);
  const [, second] = await shared();
  expect(second).toMatchObject({ cost_total: "240.00000000", creator_revenue: "36.00000000" });
  await settle(45);
  expect((await world.app.as(creator).creatorStudio.dashboard({ query: {} })).earnings).toMatchObject({
    total_revenue_cents: 45,
    total_requests: 2,
  });
});

test("concurrent calls charge exactly what they cost", async () => {
  await using world = await billed({ script: [say("Hi.")] });
  await setCredits(world, { daily: 3, purchased: 40 });
  const { createCredits, createCreditsStore } = await import("../../billing/credits/index.ts");
  const credits = createCredits({ store: createCreditsStore(world.app.db), isBilled: true, terms: world.app.config.billing.terms });
  const used = (n: number) => ({
    request_id: `${world.owner.id}-call-${n}`,
    user_id: world.owner.id,
    agent_id: null,
    project_id: world.project.id,
    chat_id: world.project.id,
    task_id: world.project.id,
    model: "openai/gpt-5.1",
    purpose: "turn" as const,
    tokens_input: 1,
    tokens_output: 1,
    tokens_cached: 0,
    cost_input: "0.25",
    cost_output: "0.25",
    cost_total: "0.5",
    is_byok: false,
  });
  // Each twice: the second is a duplicate of the same call.
  await Promise.all(Array.from({ length: 40 }, (_, i) => credits.record(used(i % 20))));
  expect(await balance(world)).toMatchObject({ daily_credits: 0, purchased_credits: 33 });
  expect(await rowsOf(world, "select count(*)::int as n, sum(credits_deducted)::int as credits from usage_logs")).toEqual([
    { n: 20, credits: 10 },
  ]);
  // What the charts of usage plot is what was charged, by each grouping; the ledger has the part that was purchased.
  for (const by of ["day", "project", "model", "agent"] as const) {
    const { items } = await world.app.as(world.owner).billing.usageGroups({ query: { by } });
    expect([by, items.reduce((sum, { credits_deducted }) => sum + credits_deducted, 0)]).toEqual([by, 43 - 33]);
  }
  const { rows: booked } = await world.app.studio.database.pool.query<{ cents: number }>(
    "select sum(amount_cents)::int as cents from ledger_entries where account = 'credits' and posting like 'usage:%' and user_id = $1",
    [world.owner.id],
  );
  expect(booked).toEqual([{ cents: 40 - 33 }]);
});

describe("usage", () => {
  let world: ChatWorld;
  beforeAll(async () => {
    world = await billed({
      script: [turn(say("One."), usage({ input: 1000, output: 100 })), turn(say("Two."), usage({ input: 3000, output: 300 }))],
    });
    await world.run("Go");
    await world.run("Again");
  });
  afterAll(() => world[Symbol.asyncDispose]());
  const usageOf = (query: Record<string, string | number> = {}) => world.app.as(world.owner).billing.usage({ query });

  test("lists calls newest first, with totals over the whole window", async () => {
    const page = await usageOf({ limit: 1 });
    expect(page).toMatchObject({
      total: 2,
      total_pages: 2,
      items: [{ model: "openai/gpt-5.1", tokens_input: 3000, project_id: world.project.id }],
    });
    expect(page.summary).toMatchObject({
      total_requests: 2,
      total_tokens_input: 4000,
      total_tokens_output: 400,
      total_cost_cents: 0.9,
      by_model: { "openai/gpt-5.1": { requests: 2, tokens_input: 4000, tokens_output: 400, cost_total_cents: 0.9 } },
    });
    expect(Object.values(page.summary.by_agent)).toMatchObject([{ requests: 2 }]);
  });
  test("can be filtered; invalid filters get 422", async () => {
    expect((await usageOf({ model: "openai/other" })).total).toBe(0);
    expect((await usageOf({ project_id: world.project.id })).total).toBe(2);
    expect((await usageOf({ end_date: "2020-01-01T00:00:00Z", start_date: "2019-01-01T00:00:00Z" })).summary.total_requests).toBe(0);
    await expect(usageOf({ start_date: "2020-01-02T00:00:00Z", end_date: "2020-01-01T00:00:00Z" })).rejects.toMatchObject({ status: 422 });
    await expect(usageOf({ start_date: "yesterday" })).rejects.toMatchObject({ status: 422 });
  });
  test("shows a user's own calls only", async () => {
    const otherUser = await world.app.signUp();
    expect((await world.app.as(otherUser).billing.usage({ query: {} })).total).toBe(0);
    expect((await world.app.request("/api/billing/usage")).status).toBe(401);
    expect((await world.app.request("/api/billing/credits")).status).toBe(401);
  });
});

test("daily credits of free accounts are renewed, and bonuses expire", async () => {
  await using world = await billed({ script: [say("Hi.")] });
  await setCredits(world, { daily: 0, bonus: 9 });
  await world.app.studio.database.pool.query(
    "update users set daily_credits_reset_at = now() - interval '2 days', signup_bonus_expires_at = now() - interval '1 day' where id = $1",
    [world.owner.id],
  );
  await world.app.studio.database.pool.query("select graphile_worker.add_job('refresh_credits')");
  await expect.poll(() => balance(world)).toMatchObject({ daily_credits: 5, total_credits: 5 });
  expect(await rowsOf(world, `select signup_bonus_credits from users where id = '${world.owner.id}'`)).toEqual([
    { signup_bonus_credits: 0 },
  ]);
});
