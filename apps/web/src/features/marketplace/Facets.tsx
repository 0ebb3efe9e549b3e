import { useId, useState, type ReactNode } from "react";
import { cx } from "../../lib/cx.ts";

/** Choices that are shown before "Show all". */
const shortLength = 8;

export interface FacetChoice {
  value: string;
  label: string;
  count: number;
}

/** A filter of the store: at most one choice is selected, and a click on it clears the filter. The counts respect the other filters. */
export function Facet({
  title,
  choices,
  value,
  onChange,
}: {
  title: ReactNode;
  choices: readonly FacetChoice[];
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const id = useId();
  const [isLong, setIsLong] = useState(false);
  if (choices.length === 0) return null;
  const shown = isLong ? choices : choices.filter((choice, index) => index < shortLength || choice.value === value);
  return (
    <div role="group" aria-labelledby={id} className="mb-5">
      <h2 id={id} className="mb-1.5 px-2 text-xs font-semibold text-fg-0">
        {title}
      </h2>
      <ul role="list" className="grid gap-px">
        {shown.map((choice) => {
          const isChosen = choice.value === value;
          return (
            <li key={choice.value}>
              <button
                type="button"
                aria-pressed={isChosen}
                onClick={() => onChange(isChosen ? undefined : choice.value)}
                className={cx(
                  "flex h-6.5 w-full items-center gap-2 rounded-1 px-2 text-left text-sm text-fg-1 hover:bg-bg-2 narrow:h-11",
                  isChosen && "bg-bg-3 font-medium text-fg-0 hover:bg-bg-3",
                )}
              >
                <span className="min-w-0 flex-1 truncate">{choice.label}</span>
                <span className="num text-xs text-fg-2">{choice.count}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {choices.length > shortLength ? (
        <button
          type="button"
          aria-expanded={isLong}
          onClick={() => setIsLong(!isLong)}
          className="mt-0.5 h-6.5 rounded-1 px-2 text-xs text-fg-2 hover:text-fg-0 narrow:h-11"
        >
          {isLong ? "Show fewer" : `Show all ${choices.length}`}
          <span className="sr-only"> in {title}</span>
        </button>
      ) : null}
    </div>
  );
}
