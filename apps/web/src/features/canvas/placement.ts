import type { SavePositions } from "@tesslate/contract";

/** The position of a node, and for previews its size; `null` is the default size. */
export interface NodePosition {
  id: string;
  kind: "container" | "preview" | "target";
  x: number;
  y: number;
  width?: number | null;
  height?: number | null;
}

export interface Placement {
  /** Adds positions to the next batch; `now` sends it at once. */
  put: (places: readonly NodePosition[], when?: "soon" | "now") => void;
  /** Sends what waits. Resolves when all batches are done. */
  flush: () => Promise<void>;
  /** Returns what waits, for a page that is being closed; it counts as sent. */
  take: () => Batch | undefined;
  /** Forgets a deleted node. */
  drop: (id: string) => void;
  /** Ids whose positions are not saved yet. */
  getUnsaved: () => ReadonlySet<string>;
  /** Ids whose positions failed to save; `retry` sends them again. */
  getFailed: () => ReadonlySet<string>;
  retry: () => void;
  subscribe: (listener: () => void) => () => void;
}

const delayMs = 350;

/** Positions by kind of node. Containers and previews are sent in one request, targets in one each. */
export type Batch = Required<SavePositions> & { targets: { id: string; position_x: number; position_y: number }[] };

export function batchOf(places: Iterable<NodePosition>): Batch {
  const batch: Batch = { containers: [], previews: [], targets: [] };
  for (const { id, kind, x, y, width, height } of places) {
    const at = { id, position_x: x, position_y: y };
    if (kind === "container") batch.containers.push(at);
    else if (kind === "target") batch.targets.push(at);
    else batch.previews.push({ ...at, ...(width !== undefined && { width }), ...(height !== undefined && { height }) });
  }
  return batch;
}

/** Collects moves and sends them in batches, one at a time; the last position of each node counts. */
export function createPlacement({
  save,
  onFailure,
}: {
  save: (batch: Batch) => Promise<unknown>;
  onFailure: (error: unknown) => void;
}): Placement {
  const waiting = new Map<string, NodePosition>();
  const sent = new Map<string, NodePosition>();
  const failed = new Map<string, NodePosition>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> | undefined;
  let unsaved: ReadonlySet<string> = new Set();
  let refused: ReadonlySet<string> = new Set();
  const listeners = new Set<() => void>();

  const publish = () => {
    unsaved = new Set([...waiting.keys(), ...sent.keys(), ...failed.keys()]);
    refused = new Set(failed.keys());
    for (const listener of listeners) listener();
  };
  const send = async (): Promise<void> => {
    while (waiting.size > 0) {
      for (const [id, place] of waiting) sent.set(id, place);
      waiting.clear();
      try {
        await save(batchOf(sent.values()));
      } catch (error) {
        for (const [id, place] of sent) if (!waiting.has(id)) failed.set(id, place);
        onFailure(error);
      }
      sent.clear();
      publish();
    }
  };
  const start = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    sending ??= send().finally(() => {
      sending = undefined;
    });
    return sending;
  };
  const put: Placement["put"] = (places, when = "soon") => {
    for (const place of places) {
      // A move has no size, and must not lose one that waits.
      waiting.set(place.id, { ...(waiting.get(place.id) ?? failed.get(place.id)), ...place });
      failed.delete(place.id);
    }
    clearTimeout(timer);
    if (when === "now") void start();
    else timer = setTimeout(() => void start(), delayMs);
    publish();
  };

  return {
    put,
    flush: start,
    take: () => {
      clearTimeout(timer);
      if (waiting.size === 0) return undefined;
      const batch = batchOf(waiting.values());
      waiting.clear();
      publish();
      return batch;
    },
    drop: (id) => {
      waiting.delete(id);
      failed.delete(id);
      publish();
    },
    getUnsaved: () => unsaved,
    getFailed: () => refused,
    retry: () => put([...failed.values()], "now"),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
