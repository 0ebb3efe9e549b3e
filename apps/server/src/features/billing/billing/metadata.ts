import type { Stripe } from "stripe";
import { isUuid } from "../../../platform/uuid.ts";
import type { PurchaseKind } from "../../../db/schema/billing.ts";

const kinds = new Map<string | undefined, PurchaseKind>([
  ["subscription", "subscription"],
  ["credit_purchase", "credits"],
  ["agent_purchase", "agent"],
  ["base_purchase", "base"],
  ["deploy_purchase", "deploy_slot"],
]);
/** Whose something at Stripe is, and what it is for. */
export interface Ownership {
  kind: PurchaseKind;
  user_id: string;
  /** Of an agent or a base. */
  item_id: string | null;
}
/**
 * What we wrote on a page or a subscription when we made it; undefined: somebody else did, for the account may serve other applications too, with
 * metadata of their own.
 */
export function ownershipOf(metadata: Stripe.Metadata | null | undefined): Ownership | undefined {
  const kind = kinds.get(metadata?.["type"]);
  const user_id = metadata?.["user_id"];
  if (!kind || !isUuid(user_id)) return undefined;
  if (kind !== "agent" && kind !== "base") return { kind, user_id, item_id: null };
  const item_id = metadata?.[`${kind}_id`];
  return isUuid(item_id) ? { kind, user_id, item_id } : undefined;
}
