import { AppError, badRequest, conflict, notFound } from "../../../platform/errors.ts";
import { randomToken } from "../../../platform/crypto.ts";
import type { Queries } from "../../../platform/database.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import type { AuthStore } from "../../accounts/auth/index.ts";
import { canSignIn, type UserRow, type Users } from "../../accounts/users/index.ts";
import type { Actor, Audit, AuditEntry, AuditStore } from "../../accounts/audit/index.ts";
import { releaseJob } from "./user-release.ts";
import type { AdminUsersStore } from "./users.store.ts";

/** An account as listed on the command line. */
export interface ListedAccount {
  email: string;
  username: string;
  is_superuser: boolean;
  state: "active" | "suspended" | "deleted" | "inactive";
}
const nilUuid = "00000000-0000-0000-0000-000000000000";

/**
 * Account administration from the command line (`./studio admin`), without a signed-in administrator. Each command is one transaction with an audit log
 * row; running servers are notified. Throws `AppError`s with messages for the terminal.
 */
export type Operator = ReturnType<typeof createOperator>;
export function createOperator({
  audits,
  audit,
  store,
  users,
  auth,
  systemUser,
}: {
  audits: Pick<AuditStore, "transaction" | "lockUsers">;
  audit: Pick<Audit, "record">;
  store: AdminUsersStore;
  users: Pick<Users, "register" | "findByLogin" | "checkPassword" | "hash" | "replacePassword">;
  auth: Pick<AuthStore, "revokeOfUser" | "notify">;
  /** Name of the operating system user. */
  systemUser: string;
}) {
  const actor: Actor = { id: nilUuid, name: `${systemUser} (./studio admin)`, ip: "this machine", user_agent: undefined };
  const require = async (login: string): Promise<UserRow> => {
    const user = await users.findByLogin(login);
    if (!user) throw notFound("Account");
    return user;
  };
  /** Locks the account and all administrators, so that concurrent commands cannot remove the last two administrators. */
  const change = async (
    login: string,
    work: (tx: Queries, user: UserRow, others: number) => Promise<Omit<AuditEntry, "target">>,
  ): Promise<UserRow> => {
    const { id } = await require(login);
    const held = await audits.transaction(async (tx) => {
      const administrators = await store.administrators(tx);
      const rows = await audits.lockUsers(tx, [id, ...administrators]);
      const user = rows.get(id);
      if (!user) throw notFound("Account");
      const others = [...rows.values()].filter((row) => row.id !== id && row.is_superuser && canSignIn(row)).length;
      const entry = await work(tx, user, others);
      await audit.record(tx, { actor, target: { type: "user", id, name: user.username }, ...entry });
      return user;
    });
    await auth.notify({ user_id: id });
    return held;
  };

  return {
    /** Creates an account with a confirmed email, also when sign-up is closed. Throws what registration throws. */
    create: (
      input: { email: string; password: string; name?: string; username?: string },
      { isAdministrator }: { isAdministrator: boolean },
    ): Promise<UserRow> => {
      return users.register(
        input,
        async () => isAdministrator,
        async (tx, user) => {
          await store.setFlags(tx, user.id, { is_verified: true });
          const target = { type: "user" as const, id: user.id, name: user.username };
          await audit.record(tx, { actor, action: isAdministrator ? "user.promoted" : "user.created", target, details: { created: true } });
        },
      );
    },
    /** Throws `reset_password_invalid_password`. Ends all sessions of the account. */
    resetPassword: async (login: string, password: string): Promise<UserRow> => {
      const hash = await users.hash(password);
      return change(login, async (tx, user) => {
        await users.checkPassword(password, user, "reset_password_invalid_password");
        if (!(await users.replacePassword(tx, user, hash)))
          throw conflict("conflict", "The password was changed at the same time. Try again.");
        const ended = await auth.revokeOfUser(user.id, undefined, "password_reset_by_admin", tx);
        return { action: "user.password_reset", details: { ended_sessions: ended.length } };
      });
    },
    list: async (onlyAdministrators: boolean): Promise<ListedAccount[]> => {
      const { rows } = await store.list(
        { ...(onlyAdministrators && { is_superuser: true }), sort_by: "email", sort_order: "asc" },
        { limit: 10_000, offset: 0 },
      );
      return rows.map(({ email, username, is_superuser, is_deleted, is_suspended, is_active }) => ({
        email,
        username,
        is_superuser,
        state: is_deleted ? "deleted" : is_suspended ? "suspended" : is_active ? "active" : "inactive",
      }));
    },
    promote: (login: string): Promise<UserRow> =>
      change(login, async (tx, user) => {
        if (user.is_superuser) throw badRequest("This account is already an administrator.");
        if (!canSignIn(user)) throw badRequest("An inactive account cannot be an administrator.");
        await store.setFlags(tx, user.id, { is_superuser: true });
        return { action: "user.promoted" };
      }),
    /** Throws `forbidden` for the last administrator. */
    demote: (login: string): Promise<UserRow> =>
      change(login, async (tx, user, others) => {
        if (!user.is_superuser) throw badRequest("This account is not an administrator.");
        if (others === 0) throw new AppError("forbidden", "This is the last administrator. Promote another account first.");
        await store.setFlags(tx, user.id, { is_superuser: false });
        return { action: "user.demoted" };
      }),
    /** Ends the sessions; the server stops what runs for the account. */
    suspend: (login: string, reason: string): Promise<UserRow> =>
      change(login, async (tx, user) => {
        if (user.is_superuser) throw new AppError("forbidden", "An administrator cannot be suspended. Demote them first.");
        if (user.is_suspended) throw badRequest("This account is already suspended.");
        await store.suspend(tx, user.id, reason, null);
        const ended = await auth.revokeOfUser(user.id, undefined, "suspended", tx);
        await enqueueJob(tx, releaseJob, { user_id: user.id }, { key: `${releaseJob}:${user.id}` });
        return { action: "user.suspend", reason, details: { ended_sessions: ended.length } };
      }),
    unsuspend: (login: string): Promise<UserRow> =>
      change(login, async (tx, user) => {
        if (!user.is_suspended) throw badRequest("This account is not suspended.");
        await store.unsuspend(tx, user.id);
        return { action: "user.unsuspend", details: { suspended_at: user.suspended_at, suspended_reason: user.suspended_reason } };
      }),
  };
}

/** A random password that can be typed. */
export const generatePassword = (): string => randomToken().slice(0, 20);
