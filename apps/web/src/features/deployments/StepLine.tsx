import type { Deployment } from "@tesslate/contract";
import { Check, X } from "lucide-react";
import { Fragment } from "react";
import { cx } from "../../lib/cx.ts";
import type { ShownStep } from "../../project/deployment-steps.ts";
import { Bead } from "../../ui/thread/index.ts";
import { stepName, stepsOf, type StepState } from "./deployments.ts";

const words: Record<StepState, string> = { done: "done", now: "in progress", failed: "failed", next: "not started" };

/** The steps of a deployment as a horizontal line; on a phone only the current one shows its name. */
export function StepLine({ deployment, currentStep }: { deployment: Deployment; currentStep: ShownStep | undefined }) {
  const steps = stepsOf(deployment, currentStep);
  return (
    <ol aria-label="Steps" className="flex flex-none items-center px-5 pt-1 pb-3.5 text-xs narrow:px-4">
      {steps.map(({ step, state }, index) => (
        <Fragment key={step}>
          {index > 0 ? (
            <li
              aria-hidden="true"
              className="thread-line mx-2 min-w-2.5"
              data-line={state === "next" ? "next" : state === "now" ? "live" : "done"}
            />
          ) : null}
          <li
            aria-current={state === "now" ? "step" : undefined}
            data-state={state}
            className={cx(
              "flex flex-none items-center gap-1.5 whitespace-nowrap",
              state === "next"
                ? "text-fg-3"
                : state === "now"
                  ? "font-semibold text-fg-0"
                  : state === "failed"
                    ? "font-semibold text-err"
                    : "text-fg-1",
            )}
          >
            {state === "done" ? (
              <Check size={14} className="text-ok" aria-hidden="true" />
            ) : state === "failed" ? (
              <X size={14} aria-hidden="true" />
            ) : state === "now" ? (
              <span className="spin" aria-hidden="true" />
            ) : (
              <span className="grid size-3.5 place-items-center">
                <Bead kind="next" />
              </span>
            )}
            <span className={state === "now" || state === "failed" ? undefined : "narrow:sr-only"}>{stepName[step]}</span>
            <span className="sr-only">, {words[state]}</span>
          </li>
        </Fragment>
      ))}
    </ol>
  );
}
