import { bigint, index, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

/**
 * `stripe`: money at the payment service · `revenue`: what is earned · `creator`: what is owed to a creator · `credits`: purchased credits that
 * somebody has not spent · `goodwill`: credits given away · `losses`: money given back for credits that were spent · `by_hand`: what the operator
 * paid from elsewhere.
 */
export type LedgerAccount = "stripe" | "by_hand" | "revenue" | "creator" | "credits" | "goodwill" | "losses";

/**
 * Double entry: the entries of one posting sum to zero (the database checks it when the transaction ends), and none is ever changed or deleted.
 * Cents; positive is what came in or was paid (debit), negative what is owed or earned (credit).
 */
export const ledgerEntries = pgTable(
  "ledger_entries",
  {
    id: id(),
    /** The natural key of what happened, e.g. `payment:pi_1`: posted twice is posted once. */
    posting: text().notNull(),
    account: text().$type<LedgerAccount>().notNull(),
    /** Whose, of `creator` and `credits`. Of somebody who is gone the books keep the sums. */
    user_id: uuid().references(() => users.id, { onDelete: "set null" }),
    amount_cents: bigint({ mode: "number" }).notNull(),
    created_at: createdAt(),
  },
  (t) => [
    unique("ledger_entries_posting_account_key").on(t.posting, t.account),
    index("ledger_entries_user_id_account_idx").on(t.user_id, t.account),
    index("ledger_entries_account_created_at_idx").on(t.account, t.created_at),
  ],
);
