import type { BillingConfig } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { useBillingActions } from "./billing.queries.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** The credit packages. One opens its checkout. */
export function CreditPackages({ offers }: { offers: Pick<BillingConfig, "packages"> }) {
  const { topUp } = useBillingActions();
  return (
    <>
      <ul role="list" className="grid grid-cols-[repeat(auto-fit,minmax(132px,1fr))] gap-2">
        {offers.packages.map((pack) => (
          <li key={pack.id}>
            <Button
              isWide
              className="h-auto! min-h-13 flex-col gap-0!"
              isLoading={topUp.isPending && topUp.variables === pack.id}
              loadingWord="Redirecting to checkout…"
              disabled={topUp.isPending && topUp.variables !== pack.id}
              onClick={() => topUp.mutate(pack.id as "small")}
            >
              <span className="num">{counted(pack.credits, "credit")}</span>
              <span className="num font-regular text-fg-2">{formatDollars(pack.price_cents)}</span>
            </Button>
          </li>
        ))}
      </ul>
      {topUp.error ? (
        <Banner tone="err" className="mt-2">
          <ErrorSentence of={topUp.error} />
        </Banner>
      ) : null}
    </>
  );
}
