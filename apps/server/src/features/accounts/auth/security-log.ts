import type { List, SecurityEvent, SecurityEventKind } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import type { Mail } from "../../../platform/mail.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { UserRow } from "../users/index.ts";
import { securityNoticeEmail } from "./emails.ts";
import type { SecondFactorStore } from "./second-factor.store.ts";

/** The origin of a request, as far as known. */
export interface Origin {
  ip?: string | undefined;
  user_agent?: string | undefined;
}

/** Events the owner is emailed about. */
const notices: Partial<Record<SecurityEventKind, string>> = {
  totp_on: "An authenticator app was added. Signing in with your password now requires a code from it.",
  totp_off: "The authenticator app was removed. Signing in no longer requires its codes.",
  recovery_codes_made: "New recovery codes were created. Earlier ones no longer work.",
  passkey_added: "A passkey was added. It can sign in without your password.",
  passkey_removed: "A passkey was removed.",
  account_linked: "A linked account was added. It can sign in without your password.",
  account_unlinked: "A linked account was removed.",
  password_reset:
    "Your password was reset with an emailed link, and all sessions were signed out. Passkeys, linked accounts and API keys still work.",
  refresh_reused: "A session was ended because its refresh token was used twice. Someone may have copied it.",
  password_changed: "Your password was changed, and all other sessions were signed out. Passkeys, linked accounts and API keys still work.",
};

/** The security log of an account; events are written in the transaction they belong to. */
export type SecurityLog = ReturnType<typeof createSecurityLog>;
export function createSecurityLog({ store, mail }: { store: SecondFactorStore; mail: Mail }) {
  return {
    note: async (
      tx: Queries,
      user: Pick<UserRow, "id" | "email" | "name">,
      kind: SecurityEventKind,
      { ip, user_agent }: Origin = {},
      detail: string | null = null,
    ): Promise<void> => {
      await store.insertEvent(tx, { user_id: user.id, kind, detail, ip: ip ?? null, user_agent: user_agent?.slice(0, 400) ?? null });
      const notice = notices[kind];
      if (notice) await mail.queue(tx, securityNoticeEmail(user, notice));
    },
    /** Emails the user after too many wrong second-factor codes. */
    warnOfGuesses: async (tx: Queries, user: Pick<UserRow, "email" | "name">): Promise<void> =>
      mail.queue(
        tx,
        securityNoticeEmail(
          user,
          "Someone entered your correct password and then ten wrong codes. They did not get in, but they know your password. Change it.",
        ),
      ),
    list: async (userId: string, query: PageQuery): Promise<List<SecurityEvent>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listEvents(userId, page);
      return page.envelope(
        rows.map(({ id, kind, detail, ip, user_agent, created_at }) => ({ id, kind, detail, ip, user_agent, created_at })),
        total,
      );
    },
    transaction: store.transaction,
    prune: store.pruneEvents,
  };
}
