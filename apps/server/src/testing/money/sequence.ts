import { randomUUID } from "node:crypto";
import type { FormValue, StripeEvent, StripeFake } from "@tesslate/testkit";
import { ownSessionOf } from "../../features/billing/billing/fulfilment.ts";
import type { Database } from "../../platform/database.ts";
import { sql } from "drizzle-orm";
import { MoneyModel } from "./model.ts";
import { Crash, type createMoneyStack } from "./stack.ts";

type Stack = ReturnType<typeof createMoneyStack>;
export interface MoneyWorld {
  db: Database;
  stripe: StripeFake;
  stack: Stack;
  /** Agents for sale. */
  once: string[];
  monthly: string[];
}
const tiers = ["basic", "pro", "ultra"];

/**
 * A random sequence for one user: purchases, renewals, changes, refunds and usage; events that are late, repeated, reordered or lost; a
 * process that crashes in between. Resolves with the differences from the model at the end.
 */
export async function runSequence(world: MoneyWorld, random: () => number): Promise<string[]> {
  const { db, stripe, stack } = world;
  const { account } = stripe;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const chance = (p: number) => random() < p;
  const trace: string[] = [];
  const user = randomUUID();
  const mark = user.slice(0, 13);
  await db.execute(
    sql`insert into users (id, email, name, username, slug, daily_credits, daily_credits_reset_at) values (${user}, ${`${mark}@example.com`}, 'Sequence', ${mark}, ${mark}, 5, now())`,
  );
  const customer = account.createCustomer({}).id;
  const model = new MoneyModel(account, (price) => price.split("_")[1] ?? "");

  const sessionOf = (event: StripeEvent) =>
    event.type.startsWith("checkout.session.") ? ownSessionOf(event.data.object as Parameters<typeof ownSessionOf>[0]) : undefined;
  /** Whether reconciliation has to run again. */
  let isShaken = false;
  const process = async (event: StripeEvent): Promise<boolean> => {
    if (chance(0.15)) stack.chaos.arm(chance(0.2) ? "after commit" : Math.floor(random() * 14));
    else if (chance(0.03)) stripe.trouble({ how: 500, times: 1 });
    try {
      await stack.webhooks.process(event as never);
    } catch (error) {
      const isDone = error instanceof Crash && error.isCommitted;
      if (isDone) model.event(event, sessionOf(event));
      else if (!(error instanceof Crash) && !/Stripe request failed/.test(String(error))) throw error;
      return false;
    } finally {
      stack.chaos.arm(undefined);
      stripe.trouble(undefined);
    }
    model.event(event, sessionOf(event));
    return true;
  };
  const deliver = async (isLast: boolean): Promise<void> => {
    const events = stripe.waiting.splice(0).toSorted(() => random() - 0.5);
    for (const event of events) {
      if (!isLast && chance(0.3)) stripe.waiting.push(event);
      else if (isLast && chance(0.2)) {
        isShaken = true;
        trace.push(`dropped ${event.type}`);
      } else {
        // Sometimes twice.
        for (let copies = chance(0.2) ? 2 : 1; copies > 0; copies--) if (!(await process(event))) stripe.waiting.push(event);
        if (chance(0.2)) await spend();
      }
    }
  };
  const spend = async (): Promise<void> => {
    const credits = 1 + Math.floor(random() * 400);
    await stack.credits.record({
      request_id: randomUUID(),
      user_id: user,
      agent_id: null,
      project_id: null,
      chat_id: null,
      task_id: null,
      model: "test/model",
      purpose: "turn",
      tokens_input: 1,
      tokens_output: 1,
      tokens_cached: 0,
      cost_input: "0",
      cost_output: "0",
      cost_total: `${credits}.00000000`,
      is_byok: false,
    });
    model.take(credits);
    trace.push(`spent ${credits}`);
  };
  const page = (
    mode: "payment" | "subscription",
    price: { id?: string; cents?: number; monthly?: boolean },
    metadata: Record<string, string>,
  ) => {
    const line: FormValue = price.id
      ? { price: price.id, quantity: "1" }
      : {
          quantity: "1",
          price_data: {
            currency: "usd",
            unit_amount: String(price.cents),
            ...(price.monthly === true && { recurring: { interval: "month" } }),
          },
        };
    const own = { user_id: user, ...metadata };
    const { id } = account.createSession({
      mode,
      customer,
      success_url: "http://studio/back",
      line_items: [line],
      metadata: own,
      ...(mode === "subscription" && { subscription_data: { metadata: own } }),
    });
    account.pay(id);
  };
  const plans = () => [...account.subscriptions.values()].filter((s) => s.status !== "canceled");
  const charges = () => [...account.charges.values()].filter((c) => !c.refunded);
  const actions: Record<string, () => unknown> = {
    credits: () => {
      const cents = pick([500, 2500]);
      page("payment", { cents }, { type: "credit_purchase", amount_cents: String(cents) });
    },
    "a wrong amount": () => page("payment", { cents: 100 }, { type: "credit_purchase", amount_cents: "50000" }),
    slot: () => page("payment", { cents: 1000 }, { type: "deploy_purchase", amount_cents: "1000" }),
    agent: () =>
      page("payment", { cents: 1000 }, { type: "agent_purchase", agent_id: pick([...world.once, ...world.monthly]), amount_cents: "1000" }),
    "an agent by the month": () =>
      page("subscription", { cents: 700, monthly: true }, { type: "agent_purchase", agent_id: pick(world.monthly) }),
    plan: () => page("subscription", { id: `price_${pick(tiers)}_month` }, { type: "subscription" }),
    "another plan": () => {
      const own = plans().filter((s) => s.metadata["type"] === "subscription");
      if (own.length > 0) account.changePlan(pick(own).id, `price_${pick(tiers)}_month`);
    },
    end: () => plans().length > 0 && account.end(pick(plans()).id),
    "end with the period": () => plans().length > 0 && account.update(pick(plans()).id, { cancel_at_period_end: "true" }),
    "a month": () => account.advance(31),
    "a month without money": () => {
      account.decline(true);
      account.advance(31);
      account.decline(false);
    },
    refund: () => charges().length > 0 && account.refund(pick(charges()).payment_intent),
    "a part of it": () => {
      const open = charges().filter((c) => c.amount_refunded === 0);
      if (open.length > 0) account.refund(pick(open).payment_intent, 100);
    },
    dispute: () => {
      const open = charges().filter((c) => !c.disputed);
      if (open.length > 0) account.dispute(pick(open).payment_intent);
    },
    "a dispute that is decided": () => {
      const open = [...account.disputes.values()].filter(({ status }) => status === "needs_response");
      if (open.length > 0) account.closeDispute(pick(open).id, pick(["won", "won", "lost"] as const));
    },
    "a credit or two": spend,
  };
  for (let steps = 1 + Math.floor(random() * random() * 5); steps > 0; steps--) {
    const name = pick(Object.keys(actions));
    trace.push(name);
    await actions[name]?.();
    if (chance(0.4)) await deliver(false);
  }
  await deliver(false);
  await deliver(true);

  // Reconciliation makes up for lost events, also when it crashes itself; at the end nothing is pending.
  const listening = {
    ...stack.webhooks,
    process: async (event: Parameters<typeof stack.webhooks.process>[0]) => {
      isHealed = (await process(event as unknown as StripeEvent)) && isHealed;
      if (!isHealed) throw new Error("retry");
    },
  };
  let isHealed = true;
  const heal = async (): Promise<void> => {
    isShaken ||= stripe.waiting.length > 0 || chance(0.2);
    for (;;) {
      isHealed = true;
      if (isShaken) await stack.reconciliation(listening).run();
      isShaken = true;
      if (isHealed && stack.jobs.length === 0) return;
      for (const job of stack.jobs.splice(0)) {
        if (chance(0.2)) stack.chaos.arm(chance(0.5) ? "after commit" : Math.floor(random() * 6));
        await stack.run(job).catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
          stack.jobs.push(job);
        });
        stack.chaos.arm(undefined);
      }
    }
  };
  await heal();
  stripe.waiting.length = 0;
  const wrong = await differences(world, user, model);
  for (const table of [
    account.sessions,
    account.subscriptions,
    account.invoices,
    account.intents,
    account.charges,
    account.transfers,
    account.reversals,
    account.disputes,
  ])
    table.clear();
  account.events.length = 0;
  account.invoicePayments.length = 0;
  stack.forgetCursor();
  return wrong.length > 0 ? [`${trace.join(" · ")}: ${wrong.join("; ")}`] : [];
}

