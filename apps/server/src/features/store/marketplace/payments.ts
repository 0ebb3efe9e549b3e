import type { CheckoutPage } from "@tesslate/contract";
import type { AgentRow } from "../../agent/agents/index.ts";
import type { BaseRow } from "../../../db/schema/store.ts";

/** The payment provider as the marketplace uses it. Paid items are added to libraries through `createSoldItems`. */
export interface MarketplacePayments {
  /** `origin`: base of the success and cancel URLs. Throws `payments_not_configured`, `stripe_error`. */
  checkoutForAgent(buyer: { id: string }, agent: AgentRow, to: { origin: string }): Promise<CheckoutPage>;
  checkoutForBase(buyer: { id: string }, base: BaseRow, to: { origin: string }): Promise<CheckoutPage>;
  /** Whether the user has an account that can receive transfers. */
  canEarn(userId: string): Promise<boolean>;
}

/** Origin the checkout returns to: the caller's if it is one of ours, else the app's. */
export function returnOrigin(
  { returnUrl, headers }: { returnUrl?: string | null | undefined; headers: { origin?: string | undefined; referer?: string | undefined } },
  { appBaseUrl, corsOrigins }: { appBaseUrl: string; corsOrigins: readonly string[] },
): string {
  const app = new URL(appBaseUrl).origin;
  const known = new Set([app, ...corsOrigins]);
  return [returnUrl, headers.origin, headers.referer].map((text) => URL.parse(text ?? "")?.origin).find((o) => o && known.has(o)) ?? app;
}
