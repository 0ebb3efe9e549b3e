import { createHash } from "node:crypto";
import type { Recorder } from "../specifications/index.ts";
import type { StripeAccountState } from "./account.ts";
import { decodeForm, invalidRequest, missing, StripeRefusal, stripeId, textOf, formOf, type Form, type StripeObject } from "./objects.ts";

export interface ApiAnswer {
  status: number;
  body: unknown;
  headers: Record<string, string>;
}
export interface ApiCall {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string | undefined>;
  body: string;
}

/** The REST API over the state: routes, lists, idempotency keys, errors in Stripe's format. */
export function createApi({
  state,
  secretKey,
  baseUrl,
  published,
}: {
  state: StripeAccountState;
  secretKey: string;
  baseUrl: () => string;
  /** Compares each call with Stripe's specification: one that does not match is rejected. */
  published: Recorder;
}) {
  const remembered = new Map<string, { fingerprint: string; answer: ApiAnswer }>();

  const list = <T extends { id: string }>(all: readonly T[], query: Form, url: string) => {
    const limit = Number(textOf(query["limit"]) ?? 10);
    if (!(limit >= 1 && limit <= 100)) throw invalidRequest("Invalid limit", "limit");
    const after = textOf(query["starting_after"]);
    const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
    if (after !== undefined && from === 0) throw missing("object", after);
    return { object: "list", url, has_more: all.length > from + limit, data: all.slice(from, from + limit) };
  };
  /** Newest first, as Stripe lists. */
  const newest = <T extends StripeObject>(from: Map<string, T>) => [...from.values()].toReversed();

  const routes: [string, RegExp, (ids: string[], form: Form) => unknown][] = [
    ["POST", /^\/v1\/customers$/, (_, form) => state.createCustomer(form)],
    ["GET", /^\/v1\/customers\/(\w+)$/, ([id = ""]) => state.get(state.customers, "customer", id)],
    ["POST", /^\/v1\/checkout\/sessions$/, (_, form) => state.createSession(form)],
    ["GET", /^\/v1\/checkout\/sessions$/, (_, form) => list(newest(state.sessions), form, "/v1/checkout/sessions")],
    ["GET", /^\/v1\/checkout\/sessions\/(\w+)$/, ([id = ""]) => state.get(state.sessions, "checkout.session", id)],
    ["POST", /^\/v1\/checkout\/sessions\/(\w+)\/expire$/, ([id = ""]) => state.expire(id)],
    ["GET", /^\/v1\/subscriptions$/, (_, form) => list(newest(state.subscriptions), form, "/v1/subscriptions")],
    ["GET", /^\/v1\/subscriptions\/(\w+)$/, ([id = ""]) => state.get(state.subscriptions, "subscription", id)],
    ["POST", /^\/v1\/subscriptions\/(\w+)$/, ([id = ""], form) => state.update(id, form)],
    ["DELETE", /^\/v1\/subscriptions\/(\w+)$/, ([id = ""]) => state.end(id)],
    ["GET", /^\/v1\/invoices\/(\w+)$/, ([id = ""]) => state.get(state.invoices, "invoice", id)],
    [
      "GET",
      /^\/v1\/invoice_payments$/,
      (_, form) => {
        const intent = textOf(formOf(form["payment"])["payment_intent"]);
        const invoice = textOf(form["invoice"]);
        const found = state.invoicePayments.filter((row) =>
          invoice === undefined ? row.payment_intent === intent : row.invoice === invoice,
        );
        const rows = found.map((row) => ({
          id: row.id,
          object: "invoice_payment",
          invoice: row.invoice,
          payment: { type: "payment_intent", payment_intent: row.payment_intent },
          status: "paid",
        }));
        return list(rows, form, "/v1/invoice_payments");
      },
    ],
    [
      "GET",
      /^\/v1\/payment_intents\/(\w+)$/,
      ([id = ""], form) => {
        const intent = state.get(state.intents, "payment_intent", id);
        const expand = Array.isArray(form["expand"]) ? form["expand"].map(String) : [];
        if (!expand.some((path) => path.startsWith("latest_charge"))) return intent;
        const charge = state.get(state.charges, "charge", intent.latest_charge);
        // What Stripe keeps of a card payment in the US.
        const balance = { id: `txn_${charge.id}`, object: "balance_transaction", fee: Math.round(charge.amount * 0.029) + 30 };
        const isWhole = expand.includes("latest_charge.balance_transaction");
        return { ...intent, latest_charge: { ...charge, balance_transaction: isWhole ? balance : balance.id } };
      },
    ],
    [
      "POST",
      /^\/v1\/refunds$/,
      (_, form) => {
        const amount = textOf(form["amount"]);
        return state.refund(textOf(form["payment_intent"]) ?? "", amount === undefined ? undefined : Number(amount));
      },
    ],
    ["GET", /^\/v1\/prices\/(\w+)$/, ([id = ""]) => state.get(state.prices, "price", id)],
    [
      "POST",
      /^\/v1\/billing_portal\/sessions$/,
      (_, form) => {
        const id = textOf(form["customer"]) ?? "";
        const customer = state.customers.get(id);
        if (!customer) throw missing("customer", id, "customer", 400);
        const back = encodeURIComponent(textOf(form["return_url"]) ?? "");
        return {
          ...state.made("bps", "billing_portal.session"),
          customer: customer.id,
          url: `${baseUrl()}/portal/${customer.id}?back=${back}`,
        };
      },
    ],
    ["POST", /^\/v1\/accounts$/, (_, form) => state.createAccount(form)],
    ["GET", /^\/v1\/accounts\/(\w+)$/, ([id = ""]) => state.get(state.accounts, "account", id)],
    [
      "POST",
      /^\/v1\/account_links$/,
      (_, form) => {
        const account = state.get(state.accounts, "account", textOf(form["account"]) ?? "");
        const back = encodeURIComponent(textOf(form["return_url"]) ?? "");
        return {
          object: "account_link",
          created: state.now(),
          expires_at: state.now() + 300,
          url: `${baseUrl()}/onboard/${account.id}?back=${back}`,
        };
      },
    ],
    ["POST", /^\/v1\/transfers$/, (_, form) => state.transfer(form)],
    [
      "GET",
      /^\/v1\/transfers$/,
      (_, form) => {
        const group = textOf(form["transfer_group"]);
        return list(
          newest(state.transfers).filter((t) => group === undefined || t.transfer_group === group),
          form,
          "/v1/transfers",
        );
      },
    ],
    ["POST", /^\/v1\/transfers\/(\w+)\/reversals$/, ([id = ""], form) => state.reverse(id, form)],
    [
      "GET",
      /^\/v1\/transfers\/(\w+)\/reversals$/,
      ([id = ""], form) =>
        list(
          newest(state.reversals).filter(({ transfer }) => transfer === id),
          form,
          `/v1/transfers/${id}/reversals`,
        ),
    ],
    [
      "GET",
      /^\/v1\/events$/,
      (_, form) => {
        const since = Number(textOf(formOf(form["created"])["gte"]) ?? 0);
        const { types } = form;
        const found = state.events.filter(({ type, created }) => created >= since && (!Array.isArray(types) || types.includes(type)));
        return list(found.toReversed(), form, "/v1/events");
      },
    ],
    [
      "GET",
      /^\/v1\/events\/(\w+)$/,
      ([id = ""]) => {
        const found = state.events.find((event) => event.id === id);
        if (!found) throw missing("event", id);
        return found;
      },
    ],
  ];

  const keyOf = (authorization: string | undefined): string | undefined => {
    const [scheme, value = ""] = (authorization ?? "").split(" ");
    return scheme === "Bearer" ? value : scheme === "Basic" ? Buffer.from(value, "base64").toString().split(":")[0] : undefined;
  };
  const answered = (status: number, body: unknown): ApiAnswer => ({
    status,
    body,
    headers: { "request-id": stripeId("req"), "stripe-version": "2026-10-28.endive" },
  });
  const refused = ({ status, error }: StripeRefusal): ApiAnswer => answered(status, { error });

  const handle = ({ method, path, body }: ApiCall): ApiAnswer => {
    const url = new URL(path, "http://stripe");
    const form = decodeForm(method === "POST" ? body : url.search.slice(1));
    const contentType = "application/x-www-form-urlencoded";
    // Stripe's own client puts what is published as the form of a DELETE into the query.
    const sent = method === "DELETE" ? { query: new URLSearchParams(), body: url.search.slice(1) } : { query: url.searchParams, body };
    const [problem] = published.record({ method, path: url.pathname, contentType, ...sent });
    if (problem !== undefined) throw invalidRequest(`Not as published: ${problem}`);
    for (const [verb, pattern, work] of routes) {
      const match = verb === method ? pattern.exec(url.pathname) : null;
      if (match) return answered(200, structuredClone(work(match.slice(1), form)));
    }
    return refused(
      new StripeRefusal(404, { type: "invalid_request_error", message: `Unrecognized request URL (${method}: ${url.pathname}).` }),
    );
  };
  /** `isRefused`: respond with an error, remembered under its key like any response. */
  return (call: ApiCall, isRefused = false): ApiAnswer => {
    if (keyOf(call.headers["authorization"]) !== secretKey)
      return refused(new StripeRefusal(401, { type: "invalid_request_error", message: "Invalid API Key provided." }));
    if (!/^\d{4}-\d{2}-\d{2}/.test(call.headers["stripe-version"] ?? "")) return refused(invalidRequest("A version is needed."));
    const key = call.method === "POST" ? call.headers["idempotency-key"] : undefined;
    const fingerprint = createHash("sha256").update(`${call.path}\n${call.body}`).digest("hex");
    const known = key === undefined ? undefined : remembered.get(key);
    if (known && known.fingerprint !== fingerprint)
      return refused(
        new StripeRefusal(400, {
          type: "idempotency_error",
          message: "Keys for idempotent requests can only be used with the same parameters they were first used with.",
        }),
      );
    if (known) return { ...known.answer, headers: { ...known.answer.headers, "idempotent-replayed": "true" } };
    let answer: ApiAnswer;
    try {
      if (isRefused) throw invalidRequest("There is not enough money for this.", undefined, "balance_insufficient");
      answer = handle(call);
    } catch (error) {
      if (!(error instanceof StripeRefusal)) throw error;
      answer = refused(error);
    }
    if (key !== undefined) remembered.set(key, { fingerprint, answer });
    return answer;
  };
}
