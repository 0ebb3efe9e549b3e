import type { Evidence } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";
import { Bead } from "../../ui/thread/Bead.tsx";
import { EvidenceCard, evidenceText, isAllGood } from "../chat/index.ts";

const panelId = "review-evidence";

/** The checks and screenshots of a run: beside its changes, or alone in their place. */
export const EvidencePanel = ({
  evidence,
  taskId,
  messageId,
  isAlone,
}: {
  evidence: Evidence[];
  taskId: string;
  messageId: string;
  isAlone: boolean;
}) => (
  <aside
    id={panelId}
    aria-label="Evidence"
    className={cx("scroll-y min-h-0 min-w-0 bg-bg-0 p-3 pb-0", isAlone ? "flex-1" : "w-85 flex-none border-l border-line-0")}
  >
    <EvidenceCard run={{ taskId, messageId, evidence }} isLast />
  </aside>
);

/** The outcome of a run's checks; shows or hides the panel. */
export function EvidenceButton({ evidence, isOpen, onToggle }: { evidence: readonly Evidence[]; isOpen: boolean; onToggle: () => void }) {
  const isGood = isAllGood(evidence);
  return (
    <>
      <span aria-hidden="true" className="h-px max-w-16 min-w-2 flex-1 bg-thread narrow:hidden" />
      <button
        type="button"
        aria-label={`Evidence: ${evidenceText(evidence)} passed`}
        aria-expanded={isOpen}
        aria-controls={panelId}
        onClick={onToggle}
        className={cx(
          "flex min-h-7 flex-none items-center gap-2 rounded-2 px-1.5 text-xs hover:bg-bg-2 narrow:min-h-11",
          isOpen && "bg-bg-3",
        )}
      >
        <span className="grid size-3.5 flex-none place-items-center">
          <Bead kind="evidence" {...(!isGood && { tone: "bad" as const })} />
        </span>
        <b className="num font-medium text-fg-0">{evidenceText(evidence)}</b>
      </button>
    </>
  );
}
