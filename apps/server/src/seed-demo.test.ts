import { afterAll, beforeAll, expect, test } from "vitest";
import { seedDemo, SeedRefused } from "../../../scripts/seed-demo/seed-demo.ts";
import { createCryptoBox } from "./platform/crypto.ts";
import { testApp, type TestApp, type TestUser } from "./testing/app.ts";

const password = "demo-forest-lantern";
let app: TestApp;
let nadia: Pick<TestUser, "token">;
const seed = (isForced = false) =>
  seedDemo({
    db: app.db,
    config: app.config,
    box: createCryptoBox("a secret key of the tests, 32+ characters"),
    password,
    isForced,
    // No project gets files: that takes a runtime.
    baseUrl: "http://127.0.0.1:1",
  });
beforeAll(async () => {
  // Fills every table.
  app = await testApp({ ownServer: true });
  await seed();
  const { access_token } = await app.as().auth.login({ body: { email: "nadia@demo.example", password } });
  nadia = { token: access_token ?? "" };
});
afterAll(() => app.close());

const count = async (table: string) =>
  (await app.studio.database.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]?.n;

test("the console and the store show the demo data", async () => {
  const api = app.as(nadia);
  const totals = await Promise.all([
    api.adminUsers.list({ query: { limit: 100 } }),
    api.adminProjects.list({ query: { limit: 1 } }),
    api.marketplaceAgents.list({ query: { limit: 1 } }),
    api.marketplaceBases.list({ query: { limit: 1 } }),
    api.adminAudit.list({ query: {} }),
    api.outbox.list({ query: {} }),
  ]);
  expect(totals.map(({ total }) => total)).toEqual([30, 87, 40, expect.toSatisfy((n: number) => n >= 72), 47, 36]);
  expect(totals[0].items.filter(({ is_suspended, is_deleted }) => is_suspended || is_deleted).map(({ username }) => username)).toEqual(
    expect.arrayContaining(["tomasz", "marek"]),
  );
  const avatar = totals[0].items.find(({ username }) => username === "nadia")?.avatar_url;
  expect((await app.request(avatar ?? "", { user: nadia })).headers.get("content-type")).toBe("image/webp");
});

test("a chat has its transcript, a kept email its text", async () => {
  const api = app.as(nadia);
  const { items } = await api.projects.list({ query: { limit: 5 } });
  const { items: chats } = await api.chat.sessions({ query: { project_id: items[0]?.id ?? "" } });
  const transcript = await api.chat.transcript({ params: { chat_id: chats[0]?.id ?? "" }, query: {} });
  expect(JSON.stringify(transcript)).toContain("run_command");
  const kept = (await api.outbox.list({ query: {} })).items.find(({ status }) => status === "kept");
  expect((await api.outbox.get({ params: { id: kept?.id ?? "" } })).text).toEqual(expect.any(String));
});

test("the books balance: every posting sums to zero, and credits that were bought and not spent are the people's balances", async () => {
  const { rows } = await app.studio.database.pool.query(
    "select posting from ledger_entries group by posting having sum(amount_cents) <> 0",
  );
  expect(rows).toEqual([]);
  const wrong = await app.studio.database.pool.query(
    `select u.username from users u left join ledger_entries e on e.user_id = u.id and e.account = 'credits'
     group by u.id having u.purchased_credits <> coalesce(-sum(e.amount_cents), 0)`,
  );
  expect(wrong.rows).toEqual([]);
  expect(await count("payments")).toBeGreaterThan(50);
});

test("repeating it changes nothing", async () => {
  const tables = ["users", "projects", "messages", "usage_logs", "payments", "ledger_entries", "audit_log", "agents", "cards", "emails"];
  const before = await Promise.all(tables.map(count));
  await seed();
  expect(await Promise.all(tables.map(count))).toEqual(before);
});

test("a server with accounts of people refuses, unless it is forced", async () => {
  await app.signUp();
  await expect(seed()).rejects.toThrow(SeedRefused);
  await expect(seed()).rejects.toThrow("--force");
  await expect(seed(true)).resolves.toMatchObject({ served: 0 });
});
