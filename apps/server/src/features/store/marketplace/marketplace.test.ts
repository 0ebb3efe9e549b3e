import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { abilitiesOf } from "@tesslate/contract";
import { findService } from "../../runtime/containers/index.ts";
import { testApp, type TestApp, type TestUser } from "../../../testing/app.ts";

let app: TestApp;
let ada: TestUser;
let bob: TestUser;
let admin: TestUser;
beforeAll(async () => {
  // Counts everything in the store.
  app = await testApp({ ownServer: true });
  [ada, bob, admin] = await Promise.all([app.signUp({ name: "Ada" }), app.signUp({ name: "Bob" }), app.signUp({ admin: true })]);
});
afterAll(() => app?.close());

const outcome = async (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: { status?: number; code?: string }) => [error.status, error.code],
  );
const agents = (user?: TestUser) => app.as(user).marketplaceAgents;
const bases = (user?: TestUser) => app.as(user).marketplaceBases;
const draft = { name: "Linter", description: "Finds slips", system_prompt: "Look closely." };

describe("listings", () => {
  test("official agents are listed for everyone, with facet counts for each filter", async () => {
    const all = await agents().list({ query: { limit: 500 } });
    expect(all.items.length).toBe(all.total);
    expect(all.items[0]).toMatchObject({ is_featured: true, creator_type: "official", creator_name: "Tesslate", is_purchased: false });
    expect(JSON.stringify(all)).not.toContain("system_prompt");
    for (const { value, count } of all.facets.category)
      expect((await agents().list({ query: { category: value, limit: 1 } })).total, value).toBe(count);
    const narrowed = await agents().list({ query: { category: "fullstack" } });
    expect(narrowed.facets.category).toEqual(all.facets.category);
    expect(narrowed.facets.pricing_type).toEqual([{ value: "free", count: narrowed.total }]);
    expect((await agents(ada).list({ query: { search: "tesslate" } })).items[0]).toMatchObject({
      slug: "tesslate-agent",
      is_purchased: true,
    });
    expect((await agents().list({ query: { search: "abase schem" } })).items.map((a) => a.slug)).toEqual(["db-schema-designer-oss"]);
    expect((await agents().list({ query: { search: "100%_" } })).total).toBe(0);
    const pages = await Promise.all([1, 2, 3].map((page) => agents().list({ query: { page, limit: 4, sort: "rating" } })));
    expect(new Set(pages.flatMap((page) => page.items.map((item) => item.id))).size).toBe(11);
    expect(await outcome(agents().list({ query: { sort: "best" as "name" } }))).toEqual([422, "validation_error"]);
  });

  test("the catalogue of bases is complete", async () => {
    const all = await bases().list({ query: { limit: 500 } });
    expect(all.total).toBe(9 + 4 + 63);
    expect(await bases().browse({ query: { limit: 500 } })).toEqual(all);
    const community = all.items.filter((base) => base.creator_name === "Open Source Community");
    expect(community.length).toBe(63);
    expect(community.filter((base) => base.is_featured).length).toBe(23);
    expect(Object.fromEntries((await bases().list({ query: { creator_type: "community" } })).facets.category.map((f) => [f.value, f.count]))).toEqual({
      backend: 20, fullstack: 17, saas: 7, frontend: 4, mobile: 4, landing: 3, ai: 3, cli: 3, admin: 2,
    }); // prettier-ignore
    expect(await bases().get({ params: { slug: "clap" } })).toMatchObject({
      git_repo_url: "https://github.com/clap-rs/clap.git",
      default_branch: "master",
      tech_stack: ["Rust", "clap"],
      is_featured: false,
      source_type: "git",
    });
    expect(await bases().get({ params: { slug: "react-vite" } })).toMatchObject({
      source_type: "archive",
      git_repo_url: null,
      creator_type: "official",
    });
    expect((await bases().list({ query: { tech: "Rust" } })).items.map((base) => base.slug).toSorted()).toEqual([
      "clap",
      "loco",
      "rust-axum-course",
    ]);
    expect(await bases().versions({ params: { slug: "react-vite" }, query: {} })).toMatchObject({
      items: [],
      total: 0,
      git_repo_url: null,
    });
  });
});

