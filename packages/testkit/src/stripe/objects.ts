import { randomBytes } from "node:crypto";

export type Metadata = Record<string, string>;
export interface StripeObject {
  id: string;
  object: string;
  created: number;
  livemode: false;
  metadata: Metadata;
}
export interface Price extends StripeObject {
  unit_amount: number;
  currency: string;
  recurring: { interval: "month" | "year"; interval_count: 1 } | null;
  product: string;
}
export interface Customer extends StripeObject {
  email: string | null;
  name: string | null;
}
export interface PaymentIntent extends StripeObject {
  amount: number;
  status: "succeeded";
  customer: string | null;
  latest_charge: string;
}
export interface Charge extends StripeObject {
  amount: number;
  amount_refunded: number;
  refunded: boolean;
  disputed: boolean;
  payment_intent: string;
  customer: string | null;
  receipt_url: string;
}
export interface Dispute extends StripeObject {
  amount: number;
  charge: string;
  payment_intent: string;
  status: "needs_response" | "won" | "lost";
  reason: string;
}
export interface Session extends StripeObject {
  mode: "payment" | "subscription";
  status: "open" | "complete" | "expired";
  payment_status: "unpaid" | "paid";
  amount_total: number;
  currency: "usd";
  customer: string | null;
  client_reference_id: string | null;
  success_url: string;
  cancel_url: string;
  url: string | null;
  expires_at: number;
  payment_intent: string | null;
  invoice: string | null;
  subscription: string | null;
}
export interface SubscriptionItem {
  id: string;
  object: "subscription_item";
  price: Price;
  quantity: 1;
  current_period_start: number;
  current_period_end: number;
}
export interface StripeSubscription extends StripeObject {
  status: string;
  customer: string | null;
  items: { object: "list"; data: SubscriptionItem[]; has_more: false };
  cancel_at_period_end: boolean;
  cancel_at: number | null;
  canceled_at: number | null;
  ended_at: number | null;
  latest_invoice: string | null;
}
export interface Invoice extends StripeObject {
  billing_reason: "subscription_create" | "subscription_cycle" | "subscription_update";
  status: "paid" | "open";
  amount_due: number;
  amount_paid: number;
  currency: "usd";
  customer: string | null;
  hosted_invoice_url: string;
  invoice_pdf: string;
  lines: { object: "list"; data: { id: string; object: "line_item"; period: { start: number; end: number } }[]; has_more: false };
  parent: { type: "subscription_details"; subscription_details: { subscription: string; metadata: Metadata } };
}
export interface Transfer extends StripeObject {
  amount: number;
  amount_reversed: number;
  destination: string;
  transfer_group: string | null;
}
export interface Account extends StripeObject {
  type: "express";
  email: string | null;
  payouts_enabled: boolean;
  details_submitted: boolean;
}
export interface StripeEvent {
  id: string;
  object: "event";
  api_version: string;
  created: number;
  livemode: false;
  pending_webhooks: number;
  request: { id: null; idempotency_key: null };
  type: string;
  data: { object: object };
}

/** Ids look like the real ones: a prefix and letters. */
export const stripeId = (prefix: string): string => `${prefix}_${randomBytes(12).toString("hex")}`;

export type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type Form = { [key: string]: FormValue };

/** `a[b][0]=x` as nested values; what has only numbers for keys is a list. */
export function decodeForm(text: string): Form {
  const root: Form = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.split("[").map((part) => part.replace(/\]$/, ""));
    let at = root;
    for (const part of path.slice(0, -1)) at = (at[part] ??= {}) as Form;
    at[path.at(-1) || String(Object.keys(at).length)] = value;
  }
  const withArrays = (value: FormValue): FormValue => {
    if (typeof value === "string" || Array.isArray(value)) return value;
    const entries = Object.entries(value).map(([key, inner]) => [key, withArrays(inner)] as const);
    return entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key))
      ? entries.map(([, inner]) => inner)
      : Object.fromEntries(entries);
  };
  return withArrays(root) as Form;
}
export const textOf = (value: FormValue | undefined): string | undefined => (typeof value === "string" ? value : undefined);
export const formOf = (value: FormValue | undefined): Form => (typeof value === "object" && !Array.isArray(value) ? value : {});
export const metadataOf = (value: FormValue | undefined): Metadata =>
  Object.fromEntries(Object.entries(formOf(value)).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])));

export class StripeRefusal extends Error {
  readonly status: number;
  readonly error: { type: string; code?: string; message: string; param?: string };
  constructor(status: number, error: StripeRefusal["error"]) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}
export const missing = (what: string, id: string, param = "id", status = 404): StripeRefusal =>
  new StripeRefusal(status, { type: "invalid_request_error", code: "resource_missing", message: `No such ${what}: '${id}'`, param });
export const invalidRequest = (message: string, param?: string, code?: string): StripeRefusal =>
  new StripeRefusal(400, {
    type: "invalid_request_error",
    message,
    ...(param !== undefined && { param }),
    ...(code !== undefined && { code }),
  });
