import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, expect, inject, test } from "vitest";
import { startStripe, type StripeFake, stripeEnv } from "@tesslate/testkit";
import { testApp } from "../../../testing/app.ts";
import { ledgerViolations } from "../../../testing/billing.ts";
import { testConnection } from "../../../testing/postgres.ts";
import { spawnStudio, type SpawnedStudio } from "../../../testing/spawned-studio.ts";
import { temporaryFolder } from "../../../testing/temporary.ts";

const children: SpawnedStudio[] = [];
let stripe: StripeFake | undefined;
afterAll(async () => {
  for (const child of children) await child.kill();
  await stripe?.close();
});

test("kill -9 during many payments: nothing is granted twice, and after a restart nothing is missing", { timeout: 120_000 }, async () => {
  stripe = await startStripe();
  const { account } = stripe;
  const env = { ...stripeEnv(stripe), OUTBOUND_ALLOW_HOSTS: "127.0.0.1" };
  const app = await testApp({ dataDir: temporaryFolder("data"), env });
  stripe.sendTo(`${app.url}/api/webhooks/stripe`, "manual");
  const ada = await app.signUp();
  await app.studio.close();
  const runtimeDir = temporaryFolder("runtime");
  const spawn = async () => {
    const child = await spawnStudio({ ...app, runtimeDir, env });
    children.push(child);
    return child;
  };
  const customer = account.createCustomer({}).id;
  const buy = (mode: string, line: Record<string, string | Record<string, string>>, metadata: Record<string, string>) => {
    const own = { user_id: ada.id, ...metadata };
    const lines = { line_items: [{ ...line, quantity: "1" }], metadata: own, subscription_data: { metadata: own } };
    account.pay(account.createSession({ mode, customer, success_url: "http://studio/back", ...lines }).id);
  };
  const data = (cents: string) => ({ price_data: { currency: "usd", unit_amount: cents } });
  for (let n = 0; n < 40; n++) buy("payment", data("500"), { type: "credit_purchase", amount_cents: "500" });
  for (let n = 0; n < 5; n++) buy("payment", data("1000"), { type: "deploy_purchase", amount_cents: "1000" });
  buy("subscription", { price: "price_pro_month" }, { type: "subscription" });
  const events = stripe.waiting.splice(0);

  const server = await spawn();
  let count = 0;
  const sent = events.map(async (event) => {
    const [status = 0] = (await stripe?.deliver([event])) ?? [];
    if (status === 200) count++;
    return { event, status };
  });
  while (count < events.length / 4) await sleep(2);
  await server.kill();
  const answers = await Promise.all(sent);
  const taken = answers.filter(({ status }) => status === 200);
  expect(taken.length).toBeLessThan(events.length);
  process.stdout.write(`killed after ${taken.length} of ${events.length} webhooks\n`);

  await spawn();
  // Stripe repeats unacknowledged webhooks, some of which were committed already, and some acknowledged ones.
  stripe.waiting.push(
    ...answers.filter(({ status }) => status !== 200).map(({ event }) => event),
    ...taken.slice(0, 5).map(({ event }) => event),
  );
  await stripe.settle();
  const client = new pg.Client(testConnection(inject("postgres").server, app.database));
  await client.connect();
  try {
    const rows = async <T extends object>(query: string) => (await client.query<T>(query)).rows;
    expect(
      await rows("select purchased_credits, purchased_deploy_slots, bundled_credits, subscription_tier, total_spend_cents from users"),
    ).toContainEqual({
      purchased_credits: 20_000,
      purchased_deploy_slots: 5,
      bundled_credits: 2000,
      subscription_tier: "pro",
      total_spend_cents: 25_000,
    });
    expect(await rows("select kind, count(*)::int as n from payments group by kind order by kind")).toEqual([
      { kind: "credits", n: 40 },
      { kind: "deploy_slot", n: 5 },
      { kind: "subscription", n: 1 },
    ]);
    expect(await ledgerViolations({ rows })).toEqual([]);
  } finally {
    await client.end();
  }
});
