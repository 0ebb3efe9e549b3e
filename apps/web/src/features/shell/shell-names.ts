import { useCallback, useState } from "react";
import { readStored, writeStored } from "../../lib/storage.ts";

const key = "tesslate.shells";
const maxKept = 200;
interface Kept {
  /** Shell → what its person calls it. */
  names: Record<string, string>;
  /** Project → the shell on screen. */
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
/** The oldest go first: shells end, and nobody tells this list. */
const trimmed = (entries: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(entries).slice(-maxKept));

/** What this browser remembers of shells: their given names, and which one was on screen. */
export function useShellMemory(projectId: string) {
  const [kept, setKept] = useState(read);
  const change = useCallback((next: (last: Kept) => Kept) => {
    // Read anew: another tab may have written meanwhile.
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
