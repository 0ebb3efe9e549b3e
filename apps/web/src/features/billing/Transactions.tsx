import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Receipt } from "lucide-react";
import { useState } from "react";
import { formatDollars } from "../../lib/money.ts";
import { formatDateTime } from "../../lib/time.ts";
import { buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { transactionsQuery } from "./billing.queries.ts";
import { paymentName, paymentPeriod } from "./payment-words.ts";

const perPage = 20;

/** Payments with plan, interval, period, refunds and receipt, newest first. */
export function Transactions() {
  const [page, setPage] = useState(1);
  const query = useQuery(transactionsQuery(page, perPage));
  return (
    <SettingsSection id="payments" title="Payments">
      {query.error && query.data ? <ShownFromBefore of={query} className="mb-3" /> : null}
      {query.error && !query.data ? (
        <LoadFailed className="px-0" title="Couldn't load payments" of={query} />
      ) : !query.data ? (
        <SkeletonRows count={3} label="Loading payments…" />
      ) : query.data.total === 0 ? (
        <EmptyState className="px-0" title="No payments yet" />
      ) : (
        <>
          <ul role="list" className="divide-y divide-line-0 border-y border-line-0">
            {query.data.items.map((one) => {
              const period = paymentPeriod(one);
              return (
                <li key={one.id} aria-label={paymentName(one)} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 text-sm">
                  <span className="min-w-0 flex-1 basis-48">
                    <span className="block truncate text-fg-0">{paymentName(one)}</span>
                    <span className="num block text-xs text-fg-2">
                      {period ?? <time dateTime={one.created_at}>{formatDateTime(one.created_at)}</time>}
                    </span>
                  </span>
                  {one.refunded_cents > 0 ? (
                    <span className="num text-xs text-fg-2">
                      {one.status === "refunded" ? "Refunded" : `${formatDollars(one.refunded_cents)} refunded`}
                    </span>
                  ) : null}
                  <span className="num w-20 text-right font-medium text-fg-0">{formatDollars(one.amount_cents)}</span>
                  <Link
                    to="/settings/billing/receipts/$id"
                    params={{ id: one.id }}
                    className={buttonClass({ size: "sm", variant: "ghost" })}
                  >
                    <Receipt size={14} />
                    Receipt
                  </Link>
                </li>
              );
            })}
          </ul>
          <Pager className="mt-2 justify-end" list={query.data} page={page} perPage={perPage} label="Pages of payments" onPage={setPage} />
        </>
      )}
    </SettingsSection>
  );
}
