import { applyNodeChanges, type NodeChange } from "@xyflow/react";
import { useQueryClient } from "@tanstack/react-query";
import type { Container, DeploymentTarget, Preview, Service } from "@tesslate/contract";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { partKey } from "../../project/cache-keys.ts";
import { targetsKey } from "../../project/deployments.queries.ts";
import { patchPlaces } from "../../project/project-cache.ts";
import { useProjectEvents, useProjectQuery } from "../../project/project-context.ts";
import { connectionsQuery, containersQuery, previewsQuery } from "../../project/project.queries.ts";
import { useServices } from "../../project/services.ts";
import { toastError } from "../../ui/toast.tsx";
import { targetsQuery } from "../deployments/index.ts";
import { edgesOf, nodesOf, previewSize, reconcile, type CanvasEdge, type CanvasNode } from "./graph.ts";
import type { Link } from "./links.ts";
import { createPlacement, type Batch, type NodePosition } from "./placement.ts";

export interface Graph {
  containers: readonly Container[];
  previews: readonly Preview[];
  targets: readonly DeploymentTarget[];
  links: readonly Link[];
  nodes: CanvasNode[];
  edges: CanvasEdge[];
  isLoading: boolean;
  error: unknown;
  retry: () => void;
  isRetrying: boolean;
  change: (changes: NodeChange<CanvasNode>[]) => void;
  /** Moves nodes: on screen at once, on the server with the next batch. */
  place: (places: readonly NodePosition[], when?: "soon" | "now") => void;
  /** Resolves when every position is saved or failed to save. */
  stored: () => Promise<void>;
  /** Ids whose positions failed to save. */
  unstored: ReadonlySet<string>;
  retryPlaces: () => void;
}

const noLinks: readonly Link[] = [];
const noTargets: readonly DeploymentTarget[] = [];

/** What the canvas shows: the server's state, updated by the event stream, and what a person is moving. */
export function useGraph(
  projectId: string,
  categoryOf: (serviceSlug: string | null | undefined) => Service["category"] | undefined,
): Graph {
  const { api } = useServices();
  const { during } = useProjectEvents();
  const queries = useQueryClient();
  const containers = useProjectQuery(containersQuery(api, projectId, during));
  const previews = useProjectQuery(previewsQuery(api, projectId, during));
  const connections = useProjectQuery(connectionsQuery(api, projectId));
  const targets = useProjectQuery(targetsQuery(api, projectId));
  const links: readonly Link[] = connections.data ?? noLinks;

  const save = useCallback(
    ({ targets: moved, ...body }: Batch, options: { keepalive?: boolean } = {}) =>
      Promise.all([
        body.containers.length + body.previews.length > 0 && api.previews.positions({ params: { id: projectId }, body }, options),
        ...moved.map(({ id, ...place }) =>
          api.deploymentTargets.update({ params: { project_id: projectId, target_id: id }, body: place }, options),
        ),
      ]),
    [api, projectId],
  );
  const placement = useMemo(
    () =>
      createPlacement({
        save,
        onFailure: (error) => toastError(error, { before: "Couldn't save positions.", id: "canvas-places" }),
      }),
    [save],
  );
  useEffect(() => {
    // The page can't wait for a response: with `keepalive` the browser sends this after it was closed.
    const onHide = () => {
      const batch = placement.take();
      if (!batch) return;
      void save(batch, { keepalive: true }).catch(() => undefined);
    };
    addEventListener("pagehide", onHide);
    return () => {
      removeEventListener("pagehide", onHide);
      void placement.flush();
    };
  }, [placement, save]);
  const unsaved = useSyncExternalStore(placement.subscribe, placement.getUnsaved);
  const unstored = useSyncExternalStore(placement.subscribe, placement.getFailed);

  const latest = useMemo(
    () => nodesOf(containers.data ?? [], previews.data ?? [], targets.data ?? []),
    [containers.data, previews.data, targets.data],
  );
  const edges = useMemo(
    () => edgesOf(containers.data ?? [], previews.data ?? [], links, categoryOf, targets.data ?? []),
    [containers.data, previews.data, links, categoryOf, targets.data],
  );
  const [nodes, setNodes] = useState<CanvasNode[]>(latest);
  const [seen, setSeen] = useState(latest);
  if (seen !== latest) {
    setSeen(latest);
    setNodes(reconcile(nodes, latest, unsaved));
  }

  const place = useHandler((places: readonly NodePosition[], when: "soon" | "now" = "soon") => {
    const byId = new Map(places.map((item) => [item.id, item]));
    setNodes((known) =>
      known.map((node) => {
        const to = byId.get(node.id);
        if (!to) return node;
        return {
          ...node,
          position: { x: to.x, y: to.y },
          ...(to.width !== undefined && { width: to.width ?? previewSize.width }),
          ...(to.height !== undefined && { height: to.height ?? previewSize.height }),
        } as CanvasNode;
      }),
    );
    const at = (kind: NodePosition["kind"]) =>
      places
        .filter((item) => item.kind === kind)
        .map(({ id, x, y, width, height }) => ({
          id,
          position_x: x,
          position_y: y,
          ...(kind === "preview" && width !== undefined && { width }),
          ...(kind === "preview" && height !== undefined && { height }),
        }));
    placement.put(places, when);
    queries.setQueryData<readonly Container[]>(partKey(projectId, "containers"), (list) => list && patchPlaces(list, at("container")));
    queries.setQueryData<readonly Preview[]>(partKey(projectId, "previews"), (list) => list && patchPlaces(list, at("preview")));
    queries.setQueryData<readonly DeploymentTarget[]>(targetsKey(projectId), (list) => list && patchPlaces(list, at("target")));
  });

  const reads = [containers, previews, connections, targets];
  const failed = reads.find((read) => read.error && !read.data);
  return {
    containers: containers.data ?? [],
    previews: previews.data ?? [],
    targets: targets.data ?? noTargets,
    links,
    nodes,
    edges,
    isLoading: reads.some((read) => read.isPending) && !failed,
    error: failed?.error ?? undefined,
    retry: () => {
      for (const read of reads) if (read.error) void read.refetch();
    },
    isRetrying: reads.some((read) => read.isFetching),
    change: useHandler((changes: NodeChange<CanvasNode>[]) => setNodes((known) => applyNodeChanges(changes, known))),
    place,
    stored: placement.flush,
    unstored,
    retryPlaces: placement.retry,
  };
}
