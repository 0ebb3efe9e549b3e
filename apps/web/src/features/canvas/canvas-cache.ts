import type { QueryClient } from "@tanstack/react-query";

/** The cached parts of the canvas, by name: changed at once by an action, then updated by the event stream. */
export type CanvasCache = ReturnType<typeof createCanvasCache>;
export function createCanvasCache(queries: QueryClient, projectId: string) {
  const key = (name: string) => ["project", projectId, name];
  return {
    add: <T extends { id: string }>(name: string, item: T) =>
      queries.setQueryData<readonly T[]>(key(name), (list) => list && [...list.filter(({ id }) => id !== item.id), item]),
    drop: <T extends { id: string }>(name: string, id: string) =>
      queries.setQueryData<readonly T[]>(key(name), (list) => list?.filter((item) => item.id !== id)),
    read: <T extends { id: string }>(name: string, id: string) =>
      queries.getQueryData<readonly T[]>(key(name))?.find((item) => item.id === id),
    refetch: (name: string) => queries.invalidateQueries({ queryKey: key(name) }),
  };
}
