import { Link } from "@tanstack/react-router";
import type { CreditBalance } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatCompact } from "../../lib/numbers.ts";
import { Tooltip } from "../../ui/Tooltip.tsx";
import { useBalance, useLiveBalance } from "./use-balance.ts";

const looks = {
  empty: { word: "empty", tone: "text-err" },
  low: { word: "low", tone: "text-warn" },
  enough: { word: "credits", tone: "text-fg-2" },
} as const;
const stateOf = ({ is_empty, is_low }: CreditBalance): keyof typeof looks => (is_empty ? "empty" : is_low ? "low" : "enough");
const sentenceFor = ({ total_credits: total }: CreditBalance, state: keyof typeof looks): string =>
  state === "empty" ? "No credits left" : `${counted(total, "credit")} left${state === "low" ? " (low)" : ""}`;

/** In the rail: the credits that are left, as a link to Billing. Follows the balance while it is shown. */
export function BalanceLink() {
  const balance = useLiveBalance();
  if (!balance) return null;
  const state = stateOf(balance);
  const sentence = sentenceFor(balance, state);
  const { word, tone } = looks[state];
  return (
    <Tooltip text={sentence} side="right">
      <Link
        to="/settings/billing"
        className={cx("num grid min-h-9 w-11 place-content-center rounded-3 text-center text-2xs leading-tight hover:bg-bg-3", tone)}
      >
        <span className="sr-only">Billing: {sentence}</span>
        <span aria-hidden="true" className="font-medium">
          {formatCompact(balance.total_credits)}
        </span>
        <span aria-hidden="true">{word}</span>
      </Link>
    </Tooltip>
  );
}

/** On a narrow screen, which has no rail: a row above the page when the credits are low. */
export function BalanceRow() {
  const balance = useBalance();
  const state = balance && stateOf(balance);
  if (!balance || !state || state === "enough") return null;
  return (
    <p className={cx("num hidden h-8 flex-none items-center justify-center gap-2 px-3 text-xs narrow:flex", looks[state].tone)}>
      <span className="min-w-0 truncate font-medium">{sentenceFor(balance, state)}</span>
      <Link to="/settings/billing" className="link flex-none">
        Top up
      </Link>
    </p>
  );
}
