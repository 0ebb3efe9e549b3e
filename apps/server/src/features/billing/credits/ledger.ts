import type { Queries } from "../../../platform/database.ts";
import { ledgerEntries, type LedgerAccount } from "../../../db/schema/billing.ts";

export interface LedgerEntry {
  account: LedgerAccount;
  user_id?: string | null;
  amount_cents: number;
}

/** Writes one posting, in the caller's transaction. False: it is in the books already, and nothing was written. Entries of 0 are left out. */
export async function post(tx: Queries, posting: string, entries: readonly LedgerEntry[]): Promise<boolean> {
  const rows = entries.filter(({ amount_cents }) => amount_cents !== 0).map((entry) => ({ ...entry, posting }));
  if (rows.length === 0) return false;
  return (await tx.insert(ledgerEntries).values(rows).onConflictDoNothing().returning({ id: ledgerEntries.id })).length > 0;
}
