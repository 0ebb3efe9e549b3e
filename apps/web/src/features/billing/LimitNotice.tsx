import { Suspense } from "react";
import { counted } from "../../lib/counted.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { WithHelp } from "../../ui/HelpLink.tsx";
import type { LimitError } from "./limits.ts";
import { projectsOf, usedOf } from "./limits.ts";
import { LimitProjects, WaysOut } from "./on-demand.ts";
import { useBalance } from "./use-balance.ts";

/** A limit that was reached: what is used of it, and the ways out. `again`: what to do once there are credits. */
export function LimitNotice({
  error,
  again,
  onFreed,
  className,
}: {
  error: LimitError;
  again?: string;
  /** A project that counted was stopped here. */
  onFreed?: () => void;
  className?: string;
}) {
  const balance = useBalance();
  const used = usedOf(error);
  const shown = projectsOf(error);
  if (error.code === "insufficient_credits" && error.details?.["balance"] === 0 && balance && !balance.is_empty)
    return (
      <Banner {...(className !== undefined && { className })}>
        You have {counted(balance.total_credits, "credit")} again. {again}
      </Banner>
    );
  const notice = (
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
  if (!shown) return notice;
  return (
    <div className="grid gap-3">
      {notice}
      <Suspense fallback={null}>
        <LimitProjects {...shown} onFreed={onFreed} />
      </Suspense>
    </div>
  );
}