test("workflows name existing bases and services, and variables that these provide", async () => {
  const { items } = await bases().workflows({ query: {} });
  expect(items.map(({ slug }) => slug)).toEqual([
    "nextjs-supabase-starter", "react-fastapi-postgres", "rest-api-postgres-redis", "ai-chat-backend", "saas-starter-payments", "monitoring-stack",
  ]); // prettier-ignore
  for (const { nodes, edges, required_services } of items) {
    for (const slug of required_services) expect(findService(slug), slug).toBeDefined();
    for (const { base_slug, service_slug } of nodes)
      if (base_slug !== null) expect(await bases().get({ params: { slug: base_slug } })).toMatchObject({ source_type: "archive" });
      else expect(findService(service_slug), service_slug ?? "").toBeDefined();
    for (const { source, target, config } of edges) {
      const [from, to] = [source, target].map((id) => nodes.find((node) => node.template_id === id));
      expect(to).toBeDefined();
      const outputs = from?.service_slug ? findService(from.service_slug)?.outputs : { API_URL: "" };
      for (const variable of Object.values(config.env_mapping)) expect(Object.keys(outputs ?? {})).toContain(variable);
    }
  }
});

test("an agent is created, listed, edited twice, forked with changes, unpublished and deleted while copies of it remain", async () => {
  const made = await agents(ada).create({
    body: {
      ...draft,
      tool_configs: { read_file: { description: "Reads" } },
      config: { features: { subagents: false } },
      avatar_url: "https://example.com/a.png",
    },
  });
  expect(made).toMatchObject({
    slug: "linter",
    source_type: "open",
    is_forkable: true,
    is_owner: true,
    creator_name: "Ada",
    is_purchased: true,
  });
  expect((await agents(ada).create({ body: draft })).slug).toMatch(/^linter-\w{4}$/);
  expect(await agents().get({ params: { slug: "linter" } })).toMatchObject({ system_prompt: draft.system_prompt, is_owner: false });
  const params = { id: made.id };
  await agents(ada).update({ params, body: { config: { features: { plan_mode: false } } } });
  const twice = await agents(ada).update({ params, body: { config: { features: { streaming: false }, x: 1 }, name: "" } });
  expect(twice).toMatchObject({ name: "Linter", config: { features: { subagents: false, plan_mode: false, streaming: false }, x: 1 } });

  await agents(ada).publishVersion({ params, body: {} });
  const fork = await agents(bob).fork({ params: { id: "linter" }, body: { name: "Mine", system_prompt: "Softly." } });
  expect(fork).toMatchObject({
    name: "Mine",
    system_prompt: "Softly.",
    parent_agent_id: made.id,
    is_published: false,
    avatar_url: "https://example.com/a.png",
    tool_configs: { read_file: { description: "Reads" } },
    config: twice.config,
    is_forkable: false,
  });
  expect(await outcome(agents(ada).get({ params: { slug: fork.slug } }))).toEqual([404, "not_found"]);
  expect(await outcome(agents(ada).update({ params: { id: fork.id }, body: { name: "x" } }))).toEqual([404, "not_found"]);
  expect(await outcome(agents(bob).update({ params, body: { name: "x" } }))).toEqual([403, "not_in_library"]);
  expect(await agents(bob).purchase({ params, body: {} })).toMatchObject({ agent_id: made.id, in_library: true });
  const copy = await agents(bob).update({ params, body: { name: "Bob's own" } });
  expect(copy).toMatchObject({ forked: true, name: "Bob's own", is_owner: true, parent_agent_id: made.id });
  const library = await app.as(bob).library.agents({ query: {} });
  expect(library.items.map((item) => [item.name, item.is_enabled, item.is_custom])).toEqual([
    ["Bob's own", true, true],
    ["Linter", false, false],
    ["Mine", true, true],
    ["Tesslate Agent", true, false],
  ]);
  expect((await agents().get({ params: { slug: "linter" } })).downloads).toBe(1);
  expect((await app.as(ada).library.ownItems({ query: {} })).items.map((item) => item.slug)).toContain("linter");
  // A creator's published items are visible to everyone, private ones are not.
  const offered = async (username: string) =>
    (await app.as().library.creatorItems({ params: { username }, query: {} })).items.map((item) => item.slug).toSorted();
  expect(await offered(ada.username.toUpperCase())).toContain("linter");
  expect(await offered(bob.username)).toEqual([]);
  expect(await outcome(app.as().library.creatorItems({ params: { username: "no-such-user" }, query: {} }))).toEqual([404, "not_found"]);
  expect((await app.request(`/api/creators/${ada.username}/items?item_type=theme`)).status).toBe(422);

  expect(await outcome(agents(bob).remove({ params }))).toEqual([403, "forbidden"]);
  expect(await outcome(agents(ada).remove({ params }))).toEqual([400, "agent_published"]);
  await agents(ada).update({ params, body: { is_published: false } });
  expect(await outcome(agents().get({ params: { slug: "linter" } }))).toEqual([404, "not_found"]);
  expect(await offered(ada.username)).not.toContain("linter");
  expect(await outcome(agents(bob).get({ params: { slug: "linter" } }))).toBe("done");
  await agents(ada).remove({ params });
  expect(await agents(bob).get({ params: { slug: fork.slug } })).toMatchObject({ parent_agent_id: null });
  expect((await app.as(bob).library.agents({ query: {} })).total).toBe(3);
  expect(await outcome(agents(ada).create({ body: { ...draft, tools: ["rm"] } }))).toEqual([422, "validation_error"]);
  expect(await outcome(agents(ada).create({ body: { ...draft, pricing_type: "monthly", price_cents: 900 } }))).toEqual([
    400,
    "payout_account_required",
  ]);
  expect(await outcome(agents().create({ body: draft }))).toEqual([401, "unauthorized"]);
});

