import { sql } from "drizzle-orm";
import { expect } from "vitest";
import { startStripe } from "@tesslate/testkit";
import { agents } from "../../db/schema/agent/agents.ts";
import { testApp } from "../app.ts";
import { ledgerViolations } from "../billing.ts";
import { randomOf } from "../matrix/fuzz.ts";
import { runSequence } from "./sequence.ts";
import { createMoneyStack } from "./stack.ts";

/** Runs random payment sequences against a simple model until `isOver`; reproducible by seed. Returns their number. */
export async function runSequences({ seed, isOver }: { seed: number; isOver: (played: number) => boolean }): Promise<number> {
  await using stripe = await startStripe();
  // The ledger of the whole server is checked at the end.
  await using app = await testApp({ ownServer: true });
  const stack = createMoneyStack(app.db, stripe);
  const creator = await app.signUp();
  const seller = stripe.account.createAccount({}).id;
  stripe.account.completeOnboarding(seller);
  await app.db.execute(sql`update users set creator_stripe_account_id = ${seller} where id = ${creator.id}`);
  const sold = await app.db
    .insert(agents)
    .values(
      [0, 1, 2].map((n) => ({
        slug: `sequence-${n}`,
        name: `Sequence ${n}`,
        description: "",
        price_cents: n < 2 ? 1000 : 700,
        pricing_type: n < 2 ? ("one_time" as const) : ("monthly" as const),
        created_by_user_id: n === 0 ? null : creator.id,
      })),
    )
    .returning();
  const world = { db: app.db, stripe, stack, once: sold.slice(0, 2).map(({ id }) => id), monthly: sold.slice(2).map(({ id }) => id) };
  const random = randomOf(seed);
  const wrong: string[] = [];
  let played = 0;
  for (; wrong.length < 5 && !isOver(played); played++) wrong.push(...(await runSequence(world, random)));
  expect(wrong).toEqual([]);
  const rows = async <T extends object>(query: string) => (await app.studio.database.pool.query<T>(query)).rows;
  expect(await ledgerViolations({ rows })).toEqual([]);
  // The ledger sums to zero: every amount was spent, owed, earned or paid out.
  expect(await rows("select sum(amount_cents)::int as n from ledger_entries")).toEqual([{ n: 0 }]);
  return played;
}
