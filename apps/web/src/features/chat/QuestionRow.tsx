import { Check, KeyRound, X } from "lucide-react";
import { memo } from "react";
import { cx } from "../../lib/cx.ts";
import { formatTime } from "../../lib/time.ts";
import type { QuestionPart } from "./chat.types.ts";
import { answerText } from "./question-events.ts";

/** An answered question of the agent. */
export const QuestionRow = memo(({ part }: { part: QuestionPart }) => {
  const { answer, asked } = part;
  if (!answer) return null;
  const isAnswered = answer.outcome === "answered";
  const Icon = !isAnswered ? X : asked.kind === "secret" ? KeyRound : Check;
  return (
    <div
      data-testid="question-card"
      data-answer={answer.outcome}
      className="flex min-h-(--row) min-w-0 items-start gap-1.75 py-1 text-xs text-fg-2 narrow:text-sm"
    >
      <Icon size={14} className={cx("mt-0.5 flex-none", isAnswered ? "text-ok" : "text-fg-3")} aria-hidden="true" />
      <span className="min-w-0 flex-1 break-words">
        {asked.kind === "question" ? <span className="block">{asked.question}</span> : null}
        <b className="font-semibold text-fg-1">{answerText(part)}</b>
        <span>, {formatTime(answer.at)}</span>
      </span>
    </div>
  );
});
