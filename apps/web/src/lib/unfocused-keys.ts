import { isDialogOpen } from "./open-dialog.ts";

/**
 * Calls the listener for keys that are pressed while nothing has the focus, no dialog is open and no shortcut takes the key. Returns the
 * function that unsubscribes.
 */
export function onUnfocusedKeys(listener: (event: KeyboardEvent) => void): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (document.activeElement !== null && document.activeElement !== document.body) return;
    if (event.isComposing || isDialogOpen()) return;
    // Afterwards, because another listener of the window may take the key as part of a sequence (`g a`) or for the open view.
    setTimeout(() => {
      if (!event.defaultPrevented) listener(event);
    });
  };
  addEventListener("keydown", onKeyDown);
  return () => removeEventListener("keydown", onKeyDown);
}
