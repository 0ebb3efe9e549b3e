import { Suspense } from "react";
import { counted } from "../../lib/counted.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { WithHelp } from "../../ui/HelpLink.tsx";
import type { LimitError } from "./limits.ts";
import { usedOf } from "./limits.ts";
import { WaysOut } from "./on-demand.ts";
import { useBalance } from "./use-balance.ts";

/** A limit that was reached: what is used of it, and the ways out. `again`: what to do once there are credits. */
export function LimitNotice({ error, again, className }: { error: LimitError; again?: string; className?: string }) {
  const balance = useBalance();
  const used = usedOf(error);
  if (error.code === "insufficient_credits" && error.details?.["balance"] === 0 && balance && !balance.is_empty)
    return (
      <Banner {...(className !== undefined && { className })}>
        You have {counted(balance.total_credits, "credit")} again. {again}
      </Banner>
    );
  return (
    <Banner
      tone="err"
      {...(className !== undefined && { className })}
      action={
        <Suspense fallback={null}>
          <WaysOut error={error} />
        </Suspense>
      }
    >
      <WithHelp code={error.code}>{error instanceof Error ? sentenceOf(error) : error.message}</WithHelp>
      {used === undefined ? null : <span className="num block text-xs text-fg-2">{used}</span>}
    </Banner>
  );
}
