import type { List, SecurityEvent, SecurityEventKind } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import type { Mail } from "../../../platform/mail.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { UserRow } from "../users/index.ts";
import { noticeLetter } from "./emails.ts";
import type { SecondFactorStore } from "./second-factor.store.ts";

/** Where a call comes from, as far as it is known. */
export interface Origin {
  ip?: string | undefined;
  user_agent?: string | undefined;
}

/** What the owner of an account is told by mail, because somebody else may have done it. */
const notices: Partial<Record<SecurityEventKind, string>> = {
  totp_on: "An authenticator app was set up: signing in with your password now asks for a code of it.",
  totp_off: "The authenticator app was switched off: signing in no longer asks for its code.",
  recovery_codes_made: "New recovery codes were made. All former ones stopped working.",
  passkey_added: "A passkey was added. It signs in without your password.",
  passkey_removed: "A passkey was removed.",
  account_linked: "An account elsewhere was connected. It signs in without your password.",
  account_unlinked: "An account elsewhere was disconnected.",
  password_reset:
    "Your password was set anew by a mailed link, and all sessions were signed out. Passkeys, connected accounts and API keys go on working.",
  refresh_reused: "A session was ended, because its key was used in two places: somebody may have copied it.",
  password_changed:
    "Your password was changed, and all other sessions were signed out. Passkeys, connected accounts and API keys go on working.",
};

/** The account's own log: what happened to how one signs in, in the transaction in which it happened. */
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
      if (notice) await mail.queue(tx, noticeLetter(user, notice));
    },
    /** The second step was guessed until the sign-in ended: somebody knows the password. */
    warnOfGuesses: async (tx: Queries, user: Pick<UserRow, "email" | "name">): Promise<void> =>
      mail.queue(
        tx,
        noticeLetter(
          user,
          "Somebody entered your password and then ten wrong codes. They did not get in, but they know your password: change it.",
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
