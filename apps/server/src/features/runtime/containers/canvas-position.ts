/** A position on the canvas. */
interface Place {
  position_x: number;
  position_y: number;
}
const first: Place = { position_x: 200, position_y: 200 };
/** Grid step: the size of a node plus room for connections. */
const step: Place = { position_x: 320, position_y: 180 };
const columns = 4;

/** The first grid position that no node covers, row by row. */
export function findFreePosition(others: readonly Place[]): Place {
  for (let index = 0; ; index++) {
    const place: Place = {
      position_x: first.position_x + (index % columns) * step.position_x,
      position_y: first.position_y + Math.floor(index / columns) * step.position_y,
    };
    const isCovered = others.some(
      (one) =>
        Math.abs(one.position_x - place.position_x) < step.position_x && Math.abs(one.position_y - place.position_y) < step.position_y,
    );
    if (!isCovered) return place;
  }
}

/** The position fields of a request. */
export const positionOf = ({ position_x, position_y }: { position_x?: number; position_y?: number }): Partial<Place> => ({
  ...(position_x !== undefined && { position_x }),
  ...(position_y !== undefined && { position_y }),
});
