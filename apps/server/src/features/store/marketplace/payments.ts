import type { AgentRow } from "../../agent/agents/index.ts";
import type { BaseRow } from "../../../db/schema/store.ts";

/** A page of the payment service where the buyer pays. */
export interface Checkout {
  session_id: string;
  checkout_url: string;
}
/** What the marketplace asks of whoever takes money (marketplace-billing-admin 2.6). What was paid comes into libraries through `createSoldItems`. */
export interface MarketplacePayments {
  /** `origin`: where success and cancel lead back to. Throws `payments_not_configured`, `stripe_error`. */
  checkoutForAgent(buyer: { id: string }, agent: AgentRow, to: { origin: string }): Promise<Checkout>;
  checkoutForBase(buyer: { id: string }, base: BaseRow, to: { origin: string }): Promise<Checkout>;
  /** Has an account that earnings can be sent to. */
  canEarn(userId: string): Promise<boolean>;
}

/** Where a checkout leads back to: where the caller is, if that is one of our own origins, else the app. */
export function returnOrigin(
  { returnUrl, headers }: { returnUrl?: string | null | undefined; headers: { origin?: string | undefined; referer?: string | undefined } },
  { appBaseUrl, corsOrigins }: { appBaseUrl: string; corsOrigins: readonly string[] },
): string {
  const app = new URL(appBaseUrl).origin;
  const known = new Set([app, ...corsOrigins]);
  return [returnUrl, headers.origin, headers.referer].map((text) => URL.parse(text ?? "")?.origin).find((o) => o && known.has(o)) ?? app;
}
