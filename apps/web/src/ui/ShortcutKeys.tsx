import { capsOf } from "../lib/shortcut-keys.ts";
import { shortcutKeys, useShortcutOverrides } from "../lib/shortcut-bindings.ts";
import type { ShortcutId } from "../shortcuts.ts";
import { Kbds } from "./Kbd.tsx";

/** The keys of a shortcut as they are set now; nothing if it has none. */
export function ShortcutKeys({ id }: { id: ShortcutId }) {
  const [first] = shortcutKeys(id, useShortcutOverrides());
  return first === undefined ? null : <Kbds caps={capsOf(first).flat()} />;
}
