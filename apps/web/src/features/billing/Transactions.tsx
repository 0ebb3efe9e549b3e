import { useQuery } from "@tanstack/react-query";
import type { Transaction } from "@tesslate/contract";
import { formatDollars } from "../../lib/money.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { formatDateTime } from "../../lib/time.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { transactionsQuery } from "./billing.queries.ts";

const words: Record<Transaction["kind"], string> = {
  credits: "Credits",
  subscription: "Plan",
  agent: "Agent",
  base: "Template",
  deploy_slot: "Always-on project",
};

/** The newest 20 payments, with refunds. */
export function Transactions() {
  const query = useQuery(transactionsQuery);
  return (
    <SettingsSection id="payments" title="Payments">
      {query.error && query.data ? <ShownFromBefore of={query} className="mb-3" /> : null}
      {query.error && !query.data ? (
        <LoadFailed className="px-0" title="Couldn't load payments" of={query} />
      ) : !query.data ? (
        <SkeletonRows count={3} label="Loading payments…" />
      ) : query.data.items.length === 0 ? (
        <EmptyState className="px-0" title="No payments yet" />
      ) : (
        <ul className="divide-y divide-line-0 border-y border-line-0">
          {query.data.items.map((one) => (
            <li key={one.id} className="flex flex-wrap items-center gap-3 py-2 text-sm">
              <span className="min-w-0 flex-1 truncate text-fg-0">
                {words[one.kind]}
                {one.item ? `: ${one.item}` : one.credits > 0 ? `: ${formatNumber(one.credits)}` : ""}
              </span>
              {one.refunded_cents > 0 ? (
                <span className="num text-xs text-fg-2">
                  {one.status === "refunded" ? "Refunded" : `${formatDollars(one.refunded_cents)} refunded`}
                </span>
              ) : null}
              <time dateTime={one.created_at} className="text-xs text-fg-2">
                {formatDateTime(one.created_at)}
              </time>
              <span className="num w-20 text-right font-medium text-fg-0">{formatDollars(one.amount_cents)}</span>
            </li>
          ))}
        </ul>
      )}
    </SettingsSection>
  );
}
