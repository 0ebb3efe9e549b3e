import {
  formOf,
  invalidRequest,
  metadataOf,
  missing,
  stripeId,
  textOf,
  type Account,
  type Charge,
  type Customer,
  type Dispute,
  type Form,
  type Invoice,
  type Metadata,
  type PaymentIntent,
  type Price,
  type Session,
  type StripeEvent,
  type StripeObject,
  type StripeSubscription,
  type Transfer,
} from "./objects.ts";

const daySeconds = 86_400;
const apiVersion = "2026-10-28.endive";

export type StripeAccountState = ReturnType<typeof createAccountState>;
/** The account's state and events: customers pay, periods end, banks reject. Every change emits an event. */
export function createAccountState({ baseUrl, onEvent }: { baseUrl: () => string; onEvent: (event: StripeEvent) => void }) {
  let shift = 0;
  const now = () => Math.floor(Date.now() / 1000) + shift;
  const table = <T extends StripeObject>() => new Map<string, T>();
  const prices = table<Price>();
  const customers = table<Customer>();
  const sessions = table<Session>();
  const plans = new Map<string, { price: Price; metadata: Metadata }>();
  const subscriptions = table<StripeSubscription>();
  const invoices = table<Invoice>();
  const intents = table<PaymentIntent>();
  const charges = table<Charge>();
  const transfers = table<Transfer>();
  const reversals = table<StripeObject & { amount: number; transfer: string }>();
  const accounts = table<Account>();
  const invoicePayments: { id: string; invoice: string; payment_intent: string }[] = [];
  const events: StripeEvent[] = [];
  const disputes = table<Dispute>();
  /** Subscriptions with a 100% discount. */
  const coupons = new Set<string>();
  let isDeclining = false;

  const made = (prefix: string, object: string, metadata: Metadata = {}) => ({
    id: stripeId(prefix),
    object,
    created: now(),
    livemode: false as const,
    metadata,
  });
  const keep = <T extends StripeObject>(into: Map<string, T>, value: T): T => {
    into.set(value.id, value);
    return value;
  };
  const get = <T extends StripeObject>(from: Map<string, T>, what: string, id: string): T => {
    const found = from.get(id);
    if (!found) throw missing(what, id);
    return found;
  };
  const emit = (type: string, object: object): StripeEvent => {
    const event: StripeEvent = {
      id: stripeId("evt"),
      object: "event",
      api_version: apiVersion,
      created: now(),
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type,
      data: { object: structuredClone(object) },
    };
    events.push(event);
    onEvent(event);
    return event;
  };

  const addPrice = (values: { id?: string; unit_amount: number; interval?: "month" | "year" | null }): Price =>
    keep(prices, {
      ...made("price", "price"),
      ...(values.id !== undefined && { id: values.id }),
      unit_amount: values.unit_amount,
      currency: "usd",
      recurring: values.interval ? { interval: values.interval, interval_count: 1 } : null,
      product: stripeId("prod"),
    });
  const charge = (amount: number, customer: string | null, metadata: Metadata): PaymentIntent => {
    const chargeId = stripeId("ch");
    const intent = keep(intents, {
      ...made("pi", "payment_intent", metadata),
      amount,
      status: "succeeded" as const,
      customer,
      latest_charge: chargeId,
    });
    keep(charges, {
      ...made("ch", "charge", metadata),
      id: chargeId,
      amount,
      amount_refunded: 0,
      refunded: false,
      disputed: false,
      payment_intent: intent.id,
      customer,
      receipt_url: `https://pay.stripe.com/receipts/${chargeId}`,
    });
    emit("payment_intent.succeeded", intent);
    return intent;
  };
  const periodEnd = (start: number, price: Price) => start + (price.recurring?.interval === "year" ? 365 : 30) * daySeconds;

  const bill = (subscription: StripeSubscription, reason: Invoice["billing_reason"]): Invoice => {
    const amount = coupons.has(subscription.id) ? 0 : (subscription.items.data[0]?.price.unit_amount ?? 0);
    const isPaid = !isDeclining || amount === 0;
    const [item] = subscription.items.data;
    const base = made("in", "invoice");
    const invoice = keep(invoices, {
      ...base,
      hosted_invoice_url: `https://invoice.stripe.com/i/${base.id}`,
      invoice_pdf: `https://pay.stripe.com/invoice/${base.id}/pdf`,
      lines: {
        object: "list" as const,
        data: [
          {
            id: stripeId("il"),
            object: "line_item" as const,
            period: { start: item?.current_period_start ?? now(), end: item?.current_period_end ?? now() },
          },
        ],
        has_more: false as const,
      },
      billing_reason: reason,
      status: isPaid ? ("paid" as const) : ("open" as const),
      amount_due: amount,
      amount_paid: isPaid ? amount : 0,
      currency: "usd" as const,
      customer: subscription.customer,
      parent: {
        type: "subscription_details" as const,
        subscription_details: { subscription: subscription.id, metadata: subscription.metadata },
      },
    });
    subscription.latest_invoice = invoice.id;
    if (isPaid) {
      if (amount > 0)
        invoicePayments.push({ id: stripeId("inpay"), invoice: invoice.id, payment_intent: charge(amount, subscription.customer, {}).id });
      emit("invoice.payment_succeeded", invoice);
    } else emit("invoice.payment_failed", invoice);
    return invoice;
  };

  const itemsOf = (form: Form): { price: Price; total: number } => {
    const lines = form["line_items"];
    const [line] = Array.isArray(lines) ? lines : [];
    if (line === undefined) throw invalidRequest("You must provide line_items.", "line_items");
    const { price, price_data } = formOf(line);
    const data = formOf(price_data);
    const found =
      textOf(price) !== undefined
        ? get(prices, "price", textOf(price) ?? "")
        : addPrice({
            unit_amount: Number(textOf(data["unit_amount"])),
            interval: (textOf(formOf(data["recurring"])["interval"]) as "month" | undefined) ?? null,
          });
    if (!Number.isInteger(found.unit_amount) || found.unit_amount < 0)
      throw invalidRequest("Invalid integer", "line_items[0][price_data][unit_amount]");
    return { price: found, total: found.unit_amount * Number(textOf(formOf(line)["quantity"]) ?? 1) };
  };
  const createSession = (form: Form): Session => {
    const mode = textOf(form["mode"]);
    if (mode !== "payment" && mode !== "subscription") throw invalidRequest("Invalid mode", "mode");
    const success_url = textOf(form["success_url"]);
    if (success_url === undefined || !/^https?:\/\//.test(success_url)) throw invalidRequest("Not a valid URL", "success_url");
    const { price, total } = itemsOf(form);
    if (mode === "subscription" && !price.recurring)
      throw invalidRequest("You must provide at least one recurring price in `subscription` mode.", "line_items");
    const customer = textOf(form["customer"]) ?? null;
    if (customer !== null && !customers.has(customer)) throw missing("customer", customer, "customer", 400);
    // Callers do not know that the clock was moved.
    const today = now() - shift;
    const expires_at = Number(textOf(form["expires_at"]) ?? today + daySeconds);
    if (expires_at < today + 1800 || expires_at > today + daySeconds)
      throw invalidRequest("The `expires_at` timestamp must be between 30 minutes and 24 hours.", "expires_at");
    const session: Session = {
      ...made("cs_test", "checkout.session", metadataOf(form["metadata"])),
      mode,
      status: "open",
      payment_status: "unpaid",
      amount_total: total,
      currency: "usd",
      customer,
      client_reference_id: textOf(form["client_reference_id"]) ?? null,
      success_url,
      cancel_url: textOf(form["cancel_url"]) ?? success_url,
      url: null,
      expires_at,
      payment_intent: null,
      invoice: null,
      subscription: null,
    };
    session.url = `${baseUrl()}/pay/${session.id}`;
    plans.set(session.id, { price, metadata: metadataOf(formOf(form["subscription_data"])["metadata"]) });
    return keep(sessions, session);
  };

  const subscribe = (session: Session): StripeSubscription => {
    const { price, metadata } = plans.get(session.id) ?? { price: addPrice({ unit_amount: 0 }), metadata: {} };
    const start = now();
    const subscription = keep(subscriptions, {
      ...made("sub", "subscription", metadata),
      status: "active",
      customer: session.customer,
      items: {
        object: "list" as const,
        data: [
          {
            id: stripeId("si"),
            object: "subscription_item" as const,
            price,
            quantity: 1 as const,
            current_period_start: start,
            current_period_end: periodEnd(start, price),
          },
        ],
        has_more: false as const,
      },
      cancel_at_period_end: false,
      cancel_at: null,
      canceled_at: null,
      ended_at: null,
      latest_invoice: null,
    });
    emit("customer.subscription.created", subscription);
    session.invoice = bill(subscription, "subscription_create").id;
    session.subscription = subscription.id;
    return subscription;
  };
  /** Pays a checkout session. `amount`: another amount than requested. */
  const pay = (id: string, { amount }: { amount?: number } = {}): Session => {
    const session = get(sessions, "checkout.session", id);
    if (session.status !== "open") throw invalidRequest("This Checkout Session is no longer open.");
    if (isDeclining) throw invalidRequest("Your card was declined.", undefined, "card_declined");
    if (amount !== undefined) session.amount_total = amount;
    if (session.mode === "subscription") subscribe(session);
    else session.payment_intent = charge(session.amount_total, session.customer, session.metadata).id;
    Object.assign(session, { status: "complete", payment_status: "paid", url: null });
    emit("checkout.session.completed", session);
    return session;
  };
  const end = (subscription: StripeSubscription): StripeSubscription => {
    Object.assign(subscription, { status: "canceled", canceled_at: now(), ended_at: now() });
    emit("customer.subscription.deleted", subscription);
    return subscription;
  };
  const living = (id: string): StripeSubscription => {
    const subscription = get(subscriptions, "subscription", id);
    if (subscription.status === "canceled") throw missing("subscription", id);
    return subscription;
  };
  const update = (id: string, form: Form): StripeSubscription => {
    const subscription = living(id);
    const atEnd = textOf(form["cancel_at_period_end"]);
    const [item] = subscription.items.data;
    if (atEnd !== undefined)
      Object.assign(subscription, {
        cancel_at_period_end: atEnd === "true",
        cancel_at: atEnd === "true" ? item?.current_period_end : null,
        canceled_at: atEnd === "true" ? now() : null,
      });
    emit("customer.subscription.updated", subscription);
    return subscription;
  };
  const changePlan = (id: string, priceId: string): StripeSubscription => {
    const subscription = living(id);
    const [item] = subscription.items.data;
    if (item) item.price = get(prices, "price", priceId);
    emit("customer.subscription.updated", subscription);
    return subscription;
  };
  /** Renews or ends everything whose period has ended. */
  const renewDue = (): void => {
    for (const subscription of subscriptions.values()) {
      const [item] = subscription.items.data;
      while (item && subscription.status !== "canceled" && item.current_period_end <= now()) {
        if (subscription.cancel_at_period_end) {
          end(subscription);
          break;
        }
        item.current_period_start = item.current_period_end;
        item.current_period_end = periodEnd(item.current_period_start, item.price);
        subscription.status = isDeclining ? "past_due" : "active";
        emit("customer.subscription.updated", subscription);
        bill(subscription, "subscription_cycle");
      }
    }
    for (const session of sessions.values()) if (session.status === "open" && session.created + daySeconds <= now()) expire(session.id);
  };
  const expire = (id: string): Session => {
    const session = get(sessions, "checkout.session", id);
    if (session.status !== "open") throw invalidRequest("Only open sessions can be expired.");
    Object.assign(session, { status: "expired", url: null });
    emit("checkout.session.expired", session);
    return session;
  };
  const chargeOf = (intentId: string): Charge => get(charges, "charge", get(intents, "payment_intent", intentId).latest_charge);
  const refund = (intentId: string, cents?: number) => {
    const target = chargeOf(intentId);
    const amount = cents ?? target.amount - target.amount_refunded;
    if (target.refunded) throw invalidRequest("Charge has already been refunded.", "payment_intent", "charge_already_refunded");
    if (amount <= 0 || amount > target.amount - target.amount_refunded)
      throw invalidRequest("Refund amount is greater than charge amount.", "amount");
    target.amount_refunded += amount;
    target.refunded = target.amount_refunded === target.amount;
    emit("charge.refunded", target);
    return { ...made("re", "refund"), amount, payment_intent: intentId, status: "succeeded" };
  };
  const dispute = (intentId: string) => {
    const target = chargeOf(intentId);
    target.disputed = true;
    const opened = keep(disputes, {
      ...made("dp", "dispute"),
      amount: target.amount,
      charge: target.id,
      payment_intent: intentId,
      status: "needs_response" as const,
      reason: "fraudulent",
    });
    emit("charge.dispute.created", opened);
    return opened;
  };
  /** The bank decides a dispute. */
  const closeDispute = (id: string, status: "won" | "lost") => {
    const closed = Object.assign(get(disputes, "dispute", id), { status });
    emit("charge.dispute.closed", closed);
    return closed;
  };
  const transfer = (form: Form): Transfer => {
    const account = get(accounts, "destination", textOf(form["destination"]) ?? "");
    if (!account.payouts_enabled)
      throw invalidRequest(
        "Your destination account needs to have at least one of the following capabilities enabled: transfers",
        "destination",
        "insufficient_capabilities_for_transfer",
      );
    return keep(transfers, {
      ...made("tr", "transfer", metadataOf(form["metadata"])),
      amount: Number(textOf(form["amount"])),
      amount_reversed: 0,
      destination: account.id,
      transfer_group: textOf(form["transfer_group"]) ?? null,
    });
  };
  const reverse = (id: string, form: Form) => {
    const target = get(transfers, "transfer", id);
    const amount = Number(textOf(form["amount"]) ?? target.amount - target.amount_reversed);
    if (amount > target.amount - target.amount_reversed) throw invalidRequest("The reversal is greater than what is left.", "amount");
    target.amount_reversed += amount;
    return keep(reversals, { ...made("trr", "transfer_reversal", metadataOf(form["metadata"])), amount, transfer: id });
  };

  return {
    now,
    prices,
    customers,
    sessions,
    subscriptions,
    invoices,
    intents,
    charges,
    transfers,
    reversals,
    accounts,
    invoicePayments,
    events,
    made,
    keep,
    get,
    addPrice,
    createSession,
    pay,
    expire,
    end: (id: string) => end(living(id)),
    update,
    changePlan,
    refund,
    disputes,
    dispute,
    closeDispute,
    transfer,
    reverse,
    createCustomer: (form: Form): Customer =>
      keep(customers, {
        ...made("cus", "customer", metadataOf(form["metadata"])),
        email: textOf(form["email"]) ?? null,
        name: textOf(form["name"]) ?? null,
      }),
    /** Deletes a customer in the dashboard; ends its subscriptions. */
    deleteCustomer: (id: string): void => {
      for (const own of subscriptions.values()) if (own.customer === id && own.status !== "canceled") end(own);
      customers.delete(id);
    },
    createAccount: (form: Form): Account =>
      keep(accounts, {
        ...made("acct", "account", metadataOf(form["metadata"])),
        type: "express" as const,
        email: textOf(form["email"]) ?? null,
        payouts_enabled: false,
        details_submitted: false,
      }),
    completeOnboarding: (id: string): void =>
      void Object.assign(get(accounts, "account", id), { payouts_enabled: true, details_submitted: true }),
    /** Invoices of this subscription are 0 while it is set. */
    coupon: (id: string, isOn = true): void => void (isOn ? coupons.add(id) : coupons.delete(id)),
    decline: (isOn: boolean): void => void (isDeclining = isOn),
    /** Moves the clock and renews what is due. */
    advance: (days: number): void => {
      shift += Math.round(days * daySeconds);
      renewDue();
    },
  };
}