test("a price closes an agent, unless its creator says otherwise; a draft needs no payout account, publishing it does", async () => {
  const paid = { ...draft, name: "Sold", pricing_type: "monthly", price_cents: 900, is_published: false } as const;
  const made = await agents(ada).create({ body: paid });
  expect(made).toMatchObject({ source_type: "closed", pricing_type: "monthly", price_cents: 900 });
  const params = { id: made.id };
  expect(await outcome(agents(ada).update({ params, body: { is_published: true } }))).toEqual([400, "payout_account_required"]);
  const free = await agents(ada).create({ body: { ...draft, name: "Given", is_published: false } });
  expect(free.source_type).toBe("open");
  const changed = { params: { id: free.id }, body: { pricing_type: "one_time", price_cents: 500 } } as const;
  expect((await agents(ada).update(changed)).source_type).toBe("closed");
  expect((await agents(ada).update({ ...changed, body: { source_type: "open" } })).source_type).toBe("open");
  expect((await agents(ada).update({ ...changed, body: { price_cents: 600 } })).source_type).toBe("open");
});

test("a draft of an agent is the same everywhere, for its author alone, and goes with the agent", async () => {
  const drafts = (user?: TestUser) => app.as(user).agentDrafts;
  const isNew = { params: { ref: "new" } };
  expect(await drafts(ada).get(isNew)).toEqual({ draft: null, updated_at: null });
  await drafts(ada).save({ ...isNew, body: { draft: { form: { name: "One" } } } });
  expect(await drafts(ada).save({ ...isNew, body: { draft: { form: { name: "Two" } } } })).toMatchObject({
    draft: { form: { name: "Two" } },
  });
  expect(await drafts(ada).get(isNew)).toMatchObject({ draft: { form: { name: "Two" } }, updated_at: expect.any(String) });
  expect((await drafts(bob).get(isNew)).draft).toBeNull();
  const made = await agents(ada).create({ body: { ...draft, name: "Drafted", is_published: false } });
  await drafts(ada).save({ params: { ref: made.slug }, body: { draft: { form: { name: "Three" } } } });
  expect((await drafts(ada).get({ params: { ref: made.id } })).draft).toEqual({ form: { name: "Three" } });
  expect(await outcome(drafts(bob).get({ params: { ref: made.id } }))).toEqual([404, "not_found"]);
  expect(await outcome(drafts(bob).save({ params: { ref: made.id }, body: { draft: {} } }))).toEqual([404, "not_found"]);
  expect(await outcome(drafts().get(isNew))).toEqual([401, "unauthorized"]);
  expect(await outcome(drafts(ada).save({ ...isNew, body: { draft: { text: "x".repeat(300_000) } } }))).toEqual([422, "validation_error"]);
  expect(await drafts(ada).save({ ...isNew, body: { draft: null } })).toEqual({ draft: null, updated_at: null });
  await agents(ada).remove({ params: { id: made.id } });
  const { rows } = await app.db.execute<{ n: number }>(sql`select count(*)::int as n from agent_drafts where user_id = ${ada.id}`);
  expect(rows).toEqual([{ n: 0 }]);
});

