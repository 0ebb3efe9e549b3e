import { X } from "lucide-react";
import { useState } from "react";
import { cx } from "../../lib/cx.ts";

/** The tab of a terminal: select, rename (double-click or F2), close. */
export function ShellTab({
  name,
  isActive,
  onChoose,
  onRename,
  onEnd,
}: {
  name: string;
  isActive: boolean;
  onChoose: () => void;
  /** An empty name restores the default one. */
  onRename: (name: string) => void;
  onEnd: () => void;
}) {
  const [isEditing, setIsEditing] = useState(false);
  const keep = (text: string) => {
    setIsEditing(false);
    if (text.trim() !== name) onRename(text);
  };
  return (
    <span
      className={cx(
        "inline-flex h-5.5 flex-none items-center rounded-1 font-mono text-2xs narrow:h-9",
        isActive ? "bg-bg-3 text-fg-0" : "text-fg-2",
      )}
    >
      {isEditing ? (
        <input
          aria-label={`Name of terminal ${name}`}
          autoFocus
          maxLength={40}
          defaultValue={name}
          size={Math.max(6, name.length + 2)}
          onFocus={(event) => event.target.select()}
          onBlur={(event) => keep(event.target.value)}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Enter") keep(event.currentTarget.value);
            if (event.key === "Escape") setIsEditing(false);
          }}
          className="ml-1 h-4.5 rounded-1 border border-line-1 bg-bg-1 px-1 text-fg-0"
        />
      ) : (
        <button
          type="button"
          aria-current={isActive ? "true" : undefined}
          title={`${name}: double-click or press F2 to rename`}
          className="h-full pl-1.75"
          onClick={onChoose}
          onDoubleClick={() => setIsEditing(true)}
          onKeyDown={(event) => {
            if (event.key !== "F2") return;
            event.preventDefault();
            setIsEditing(true);
          }}
        >
          {name}
        </button>
      )}
      <button
        type="button"
        aria-label={`Close terminal ${name}`}
        title="Close terminal"
        className="grid h-full w-5 place-items-center hover:text-fg-0 narrow:w-9"
        onClick={onEnd}
      >
        <X size={11} />
      </button>
    </span>
  );
}
