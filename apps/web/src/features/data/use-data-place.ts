import { useNavigate, useSearch } from "@tanstack/react-router";
import { filterOperators, type DataFilter } from "@tesslate/contract";
import { useEffect } from "react";
import { readStored, writeStored } from "../../lib/storage.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useProject } from "../../project/project-context.ts";
import type { DataSearch } from "./data-search.ts";

/** What the view shows, and the ways to change it. It is in the address. */
export interface DataPlace {
  search: DataSearch;
  filters: readonly DataFilter[];
  /** Changes parameters; the others stay. `isReplaced`: without an entry in the browser's history. */
  change: (next: Partial<DataSearch>, isReplaced?: boolean) => void;
  openTable: (table: { schema: string; name: string }, filters?: readonly DataFilter[]) => void;
}

const isOperator = (op: string): op is DataFilter["op"] => (filterOperators as readonly string[]).includes(op);
const isPlace = (value: unknown): value is DataSearch => typeof value === "object" && value !== null && !Array.isArray(value);
const keyOf = (projectId: string) => `studio:data:${projectId}`;

export function useDataPlace(): DataPlace {
  const { run: _, deployment: __, ...search } = useSearch({ strict: false }) as DataSearch & { run?: string; deployment?: string };
  const navigate = useNavigate();
  const change = useHandler((next: Partial<DataSearch>, isReplaced = false) => {
    // The types of the router do not know that "." is the workbench.
    void navigate({ to: ".", search: (before: DataSearch) => ({ ...before, ...next }), replace: isReplaced } as never);
  });
  const openTable = useHandler(({ schema, name }: { schema: string; name: string }, filters?: readonly DataFilter[]) =>
    change({
      schema,
      table: name,
      tab: undefined,
      panel: undefined,
      sort: undefined,
      match: undefined,
      filters: filters?.length ? filters.map((filter) => ({ ...filter })) : undefined,
    }),
  );
  const filters = (search.filters ?? []).filter((filter): filter is DataFilter => isOperator(filter.op));
  return { search, filters, change, openTable };
}

/** The tabs of the workbench lead here without parameters: the view opens where it was left. */
export function useLastPlace({ search, change }: DataPlace): void {
  const key = keyOf(useProject().id);
  const text = JSON.stringify(search);
  const restore = useHandler(() => {
    const last = readStored(sessionStorage, key, isPlace);
    if (last) change(last, true);
  });
  useEffect(() => {
    if (text === "{}") restore();
    else writeStored(sessionStorage, key, JSON.parse(text));
  }, [key, text, restore]);
}
