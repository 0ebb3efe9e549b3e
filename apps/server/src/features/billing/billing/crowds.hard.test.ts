import { expect, test } from "vitest";
import { billingApp, ledgerViolations } from "../../../testing/billing.ts";
import { buyAtOnce, spendAtOnce } from "../../../testing/money/crowds.ts";

test(
  "two hundred concurrent users spend, order and pay: every effect happens once, and the ledger is consistent",
  { timeout: 120_000 },
  async () => {
    await using world = await billingApp();
    const creator = await world.app.signUp({ name: "Maker" });
    await world.app.as(creator).creatorStudio.connect();
    for (const account of world.stripe.account.accounts.keys()) world.stripe.account.completeOnboarding(account);
    await spendAtOnce(world, 50);
    await buyAtOnce(world, creator, 200);
    expect(await ledgerViolations(world)).toEqual([]);
  },
);
