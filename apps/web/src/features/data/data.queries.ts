import { infiniteQueryOptions, queryOptions, useQueryClient } from "@tanstack/react-query";
import type { Contract, DataTable, List, ReadRows } from "@tesslate/contract";
import { useEffect } from "react";
import type { Client } from "@tesslate/client/core";
import { live, partKey } from "../../project/cache-keys.ts";

type Api = Client<Contract>;

export const databasesQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: partKey(projectId, "databases"),
    queryFn: async ({ signal }) => (await api.databases.list({ params: { id: projectId }, query: { limit: 200 } }, { signal })).items,
    ...live,
  });

/** Everything that is read from one database. Programs that write to it send no events: it expires by age, and there is a Refresh button. */
export const databaseKey = (projectId: string, databaseId: string) => [...partKey(projectId, "database"), databaseId] as const;

export const listedTables = 500;
const tableListsKey = (projectId: string, databaseId: string) => [...databaseKey(projectId, databaseId), "tables"] as const;
export const tablesQuery = (api: Api, projectId: string, databaseId: string, q: string) =>
  queryOptions({
    queryKey: [...tableListsKey(projectId, databaseId), q],
    queryFn: ({ signal }) =>
      api.databases.tables(
        { params: { id: projectId, database_id: databaseId }, query: { limit: listedTables, ...(q && { q }) } },
        { signal },
      ),
  });

/** Corrects the estimate of a table whose rows are all on the page, in the lists that are loaded. */
export function useKnownRowCount(
  projectId: string,
  databaseId: string,
  { schema, name }: Pick<DataTable, "schema" | "name">,
  count: number | undefined,
): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (count === undefined) return;
    queries.setQueriesData<List<DataTable>>({ queryKey: tableListsKey(projectId, databaseId) }, (list) =>
      list?.items.some((table) => table.schema === schema && table.name === name && (table.row_estimate ?? count) !== count)
        ? {
            ...list,
            items: list.items.map((table) => (table.schema === schema && table.name === name ? { ...table, row_estimate: count } : table)),
          }
        : list,
    );
  }, [queries, projectId, databaseId, schema, name, count]);
}

export const schemaQuery = (api: Api, projectId: string, databaseId: string) =>
  queryOptions({
    queryKey: [...databaseKey(projectId, databaseId), "schema"],
    queryFn: ({ signal }) => api.databases.schema({ params: { id: projectId, database_id: databaseId } }, { signal }),
  });

export const structureQuery = (api: Api, projectId: string, databaseId: string, schema: string, table: string) =>
  queryOptions({
    queryKey: [...databaseKey(projectId, databaseId), "structure", schema, table],
    queryFn: ({ signal }) =>
      api.databases.structure({ params: { id: projectId, database_id: databaseId }, query: { schema, table } }, { signal }),
  });

/** Statements that the person ran in the project's databases, newest first. */
export const historyQuery = (api: Api, projectId: string) =>
  queryOptions({
    queryKey: [...partKey(projectId, "database"), "history"],
    queryFn: async ({ signal }) => (await api.databases.history({ params: { id: projectId }, query: { limit: 200 } }, { signal })).items,
    staleTime: 0,
  });

export const rowsKey = (projectId: string, databaseId: string) => [...databaseKey(projectId, databaseId), "rows"] as const;
/** Pages that are not shown are dropped after this time, however many someone has turned. */
const keptPageMs = 20_000;
export const rowsQuery = (api: Api, projectId: string, databaseId: string, request: ReadRows) =>
  queryOptions({
    queryKey: [...rowsKey(projectId, databaseId), request],
    queryFn: ({ signal }) => api.databases.rows({ params: { id: projectId, database_id: databaseId }, body: request }, { signal }),
    gcTime: keptPageMs,
  });

/** Pages of keys of a Redis. */
export const keysQuery = (
  api: Api,
  projectId: string,
  databaseId: string,
  { pattern, type }: { pattern: string | undefined; type: "string" | "hash" | "list" | "set" | "zset" | "stream" | undefined },
) =>
  infiniteQueryOptions({
    queryKey: [...databaseKey(projectId, databaseId), "keys", pattern, type],
    queryFn: ({ signal, pageParam }) =>
      api.databases.keys(
        {
          params: { id: projectId, database_id: databaseId },
          query: { limit: 200, ...(pattern && { pattern }), ...(type && { type }), ...(pageParam && { cursor: pageParam }) },
        },
        { signal },
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.cursor ?? undefined,
  });
export const valueQuery = (api: Api, projectId: string, databaseId: string, key: string, isBinary: boolean) =>
  infiniteQueryOptions({
    queryKey: [...databaseKey(projectId, databaseId), "value", isBinary, key],
    queryFn: ({ signal, pageParam }) =>
      api.databases.value(
        {
          params: { id: projectId, database_id: databaseId },
          body: { key, limit: 100, ...(isBinary && { is_binary: true }), ...(pageParam && { cursor: pageParam }) },
        },
        { signal },
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    gcTime: keptPageMs,
  });
export const infoQuery = (api: Api, projectId: string, databaseId: string) =>
  queryOptions({
    queryKey: [...databaseKey(projectId, databaseId), "info"],
    queryFn: ({ signal }) => api.databases.info({ params: { id: projectId, database_id: databaseId } }, { signal }),
    staleTime: 0,
  });
