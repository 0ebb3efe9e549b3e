import type { Queries } from "../../../platform/database.ts";
import { ledgerEntries, type LedgerAccount } from "../../../db/schema/billing.ts";

export interface LedgerEntry {
  account: LedgerAccount;
  user_id?: string | null;
  amount_cents: number;
}

/** Writes one ledger posting in the caller's transaction; entries of 0 are left out. False when the posting already exists. */
export async function post(tx: Queries, posting: string, entries: readonly LedgerEntry[]): Promise<boolean> {
  const rows = entries.filter(({ amount_cents }) => amount_cents !== 0).map((entry) => ({ ...entry, posting }));
  if (rows.length === 0) return false;
  return (await tx.insert(ledgerEntries).values(rows).onConflictDoNothing().returning({ id: ledgerEntries.id })).length > 0;
}
