import type { SoldItem } from "./community.ts";
import type { Person } from "./people.ts";
import { createRandom, demoId } from "./random.ts";
import { dayMs, iso, type Rows } from "./rows.ts";
import type { DemoRun } from "./work.ts";

type Posting = { account: Rows["ledgerEntries"][number]["account"]; user_id?: string; amount_cents: number }[];

/** What Stripe keeps of a card payment. */
const feeOf = (cents: number) => Math.round(cents * 0.029) + 30;

/** Plans, credits, sales, payouts and the ledger: every posting sums to zero, and what is left of bought credits is the person's balance. */
export function addMoney(
  rows: Rows,
  {
    people,
    sold,
    runs,
    now,
    creatorSharePercent,
    monthlyCents,
  }: {
    people: readonly Person[];
    sold: readonly SoldItem[];
    runs: readonly DemoRun[];
    now: number;
    creatorSharePercent: number;
    monthlyCents: Record<Person["tier"], number>;
  },
): void {
  const bought = new Map<string, number>();
  const spent = new Map<string, number>();
  const post = (posting: string, at: number, entries: Posting) => {
    for (const { account, user_id, amount_cents } of entries)
      if (amount_cents !== 0)
        rows.ledgerEntries.push({
          id: demoId("ledger", posting, account),
          posting,
          account,
          user_id: user_id ?? null,
          amount_cents,
          created_at: iso(at),
        });
  };
  const pay = (payment: Omit<Rows["payments"][number], "id" | "created_at">, at: number) =>
    rows.payments.push({ id: demoId("payment", payment.key), ...payment, fee_cents: feeOf(payment.amount_cents), created_at: iso(at) });
  const spend = (person: Person, cents: number) => void spent.set(person.id, (spent.get(person.id) ?? 0) + cents);

  for (const person of people) {
    const random = createRandom(`money ${person.username}`);
    if (person.tier !== "free") addPlan(rows, { person, now, post, pay, price: monthlyCents[person.tier], isAnnual: random.chance(0.2) });
    const packages = person.activity > 1 && person.state !== "suspended" ? random.between(0, 3) : 0;
    for (let n = 0; n < packages; n++) {
      const cents = random.pick([500, 1000, 2500, 5000] as const);
      const at = person.joined + (now - person.joined) * random.next();
      const key = `pi_demo_credits_${person.username}_${n}`;
      pay({ key, user_id: person.id, kind: "credits", amount_cents: cents, credits: cents }, at);
      post(`payment:${key}`, at, [
        { account: "stripe", amount_cents: cents },
        { account: "credits", user_id: person.id, amount_cents: -cents },
      ]);
      bought.set(person.id, (bought.get(person.id) ?? 0) + cents);
      spend(person, cents);
    }
    if (random.chance(0.2)) {
      const id = demoId("adjustment", person.username);
      const amount = random.pick([250, 500, 1000] as const);
      const at = now - random.between(2, 40) * dayMs;
      rows.creditAdjustments.push({
        id,
        user_id: person.id,
        amount,
        balance_before: 0,
        reason: random.pick(["Hackathon", "Outage on the 3rd", "Referral"]),
        made_by_id: people[0]?.id ?? person.id,
        created_at: iso(at),
      });
      post(`adjustment:${id}`, at, [
        { account: "goodwill", amount_cents: amount },
        { account: "credits", user_id: person.id, amount_cents: -amount },
      ]);
      bought.set(person.id, (bought.get(person.id) ?? 0) + amount);
    }
  }

  addSales(rows, { people, sold, now, creatorSharePercent, post, pay, spend });

  // A part of what runs cost was paid with bought credits.
  for (const { project, at, credits, id } of runs) {
    const left = bought.get(project.owner.id) ?? 0;
    const used = Math.min(left, Math.floor(credits / 3));
    if (used <= 0) continue;
    bought.set(project.owner.id, left - used);
    post(`usage:demo-${id}`, at, [
      { account: "credits", user_id: project.owner.id, amount_cents: used },
      { account: "revenue", amount_cents: -used },
    ]);
  }
  for (const user of rows.users) {
    user.purchased_credits = bought.get(user.id ?? "") ?? 0;
    user.total_spend_cents = spent.get(user.id ?? "") ?? 0;
  }
}

interface Book {
  post(posting: string, at: number, entries: Posting): void;
  pay(payment: Omit<Rows["payments"][number], "id" | "created_at">, at: number): void;
}

