import type { StripeEvent, StripeFake } from "@tesslate/testkit";
import type { OwnSession } from "../../features/billing/billing/fulfilment.ts";

const allowance: Record<string, number> = { free: 0, basic: 500, pro: 2000, ultra: 8000 };
const active = new Set(["active", "trialing", "past_due", "unpaid"]);

interface Paid {
  kind: string;
  amount: number;
  refunded: number;
  /** Credits that the refund removed. */
  taken: number;
  item: string | null;
  isSubscription: boolean;
}

/** A simple sequential model of the expected state of one user. */
export class MoneyModel {
  tier = "free";
  plan: string | null = null;
  daily = 5;
  bundled = 0;
  /** The largest allowance since the last renewal. */
  given = 0;
  purchased = 0;
  spent = 0;
  slots = 0;
  readonly payments = new Map<string, Paid>();
  readonly library = new Map<string, { active: boolean; forever: string | null; subscription: string | null }>();
  private readonly events = new Set<string>();
  private readonly sessions = new Set<string>();
  private readonly back = new Map<string, { refunded: number; disputed: number; won: number }>();
  private readonly mirror = new Map<string, { tier: string | null; item: string | null; created: number; isLiving: boolean }>();
  private readonly account: StripeFake["account"];
  private readonly tierOfPrice: (price: string) => string;

  constructor(account: StripeFake["account"], tierOfPrice: (price: string) => string) {
    this.account = account;
    this.tierOfPrice = tierOfPrice;
  }

  take(credits: number): void {
    for (const bucket of ["daily", "bundled", "purchased"] as const) {
      const part = Math.min(this[bucket], credits);
      this[bucket] -= part;
      credits -= part;
    }
  }

  event(event: StripeEvent, own: OwnSession | undefined): void {
    if (this.events.has(event.id)) return;
    this.events.add(event.id);
    const object = event.data.object as { id: string; payment_intent: string; amount: number; amount_refunded: number; status: string };
    if (event.type === "checkout.session.completed" && own) this.session(own);
    if (event.type.startsWith("customer.subscription.")) this.fetched(object.id);
    if (event.type.startsWith("invoice.payment_")) this.invoice(object.id, event.type.endsWith("succeeded"));
    if (event.type === "charge.refunded") this.wentBack(object.payment_intent, { refunded: object.amount_refunded });
    if (event.type === "charge.dispute.created") this.wentBack(object.payment_intent, { disputed: object.amount });
    if (event.type === "charge.dispute.closed" && object.status === "won")
      this.wentBack(object.payment_intent, { disputed: object.amount, won: object.amount });
  }

  session(own: OwnSession): void {
    if (!own.isPaid) return;
    const isFirst = !this.sessions.has(own.id);
    this.sessions.add(own.id);
    if (own.subscription_id) this.fetched(own.subscription_id);
    if (!isFirst || (own.agreed_cents !== null && own.agreed_cents !== own.amount_cents)) return;
    if (own.subscription_id) {
      if (own.invoice_id) this.book(own.invoice_id, own.kind, own.amount_cents, own.item_id, true);
      return;
    }
    const intent = own.payment_intent ?? "";
    const held = own.item_id ? this.library.get(own.item_id) : undefined;
    if (held?.active && held.forever !== null && held.forever !== intent) return;
    if (!this.payments.has(intent) && own.item_id) this.library.set(own.item_id, { active: true, forever: intent, subscription: null });
    this.book(intent, own.kind, own.amount_cents, own.item_id, false);
  }

  private invoice(id: string, isPaid: boolean): void {
    const invoice = this.account.invoices.get(id);
    const subscription = invoice?.parent.subscription_details.subscription ?? "";
    this.fetched(subscription);
    const { metadata } = this.account.subscriptions.get(subscription) ?? { metadata: {} as Record<string, string> };
    if (!invoice || !isPaid) return;
    const isPlan = metadata["type"] === "subscription";
    const isFresh = !this.payments.has(id);
    this.book(id, isPlan ? "subscription" : "agent", invoice.amount_paid, metadata["agent_id"] ?? null, true);
    if (isFresh && isPlan && invoice.billing_reason === "subscription_cycle" && this.plan === subscription)
      this.bundled = this.given = allowance[this.tier] ?? 0;
  }

