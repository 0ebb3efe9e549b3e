import type { CreditBalance, CreditBalanceEvent } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import { creditsChannel, type CreditsChanged } from "./credits.store.ts";

export type BalanceFeed = ReturnType<typeof createBalanceFeed>;
/** Streams balances: PostgreSQL notifies of each committed change, and the balance is then read again. */
export function createBalanceFeed({
  bus,
  balance,
}: {
  bus: Pick<Bus, "listen" | "onReconnect">;
  balance: (userId: string) => Promise<CreditBalance>;
}) {
  const followers = new Map<string, Set<() => void>>();
  const wake = ({ user_id }: CreditsChanged) => {
    for (const follower of user_id === null ? [...followers.values()].flatMap((all) => [...all]) : (followers.get(user_id) ?? []))
      follower();
  };
  bus.listen<CreditsChanged>(creditsChannel, wake);
  bus.onReconnect(() => wake({ user_id: null }));

  return {
    /** The balance now and after each change, until aborted. Changes that come while one is read are sent as one. */
    async *follow(userId: string, signal: AbortSignal): AsyncIterable<CreditBalanceEvent> {
      let hasChanged = true;
      let resolve = () => {};
      const follower = () => {
        hasChanged = true;
        resolve();
      };
      const own = followers.get(userId) ?? new Set();
      followers.set(userId, own.add(follower));
      signal.addEventListener("abort", follower);
      try {
        for (let seq = 1; ; seq++) {
          if (!hasChanged && !signal.aborted) await new Promise<void>((done) => (resolve = done));
          if (signal.aborted) return;
          hasChanged = false;
          yield { seq, type: "credits", data: await balance(userId) };
        }
      } finally {
        signal.removeEventListener("abort", follower);
        own.delete(follower);
        if (own.size === 0) followers.delete(userId);
      }
    },
  };
}
