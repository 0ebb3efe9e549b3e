import { fixRequest } from "@tesslate/contract/app-errors";
import { CircleX, Globe } from "lucide-react";
import { useState, type ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { formatLogTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { appErrorOf, type Problem } from "./problems.ts";

/** Problems of the running app, newest first, with buttons to fix them with the agent. */
export function ProblemsPanel({
  problems,
  isBusy,
  onFix,
  autoFix,
  onClear,
  onOpenFile,
}: {
  problems: readonly Problem[];
  isBusy: boolean;
  /** Asks the agent to fix them. */
  onFix: (request: { message: string; details: string }) => void;
  /** The switch for automatic fixes. */
  autoFix?: ReactNode;
  onClear: () => void;
  onOpenFile: (place: string) => void;
}) {
  const [openKey, setOpenKey] = useState<string>();
  if (problems.length === 0)
    return (
      <div className="flex h-full min-h-0 flex-col">
        {autoFix ? <div className="flex flex-none justify-end px-3 py-1.5">{autoFix}</div> : null}
        <EmptyState title="No problems reported">
          Errors and failed requests of the running app appear here, including errors in its build and logs.
        </EmptyState>
      </div>
    );
  const current = problems.filter((problem) => !problem.isOld);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-none items-center gap-2 px-3 py-1.5">
        <Button size="sm" disabled={current.length === 0 || isBusy} onClick={() => onFix(fixRequest(current.toReversed().map(appErrorOf)))}>
          Fix with agent
        </Button>
        {isBusy ? <span className="text-xs text-fg-2">The agent is working.</span> : null}
        <span className="flex-1" />
        {autoFix}
        <Button size="sm" variant="ghost" onClick={onClear}>
          Clear
        </Button>
      </div>
      <ul role="list" className="scroll-y min-h-0 flex-1 pb-2">
        {problems.toReversed().map((problem) => {
          const isOpen = openKey === problem.key;
          const file = problem.place?.replace(/:.*$/, "");
          return (
            <li key={problem.key} className={cx("px-1.5 text-xs", problem.isOld && "text-fg-2")}>
              <div
                className={cx(
                  "flex min-h-(--row) min-w-0 items-center gap-2 rounded-2 px-1.5 hover:bg-bg-2 narrow:min-h-11",
                  isOpen && "bg-bg-2",
                )}
              >
                <button
                  type="button"
                  aria-expanded={isOpen}
                  onClick={() => setOpenKey(isOpen ? undefined : problem.key)}
                  className="flex min-h-(--row) min-w-0 flex-1 items-center gap-2 text-left narrow:min-h-11"
                >
                  {problem.kind === "request" ? (
                    <Globe size={14} aria-hidden="true" className="flex-none text-err" />
                  ) : (
                    <CircleX size={14} aria-hidden="true" className={cx("flex-none", problem.isOld ? "text-fg-3" : "text-err")} />
                  )}
                  <span className={cx("min-w-0 flex-1 truncate", problem.isOld ? "" : "text-fg-0")}>{problem.message}</span>
                  {problem.count > 1 ? <span className="num flex-none rounded-full bg-bg-3 px-1.5 text-2xs">{problem.count}×</span> : null}
                </button>
                {problem.source ? <span className="flex-none text-2xs text-fg-2 narrow:hidden">{problem.source}</span> : null}
                {problem.place ? (
                  <button
                    type="button"
                    title={`Open ${problem.place}`}
                    onClick={() => onOpenFile(problem.place ?? "")}
                    className="max-w-2/5 flex-none truncate font-mono text-2xs text-fg-1 underline decoration-line-1 underline-offset-2 hover:text-fg-0 narrow:min-h-11"
                  >
                    {problem.place}
                  </button>
                ) : null}
                {problem.isOld ? <span className="flex-none text-2xs">before reload</span> : null}
                <time className="num flex-none text-2xs text-fg-3">{formatLogTime(problem.at)}</time>
              </div>
              {isOpen ? (
                <div className="grid gap-2 py-1.5 pl-7">
                  <pre
                    {...scrollable}
                    className="scroll-y max-h-48 rounded-2 border border-line-0 bg-bg-2 px-2.5 py-2 text-xs leading-code break-words whitespace-pre-wrap text-fg-1"
                  >
                    {problem.stack ?? problem.message}
                  </pre>
                  <div className="flex items-center gap-1.5">
                    <Button size="sm" disabled={isBusy} onClick={() => onFix(fixRequest([appErrorOf(problem)]))}>
                      Fix with agent
                    </Button>
                    {file && problem.place ? (
                      <Button size="sm" variant="ghost" onClick={() => onOpenFile(problem.place ?? "")}>
                        Open {file.split("/").at(-1)}
                      </Button>
                    ) : null}
                    <CopyButton text={problem.stack ?? problem.message} />
                  </div>
                </div>
              ) : null}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
