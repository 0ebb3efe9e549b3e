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
/** Who a Stripe object belongs to, and what it pays for. */
export interface Ownership {
  kind: PurchaseKind;
  user_id: string;
  /** The id of the agent or base. */
  item_id: string | null;
}
/**
 * Reads the metadata this server wrote on a session or subscription. Undefined when it did not: the Stripe account may serve other applications too.
 */
export function ownershipOf(metadata: Stripe.Metadata | null | undefined): Ownership | undefined {
  const kind = kinds.get(metadata?.["type"]);
  const user_id = metadata?.["user_id"];
  if (!kind || !isUuid(user_id)) return undefined;
  if (kind !== "agent" && kind !== "base") return { kind, user_id, item_id: null };
  const item_id = metadata?.[`${kind}_id`];
  return isUuid(item_id) ? { kind, user_id, item_id } : undefined;
}