test("what an agent may do follows from its tools, also of a closed one; every tool is known", async () => {
  const { items } = await app.as(ada).agents.tools({ query: { limit: 500 } });
  expect(items.length).toBeGreaterThan(20);
  expect(items.flatMap(({ name }) => (abilitiesOf([name]).includes("use_connectors") ? [name] : []))).toEqual([]);
  const made = await agents(ada).create({ body: { ...draft, name: "Reader", tools: ["read_file", "run_command", "grep"] } });
  expect(made.abilities).toEqual(["read_files", "run_commands"]);
  const offline = await agents(ada).create({
    body: { ...draft, name: "Offline", config: { features: { web_search: false, subagents: false } } },
  });
  expect(offline.abilities).toContain("use_connectors");
  expect(offline.abilities).not.toContain("use_web");
  expect(offline.abilities).not.toContain("start_sub_agents");
  await app.db.execute(sql`update agents set source_type = 'closed' where id = ${made.id}`);
  expect(await agents(bob).get({ params: { slug: made.slug } })).toMatchObject({ tools: null, abilities: ["read_files", "run_commands"] });
  expect((await agents(bob).get({ params: { slug: "tesslate-agent" } })).abilities).toContain("use_connectors");
});

test("reviews are limited to one per user who has the item, never of the user's own item, and update the rating", async () => {
  const made = await agents(ada).create({ body: { ...draft, name: "Reviewed" } });
  const params = { id: made.slug };
  expect(await outcome(agents(bob).review({ params, body: { rating: 1 } }))).toEqual([403, "not_in_library"]);
  expect(await outcome(agents(ada).review({ params, body: { rating: 5 } }))).toEqual([403, "own_item"]);
  await agents(bob).purchase({ params, body: {} });
  await agents(admin).purchase({ params, body: {} });
  const first = await app.request(`/api/marketplace/agents/${made.slug}/reviews`, {
    method: "POST",
    user: bob,
    json: { rating: 2, comment: " so so " },
  });
  expect([first.status, await first.json()]).toMatchObject([
    201,
    { rating: 2, comment: "so so", user_name: "Bob", is_own_review: true, item_rating: 2 },
  ]);
  const second = await app.request(`/api/marketplace/agents/${made.slug}/reviews`, { method: "POST", user: bob, json: { rating: 4 } });
  expect([second.status, await second.json()]).toMatchObject([200, { rating: 4, comment: null, item_reviews_count: 1 }]);
  expect(await agents(admin).review({ params, body: { rating: 1 } })).toMatchObject({ item_rating: 2.5, item_reviews_count: 2 });
  expect((await agents().reviews({ params, query: {} })).items.map((r) => [r.rating, r.is_own_review])).toEqual([
    [1, false],
    [4, false],
  ]);
  for (const rating of [0, 6, 2.5, true, "4"])
    expect(
      (await app.request(`/api/marketplace/agents/${made.slug}/reviews`, { method: "POST", user: bob, json: { rating } })).status,
    ).toBe(422);
  const byRating = async () =>
    (await agents().list({ query: { sort: "rating", limit: 500 } })).items.map(({ slug, rating }) => [slug, rating] as const);
  const rated = await byRating();
  expect(rated.findIndex(([slug]) => slug === made.slug)).toBeLessThan(rated.findIndex(([, rating]) => rating === null));
  expect(rated.map(([, rating]) => rating === null)).toEqual(rated.map(([, rating]) => rating === null).toSorted());
  await agents(bob).removeReview({ params });
  await agents(admin).removeReview({ params });
  expect(await agents().get({ params: { slug: made.slug } })).toMatchObject({ rating: null, reviews_count: 0, reviews: [] });
  expect(await outcome(agents(bob).removeReview({ params }))).toEqual([404, "not_found"]);
});

