import { useRef, useState, type KeyboardEvent } from "react";
import { isNotation, isReserved, notationOf } from "../../lib/shortcut-keys.ts";
import { shortcutConflicts, shortcutKeys, type ShortcutOverrides } from "../../lib/shortcut-bindings.ts";
import { shortcuts, type ShortcutId } from "../../shortcuts.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { KeyPresses } from "../../ui/page/ShortcutTable.tsx";

/** Two keys that follow each other this fast are a sequence. */
const sequenceMs = 1_000;
/** What moves in a dialog or works a control, with nothing else held. */
const controlKeys = new Set(["Tab", "Shift+Tab", "Escape", "Enter", "Space"]);

/** Why keys cannot be used, or undefined. */
function problemOf(keys: string, conflicts: readonly ShortcutId[]): string | undefined {
  if (!isNotation(keys)) return "These keys can't be used. Press others.";
  if (isReserved(keys)) return "Your browser uses these keys. Press others.";
  const fixed = conflicts.find((other) => shortcuts[other].isFixed);
  if (fixed) return `“${shortcuts[fixed].label}” always has these keys. Press others.`;
  return undefined;
}

/** Records the keys of one shortcut, and says who else has them. */
export function ShortcutDialog({
  id,
  overrides,
  onClose,
  onSave,
}: {
  id: ShortcutId;
  overrides: ShortcutOverrides;
  onClose: () => void;
  onSave: (keys: string[]) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [keys, setKeys] = useState<string>();
  const last = useRef({ at: -Infinity, press: "" });
  const shown = keys ?? shortcutKeys(id, overrides)[0];
  const conflicts = keys === undefined ? [] : shortcutConflicts(id, keys, overrides);
  const problem = keys === undefined ? undefined : problemOf(keys, conflicts);
  const record = (event: KeyboardEvent) => {
    const press = notationOf(event.nativeEvent);
    if (press === undefined || controlKeys.has(press)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    const before = last.current;
    const isPlain = !press.includes("+");
    const isSecond = isPlain && event.timeStamp - before.at < sequenceMs && before.press !== "" && !before.press.includes("+");
    last.current = { at: isSecond ? -Infinity : event.timeStamp, press };
    setKeys(isSecond ? `${before.press} ${press}` : press);
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title={shortcuts[id].label}
      description="Press the keys: a combination such as Ctrl+K, or one or two keys one after the other."
      onOpenAutoFocus={(event) => {
        event.preventDefault();
        box.current?.focus();
      }}
      footer={
        <>
          {shortcutKeys(id, overrides).length > 0 ? (
            <Button variant="ghost" className="mr-auto" onClick={() => onSave([])}>
              Remove shortcut
            </Button>
          ) : null}
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            disabled={keys === undefined || problem !== undefined}
            onClick={() => keys !== undefined && onSave([keys])}
          >
            Save
          </Button>
        </>
      }
    >
      <div
        ref={box}
        role="textbox"
        aria-readonly="true"
        tabIndex={0}
        aria-label="Keys"
        aria-describedby={problem || conflicts.length > 0 ? "shortcut-problem" : undefined}
        onKeyDown={record}
        className="grid h-16 place-items-center rounded-3 border border-line-1 bg-bg-2"
      >
        <span aria-live="polite">{shown === undefined ? <span className="text-fg-2">No keys</span> : <KeyPresses keys={shown} />}</span>
      </div>
      <div id="shortcut-problem" className="mt-3 empty:hidden">
        {problem ? (
          <Banner tone="err">{problem}</Banner>
        ) : conflicts.length > 0 ? (
          <Banner tone="warn">
            Also used by {conflicts.map((other) => `“${shortcuts[other].label}” (${shortcuts[other].scope})`).join(", ")}. Saving removes
            the shortcut there.
          </Banner>
        ) : null}
      </div>
    </Dialog>
  );
}
