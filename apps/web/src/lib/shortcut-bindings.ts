import { useSyncExternalStore } from "react";
import { shortcuts, type ShortcutId } from "../shortcuts.ts";
import { isNotation, sameKeysAs } from "./shortcut-keys.ts";

/** Keys that differ from the defaults, by id; an empty list: none. Kept with the account. */
export type ShortcutOverrides = Readonly<Record<string, readonly string[]>>;

const none: ShortcutOverrides = {};
let overrides = none;
const listeners = new Set<() => void>();

/** Binds these keys from now on. What is no shortcut or no notation of keys is left out. */
export function setShortcutOverrides(given: ShortcutOverrides): void {
  const known = Object.entries(given).filter(([id, keys]) => id in shortcuts && keys.every(isNotation));
  const next = known.length === 0 ? none : Object.fromEntries(known);
  if (JSON.stringify(next) === JSON.stringify(overrides)) return;
  overrides = next;
  for (const listener of listeners) listener();
}

/** The keys of a shortcut as they are set now; the first is the one shown. */
export const shortcutKeys = (id: ShortcutId, among: ShortcutOverrides = overrides): readonly string[] => among[id] ?? shortcuts[id].keys;

/** Called when keys change. Returns the function that unsubscribes. */
export const onShortcutsChange = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
/** Renders again when keys change. */
export const useShortcutOverrides = (): ShortcutOverrides => useSyncExternalStore(onShortcutsChange, () => overrides);

/** Whether two shortcuts can be meant by the same press: they work at the same place. */
const canMeet = (a: ShortcutId, b: ShortcutId) => {
  const scopes = [shortcuts[a].scope, shortcuts[b].scope];
  return scopes[0] === scopes[1] || scopes.includes("Everywhere");
};

/** Other shortcuts at the same place that have these keys, or begin with them, or are their beginning. */
export function shortcutConflicts(id: ShortcutId, keys: string, among: ShortcutOverrides = overrides): ShortcutId[] {
  const wanted = sameKeysAs(keys);
  return (Object.keys(shortcuts) as ShortcutId[]).filter(
    (other) =>
      other !== id &&
      canMeet(id, other) &&
      shortcutKeys(other, among).some((given) => {
        const taken = sameKeysAs(given);
        return taken === wanted || taken.startsWith(`${wanted} `) || wanted.startsWith(`${taken} `);
      }),
  );
}

const isDefault = (id: ShortcutId, keys: readonly string[]) =>
  JSON.stringify(keys.map(sameKeysAs)) === JSON.stringify(shortcuts[id].keys.map(sameKeysAs));

/** The overrides with these keys for a shortcut; without `keys` its defaults. Other shortcuts at the same place lose what would be meant by the same press. */
export function withShortcut(among: ShortcutOverrides, id: ShortcutId, keys: readonly string[] = shortcuts[id].keys): ShortcutOverrides {
  const next: Record<string, readonly string[]> = { ...among, [id]: keys };
  for (const wanted of keys)
    for (const other of shortcutConflicts(id, wanted, among)) {
      const taken = sameKeysAs(wanted);
      next[other] = shortcutKeys(other, next).filter((given) => {
        const have = sameKeysAs(given);
        return have !== taken && !have.startsWith(`${taken} `) && !taken.startsWith(`${have} `);
      });
    }
  return Object.fromEntries(Object.entries(next).filter(([one, given]) => one in shortcuts && !isDefault(one as ShortcutId, given)));
}
