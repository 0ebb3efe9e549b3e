import { Check, ChevronDown, ChevronUp } from "lucide-react";
import { useState } from "react";
import { cx } from "../../lib/cx.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { StepProgress } from "../../ui/Progress.tsx";
import type { Todo } from "./chat.types.ts";
import { todoCounts } from "./transcript-rows.ts";

/** The agent's to-do list, pinned above the chat. Collapsed, it shows the current item. */
export function TodoPanel({ todos, isRunning }: { todos: readonly Todo[]; isRunning: boolean }) {
  const [choice, setChoice] = useState<boolean>();
  const { done, total } = todoCounts(todos);
  // A low or zoomed window has no room for the list and the chat.
  const [isLow] = useState(() => innerHeight <= 560);
  const isOpen = choice ?? (done < total && !isLow);
  const current = todos.find((todo) => todo.status === "in_progress");
  return (
    <section aria-label="To-do list" className="on-sheet mr-3 mb-2 ml-1.5 flex-none rounded-3 border border-line-0 bg-bg-1">
      <header className="flex h-8 items-center gap-2 pr-1.5 pl-2.5 text-xs narrow:h-10">
        <h2 className="font-semibold">To-do</h2>
        {total <= 12 ? <StepProgress done={done} total={total} isRunning={isRunning} /> : null}
        <span className="num flex-none text-fg-2">
          {done} of {total}
        </span>
        <span className="min-w-0 flex-1 truncate text-right text-fg-2">{isOpen ? "" : current?.content}</span>
        <IconButton
          size="sm"
          label={isOpen ? "Collapse to-dos" : "Expand to-dos"}
          aria-expanded={isOpen}
          onClick={() => setChoice(!isOpen)}
        >
          {isOpen ? <ChevronUp size={14} /> : <ChevronDown size={14} />}
        </IconButton>
      </header>
      {isOpen ? (
        <ul role="list" className="scroll-y max-h-44 pb-1.5">
          {todos.map((todo) => (
            <li
              key={todo.id}
              data-status={todo.status}
              className={cx(
                "flex min-h-6 items-center gap-2 px-2.5 text-xs",
                todo.status === "completed" ? "text-fg-3" : todo.status === "in_progress" ? "font-medium text-fg-0" : "text-fg-1",
              )}
            >
              <span
                aria-hidden="true"
                className={cx(
                  "grid size-3.25 flex-none place-items-center rounded-full border-[1.5px]",
                  todo.status === "completed"
                    ? "border-ok text-ok"
                    : todo.status === "in_progress"
                      ? "border-thread-live bg-[radial-gradient(circle,var(--thread-live)_0_2.5px,transparent_3px)]"
                      : "border-line-1",
                )}
              >
                {todo.status === "completed" ? <Check size={9} strokeWidth={2.4} /> : null}
              </span>
              <span className={cx("min-w-0 truncate", todo.status === "completed" && "line-through decoration-line-1")}>
                {todo.content}
              </span>
              <span className="sr-only">
                {todo.status === "completed" ? "done" : todo.status === "in_progress" ? "in progress" : "to do"}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}
