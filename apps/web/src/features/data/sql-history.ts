import { useState } from "react";
import { readStored, writeStored } from "../../lib/storage.ts";

/** Statements that were run from this browser, newest first. */
export interface HistoryEntry {
  sql: string;
  /** Milliseconds since 1970. */
  at: number;
  duration_ms: number | null;
  isFailed: boolean;
}

const keptEntries = 100;
const keptCharacters = 10_000;
const isHistory = (value: unknown): value is HistoryEntry[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === "object" && entry !== null && "sql" in entry && typeof entry.sql === "string");

export function useSqlHistory(projectId: string, databaseId: string) {
  const key = `studio:sql-history:${projectId}:${databaseId}`;
  const [entries, setEntries] = useState(() => readStored(localStorage, key, isHistory) ?? []);
  const write = (next: HistoryEntry[]) => {
    setEntries(next);
    writeStored(localStorage, key, next.length > 0 ? next : undefined);
  };
  return {
    entries,
    /** The same text run again moves to the top. */
    add: (entry: HistoryEntry) => {
      const sql = entry.sql.slice(0, keptCharacters);
      const rest = (readStored(localStorage, key, isHistory) ?? []).filter((old) => old.sql !== sql);
      write([{ ...entry, sql }, ...rest].slice(0, keptEntries));
    },
    clear: () => write([]),
  };
}
