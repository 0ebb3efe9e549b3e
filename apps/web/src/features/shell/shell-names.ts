import { useCallback, useState } from "react";
import { readStored, writeStored } from "../../lib/storage.ts";

const key = "tesslate.shells";
const maxKept = 200;
interface Kept {
  /** Shell → its given name. */
  names: Record<string, string>;
  /** Project → the selected shell. */
  chosen: Record<string, string>;
}
const isKept = (value: unknown): value is Kept =>
  typeof value === "object" &&
  value !== null &&
  "names" in value &&
  "chosen" in value &&
  typeof value.names === "object" &&
  typeof value.chosen === "object";
const read = (): Kept => readStored(localStorage, key, isKept) ?? { names: {}, chosen: {} };
/** Drops the oldest entries: shells that ended stay in this list. */
const trimmed = (entries: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(entries).slice(-maxKept));

/** Stored in the browser: the names of shells, and the selected one of a project. */
export function useShellMemory(projectId: string) {
  const [kept, setKept] = useState(read);
  const change = useCallback((next: (last: Kept) => Kept) => {
    // Read again: another tab may have changed it.
    const made = next(read());
    writeStored(localStorage, key, made);
    setKept(made);
  }, []);
  return {
    names: kept.names,
    chosen: kept.chosen[projectId],
    choose: (shellId: string) => change((last) => ({ ...last, chosen: trimmed({ ...last.chosen, [projectId]: shellId }) })),
    rename: (shellId: string, name: string) =>
      change((last) => {
        const { [shellId]: _former, ...others } = last.names;
        const given = name.trim().slice(0, 40);
        return { ...last, names: trimmed(given === "" ? others : { ...others, [shellId]: given }) };
      }),
  };
}
