import { Check, ChevronRight, CircleCheck, CircleX, Minus, Undo2, X } from "lucide-react";
import { memo, useState, type ReactNode } from "react";
import type { CheckOutcome, ChecksReport, Evidence, VerifyReport } from "@tesslate/contract";
import { counted } from "../../../lib/counted.ts";
import { cx } from "../../../lib/cx.ts";
import { formatTime } from "../../../lib/time.ts";
import { formatDuration } from "../../../lib/durations.ts";
import { Button } from "../../../ui/Button.tsx";
import { Card } from "../../../ui/Panel.tsx";
import { scrollable } from "../../../ui/scrollable.ts";
import type { Run } from "../chat.types.ts";
import { Pictures } from "../pictures/Pictures.tsx";
import { screenshotOf } from "../pictures/pictures.ts";
import { useRunActions } from "../run-actions.ts";
import { checkNames, checksText, findingsOf, isGood, proofsOf, stepsText, turnedRed, type Proof } from "./evidence.ts";

type EvidenceRun = Pick<Run, "taskId" | "messageId" | "evidence">;

/** The evidence of a run: browser steps with screenshots, and the project's checks. */
export const EvidenceCard = memo(({ run, isLast }: { run: EvidenceRun; isLast: boolean }) => (
  <Card className="mb-3 overflow-hidden text-sm" role="group" aria-label="Evidence from this run" data-testid="evidence-card">
    {proofsOf(run.evidence).map((proof, index) => (
      <ProofSection key={proof.key} proof={proof} run={run} isLast={isLast} isFirst={index === 0} />
    ))}
  </Card>
));

function ProofSection({ proof, run, isLast, isFirst }: { proof: Proof; run: EvidenceRun; isLast: boolean; isFirst: boolean }) {
  const { evidence, earlier } = proof;
  const isPassed = isGood(evidence);
  const [choice, setChoice] = useState<boolean>();
  const isOpen = choice ?? isLast;
  const title = evidence.verify?.title ?? "Checks";
  const facts = evidence.verify ? stepsText(evidence.verify) : checksText(evidence.checks?.checks ?? []);
  const duration = evidence.verify?.duration_ms ?? evidence.checks?.duration_ms ?? 0;
  const hasRed = evidence.checks?.checks.some(turnedRed) === true;
  const actions = useRunActions();
  const { messageId } = run;
  return (
    <section className={cx(!isFirst && "border-t border-line-0")}>
      <div className="flex min-h-9 flex-wrap items-center gap-x-2 py-1 pr-3 pl-1.5">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setChoice(!isOpen)}
          className="flex min-h-7 min-w-0 flex-1 items-center gap-2 rounded-2 px-1.5 text-left hover:bg-bg-2 narrow:min-h-11"
        >
          {isPassed ? (
            <CircleCheck size={16} className="flex-none text-ok" aria-label="Passed" />
          ) : (
            <CircleX size={16} className="flex-none text-err" aria-label="Failed" />
          )}
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium text-fg-0">{title}</span>
            <span className="num block text-xs text-fg-2">
              {earlier.length > 0
                ? `${facts}, ${formatDuration(duration)}, after ${counted(earlier.length, "earlier attempt")}`
                : `${facts}, ${formatDuration(duration)}`}
            </span>
          </span>
          <ChevronRight size={14} className={cx("flex-none text-fg-3 transition-transform", isOpen && "rotate-90")} aria-hidden="true" />
        </button>
        {hasRed && actions && isLast && messageId ? (
          <Button
            size="sm"
            icon={<Undo2 size={14} />}
            disabled={actions.isBusy}
            onClick={() => actions.goBack({ messageId, taskId: run.taskId })}
          >
            Undo run
          </Button>
        ) : null}
      </div>
      {isOpen ? (
        <div className="px-3 pb-3">
          <Report evidence={evidence} />
          {earlier.map((one) => (
            <details key={one.id} className="mt-2 text-xs text-fg-2">
              <summary className="cursor-pointer rounded-1 py-1 narrow:py-3">
                {isGood(one) ? `Passed at ${formatTime(one.created_at)}` : `Failed at ${formatTime(one.created_at)}`}
              </summary>
              <div className="pt-1">
                <Report evidence={one} />
              </div>
            </details>
          ))}
        </div>
      ) : null}
    </section>
  );
}

const Report = ({ evidence }: { evidence: Evidence }) =>
  evidence.verify ? (
    <VerifyDetails report={evidence.verify} taskId={evidence.task_id} />
  ) : evidence.checks ? (
    <CheckTable report={evidence.checks} />
  ) : null;

