import type { Queries } from "../../../platform/database.ts";

/** Something of the marketplace as far as its sale goes. */
export interface SoldItem {
  id: string;
  name: string;
  slug: string;
  pricing_type: "free" | "one_time" | "monthly" | "api";
  price_cents: number;
  /** A recurring price at Stripe; null: made for each checkout. */
  stripe_price_id: string | null;
  /** Null: the house's own. */
  creator_id: string | null;
}
/** What is there of an item in somebody's library; an active one runs. */
export interface Possession {
  is_active: boolean;
  /** Bought for good, switched on or not. */
  is_forever: boolean;
  stripe_payment_intent: string | null;
  stripe_subscription_id: string | null;
}
export interface Grant {
  user_id: string;
  item_id: string;
  purchase_type: "one_time" | "monthly";
  stripe_payment_intent: string | null;
  stripe_subscription_id: string | null;
}

/**
 * Where paid items of one kind go; whoever keeps their libraries implements it. Writing verbs run in the transaction that books the money, and are
 * called once per purchase.
 */
export interface Shelf {
  find(itemId: string, q?: Queries): Promise<SoldItem | undefined>;
  possession(tx: Queries, userId: string, itemId: string): Promise<Possession | undefined>;
  /** An active entry with this purchase, whatever was there; a download is counted for a new one. */
  grant(tx: Queries, grant: Grant): Promise<void>;
  /** Ends the entry that this purchase made; one that something else pays for stays, and what was bought for good outlives every month. */
  revoke(tx: Queries, userId: string, itemId: string, by: { payment_intent: string } | { subscription_id: string }): Promise<void>;
  /** Switches off what has expired. */
  lapse(): Promise<void>;
}
export type Shelves = Partial<Record<"agent" | "base", Shelf>>;
