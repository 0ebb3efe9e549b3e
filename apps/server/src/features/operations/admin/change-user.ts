import { forbidden, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Sessions } from "../../accounts/auth/index.ts";
import type { Actor, Audit, AuditedChange } from "../../accounts/audit/index.ts";
import type { UserRow } from "../../accounts/users/index.ts";
import type { AdminUsersStore } from "./users.store.ts";

export const targetOf = ({ id, username }: UserRow) => ({ type: "user" as const, id, name: username });

/** Refuses actions on oneself and on other administrators, so that an administrator is always left. */
export const refuseOnAdmins = (actor: Actor, target: UserRow, what: string) => {
  if (target.id === actor.id) throw forbidden("forbidden", `You cannot ${what} yourself.`);
  if (target.is_superuser) throw forbidden("forbidden", `You cannot ${what} an administrator. Remove their administrator role first.`);
};

export type ChangeUser = ReturnType<typeof createChangeUser>;
/** Changes a locked user in one transaction with its audit log rows. Throws 404. */
export const createChangeUser =
  ({
    store,
    audit,
    sessions,
    log,
  }: {
    store: Pick<AdminUsersStore, "find">;
    audit: Pick<Audit, "change">;
    sessions: Pick<Sessions, "forgetUser">;
    log: Logger;
  }) =>
  async <T>(actor: Actor, id: string, work: (change: AuditedChange, target: UserRow) => Promise<T>): Promise<T> => {
    if (!(await store.find(id))) throw notFound("User");
    const result = await audit.change(
      actor,
      async (change) => {
        const target = change.users.get(id);
        if (!target) throw notFound("User");
        return work(change, target);
      },
      { holding: [id] },
    );
    await sessions.forgetUser(id);
    log.info({ admin_id: actor.id, user_id: id }, "user changed by an administrator");
    return result;
  };
