import type { ImpersonatedCall, Principal } from "../../../http/context.ts";
import type { Queries } from "../../../platform/database.ts";
import { badRequest, forbidden, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Auth, Sessions } from "../../accounts/auth/index.ts";
import { canSignIn } from "../../accounts/users/index.ts";
import type { Actor, Audit } from "../../accounts/audit/index.ts";

/** Writes an audit log row for a request made during impersonation, before it is handled. */
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
 * Impersonation: a session of the user, started by an administrator. It lasts 30 minutes, cannot be refreshed, ends with the administrator's own
 * session, never targets an administrator, and cannot use routes reserved for the user (see `RouteSpec.impersonation`).
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
    /** Throws 404, `forbidden` for oneself and for administrators, `bad_request` for inactive accounts. */
    start: async (actor: Actor, sessionId: string | undefined, id: string, reason: string) => {
      if (sessionId === undefined) throw forbidden("session_required", "Sign in to impersonate a user.");
      const { user, session } = await audit.change(
        actor,
        async ({ tx, users, record }) => {
          const target = users.get(id);
          if (!target) throw notFound("User");
          if (target.id === actor.id) throw forbidden("forbidden", "You cannot impersonate yourself.");
          if (target.is_superuser) throw forbidden("forbidden", "Administrators cannot be impersonated.");
          if (!canSignIn(target)) throw badRequest("This account is suspended or deleted.");
          // The administrator may have signed out since; an impersonation could then not be ended.
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
      log.info({ admin_id: actor.id, user_id: id, session_id: session.id }, "impersonation started");
      return { token: auth.impersonationToken(user, session), user_id: user.id, username: user.username, expires_at: session.expires_at };
    },
    /** Throws `not_impersonating`. */
    stop: async ({ id, username, session_id, impersonator }: Principal, from: Pick<Actor, "ip" | "user_agent">) => {
      if (!impersonator || session_id === undefined) throw badRequest("You are not impersonating anyone.", "not_impersonating");
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
