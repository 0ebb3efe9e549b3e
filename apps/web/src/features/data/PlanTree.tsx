import type { QueryPlan } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDecimal, formatPercent } from "../../lib/numbers.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { planOf, type PlanStep } from "./plan.ts";

/** Steps take fractions of a millisecond. */
const timeText = (ms: number): string => (ms < 10 ? `${formatDecimal(ms, 2)} ms` : formatDuration(ms));

/** A query plan as a tree. The bar of a step is its own share of all costs, or of the time if the statement ran. */
export function PlanTree({ plan }: { plan: QueryPlan }) {
  const drawn = planOf(plan);
  if (!drawn || drawn.steps.length === 0)
    return <EmptyState title="No plan">The database has no plan for this statement.</EmptyState>;
  const total = drawn.steps.reduce((sum, step) => sum + (step.cost ?? 0), 0);
  return (
    <div className="scroll-y min-h-0 flex-1 overflow-x-auto p-3" {...scrollable} role="group" aria-label="Query plan">
      {drawn.executionMs === undefined ? null : (
        <p className="num pb-2 text-xs text-fg-2">
          {`Ran in ${timeText(drawn.executionMs)}, planned in ${timeText(drawn.planningMs ?? 0)}`}
        </p>
      )}
      <Steps steps={drawn.steps} total={total} />
    </div>
  );
}

const Steps = ({ steps, total }: { steps: readonly PlanStep[]; total: number }) => (
  <ul className="grid min-w-max gap-1.5">
    {steps.map((step, index) => (
      <li key={index}>
        <div className="max-w-180 min-w-64 rounded-2 border border-line-0 px-2.5 py-1.5 text-xs">
          <div className="flex items-baseline gap-3">
            <span className="min-w-0 flex-1 font-medium text-fg-0">{step.name}</span>
            {step.ownCost !== undefined && total > 0 ? (
              <span className="num text-fg-2" title={`Cost ${formatDecimal(step.ownCost, 2)} of ${formatDecimal(total, 2)}`}>
                {formatPercent(step.ownCost / total)}
              </span>
            ) : null}
          </div>
          {step.ownCost !== undefined && total > 0 ? (
            <span aria-hidden="true" className="mt-1 block h-1 overflow-hidden rounded-full bg-bg-3">
              <span
                className={`block h-full ${step.ownCost / total > 0.5 ? "bg-warn" : "bg-fg-2"}`}
                style={{ width: `${Math.max(1, Math.round((step.ownCost / total) * 100))}%` }}
              />
            </span>
          ) : null}
          {step.cost === undefined ? null : (
            <p className="num pt-1 text-fg-2">
              {[
                `Cost ${formatDecimal(step.cost, 2)}`,
                step.rows === undefined ? undefined : `${counted(step.rows, "row")} expected`,
                step.actualRows === undefined ? undefined : `${counted(step.actualRows, "row")} read`,
                step.ms === undefined ? undefined : timeText(step.ms),
              ]
                .filter(Boolean)
                .join(" · ")}
            </p>
          )}
          {step.facts.map((fact) => (
            <p key={fact} className="pt-0.5 font-mono text-2xs wrap-anywhere text-fg-1">
              {fact}
            </p>
          ))}
        </div>
        {step.steps.length > 0 ? (
          <div className="mt-1.5 ml-3 border-l border-line-1 pl-3">
            <Steps steps={step.steps} total={total} />
          </div>
        ) : null}
      </li>
    ))}
  </ul>
);
