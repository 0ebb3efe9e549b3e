import { AppError, notFound } from "../../../platform/errors.ts";
import type { Queries } from "../../../platform/database.ts";
import type { AgentRow } from "../../agent/agents/index.ts";
import type { AcquiringStore, Grant } from "./acquiring.store.ts";
import type { AgentCatalogue } from "./agents.service.ts";
import type { BaseCatalogue } from "./bases.service.ts";
import type { BaseRow } from "../../../db/schema/store.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { Checkout, MarketplacePayments } from "./payments.ts";
import type { ItemKind } from "./reviews.store.ts";
import type { Viewer } from "./viewer.ts";

interface Acquired {
  in_library: boolean;
  checkout_url: string | null;
  session_id: string | null;
}
const inLibrary: Acquired = { in_library: true, checkout_url: null, session_id: null };

export type Acquiring = ReturnType<typeof createAcquiring>;
/** How things get into a library (marketplace-billing-admin 2.6, 13): free ones at once, paid ones when they are paid. */
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
  /** Under the item's lock. The download counts people: whoever comes back is the same one. */
  const grant = async (tx: Queries, kind: ItemKind, userId: string, itemId: string, values: Grant): Promise<void> => {
    if (await store.put(tx, kind, userId, itemId, values)) await store.countDownload(tx, kind, itemId);
  };
  /** What costs nothing (any more); undefined when there is something to pay. */
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
  const toPay = ({ session_id, checkout_url }: Checkout): Acquired => ({ in_library: false, session_id, checkout_url });

  return {
    /** Throws 404, `payments_not_configured`, `stripe_error`. Nothing is counted twice, however often and however many at once ask. */
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
    /** A project begins from a base (3.7): a free one enters the library. Throws `not_in_library` for one that must be bought first. */
    forProject: async (tx: Queries, userId: string, baseId: string): Promise<void> => {
      const { base, isOwn } = await bases.lock(tx, { id: userId, is_superuser: false }, baseId);
      if (!(await takeFree(tx, "base", userId, base, isOwn)))
        throw new AppError("not_in_library", `${base.name} is not in your library. Get it in the marketplace first.`);
    },
  };
}
