import type { QueryClient } from "@tanstack/react-query";
import type { Connection, Container, DeploymentTarget, Preview } from "@tesslate/contract";
import { partKey } from "../../project/cache-keys.ts";

/** The lists that the canvas changes, by the part of the project that they are. */
interface CanvasLists {
  containers: Container;
  previews: Preview;
  connections: Connection;
  targets: DeploymentTarget;
}

/** The cached lists of the canvas: an action writes what the server answered, the event stream everything else. */
export type CanvasCache = ReturnType<typeof createCanvasCache>;
export function createCanvasCache(queries: QueryClient, projectId: string) {
  const patch = <N extends keyof CanvasLists>(name: N, change: (list: readonly CanvasLists[N][]) => readonly CanvasLists[N][]) =>
    queries.setQueryData<readonly CanvasLists[N][]>(partKey(projectId, name), (list) => list && change(list));
  return {
    /** Replaces the item of the same id, if there is one. */
    put: <N extends keyof CanvasLists>(name: N, item: CanvasLists[N]) =>
      patch(name, (list) => [...list.filter(({ id }) => id !== item.id), item]),
    drop: (name: keyof CanvasLists, id: string) => patch(name, (list) => list.filter((item) => item.id !== id)),
    read: <N extends keyof CanvasLists>(name: N, id: string) =>
      queries.getQueryData<readonly CanvasLists[N][]>(partKey(projectId, name))?.find((item) => item.id === id),
    refetch: (name: keyof CanvasLists | "deployments") => queries.invalidateQueries({ queryKey: partKey(projectId, name) }),
  };
}
