import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Connection, Container, CreateConnection, Preview } from "@tesslate/contract";
import { useMemo, useState, useSyncExternalStore } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useServices } from "../../project/services.ts";
import { useAdoptTask } from "../../project/use-adopt-task.ts";
import { toast, toastWithUndo, toastError } from "../../ui/toast.tsx";
import { createCanvasCache } from "./canvas-cache.ts";
import type { PreviewPlace, Subject } from "./canvas-context.ts";
import { containerSize, previewSize } from "./graph.ts";
import { createHistory } from "./history.ts";
import type { NodePosition } from "./placement.ts";
import { freeSpot, type Box } from "./spots.ts";
import type { Graph } from "./use-graph.ts";
import { useTargetActions } from "./use-target-actions.ts";

/** A container to be added, as the API takes it. */
export interface NewContainer {
  name?: string;
  container_type: "base" | "service";
  base_id?: string;
  service_slug?: string;
  deployment_mode?: "container" | "external";
  external_endpoint?: string;
  credentials?: Record<string, string>;
}

export interface CanvasActionsOptions {
  projectId: string;
  graph: Graph;
  /** The center of the visible area of the canvas. */
  middle: () => { x: number; y: number };
  /** Something was added: show it and focus it. */
  onAdded: (id: string, kind: "container" | "preview" | "target") => void;
}

