import type { Bus } from "../../../platform/bus.ts";
import { canSignIn, type UserRow } from "../users/index.ts";
import type { Sessions } from "./sessions.ts";

/** How long an answer is remembered. Notifications end that at once. */
const rememberMs = 60_000;
const maxRemembered = 50_000;

/** Whether accounts are active, for requests without a session. No query while the answer is remembered. */
export function createActiveAccounts({
  users,
  sessions,
  bus,
}: {
  users: { find(id: string): Promise<UserRow | undefined> };
  sessions: Pick<Sessions, "onUserChange">;
  bus: Pick<Bus, "isConnected">;
}): (userId: string) => Promise<boolean> {
  const active = new Map<string, number>();
  /** Incremented by every invalidation: older reads must not be remembered. */
  let epoch = 0;
  sessions.onUserChange((userId) => {
    epoch += 1;
    if (userId === undefined) active.clear();
    else active.delete(userId);
  });
  return async (userId) => {
    if (bus.isConnected() && Date.now() - (active.get(userId) ?? -Infinity) < rememberMs) return true;
    const since = epoch;
    const user = await users.find(userId);
    const isActive = user !== undefined && canSignIn(user);
    active.delete(userId);
    if (isActive && since === epoch) {
      if (active.size >= maxRemembered) active.clear();
      active.set(userId, Date.now());
    }
    return isActive;
  };
}
