import { cx } from "../../lib/cx.ts";
import { floating } from "../../ui/Menu.tsx";
import type { SlashCommand } from "./slash-commands.ts";

/** The slash commands. The field keeps the focus and refers to the selected one by `aria-activedescendant`. */
export function SlashMenu({
  id,
  commands,
  chosen,
  onPick,
}: {
  id: string;
  commands: readonly SlashCommand[];
  chosen: number;
  onPick: (command: SlashCommand) => void;
}) {
  return (
    <div role="listbox" id={id} aria-label="Commands" className={cx(floating, "absolute inset-x-0 bottom-full mb-1 p-1")}>
      {commands.map((command, index) => (
        <button
          type="button"
          key={command.name}
          id={optionId(id, index)}
          role="option"
          aria-selected={index === chosen}
          tabIndex={-1}
          // The field must keep the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(command)}
          className={cx(
            "flex min-h-7 w-full cursor-default text-left items-center gap-3 rounded-1 px-2 py-1 hover:bg-bg-3 narrow:min-h-11",
            index === chosen && "bg-bg-3",
          )}
        >
          <span className="w-16 flex-none font-mono text-xs">/{command.name}</span>
          <span className="min-w-0 truncate text-xs text-fg-2">{command.hint}</span>
        </button>
      ))}
    </div>
  );
}

export const optionId = (id: string, index: number): string => `${id}-${index}`;