function VerifyDetails({ report, taskId }: { report: VerifyReport; taskId: string }) {
  return (
    <div className="grid gap-3">
      {report.pictures.length > 0 ? <Pictures pictures={report.pictures.map(screenshotOf(taskId))} kind="screenshot" /> : null}
      <ol className="grid gap-0.5 text-xs">
        {report.steps.map((step, index) => (
          // Steps have no ids, and their order never changes.
          <li key={index} className="flex min-w-0 gap-2 py-0.5">
            {step.status === "passed" ? (
              <Check size={14} className="mt-px flex-none text-ok" aria-label="Passed" />
            ) : step.status === "failed" ? (
              <X size={14} className="mt-px flex-none text-err" aria-label="Failed" />
            ) : (
              <Minus size={14} className="mt-px flex-none text-fg-3" aria-label="Skipped" />
            )}
            <span className="min-w-0 flex-1 break-words">
              <span className={step.status === "skipped" ? "text-fg-2" : "text-fg-0"}>{step.what}</span>
              {step.detail ? <span className="block break-words text-fg-1">{step.detail}</span> : null}
            </span>
            {step.status === "skipped" ? null : <span className="num flex-none text-fg-2">{formatDuration(step.duration_ms)}</span>}
          </li>
        ))}
      </ol>
      <Findings report={report} />
    </div>
  );
}

function Findings({ report }: { report: VerifyReport }) {
  const findings = findingsOf(report);
  if (findings.length === 0)
    return (
      <p className="text-xs text-fg-2">
        {report.accessibility ? "No console errors, failed requests or accessibility findings." : "No console errors or failed requests."}
      </p>
    );
  return (
    <div className="grid text-xs">
      {findings.map(({ key, title, isBad, lines }) => (
        <Disclosure key={key} title={title} isBad={isBad}>
          <ul className="grid list-disc gap-1 pl-4 break-words">
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </Disclosure>
      ))}
    </div>
  );
}

const Disclosure = ({ title, isBad, children }: { title: string; isBad: boolean; children: ReactNode }) => (
  <details className="group">
    <summary className="flex min-h-6 cursor-pointer list-none items-center gap-1.5 rounded-1 text-fg-1 hover:text-fg-0 narrow:min-h-11 [&::-webkit-details-marker]:hidden">
      <ChevronRight size={14} className="flex-none text-fg-3 transition-transform group-open:rotate-90" aria-hidden="true" />
      {isBad ? <span className="size-1.5 flex-none rounded-full bg-err" aria-hidden="true" /> : null}
      {title}
    </summary>
    <div {...scrollable} className="scroll-y mb-1 ml-5 max-h-40 py-1 text-fg-1">
      {children}
    </div>
  </details>
);

const outcomes: Record<CheckOutcome["status"], string> = {
  passed: "passed",
  failed: "failed",
  timed_out: "timed out",
  not_run: "not run",
};

function CheckTable({ report }: { report: ChecksReport }) {
  const hasBefore = report.checks.some(({ before }) => before);
  const hasContainers = report.checks.some(({ container }) => container);
  return (
    <div className="grid gap-1 text-xs">
      <table className="w-full text-left">
        <thead className="text-fg-2">
          <tr>
            <th className="py-1 font-normal">Check</th>
            {hasBefore ? <th className="py-1 font-normal">Before</th> : null}
            <th className="py-1 font-normal">{hasBefore ? "After" : "Result"}</th>
          </tr>
        </thead>
        <tbody>
          {report.checks.map((check) => (
            <tr key={`${check.name}${check.container}`} className="border-t border-line-0">
              <th scope="row" className="py-1.5 pr-2 font-normal text-fg-0">
                {checkNames[check.name]}
                {hasContainers && check.container ? <span className="text-fg-2"> in {check.container}</span> : null}
              </th>
              {hasBefore ? (
                <td className="py-1.5 pr-2">
                  <Outcome outcome={check.before} />
                </td>
              ) : null}
              <td className="py-1.5">
                <Outcome outcome={check.after} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {report.checks
        .filter(({ after }) => after && after.status !== "passed")
        .map(({ name, container, command, after }) => (
          <Disclosure key={`${name}${container}`} title={`Output of ${command}`} isBad>
            <pre className="font-mono text-xs break-words whitespace-pre-wrap">{after?.output || "No output"}</pre>
          </Disclosure>
        ))}
    </div>
  );
}

function Outcome({ outcome }: { outcome: CheckOutcome | null }) {
  if (!outcome) return <span className="text-fg-2">not run</span>;
  const isPassed = outcome.status === "passed";
  return (
    <span className="num inline-flex items-center gap-1.5 text-fg-1">
      {isPassed ? <Check size={14} className="text-ok" aria-hidden="true" /> : <X size={14} className="text-err" aria-hidden="true" />}
      <span className={cx(!isPassed && "text-fg-0")}>{outcomes[outcome.status]}</span>
      <span className="text-fg-2">{formatDuration(outcome.duration_ms)}</span>
    </span>
  );
}
