import type { SavePositions } from "@tesslate/contract";

/** Where a thing of the canvas stands, and for previews how big it is; `null` is the usual size. */
export interface Place {
  id: string;
  kind: "container" | "preview" | "target";
  x: number;
  y: number;
  width?: number | null;
  height?: number | null;
}

export interface Placement {
  /** Remembers places and sends them with the next batch; `now` sends at once. */
  put: (places: readonly Place[], when?: "soon" | "now") => void;
  /** Sends what waits. Resolves when nothing is on its way any more. */
  flush: () => Promise<void>;
  /** What waits, for a page that is about to go; it counts as sent. */
  take: () => Batch | undefined;
  /** Forgets a thing that went. */
  drop: (id: string) => void;
  /** Ids whose places are not stored yet. */
  getUnsaved: () => ReadonlySet<string>;
  /** Ids whose places could not be stored; trying again is `retry`. */
  getFailed: () => ReadonlySet<string>;
  retry: () => void;
  subscribe: (listener: () => void) => () => void;
}

const delayMs = 350;

/** Places by what stands there. The first two go in one request, targets in one each. */
export type Batch = Required<SavePositions> & { targets: { id: string; position_x: number; position_y: number }[] };

export function batchOf(places: Iterable<Place>): Batch {
  const batch: Batch = { containers: [], previews: [], targets: [] };
  for (const { id, kind, x, y, width, height } of places) {
    const at = { id, position_x: x, position_y: y };
    if (kind === "container") batch.containers.push(at);
    else if (kind === "target") batch.targets.push(at);
    else batch.previews.push({ ...at, ...(width !== undefined && { width }), ...(height !== undefined && { height }) });
  }
  return batch;
}

/** Gathers moves and sends them as one batch, one batch at a time; the last place of each thing counts. */
export function createPlacement({
  save,
  onFailure,
}: {
  save: (batch: Batch) => Promise<unknown>;
  onFailure: (error: unknown) => void;
}): Placement {
  const waiting = new Map<string, Place>();
  const sent = new Map<string, Place>();
  const failed = new Map<string, Place>();
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
      // A move says nothing about the size, and must not lose one that waits.
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
