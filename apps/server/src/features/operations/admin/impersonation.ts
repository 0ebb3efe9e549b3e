import type { ImpersonatedCall, Principal } from "../../../http/context.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, forbidden, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Auth, Sessions } from "../../accounts/auth/index.ts";
import { canSignIn } from "../../accounts/users/index.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";

/** Writes down what an administrator does as somebody else, before it happens. */
export const createImpersonationNotes =
  ({ audit, db }: { audit: Pick<Audit, "record">; db: Queries }) =>
  async ({ id, username, impersonator }: Principal, { route, method, path, ip, user_agent }: ImpersonatedCall): Promise<void> => {
    if (!impersonator) return;
    await audit.record(db, {
      actor: { id: impersonator.id, name: impersonator.username, ip, user_agent },
      action: "impersonation.write",
      target: { type: "user", id, name: username },
      details: { route, method, path },
    });
  };

/**
 * Acting as somebody else: a session of theirs that knows who began it. It lasts half an hour, cannot be renewed, ends with the administrator's own,
 * never belongs to an administrator, and does not do what only the person themselves may do (see `RouteSpec.impersonation`).
 */
export type Impersonation = ReturnType<typeof createImpersonation>;
export function createImpersonation({
  audit,
  sessions,
  auth,
  log,
}: {
  audit: Audit;
  sessions: Pick<Sessions, "openImpersonation" | "requireOpen" | "revoke">;
  auth: Pick<Auth, "impersonationToken">;
  log: Logger;
}) {
  return {
    /** Throws 404, `forbidden` for oneself and for administrators, `bad_request` for accounts that may not act. */
    start: async (actor: Actor, sessionId: string | undefined, id: string, reason: string) => {
      if (sessionId === undefined) throw forbidden("session_required", "Sign in to act as somebody else.");
      const { user, session } = await audit.change(
        actor,
        async ({ tx, users, record }) => {
          const target = users.get(id);
          if (!target) throw notFound("User");
          if (target.id === actor.id) throw forbidden("forbidden", "You are yourself already.");
          if (target.is_superuser) throw forbidden("forbidden", "Nobody acts as an administrator.");
          if (!canSignIn(target)) throw badRequest("This account is suspended or deleted.");
          // Signed out meanwhile: nobody could end what began after that.
          await sessions.requireOpen(tx, sessionId, actor.id);
          const opened = await sessions.openImpersonation(tx, target, { ...actor, session_id: sessionId });
          await record({
            action: "user.impersonated",
            target: { type: "user", id, name: target.username },
            reason,
            details: { session_id: opened.id, expires_at: opened.expires_at },
          });
          return { user: target, session: opened };
        },
        { holding: [id] },
      );
      log.info({ admin_id: actor.id, user_id: id, session_id: session.id }, "administrator acts as a user");
      return { token: auth.impersonationToken(user, session), user_id: user.id, username: user.username, expires_at: session.expires_at };
    },
    /** Throws `not_impersonating`. */
    stop: async ({ id, username, session_id, impersonator }: Principal, from: Pick<Actor, "ip" | "user_agent">) => {
      if (!impersonator || session_id === undefined) throw badRequest("You are yourself.", "not_impersonating");
      await sessions.revoke(session_id, "impersonation_stopped", (tx) =>
        audit.record(tx, {
          actor: { id: impersonator.id, name: impersonator.username, ...from },
          action: "user.impersonation_stopped",
          target: { type: "user", id, name: username },
          details: { session_id },
        }),
      );
      return { user_id: id };
    },
  };
}
