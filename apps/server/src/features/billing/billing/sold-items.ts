import type { Queries } from "../../../platform/database.ts";

/** An agent or base as billing sees it. */
export interface SoldItem {
  id: string;
  name: string;
  slug: string;
  pricing_type: "free" | "one_time" | "monthly" | "api";
  price_cents: number;
  /** A recurring Stripe price; null: created per checkout. */
  stripe_price_id: string | null;
  /** Null for official items. */
  creator_id: string | null;
}
/** A user's library entry of an item. */
export interface Entitlement {
  is_active: boolean;
  /** Bought with a one-time payment, enabled or not. */
  is_permanent: boolean;
  stripe_payment_intent: string | null;
  stripe_subscription_id: string | null;
}
export interface ItemPurchase {
  user_id: string;
  item_id: string;
  purchase_type: "one_time" | "monthly";
  stripe_payment_intent: string | null;
  stripe_subscription_id: string | null;
}

/**
 * Items of one kind and the library entries of buyers; implemented by the store. Writes run in the transaction that books the payment, once per
 * purchase.
 */
export interface SoldItemStore {
  find(itemId: string, q?: Queries): Promise<SoldItem | undefined>;
  entitlement(tx: Queries, userId: string, itemId: string): Promise<Entitlement | undefined>;
  /** Creates or replaces the entry and activates it; a new one counts as a download. */
  grant(tx: Queries, grant: ItemPurchase): Promise<void>;
  /** Deactivates the entry if this purchase created it. */
  revoke(tx: Queries, userId: string, itemId: string, by: { payment_intent: string } | { subscription_id: string }): Promise<void>;
  /** Deactivates expired entries. */
  expire(): Promise<void>;
}
export type SoldItemStores = Partial<Record<"agent" | "base", SoldItemStore>>;
