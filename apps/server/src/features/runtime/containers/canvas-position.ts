/** A position on the canvas. */
export interface Position {
  position_x: number;
  position_y: number;
}
const first: Position = { position_x: 200, position_y: 200 };
/** Grid step: the size of a node plus room for connections with their names, as "Tidy" leaves it. */
const step: Position = { position_x: 392, position_y: 180 };
const columns = 4;

/** A place on the grid. */
export const gridPosition = (column: number, row: number): Position => ({
  position_x: first.position_x + column * step.position_x,
  position_y: first.position_y + row * step.position_y,
});

/** The first grid position that no node covers, row by row. */
export function findFreePosition(others: readonly Position[]): Position {
  for (let index = 0; ; index++) {
    const position = gridPosition(index % columns, Math.floor(index / columns));
    const isCovered = others.some(
      (one) =>
        Math.abs(one.position_x - position.position_x) < step.position_x &&
        Math.abs(one.position_y - position.position_y) < step.position_y,
    );
    if (!isCovered) return position;
  }
}

/** Positions closer than this are the same place. */
const nearPx = 40;
/** Whether one of the nodes is at this very place, and would be hidden by another one there. */
export const isTaken = ({ position_x, position_y }: Position, others: readonly Position[]): boolean =>
  others.some((one) => Math.abs(one.position_x - position_x) < nearPx && Math.abs(one.position_y - position_y) < nearPx);

/** The position fields of a request. */
export const positionOf = ({ position_x, position_y }: { position_x?: number; position_y?: number }): Partial<Position> => ({
  ...(position_x !== undefined && { position_x }),
  ...(position_y !== undefined && { position_y }),
});
