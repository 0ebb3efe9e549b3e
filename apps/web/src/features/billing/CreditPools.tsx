import type { CreditBalance } from "@tesslate/contract";
import { formatDollars } from "../../lib/money.ts";
import { formatDate } from "../../lib/time.ts";
import { cx } from "../../lib/cx.ts";
import { formatNumber } from "../../lib/numbers.ts";

/** The balance by kind of credits, in the order in which they are used. */
export function CreditPools({ balance }: { balance: CreditBalance }) {
  const pools = [
    { name: "Daily", credits: balance.daily_credits, tone: "bg-brand", note: balance.daily_credits > 0 ? "reset at midnight UTC" : "" },
    {
      name: "Plan",
      credits: balance.bundled_credits,
      tone: "bg-fg-0",
      note: balance.monthly_allowance > 0 ? `of ${formatNumber(balance.monthly_allowance)}` : "",
      until: balance.credits_reset_date,
    },
    { name: "Bonus", credits: balance.signup_bonus_credits, tone: "bg-fg-3", note: "", until: balance.signup_bonus_expires_at },
    { name: "Purchased", credits: balance.purchased_credits, tone: "bg-info", note: balance.purchased_credits > 0 ? "never expire" : "" },
  ];
  return (
    <div className="rounded-3 border border-line-0 p-4">
      <p className="flex flex-wrap items-baseline gap-2">
        <span className="num font-display text-2xl tracking-display text-fg-0">{formatNumber(balance.total_credits)}</span>
        <span className="text-sm text-fg-2">credits left, worth {formatDollars(balance.total_credits)}</span>
      </p>
      <div aria-hidden="true" className="mt-3 flex h-2.5 gap-0.5 overflow-hidden rounded-full bg-bg-3">
        {balance.total_credits > 0
          ? pools.map((pool) =>
              pool.credits > 0 ? <span key={pool.name} className={cx("min-w-1", pool.tone)} style={{ flexGrow: pool.credits }} /> : null,
            )
          : null}
      </div>
      <ul aria-label="Credits by kind, in the order they are used" className="mt-3 grid grid-cols-4 gap-3 narrow:grid-cols-2">
        {pools.map((pool) => (
          <li key={pool.name}>
            <span className="flex items-center gap-1.5 text-sm font-medium text-fg-0">
              <span aria-hidden="true" className={cx("size-2 flex-none rounded-[2px]", pool.tone)} />
              <span className="num">{formatNumber(pool.credits)}</span>
            </span>
            <span className="block text-xs text-fg-1">{pool.name}</span>
            {pool.note ? <span className="block text-xs text-fg-2">{pool.note}</span> : null}
            {pool.credits > 0 && pool.until ? (
              <span className="block text-xs text-fg-2">
                until <time dateTime={pool.until}>{formatDate(pool.until)}</time>
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </div>
  );
}
