import type { CheckoutPage } from "@tesslate/contract";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { AgentRow } from "../../agent/agents/index.ts";
import type { AcquiringStore, EntryGrant } from "./acquiring.store.ts";
import type { AgentCatalogue } from "./agents.service.ts";
import type { BaseCatalogue } from "./bases.service.ts";
import type { BaseRow } from "../../../db/schema/store.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { MarketplacePayments } from "./payments.ts";
import type { ItemKind } from "./reviews.store.ts";
import type { Viewer } from "./viewer.ts";

interface Acquired {
  in_library: boolean;
  checkout_url: string | null;
  session_id: string | null;
}
const inLibrary: Acquired = { in_library: true, checkout_url: null, session_id: null };

export type Acquiring = ReturnType<typeof createAcquiring>;
/** Adds items to libraries: free ones at once, paid ones after payment. */
export function createAcquiring({
  store,
  agents,
  bases,
  payments,
  limits,
}: {
  store: AcquiringStore;
  agents: AgentCatalogue;
  bases: BaseCatalogue;
  payments: MarketplacePayments;
  limits: MarketplaceLimits;
}) {
  /** Requires the item's lock. Downloads count users, so adding an item again does not count. */
  const grant = async (tx: Queries, kind: ItemKind, userId: string, itemId: string, values: EntryGrant): Promise<void> => {
    if (await store.put(tx, kind, userId, itemId, values)) await store.countDownload(tx, kind, itemId);
  };
  /** The entry for items that need no payment; `undefined` when the item must be paid for. */
  const takeFree = async (
    tx: Queries,
    kind: ItemKind,
    userId: string,
    item: AgentRow | BaseRow,
    isOwn: boolean,
  ): Promise<Acquired | undefined> => {
    if (!item.is_active) throw notFound(kind === "agent" ? "Agent" : "Base");
    const entry = await store.find(tx, kind, userId, item.id);
    if (entry && !entry.has_expired) {
      if (!entry.is_active) await store.reactivate(tx, kind, userId, item.id);
      return inLibrary;
    }
    if (!isOwn && item.pricing_type !== "free" && item.pricing_type !== "api") return undefined;
    await grant(tx, kind, userId, item.id, { purchase_type: isOwn ? "free" : item.pricing_type });
    return inLibrary;
  };
  const toPay = ({ session_id, checkout_url }: CheckoutPage): Acquired => ({ in_library: false, session_id, checkout_url });

  return {
    /** Throws 404, `payments_not_configured`, `stripe_error`. Safe to repeat and to call concurrently. */
    agent: async (user: NonNullable<Viewer>, ref: string, to: { origin: string }): Promise<Acquired & { agent_id: string }> => {
      await limits.purchase(user.id);
      const { agent, taken } = await store.transaction(async (tx) => {
        const { agent, isOwn } = await agents.lock(tx, user, ref);
        return { agent, taken: await takeFree(tx, "agent", user.id, agent, isOwn) };
      });
      return { agent_id: agent.id, ...(taken ?? toPay(await payments.checkoutForAgent(user, agent, to))) };
    },
    base: async (user: NonNullable<Viewer>, ref: string, to: { origin: string }): Promise<Acquired & { base_id: string }> => {
      await limits.purchase(user.id);
      const { base, taken } = await store.transaction(async (tx) => {
        const { base, isOwn } = await bases.lock(tx, user, ref);
        return { base, taken: await takeFree(tx, "base", user.id, base, isOwn) };
      });
      return { base_id: base.id, ...(taken ?? toPay(await payments.checkoutForBase(user, base, to))) };
    },
    /** For a project created from a base: adds a free base to the library. Throws `not_in_library` for one that must be bought first. */
    forProject: async (tx: Queries, userId: string, baseId: string): Promise<void> => {
      const { base, isOwn } = await bases.lock(tx, { id: userId, is_superuser: false }, baseId);
      if (!(await takeFree(tx, "base", userId, base, isOwn)))
        throw new AppError("not_in_library", `${base.name} is not in your library. Add it from the marketplace first.`);
    },
  };
}