  private book(key: string, kind: string, amount: number, item: string | null, isSubscription: boolean): void {
    if (this.payments.has(key)) return;
    const paid: Paid = { kind, amount, refunded: 0, taken: 0, item, isSubscription };
    this.payments.set(key, paid);
    if (kind === "credits") this.purchased += amount;
    if (kind !== "subscription") this.spent += amount;
    if (kind === "deploy_slot") this.slots++;
    this.settle(key, paid);
  }

  private wentBack(intent: string, { refunded = 0, disputed = 0, won = 0 }: { refunded?: number; disputed?: number; won?: number }): void {
    const key = this.account.invoicePayments.find(({ payment_intent }) => payment_intent === intent)?.invoice ?? intent;
    const known = this.back.get(key) ?? { refunded: 0, disputed: 0, won: 0 };
    this.back.set(key, {
      refunded: Math.max(known.refunded, refunded),
      disputed: Math.max(known.disputed, disputed),
      won: Math.max(known.won, won),
    });
    const paid = this.payments.get(key);
    if (paid) this.settle(key, paid);
  }

  private settle(key: string, paid: Paid): void {
    const { refunded, disputed, won } = this.back.get(key) ?? { refunded: 0, disputed: 0, won: 0 };
    const back = Math.min(paid.amount, refunded + Math.max(0, disputed - won));
    const fresh = back - paid.refunded;
    if (fresh === 0) return;
    const wasWhole = paid.refunded === paid.amount;
    paid.refunded = back;
    const isWhole = back === paid.amount;
    if (paid.kind === "credits") {
      const taken = fresh > 0 ? Math.min(this.purchased, fresh) : -Math.max(0, paid.taken - back);
      this.purchased -= taken;
      paid.taken += taken;
    }
    if (paid.kind !== "subscription") this.spent = Math.max(0, this.spent - fresh);
    if (paid.kind === "deploy_slot") this.slots += Number(wasWhole) - Number(isWhole);
    const held = paid.item === null ? undefined : this.library.get(paid.item);
    if (paid.isSubscription || !held) return;
    if (isWhole && held.forever === key) held.active = false;
    else if (wasWhole && !isWhole && !(held.active && held.forever !== null))
      this.library.set(paid.item ?? "", { active: true, forever: key, subscription: null });
  }

  fetched(id: string): void {
    const now = this.account.subscriptions.get(id);
    if (!now) return;
    const before = this.mirror.get(id);
    const isPlan = now.metadata["type"] === "subscription";
    const item = now.metadata["agent_id"] ?? null;
    const isLiving = active.has(now.status);
    const price = now.items.data[0]?.price.id ?? "";
    this.mirror.set(id, { tier: isPlan ? this.tierOfPrice(price) : null, item, created: now.created, isLiving });
    if (isPlan) return this.reconcilePlan(id);
    const held = this.library.get(item ?? "");
    if (isLiving && held?.active && held.forever !== null) return;
    if (isLiving && !before?.isLiving) this.library.set(item ?? "", { active: true, forever: null, subscription: id });
    if (!isLiving && before?.isLiving && held?.subscription === id) held.active = false;
  }

  private reconcilePlan(id: string): void {
    const [newest] = [...this.mirror]
      .filter(([, plan]) => plan.tier !== null && plan.isLiving)
      .toSorted(([a, x], [b, y]) => y.created - x.created || (a < b ? 1 : -1));
    if (newest) {
      const [plan, { tier }] = newest;
      const due = allowance[tier ?? ""] ?? 0;
      if (this.plan !== plan || due > Math.max(this.given, allowance[this.tier] ?? 0)) {
        this.bundled = this.given = due;
        this.daily = 0;
      }
      this.plan = plan;
      this.tier = tier ?? "";
    } else if (this.plan === id) {
      this.plan = null;
      this.tier = "free";
      this.bundled = this.given = 0;
      this.daily = 5;
    }
  }
}
