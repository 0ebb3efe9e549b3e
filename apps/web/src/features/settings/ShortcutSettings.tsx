import { useSuspenseQuery } from "@tanstack/react-query";
import { RotateCcw, Search } from "lucide-react";
import { useState } from "react";
import { rank } from "../../lib/rank.ts";
import { setShortcutOverrides, shortcutKeys, withShortcut, type ShortcutOverrides } from "../../lib/shortcut-bindings.ts";
import { shortcuts, type ShortcutId } from "../../shortcuts.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { KeyPresses, ShortcutTable } from "../../ui/page/ShortcutTable.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { toastWithUndo } from "../../ui/toast.tsx";
import { meQuery, useSavePreferences } from "../users/index.ts";
import { ShortcutDialog } from "./ShortcutDialog.tsx";

const mutable = (overrides: ShortcutOverrides): Record<string, string[]> =>
  Object.fromEntries(Object.entries(overrides).map(([id, keys]) => [id, [...keys]]));

/** All shortcuts, with their keys to change. */
export function ShortcutSettings() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { mutate } = useSavePreferences();
  const overrides: ShortcutOverrides = user.preferences.shortcuts;
  const [text, setText] = useState("");
  const [editing, setEditing] = useState<ShortcutId>();
  const found = new Set(rank(Object.keys(shortcuts) as ShortcutId[], text, (id) => `${shortcuts[id].label} ${shortcuts[id].scope}`));
  const save = (next: ShortcutOverrides) => {
    // The next key may follow before the frame has rendered.
    setShortcutOverrides(next);
    mutate({ shortcuts: mutable(next) });
  };
  const reset = (next: ShortcutOverrides, sentence: string) => {
    const before = overrides;
    save(next);
    toastWithUndo(sentence, () => save(before));
  };
  return (
    <SettingsSection
      id="shortcuts"
      title="Keyboard shortcuts"
      hint="Single letters work while no text field has focus. Changes apply in every browser where you sign in."
      action={
        <Button size="sm" disabled={Object.keys(overrides).length === 0} onClick={() => reset({}, "All shortcuts reset.")}>
          Reset all
        </Button>
      }
    >
      <Input
        type="search"
        aria-label="Search shortcuts"
        placeholder="Search shortcuts"
        value={text}
        onChange={(event) => setText(event.target.value)}
        leading={<Search size={14} />}
        boxClassName="mb-4"
      />
      {found.size === 0 ? <EmptyState className="px-0" title={`No results for “${text.trim()}”`} /> : null}
      <ShortcutTable
        isShown={(id) => found.has(id)}
        cellOf={(id) => {
          const { label, isFixed } = shortcuts[id];
          const keys = shortcutKeys(id, overrides);
          const shown = keys[0] === undefined ? <span className="text-xs text-fg-3">None</span> : <KeyPresses keys={keys[0]} />;
          return (
            <span className="flex items-center justify-end gap-1">
              {id in overrides ? (
                <IconButton size="sm" label={`Reset ${label}`} onClick={() => reset(withShortcut(overrides, id), `${label} reset.`)}>
                  <RotateCcw />
                </IconButton>
              ) : null}
              {isFixed ? (
                <span className="px-2">{shown}</span>
              ) : (
                <button
                  type="button"
                  className="min-h-6 rounded-2 border border-transparent px-2 hover:border-line-1 hover:bg-bg-2 narrow:min-h-11"
                  onClick={() => setEditing(id)}
                >
                  <span className="sr-only">Change {label}, </span>
                  {shown}
                </button>
              )}
            </span>
          );
        }}
      />
      {editing ? (
        <ShortcutDialog
          id={editing}
          overrides={overrides}
          onClose={() => setEditing(undefined)}
          onSave={(keys) => {
            save(withShortcut(overrides, editing, keys));
            setEditing(undefined);
          }}
        />
      ) : null}
    </SettingsSection>
  );
}
