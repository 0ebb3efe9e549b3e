import type { Stripe } from "stripe";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { SecretValue } from "../../../platform/secret.ts";

export interface StripeAccount {
  secretKey: SecretValue;
  webhookSecret: SecretValue;
  publishableKey?: string;
  /** Base URL of the API, e.g. `https://api.stripe.com`. */
  apiUrl: string;
  /** Price ids by tier and interval; empty: not sold. */
  prices: Record<"basic" | "pro" | "ultra", Record<"monthly" | "annual", string>>;
}

/** The Stripe client. The SDK is loaded on first use. */
export interface Payments {
  readonly account: StripeAccount | undefined;
  /** Throws `payments_not_configured`. */
  require(): StripeAccount;
  /** Runs a call. Throws `payments_not_configured`, and `stripe_error` for any failure at Stripe; the reason is only logged. */
  call<T>(work: (stripe: Stripe) => Promise<T>): Promise<T>;
  /**
   * Runs a call with an idempotency key. After Stripe rejected a call, the next attempt uses another key, because Stripe replays the rejection for a
   * day.
   */
  once<T>(key: string, work: (stripe: Stripe, options: { idempotencyKey: string }) => Promise<T>): Promise<T>;
  /** Like `call`; undefined when Stripe answers `resource_missing`. */
  find<T>(work: (stripe: Stripe) => Promise<T>): Promise<T | undefined>;
  /** The event of a webhook body whose signature is valid and at most 300 s old. Throws `invalid_signature`. */
  read(body: Buffer, signature: string): Promise<Stripe.Event>;
}

/** Counts how often Stripe rejected a call per key. */
export interface Rejections {
  rejectionsOf(key: string): Promise<number>;
  recordRejection(key: string, count: number): Promise<void>;
}

/** Maximum age of a webhook signature. */
const toleranceSeconds = 300;

export function createPayments({
  account,
  rejections,
  log,
  fetch,
  timeoutMs = 20_000,
}: {
  account: StripeAccount | undefined;
  rejections: Rejections;
  log: Logger;
  /** Replaces the SDK's HTTP client. */
  fetch?: typeof globalThis.fetch;
  timeoutMs?: number;
}): Payments {
  let loading: Promise<Stripe> | undefined;
  const required = (): StripeAccount => {
    if (!account) throw new AppError("payments_not_configured", "Payments are not configured on this server.");
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
      const before = await rejections.rejectionsOf(key);
      const idempotencyKey = before === 0 ? key : `${key}:${before}`;
      try {
        return await call((stripe) => work(stripe, { idempotencyKey }));
      } catch (error) {
        if (isRejection(error)) await rejections.recordRejection(key, before + 1);
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
        log.warn({ reason: err instanceof Error ? err.name : "unknown" }, "stripe webhook rejected");
        throw new AppError("invalid_signature", "The Stripe signature is invalid or too old.");
      }
    },
  };
}

interface StripeFailure {
  statusCode?: number;
  code?: string;
  param?: string;
  type?: string;
}
const failed = (cause: unknown): AppError =>
  cause instanceof AppError ? cause : new AppError("stripe_error", "The Stripe request failed. Nothing was charged.", { cause });
const failureOf = (error: unknown): StripeFailure => (error instanceof AppError ? ((error.cause ?? {}) as StripeFailure) : {});
export const isMissing = (error: unknown): boolean => failureOf(error).code === "resource_missing";
/** The customer was deleted at Stripe. */
export const isDeletedCustomer = (error: unknown): boolean => isMissing(error) && failureOf(error).param === "customer";
/** Stripe rejected the call, so nothing happened; after any other error it may have. */
export const isRejection = (error: unknown): boolean => {
  const { statusCode = 0, type } = failureOf(error);
  return statusCode >= 400 && statusCode < 500 && statusCode !== 409 && statusCode !== 429 && type !== "StripeIdempotencyError";
};

export const isoOf = (seconds: number | null | undefined): string | null => (seconds ? new Date(seconds * 1000).toISOString() : null);
/** The id of an expandable field. */
export const idOf = (value: string | { id: string } | null | undefined): string | undefined =>
  typeof value === "string" ? value : (value?.id ?? undefined);