test("a base is submitted, private until published, reviewed, listed as related and deleted", async () => {
  const body = { name: "Kit", description: "A kit", git_repo_url: "https://git.example.com/a/kit.git", category: "saas" as const };
  const made = await bases(ada).create({ body });
  expect(made).toMatchObject({ slug: "kit", visibility: "private", is_owner: true, in_library: true, source_type: "git" });
  for (const call of [
    () => bases(bob).get({ params: { slug: "kit" } }),
    () => bases(bob).versions({ params: { slug: "kit" }, query: {} }),
    () => bases(bob).reviews({ params: { id: made.id }, query: {} }),
    () => bases(bob).purchase({ params: { id: made.id }, body: {} }),
    () => bases().related({ params: { id: made.id }, query: {} }),
  ])
    expect(await outcome(call())).toEqual([404, "not_found"]);
  for (const git_repo_url of ["http://git.example.com/a", "https://u:p@git.example.com/a", "https://git.example.com/"])
    expect(await outcome(bases(ada).create({ body: { ...body, git_repo_url } }))).toEqual([422, "validation_error"]);
  expect(await outcome(bases(ada).create({ body: { ...body, git_repo_url: "https://127.0.0.1/a/b" } }))).toEqual([400, "outbound_refused"]);
  expect(await outcome(bases(ada).create({ body: { ...body, default_branch: "--upload-pack=x" } }))).toEqual([422, "validation_error"]);
  const params = { id: made.id };
  expect(await bases(ada).update({ params, body: { visibility: "public", name: "Better kit" } })).toMatchObject({
    slug: "kit",
    name: "Better kit",
  });
  expect(await outcome(bases(bob).update({ params, body: { name: "x" } }))).toEqual([403, "forbidden"]);
  expect(await bases(bob).purchase({ params, body: {} })).toMatchObject({ in_library: true });
  expect(await bases(bob).review({ params, body: { rating: 3 } })).toMatchObject({ item_rating: 3 });
  const { stats } = await app.as().creators.get({ params: { username: ada.username } });
  const listed = (await app.as().library.creatorItems({ params: { username: ada.username }, query: {} })).items;
  const total = (of: (item: (typeof listed)[number]) => number) => listed.reduce((sum, item) => sum + of(item), 0);
  expect(listed.map((item) => item.slug)).toContain("kit");
  expect(stats).toMatchObject({
    items_count: listed.length,
    total_downloads: total((item) => item.downloads),
    total_reviews: total((item) => item.reviews_count),
    average_rating: expect.closeTo(total((item) => (item.rating ?? 0) * item.reviews_count) / total((item) => item.reviews_count), 1),
  });
  const mine = await app.as(ada).creatorStudio.dashboard({ query: {} });
  expect([mine.stats.bases_count, mine.items.find((item) => item.slug === "kit")]).toMatchObject([1, { item_type: "base", downloads: 1 }]);
  expect((await app.as(bob).library.bases({ query: {} })).items).toMatchObject([{ slug: "kit", is_owner: false, purchase_type: "free" }]);
  expect((await bases(bob).related({ params: { id: "open-saas" }, query: { limit: 3 } })).items.map((b) => b.slug)).not.toContain("kit");
  await bases(ada).remove({ params });
  expect(await outcome(bases(bob).get({ params: { slug: "kit" } }))).toEqual([404, "not_found"]);
  expect((await app.as(bob).library.bases({ query: {} })).total).toBe(0);
});

test("an administrator hides and shows a template and removes a review, each with a reason in the audit log", async () => {
  const body = { name: "Loud kit", description: "A kit", git_repo_url: "https://git.example.com/a/loud.git", category: "saas" as const };
  const { id } = await bases(ada).create({ body: { ...body, visibility: "public" } });
  const params = { id };
  await bases(bob).purchase({ params, body: {} });
  const { id: review_id } = await bases(bob).review({ params, body: { rating: 1, comment: "Rude words" } });
  const moderation = app.as(admin).adminMarketplace;
  for (const user of [ada, bob]) {
    expect(await outcome(app.as(user).adminMarketplace.bases({ query: {} }))).toEqual([403, "forbidden"]);
    expect(await outcome(app.as(user).adminMarketplace.removeReview({ params: { review_id }, body: { reason: "x" } }))).toEqual([
      403,
      "forbidden",
    ]);
  }
  expect((await moderation.reviews({ query: { search: "rude" } })).items).toMatchObject([
    { id: review_id, username: bob.username, item_type: "base", item_slug: "loud-kit", rating: 1 },
  ]);
  await moderation.removeReview({ params: { review_id }, body: { reason: "Insults" } });
  expect(await outcome(moderation.removeReview({ params: { review_id }, body: { reason: "Insults" } }))).toEqual([404, "not_found"]);
  expect(await bases().get({ params: { slug: "loud-kit" } })).toMatchObject({ rating: null, reviews_count: 0, reviews: [] });

  expect(await outcome(moderation.updateBase({ params, body: { is_active: false } }))).toEqual([422, "validation_error"]);
  expect(await outcome(moderation.updateBase({ params, body: {} }))).toEqual([400, "nothing_to_change"]);
  const hide = () => moderation.updateBase({ params, body: { is_active: false, reason: "Spam" } });
  expect([await hide(), await hide()]).toMatchObject([{ is_active: false, is_hidden: true }, { is_hidden: true }]);
  for (const user of [ada, bob]) expect(await outcome(bases(user).get({ params: { slug: "loud-kit" } }))).toEqual([404, "not_found"]);
  expect(await outcome(bases(ada).remove({ params }))).toEqual([404, "not_found"]);
  expect(await moderation.updateBase({ params, body: { is_active: true, is_featured: true } })).toMatchObject({
    is_active: true,
    is_featured: true,
  });
  expect(await bases(bob).get({ params: { slug: "loud-kit" } })).toMatchObject({ is_featured: true });
  await bases(ada).remove({ params });
  expect(await outcome(moderation.updateBase({ params, body: { is_active: true } }))).toEqual([409, "conflict"]);
  const { items } = await app.as(admin).adminAudit.list({ query: { target_id: id } });
  expect(items.map((row) => [row.action_type, row.reason])).toEqual([
    ["base.feature", null],
    ["base.restore", null],
    ["base.disable", "Spam"],
    ["review.remove", "Insults"],
  ]);
});

