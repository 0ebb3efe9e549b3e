import type { LaunchFinding, LaunchReport } from "@tesslate/contract";
import { Check, ChevronRight, CircleDashed, CircleX, ShieldCheck, TriangleAlert } from "lucide-react";
import { useState, type ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatDuration } from "../../lib/durations.ts";
import { Pill, type Tone } from "../../ui/Pill.tsx";
import { issueLocation } from "./deployments.ts";
import { reportRowsOf, checkName, severityName, verdictOf, weightText, type ReportRow } from "./launch-report.ts";

const looks: Record<ReportRow["status"], { icon: ReactNode; word: string }> = {
  passed: { icon: <Check size={14} className="text-ok" />, word: "Passed" },
  warned: { icon: <TriangleAlert size={14} className="text-warn" />, word: "Warning" },
  failed: { icon: <CircleX size={14} className="text-err" />, word: "Failed" },
  skipped: { icon: <CircleDashed size={14} className="text-fg-3" />, word: "Skipped" },
};
const tones: Record<LaunchFinding["severity"], Tone> = { critical: "err", serious: "err", minor: "warn", info: "neutral" };

/** The launch report: each check expands to its issues. Messages come from project code and are rendered as plain text. */
export function LaunchReportView({ report, onOpenFile }: { report: LaunchReport; onOpenFile: (place: string) => void }) {
  const verdict = verdictOf(report);
  return (
    <section aria-label="Launch gate" className="flex-none border-t border-line-0 px-5 pt-3 pb-2.5 narrow:px-4">
      <h3 className="mb-1 flex flex-wrap items-center gap-2 text-sm">
        <ShieldCheck size={14} className="text-fg-1" />
        Launch gate
        <Pill tone={verdict.tone} icon={verdict.tone === "ok" ? <Check /> : verdict.tone === "warn" ? <TriangleAlert /> : <CircleX />}>
          {verdict.word}
        </Pill>
        <span className="flex-1" />
        <span className="num text-xs font-regular text-fg-2">{formatDuration(report.duration_ms)}</span>
      </h3>
      <ul className="divide-y divide-line-0">
        {reportRowsOf(report).map((row) => (
          <RuleRow key={row.rule} row={row} onOpenFile={onOpenFile} />
        ))}
      </ul>
      {report.weight ? <p className="num pt-1 text-xs text-fg-2">{weightText(report.weight)}</p> : null}
    </section>
  );
}

function RuleRow({ row, onOpenFile }: { row: ReportRow; onOpenFile: (place: string) => void }) {
  const [isOpen, setIsOpen] = useState(row.status === "failed" && row.is_blocking);
  const { icon, word } = looks[row.status];
  const count = row.findings.length;
  const inside = (
    <>
      <span className="w-6 flex-none">
        {icon}
        <span className="sr-only">{word}: </span>
      </span>
      <b className="w-37.5 flex-none narrow:w-auto narrow:flex-1">{checkName[row.rule]}</b>
      <span className="min-w-0 flex-1 truncate text-fg-2 narrow:sr-only" title={row.summary}>
        {row.summary}
      </span>
      {row.status === "failed" && row.is_blocking ? (
        <Pill tone="err" isBare>
          Blocking
        </Pill>
      ) : null}
      {count > 0 ? (
        <>
          <span className="num flex-none text-fg-2">{counted(count, "issue")}</span>
          <ChevronRight size={14} className={cx("flex-none text-fg-3 transition-transform", isOpen && "rotate-90")} />
        </>
      ) : null}
    </>
  );
  return (
    <li data-rule={row.rule} className="text-xs">
      {count > 0 ? (
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
          className="flex min-h-7.75 w-full min-w-0 items-center gap-2 rounded-1 text-left hover:bg-bg-2 narrow:min-h-11"
        >
          {inside}
        </button>
      ) : (
        <p className="flex min-h-7.75 min-w-0 items-center gap-2 narrow:min-h-11">{inside}</p>
      )}
      {isOpen && count > 0 ? (
        <ul aria-label={`Issues: ${checkName[row.rule]}`} className="grid gap-1.5 pb-2.5 pl-8">
          <li className="hidden text-fg-2 narrow:block">{row.summary}</li>
          {row.findings.map((finding, index) => (
            <Finding key={index} finding={finding} onOpenFile={onOpenFile} />
          ))}
        </ul>
      ) : null}
    </li>
  );
}

function Finding({ finding, onOpenFile }: { finding: LaunchFinding; onOpenFile: (place: string) => void }) {
  const place = issueLocation(finding);
  return (
    <li className="flex items-start gap-2">
      <Pill tone={tones[finding.severity]} className="w-14.5 justify-center">
        {severityName[finding.severity]}
      </Pill>
      <span className="min-w-0 flex-1 pt-0.5">
        <span className="break-words text-fg-0">{finding.message}</span>
        {place ? (
          <button type="button" className="link block max-w-full truncate font-mono text-2xs" onClick={() => onOpenFile(place)}>
            {place}
          </button>
        ) : null}
        {finding.page ? <span className="block truncate font-mono text-2xs text-fg-2">{finding.page}</span> : null}
      </span>
    </li>
  );
}