/** Everything a person does on the canvas: sent to the server, shown at once, and where possible undone. */
export function useCanvasActions({ projectId, graph, middle, onAdded }: CanvasActionsOptions) {
  const { api } = useServices();
  const queries = useQueryClient();
  const adopt = useAdoptTask(projectId);
  const params = { id: projectId };
  const [history] = useState(() =>
    createHistory((action, error, way) => {
      const reason = sentenceOf(error);
      toast(way === "undo" ? `Couldn't undo “${action.label}”. ${reason}` : `Couldn't redo “${action.label}”. ${reason}`, {
        kind: "failed",
      });
    }),
  );
  const historyState = useSyncExternalStore(history.subscribe, history.getState);
  const complain = (error: unknown) => toastError(error);

  const cache = useMemo(() => createCanvasCache(queries, projectId), [queries, projectId]);

  const taken = (): Box[] =>
    graph.nodes.map(({ position, width, height }) => ({
      ...position,
      width: width ?? containerSize.width,
      height: height ?? containerSize.height,
    }));

  // Containers

  const createContainer = async (wanted: NewContainer, at: { x: number; y: number }): Promise<Container> => {
    const {
      task_id: taskId,
      status_url: _,
      ...container
    } = await api.containers.create({
      params,
      body: { ...wanted, position_x: at.x, position_y: at.y },
    });
    cache.put("containers", container);
    if (taskId) void adopt(taskId).catch(() => undefined);
    return container;
  };
  const removeContainer = async (id: string) => {
    await api.containers.remove({ params: { ...params, container_id: id } });
    cache.drop("containers", id);
    void cache.refetch("previews");
    void cache.refetch("connections");
  };
  /** Undoing an addition must not delete later work on the container. */
  const requireUnused = (id: string, fresh: Container) => {
    const container = cache.read("containers", id);
    const isUsed =
      container &&
      (container.env_vars_count !== fresh.env_vars_count || container.last_started_at !== null || container.status === "starting");
    if (isUsed) throw new Error(`${container.name} was started or changed since. Delete it in its details.`);
  };
  const addContainer = useHandler(async (wanted: NewContainer): Promise<string | undefined> => {
    const at = freeSpot(taken(), containerSize, middle());
    const { credentials: _, ...body } = wanted;
    try {
      const first = await createContainer(wanted, at);
      history.record({
        label: `Added ${first.name}`,
        undo: async () => {
          requireUnused(history.now(first.id), first);
          await removeContainer(history.now(first.id));
        },
        // Credentials are not kept in the page only to be sent again.
        ...(wanted.credentials === undefined && {
          redo: async () => history.rename(history.now(first.id), (await createContainer(body, at)).id),
        }),
      });
      onAdded(first.id, "container");
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });

  // Previews

  const createPreview = async (body: {
    connected_container_id: string | null;
    position_x: number;
    position_y: number;
    width?: number | null;
    height?: number | null;
    current_path?: string;
  }): Promise<Preview> => {
    const preview = await api.previews.create({ params, body });
    cache.put("previews", preview);
    return preview;
  };
  const removePreview = async (id: string) => {
    await api.previews.remove({ params: { ...params, preview_id: id } });
    cache.drop("previews", id);
  };
  const addPreview = useHandler(async (containerId: string | null, around: { x: number; y: number } = middle()) => {
    const at = freeSpot(taken(), previewSize, around);
    const body = { connected_container_id: containerId, position_x: at.x, position_y: at.y };
    try {
      const first = await createPreview(body);
      history.record({
        label: "Added preview",
        undo: () => removePreview(history.now(first.id)),
        redo: async () => history.rename(history.now(first.id), (await createPreview(body)).id),
      });
      onAdded(first.id, "preview");
    } catch (error) {
      complain(error);
    }
  });
  const deletePreview = async (preview: Preview) => {
    const { id, connected_container_id, position_x, position_y, width, height, current_path } = preview;
    try {
      await removePreview(id);
      const action = {
        label: "Deleted preview",
        undo: async () => {
          const back = await createPreview({ connected_container_id, position_x, position_y, width, height, current_path });
          history.rename(history.now(id), back.id);
        },
        redo: () => removePreview(history.now(id)),
      };
      history.record(action);
      toastWithUndo("Preview deleted.", history.undo);
    } catch (error) {
      complain(error);
    }
  };
  const patchPreview = async (id: string, body: { connected_container_id?: string | null; current_path?: string }) =>
    cache.put("previews", await api.previews.update({ params: { ...params, preview_id: id }, body }));
  const showIn = useHandler(async (previewId: string, containerId: string | null) => {
    const before = cache.read("previews", previewId)?.connected_container_id ?? null;
    if (before === containerId) return;
    try {
      await patchPreview(previewId, { connected_container_id: containerId });
      history.record({
        label: "Changed app of preview",
        undo: () => patchPreview(history.now(previewId), { connected_container_id: before === null ? null : history.now(before) }),
        redo: () =>
          patchPreview(history.now(previewId), { connected_container_id: containerId === null ? null : history.now(containerId) }),
      });
    } catch (error) {
      complain(error);
    }
  });
  const savePath = useHandler((previewId: string, path: string) => {
    // The stored path is a convenience: failures are ignored.
    void patchPreview(previewId, { current_path: path.slice(0, 2000) }).catch(() => undefined);
  });

  const targets = useTargetActions({
    projectId,
    history,
    cache,
    // Below the first app: its line leaves downwards.
    spot: () => {
      const app = graph.nodes.find((node) => node.type === "container" && node.data.container.container_type === "base");
      return freeSpot(
        taken(),
        containerSize,
        app ? { x: app.position.x + containerSize.width / 2, y: app.position.y + containerSize.height * 2.4 } : middle(),
      );
    },
    onAdded: (id) => onAdded(id, "target"),
  });

  // Connections

  const createLink = async (wanted: CreateConnection): Promise<Connection> => {
    const link = await api.connections.create({
      params,
      body: {
        ...wanted,
        source_container_id: history.now(wanted.source_container_id),
        target_container_id: history.now(wanted.target_container_id),
      },
    });
    cache.put("connections", link);
    return link;
  };
  const removeLink = async (id: string) => {
    await api.connections.remove({ params: { ...params, conn_id: id } });
    cache.drop("connections", id);
  };
  const connect = useHandler(async (sourceId: string, targetId: string): Promise<string | undefined> => {
    const wanted: CreateConnection = { source_container_id: sourceId, target_container_id: targetId };
    try {
      const first = await createLink(wanted);
      history.record({
        label: "Connected containers",
        undo: () => removeLink(history.now(first.id)),
        redo: async () => history.rename(history.now(first.id), (await createLink(wanted)).id),
      });
      return undefined;
    } catch (error) {
      return sentenceOf(error);
    }
  });
  const deleteLink = async ({ id, ...link }: Connection) => {
    try {
      await removeLink(id);
      const wanted: CreateConnection = {
        source_container_id: link.source_container_id,
        target_container_id: link.target_container_id,
        connection_type: link.connection_type,
        connector_type: link.connector_type,
        config: link.config,
        label: link.label,
      };
      history.record({
        label: "Disconnected containers",
        undo: async () => history.rename(history.now(id), (await createLink(wanted)).id),
        redo: () => removeLink(history.now(id)),
      });
      toastWithUndo("Containers disconnected.", history.undo);
    } catch (error) {
      complain(error);
    }
  };

  // Positions

  const placeNow = async (places: readonly NodePosition[]) => {
    graph.place(
      places.map((place) => ({ ...place, id: history.now(place.id) })),
      "now",
    );
    await graph.stored();
  };
  const move = useHandler(
    (
      label: string,
      before: readonly NodePosition[],
      after: readonly NodePosition[],
      options: { when?: "soon" | "now"; group?: string } = {},
    ) => {
      if (after.length === 0) return;
      graph.place(after, options.when ?? "soon");
      history.record({
        label,
        undo: () => placeNow(before),
        redo: () => placeNow(after),
        ...(options.group && { group: options.group }),
      });
    },
  );
  const resized = useHandler((previewId: string, before: PreviewPlace, after: PreviewPlace) =>
    move("Resized preview", [{ id: previewId, kind: "preview", ...before }], [{ id: previewId, kind: "preview", ...after }]),
  );

  // Removal

  /** Containers that wait for the confirmation of their deletion. */
  const [asked, setAsked] = useState<readonly Container[]>([]);
  const remove = useHandler((subjects: readonly Subject[]) => {
    const containers = subjects.flatMap(({ kind, id }) => (kind === "container" ? (cache.read("containers", id) ?? []) : []));
    for (const { kind, id } of subjects) {
      const preview = kind === "preview" ? cache.read("previews", id) : undefined;
      if (preview) void deletePreview(preview);
      const target = kind === "target" ? cache.read("targets", id) : undefined;
      if (target) void targets.deleteTarget(target);
      const link = kind === "link" ? cache.read("connections", id) : undefined;
      if (link) void deleteLink(link);
    }
    if (containers.length > 0) setAsked(containers);
  });
  const confirmed = async () => {
    for (const { id } of asked)
      await removeContainer(id).catch((error: unknown) => {
        throw new Error(sentenceOf(error), { cause: error });
      });
  };

  const restartStale = useMutation({
    mutationFn: async (containers: readonly Container[]) => {
      for (const { id } of containers) {
        const { task_id: taskId } = await api.containers.restart({ params: { ...params, container_id: id } });
        if (taskId) await adopt(taskId);
      }
    },
    onError: complain,
  });

  return {
    history,
    historyState,
    addContainer,
    addPreview,
    targets,
    connect,
    showIn,
    savePath,
    move,
    resized,
    remove,
    asked,
    dismiss: () => setAsked([]),
    confirmed,
    restartStale: (containers: readonly Container[]) => restartStale.mutate(containers),
    isRestarting: restartStale.isPending,
  };
}
