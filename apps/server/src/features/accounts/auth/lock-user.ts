import type { Queries } from "../../../platform/database.ts";
import { AppError } from "../../../platform/errors.ts";
import type { LoginMethods } from "./login-methods.store.ts";
import type { Origin } from "./security-log.ts";
import type { Sessions } from "./sessions.ts";

/** The origin and the session of a request. */
export interface SessionOrigin extends Origin {
  session_id: string | undefined;
}
/**
 * Locks the user and checks that the session is still open, until the transaction ends: a new password, a suspension or the end of the session also
 * invalidates a re-authentication made in it. Throws `session_required`, `unauthorized`.
 */
export type LockUser = (tx: Queries, userId: string, from: SessionOrigin) => Promise<void>;
export const createLockUser =
  ({ loginMethods, sessions }: { loginMethods: Pick<LoginMethods, "lock">; sessions: Pick<Sessions, "requireOpen"> }): LockUser =>
  async (tx, userId, { session_id }) => {
    if (session_id === undefined) throw new AppError("session_required", "Sign in to do this.");
    await loginMethods.lock(tx, userId);
    await sessions.requireOpen(tx, session_id, userId);
  };
