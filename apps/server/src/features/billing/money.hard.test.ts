import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { startStripe } from "@tesslate/testkit";
import { testApp } from "../../testing/app.ts";
import { wrongInBooks } from "../../testing/billing.ts";
import { playSequence } from "../../testing/money/sequence.ts";
import { createMoneyStack } from "../../testing/money/stack.ts";
import { randomOf } from "../../testing/matrix/fuzz.ts";
import { agents } from "../agents/agents.table.ts";

const { FUZZ_SECONDS, FUZZ_SEED, MONEY_STORIES } = process.env;
/** Among the tests: 2000 stories, or as many as a busy machine gets done in its time. */
const limitMs = Number(FUZZ_SECONDS ?? 25) * 1000;
const limit = Number(MONEY_STORIES ?? (FUZZ_SECONDS === undefined ? 2000 : Infinity));

/*
 * Random stories of people's money against a simple model. A longer one: `./studio fuzz --only money --seconds 120 --seed 7`; the same seed plays the
 * same stories.
 */
test(
  "whatever comes in whatever order, however often, with crashes in between: balances, entitlements and books are exact",
  { timeout: limitMs + 120_000 },
  async () => {
    await using stripe = await startStripe();
    await using app = await testApp();
    const stack = createMoneyStack(app.db, stripe);
    const creator = await app.signUp();
    const seller = stripe.account.createAccount({}).id;
    stripe.account.completeOnboarding(seller);
    await app.db.execute(sql`update users set creator_stripe_account_id = ${seller} where id = ${creator.id}`);
    const sold = await app.db
      .insert(agents)
      .values(
        [0, 1, 2].map((n) => ({
          slug: `story-${n}`,
          name: `Story ${n}`,
          description: "",
          price_cents: n < 2 ? 1000 : 700,
          pricing_type: n < 2 ? ("one_time" as const) : ("monthly" as const),
          created_by_user_id: n === 0 ? null : creator.id,
        })),
      )
      .returning();
    const world = { db: app.db, stripe, stack, once: sold.slice(0, 2).map(({ id }) => id), monthly: sold.slice(2).map(({ id }) => id) };
    const random = randomOf(Number(FUZZ_SEED ?? 7));
    const wrong: string[] = [];
    const until = Date.now() + limitMs;
    let played = 0;
    for (; wrong.length < 5 && played < limit && Date.now() < until; played++) wrong.push(...(await playSequence(world, random)));
    process.stdout.write(`${played} stories of money, ${wrong.length} wrong\n`);
    expect(wrong).toEqual([]);
    const rows = async <T extends object>(query: string) => (await app.studio.database.pool.query<T>(query)).rows;
    expect(await wrongInBooks({ rows })).toEqual([]);
    // All that came in is somewhere: spent, owed, earned, or paid.
    expect(await rows("select sum(amount_cents)::int as n from ledger_entries")).toEqual([{ n: 0 }]);
  },
);