test("library agents can be disabled, removed with their project assignments, and added again without a second download", async () => {
  const { id } = await agents(ada).create({ body: { ...draft, name: "Kept" } });
  const params = { id };
  await agents(bob).purchase({ params, body: {} });
  expect(await app.as(bob).library.updateAgent({ params, body: { is_enabled: false } })).toMatchObject({ is_enabled: false });
  expect(await agents(bob).get({ params: { slug: "kept" } })).toMatchObject({ is_purchased: false, in_library: true });
  await agents(bob).purchase({ params, body: {} });
  await app.as(bob).library.removeAgent({ params });
  expect(await outcome(app.as(bob).library.removeAgent({ params }))).toEqual([404, "not_found"]);
  await agents(bob).purchase({ params, body: {} });
  expect(await agents(bob).get({ params: { slug: "kept" } })).toMatchObject({ downloads: 1, is_purchased: true });
  // An expired purchase must be bought again, and payments are not configured here.
  await app.db.execute(sql`update agents set pricing_type = 'monthly', price_cents = 500, source_type = 'closed' where id = ${id}`);
  await app.db.execute(
    sql`update user_purchased_agents set expires_at = now() - interval '1 second' where agent_id = ${id} and user_id = ${bob.id}`,
  );
  expect(await outcome(app.as(bob).library.updateAgent({ params, body: { is_enabled: true } }))).toEqual([403, "agent_not_owned"]);
  expect(await outcome(agents(bob).purchase({ params, body: {} }))).toEqual([503, "payments_not_configured"]);
  expect(await outcome(agents(bob).fork({ params, body: {} }))).toEqual([403, "closed_source"]);
});

test("seeding the catalogue again changes no counts and no settings of administrators", async () => {
  await app.db.execute(sql`update bases set downloads = 7, is_active = false, is_featured = false, name = 'Old' where slug = 'cobra'`);
  await app.db.execute(sql`update bases set name = 'Old' where slug = 'react-vite'`);
  await app.db.execute(sql`update server_settings set value = '0' where key = 'marketplace_catalogue_community'`);
  const again = await testApp({ database: app.database });
  await again.close();
  const { rows } = await app.db.execute<Record<string, unknown>>(
    sql`select name, downloads, is_active, is_featured from bases where slug in ('cobra', 'react-vite') order by slug`,
  );
  expect(rows).toEqual([
    { name: "Cobra", downloads: 7, is_active: false, is_featured: false },
    { name: "React + Vite", downloads: 0, is_active: true, is_featured: true },
  ]);
});

test("system accounts cannot sign in by any method", async () => {
  const { rows } = await app.db.execute<Record<string, unknown>>(
    sql`select username, is_superuser, hashed_password from users where is_system order by username`,
  );
  expect(rows).toEqual([
    { username: "community", is_superuser: false, hashed_password: null },
    { username: "tesslate", is_superuser: false, hashed_password: null },
  ]);
  await app.as().auth.forgotPassword({ body: { email: "official@tesslate.com" } });
  expect(await outcome(app.as().auth.login({ body: { email: "official@tesslate.com", password: "x" } }))).toEqual([
    401,
    "login_bad_credentials",
  ]);
  expect(await app.as().creators.get({ params: { username: "community" } })).toMatchObject({ name: "Open Source Community" });
  expect((await app.as(admin).adminUsers.list({ query: { search: "tesslate.com" } })).total).toBe(0);
});