async function differences({ db, stripe }: MoneyWorld, user: string, model: MoneyModel): Promise<string[]> {
  const { account } = stripe;
  const one = (
    await db.execute<Record<string, unknown>>(sql`
    select subscription_tier as tier, stripe_subscription_id as plan, daily_credits as daily, bundled_credits as bundled, purchased_credits as purchased,
      total_spend_cents as spent, purchased_deploy_slots as slots,
      (select coalesce(json_object_agg(key, refunded_cents order by key), '{}') from payments p where p.user_id = u.id) as payments,
      (select coalesce(json_object_agg(agent_id, is_active and expires_at is null order by agent_id), '{}') from user_purchased_agents e where e.user_id = u.id) as library,
      (select -coalesce(sum(amount_cents), 0)::int from ledger_entries l where l.user_id = u.id and l.account = 'credits') as booked,
      (select coalesce(json_agg(t), '[]') from marketplace_transactions t where t.user_id = u.id) as sales
    from users u where id = ${user}`)
  ).rows[0] as Record<string, unknown> & {
    sales: { id: string; amount_creator_cents: number; payout_status: string; refunded_at: string | null; reversed_at: string | null }[];
  };
  const sorted = <T>(entries: Iterable<[string, T]>) => Object.fromEntries([...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const should: Record<string, unknown> = {
    tier: model.tier,
    plan: model.plan,
    daily: model.daily,
    bundled: model.bundled,
    purchased: model.purchased,
    spent: model.spent,
    slots: model.slots,
    payments: sorted([...model.payments].map(([key, { refunded }]) => [key, refunded])),
    library: sorted([...model.library].map(([agent, { active }]) => [agent, active])),
    booked: model.purchased,
  };
  const wrong = Object.entries(should).flatMap(([name, value]) =>
    JSON.stringify(one[name]) === JSON.stringify(value)
      ? []
      : [`${name} is ${JSON.stringify(one[name])}, should be ${JSON.stringify(value)}`],
  );
  // Compared with Stripe: the only active subscription is the recorded one; every share was transferred once, and reversed when required.
  const plan = [...account.subscriptions.values()].filter((s) => s.metadata["type"] === "subscription" && s.status !== "canceled");
  if (plan.length > 1 || (plan[0]?.id ?? null) !== one["plan"])
    wrong.push(`plan ${String(one["plan"])}, at Stripe ${plan.map(({ id }) => id).join()}`);
  for (const sale of one.sales) {
    const sent = [...account.transfers.values()].filter((t) => t.transfer_group === `sale:${sale.id}`);
    const isBack = sale.refunded_at !== null;
    // Reversed, and due again since a dispute was won: it waits for a payout.
    const isReturned = isBack || sale.payout_status === "pending";
    if (sent.length > 1 || (sent.length === 0 && !isBack)) wrong.push(`${sent.length} transfers for a sale`);
    if (
      sent[0] &&
      (sent[0].amount !== sale.amount_creator_cents || sent[0].amount_reversed !== (isReturned ? sale.amount_creator_cents : 0))
    )
      wrong.push(`sent ${sent[0].amount}, taken back ${sent[0].amount_reversed}, refunded: ${isBack}`);
  }
  return wrong;
}
