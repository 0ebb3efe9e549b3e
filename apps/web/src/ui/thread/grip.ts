/** Where the grip may stand. The last stop is always now. */
export interface GripStop {
  /** null is now. */
  id: string | null;
  /** `aria-valuetext`: "checkpoint c13, 11:12". */
  label: string;
  /** Page keys go from message to message. */
  isMessage?: boolean;
}
export type GripMove = "back" | "forward" | "first" | "last" | "message-back" | "message-forward";

const keyMoves: Record<string, GripMove> = {
  ArrowUp: "back",
  ArrowLeft: "back",
  ArrowDown: "forward",
  ArrowRight: "forward",
  Home: "first",
  End: "last",
  PageUp: "message-back",
  PageDown: "message-forward",
};
export const moveOfKey = (key: string): GripMove | undefined => keyMoves[key];

/** The index after a move; stays inside the stops. Page moves fall back on the ends where no message is left. */
export function stepGrip(stops: readonly GripStop[], index: number, move: GripMove): number {
  const last = stops.length - 1;
  switch (move) {
    case "back":
      return Math.max(0, index - 1);
    case "forward":
      return Math.min(last, index + 1);
    case "first":
      return 0;
    case "last":
      return last;
    case "message-back": {
      for (let at = index - 1; at >= 0; at--) if (stops[at]?.isMessage) return at;
      return 0;
    }
    case "message-forward": {
      for (let at = index + 1; at < last; at++) if (stops[at]?.isMessage) return at;
      return last;
    }
  }
}

/** The stop nearest to a pointer; positions are those of the stops along the axis, NaN where a stop is not on screen. */
export function nearestStop(positions: readonly number[], pointer: number): number {
  let best = positions.length - 1;
  let bestDistance = Number.POSITIVE_INFINITY;
  positions.forEach((position, index) => {
    const distance = Math.abs(position - pointer);
    if (distance <= bestDistance) {
      best = index;
      bestDistance = distance;
    }
  });
  return best;
}