function addPlan(
  rows: Rows,
  { person, now, post, pay, price, isAnnual }: Book & { person: Person; now: number; price: number; isAnnual: boolean },
): void {
  const { tier } = person;
  if (tier === "free") return;
  const subscription = `sub_demo_${person.username}`;
  const begin = person.joined + 2 * dayMs;
  const period = (isAnnual ? 365 : 30) * dayMs;
  const cents = isAnnual ? price * 10 : price;
  let at = begin;
  for (let n = 0; at < now; n++, at += period) {
    const key = `in_demo_${person.username}_${n}`;
    pay({ key, user_id: person.id, kind: "subscription", amount_cents: cents, stripe_subscription_id: subscription }, at);
    post(`payment:${key}`, at, [
      { account: "stripe", amount_cents: cents },
      { account: "revenue", amount_cents: -cents },
    ]);
  }
  rows.subscriptions.push({
    id: demoId("subscription", person.username),
    stripe_subscription_id: subscription,
    user_id: person.id,
    kind: "subscription",
    tier,
    billing_interval: isAnnual ? "annual" : "monthly",
    price_cents: cents,
    status: person.username === "kaja" ? "past_due" : "active",
    current_period_start: iso(at - period),
    current_period_end: iso(at),
    cancel_at_period_end: person.username === "elif",
    asked: 1,
    created_at: iso(begin),
    updated_at: iso(at - period),
  });
}

function addSales(
  rows: Rows,
  {
    people,
    sold,
    now,
    creatorSharePercent,
    post,
    pay,
    spend,
  }: Book & {
    people: readonly Person[];
    sold: readonly SoldItem[];
    now: number;
    creatorSharePercent: number;
    spend(person: Person, cents: number): void;
  },
): void {
  const paidOut = new Map<Person, { cents: number; sales: Rows["marketplaceTransactions"] }>();
  for (const item of sold) {
    const random = createRandom(`sales ${item.name}`);
    const entries =
      item.kind === "agent"
        ? rows.userPurchasedAgents.filter(({ agent_id }) => agent_id === item.id)
        : rows.userPurchasedBases.filter(({ base_id }) => base_id === item.id);
    entries.forEach((entry, n) => {
      const buyer = people.find(({ id }) => id === entry.user_id);
      if (!buyer) return;
      const at = Date.parse(entry.created_at ?? iso(now));
      const key = `pi_demo_${item.id.slice(0, 8)}_${n}`;
      const subscription = item.isMonthly ? `sub_demo_${item.id.slice(0, 8)}_${n}` : null;
      const share = Math.floor((item.price_cents * creatorSharePercent) / 100);
      const isRefunded = random.chance(0.05);
      pay(
        {
          key,
          user_id: buyer.id,
          kind: item.kind,
          amount_cents: item.price_cents,
          item_id: item.id,
          item_name: item.name,
          stripe_subscription_id: subscription,
          refunded_cents: isRefunded ? item.price_cents : 0,
        },
        at,
      );
      post(`payment:${key}`, at, [
        { account: "stripe", amount_cents: item.price_cents },
        { account: "creator", user_id: item.creator.id, amount_cents: -share },
        { account: "revenue", amount_cents: share - item.price_cents },
      ]);
      const sale: Rows["marketplaceTransactions"][number] = {
        id: demoId("sale", key),
        user_id: buyer.id,
        agent_id: item.id,
        creator_id: item.creator.id,
        transaction_type: item.isMonthly ? "subscription" : "one_time",
        amount_total_cents: item.price_cents,
        amount_creator_cents: share,
        amount_platform_cents: item.price_cents - share,
        ...(item.isMonthly ? { stripe_invoice_id: key, stripe_subscription_id: subscription } : { stripe_payment_intent: key }),
        created_at: iso(at),
      };
      rows.marketplaceTransactions.push(sale);
      if (item.isMonthly) entry.purchase_type = "monthly";
      else entry.purchase_type = "one_time";
      if (subscription !== null) {
        entry.stripe_subscription_id = subscription;
        entry.expires_at = iso(now + 20 * dayMs);
      } else entry.stripe_payment_intent = key;
      if (!isRefunded) {
        spend(buyer, item.price_cents);
        if (now - at > 45 * dayMs) {
          const due = paidOut.get(item.creator) ?? { cents: 0, sales: [] };
          due.cents += share;
          due.sales.push(sale);
          paidOut.set(item.creator, due);
        }
        return;
      }
      const refundedAt = Math.min(at + 2 * dayMs, now);
      sale.refunded_at = iso(refundedAt);
      entry.is_active = false;
      rows.refunds.push({ key, refunded_cents: item.price_cents, updated_at: iso(refundedAt) });
      post(`refund:${key}:${item.price_cents}:0:0`, refundedAt, [
        { account: "stripe", amount_cents: -item.price_cents },
        { account: "creator", user_id: item.creator.id, amount_cents: share },
        { account: "revenue", amount_cents: item.price_cents - share },
      ]);
    });
  }
  for (const [creator, { cents, sales }] of paidOut) {
    const id = demoId("payout", creator.username);
    const at = now - 30 * dayMs;
    rows.creatorPayouts.push({
      id,
      creator_id: creator.id,
      amount_cents: cents,
      transactions_count: sales.length,
      status: "paid",
      paid_at: iso(at),
      created_at: iso(at),
    });
    for (const sale of sales) Object.assign(sale, { payout_status: "paid", payout_id: id, payout_date: iso(at) });
    post(`paid:payout:${id}`, at, [
      { account: "creator", user_id: creator.id, amount_cents: cents },
      { account: "by_hand", amount_cents: -cents },
    ]);
  }
}
