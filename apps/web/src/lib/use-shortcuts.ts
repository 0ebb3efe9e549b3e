import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import { createKeybindingsHandler } from "tinykeys";
import { shortcuts, type ShortcutId } from "../shortcuts.ts";
import { isDialogOpen } from "./open-dialog.ts";
import { onShortcutsChange, shortcutKeys } from "./shortcut-bindings.ts";
import { ariaKeysOf } from "./shortcut-keys.ts";
import { onUnfocusedKeys } from "./unfocused-keys.ts";

const fields = "input, textarea, select, [contenteditable='true'], [role='textbox']";
const hasModifier = (keys: string) => /\$mod|Control|Meta|Alt/.test(keys);
/** Whether a press of these keys can also be a character for a text field. */
const isCharacter = (keys: string) => !hasModifier(keys) && /(?:^|[+ ])(?:.|Key.|Digit.)$/.test(keys);
const typesCharacter = ({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent) =>
  key.length === 1 && !ctrlKey && !metaKey && !altKey && target instanceof Element && target.closest(fields) !== null;

/** What a fired shortcut reports to the page: tests and the help sheet listen. */
export const shortcutEvent = "tesslate:shortcut";

type Handlers = Partial<Record<ShortcutId, (event: KeyboardEvent) => void>>;

/**
 * Binds handlers to entries of the registry while the component is mounted. Plain letters stay silent in text fields and under an
 * open dialog. With `within`, keys count only while focus is inside that element; with `isForUnfocused` also while nothing has the focus
 * and no other shortcut takes the key.
 */
export function useShortcuts(handlers: Handlers, within?: RefObject<HTMLElement | null>, { isForUnfocused = false } = {}): void {
  const latest = useRef(handlers);
  // Before a key can be pressed on what is seen.
  useLayoutEffect(() => {
    latest.current = handlers;
  });
  const ids = Object.keys(handlers).sort().join(" ");
  useEffect(() => {
    const target = within ? within.current : window;
    if (!target) return undefined;
    const bind = () => {
      const bindings: Record<string, (event: KeyboardEvent) => void> = {};
      for (const id of ids.split(" ").filter(Boolean) as ShortcutId[]) {
        const entry = shortcuts[id];
        for (const keys of shortcutKeys(id))
          bindings[keys] = (event) => {
            const element = event.target instanceof Element ? event.target : undefined;
            if (event.defaultPrevented) return;
            if (!(entry.isForFields ?? hasModifier(keys)) && element?.closest(fields)) return;
            if (!within && isDialogOpen()) return;
            event.preventDefault();
            window.dispatchEvent(new CustomEvent(shortcutEvent, { detail: id }));
            latest.current[id]?.(event);
          };
      }
      const options = { ignore: () => false };
      const handle = createKeybindingsHandler(bindings, options);
      // What a person types is compared with bindings only if one of them could take it: this runs for each letter.
      const takesCharacters = (ids.split(" ").filter(Boolean) as ShortcutId[]).some(
        (id) => shortcuts[id].isForFields === true && shortcutKeys(id).some(isCharacter),
      );
      const onKeyDown = (event: Event) => {
        if (event instanceof KeyboardEvent && (takesCharacters || !typesCharacter(event))) handle(event);
      };
      target.addEventListener("keydown", onKeyDown);
      const unbind = () => target.removeEventListener("keydown", onKeyDown);
      const unbindUnfocused = isForUnfocused ? onUnfocusedKeys(createKeybindingsHandler(bindings, options)) : undefined;
      return () => {
        unbind();
        unbindUnfocused?.();
      };
    };
    let unbind = bind();
    const unsubscribe = onShortcutsChange(() => {
      unbind();
      unbind = bind();
    });
    return () => {
      unsubscribe();
      unbind();
    };
  }, [ids, within, isForUnfocused]);
}

/** `aria-keyshortcuts` of an entry, for the control that does the same. */
export const ariaKeys = (id: ShortcutId): string | undefined => {
  const [first] = shortcutKeys(id);
  return first === undefined ? undefined : ariaKeysOf(first);
};
