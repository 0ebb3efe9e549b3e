import type { Stripe } from "stripe";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Secret } from "../../../platform/secret.ts";

export interface StripeAccount {
  secretKey: Secret;
  webhookSecret: Secret;
  publishableKey: string | undefined;
  /** Where the API is, e.g. `https://api.stripe.com`. */
  apiUrl: string;
  /** Price ids by tier and interval; empty: not sold. */
  prices: Record<"basic" | "pro" | "ultra", Record<"monthly" | "annual", string>>;
}

/** The payment service. Its library is loaded when it is used first. */
export interface Payments {
  readonly account: StripeAccount | undefined;
  /** Throws `payments_not_configured`. */
  require(): StripeAccount;
  /** One call. Throws `payments_not_configured`; whatever goes wrong at Stripe is `stripe_error`, with the reason in the log only. */
  call<T>(work: (stripe: Stripe) => Promise<T>): Promise<T>;
  /**
   * One call that does something once, however often it is asked: `key` names it. What Stripe refused did not happen, so it is asked anew under
   * another key, for Stripe would repeat its refusal for a day.
   */
  once<T>(key: string, work: (stripe: Stripe, options: { idempotencyKey: string }) => Promise<T>): Promise<T>;
  /** The same; undefined when Stripe knows no such thing. */
  find<T>(work: (stripe: Stripe) => Promise<T>): Promise<T | undefined>;
  /** What a webhook says, once its signature over the bytes is right and at most 300 s old. Throws `invalid_signature`. */
  read(body: Buffer, signature: string): Promise<Stripe.Event>;
}

/** How often Stripe refused what is asked under a key. */
export interface Refusals {
  refusalsOf(key: string): Promise<number>;
  noteRefusal(key: string, count: number): Promise<void>;
}

/** Seconds that a webhook may be under way. */
const toleranceSeconds = 300;

export function createPayments({
  account,
  refusals,
  log,
  fetch,
  timeoutMs = 20_000,
}: {
  account: StripeAccount | undefined;
  refusals: Refusals;
  log: Logger;
  /** Instead of the library's own way out. */
  fetch?: typeof globalThis.fetch;
  timeoutMs?: number;
}): Payments {
  let loading: Promise<Stripe> | undefined;
  const required = (): StripeAccount => {
    if (!account) throw new AppError("payments_not_configured", "Payments are not set up on this server.");
    return account;
  };
  const client = (): Promise<Stripe> => {
    const { secretKey, apiUrl } = required();
    const url = new URL(apiUrl);
    loading ??= import("stripe").then(
      ({ Stripe: Client }) =>
        new Client(secretKey.reveal(), {
          host: url.hostname,
          port: url.port || (url.protocol === "https:" ? 443 : 80),
          protocol: url.protocol === "https:" ? "https" : "http",
          maxNetworkRetries: 2,
          timeout: timeoutMs,
          telemetry: false,
          ...(fetch && { httpClient: Client.createFetchHttpClient(fetch) }),
        }),
    );
    return loading;
  };
  const call = async <T>(work: (stripe: Stripe) => Promise<T>): Promise<T> => {
    const stripe = await client();
    try {
      return await work(stripe);
    } catch (cause) {
      throw failed(cause);
    }
  };
  return {
    account,
    require: required,
    call,
    once: async (key, work) => {
      required();
      const before = await refusals.refusalsOf(key);
      const idempotencyKey = before === 0 ? key : `${key}:${before}`;
      try {
        return await call((stripe) => work(stripe, { idempotencyKey }));
      } catch (error) {
        if (isRefusal(error)) await refusals.noteRefusal(key, before + 1);
        throw error;
      }
    },
    find: async (work) => {
      try {
        return await call(work);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    read: async (body, signature) => {
      const { webhookSecret } = required();
      const stripe = await client();
      try {
        return await stripe.webhooks.constructEventAsync(body, signature, webhookSecret.reveal(), toleranceSeconds);
      } catch (err) {
        log.warn({ reason: err instanceof Error ? err.name : "unknown" }, "webhook of stripe refused");
        throw new AppError("invalid_signature", "This webhook is not signed by Stripe, or too old.");
      }
    },
  };
}

interface Refusal {
  statusCode?: number;
  code?: string;
  param?: string;
  type?: string;
}
const failed = (cause: unknown): AppError =>
  cause instanceof AppError
    ? cause
    : new AppError("stripe_error", "Stripe could not be asked, or refused. Nothing was charged.", { cause });
const refusalOf = (error: unknown): Refusal => (error instanceof AppError ? ((error.cause ?? {}) as Refusal) : {});
export const isMissing = (error: unknown): boolean => refusalOf(error).code === "resource_missing";
/** The customer that was named was deleted at Stripe. */
export const isLostCustomer = (error: unknown): boolean => isMissing(error) && refusalOf(error).param === "customer";
/** Stripe said no, so that nothing happened and nothing will; anything else may have happened. */
export const isRefusal = (error: unknown): boolean => {
  const { statusCode = 0, type } = refusalOf(error);
  return statusCode >= 400 && statusCode < 500 && statusCode !== 409 && statusCode !== 429 && type !== "StripeIdempotencyError";
};

export const isoOf = (seconds: number | null | undefined): string | null => (seconds ? new Date(seconds * 1000).toISOString() : null);
/** An expandable field is its id, or the thing itself. */
export const idOf = (value: string | { id: string } | null | undefined): string | undefined =>
  typeof value === "string" ? value : (value?.id ?? undefined);
