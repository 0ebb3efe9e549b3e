interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const gap = 8;
const leastHeight = 240;

/**
 * Where the panel goes in `area`: to the right of the element, else to its left, else below it, else above it, else in the corner. `element`
 * is in the frame's coordinates; all are CSS pixels.
 */
export function panelPlace(
  element: { x: number; y: number; width: number; height: number },
  frame: Box,
  area: Box,
  width: number,
): { left: number; top: number; maxHeight: number } {
  const box = {
    left: frame.left - area.left + element.x,
    top: frame.top - area.top + element.y,
    right: frame.left - area.left + element.x + element.width,
    bottom: frame.top - area.top + element.y + element.height,
  };
  const clamp = (value: number, most: number) => Math.round(Math.max(gap, Math.min(value, most)));
  const beside = (left: number) => {
    const top = clamp(box.top, Math.max(gap, area.height - 2 * leastHeight));
    return { left: Math.round(left), top, maxHeight: Math.round(area.height - top - gap) };
  };
  if (box.right + gap + width + gap <= area.width) return beside(Math.max(gap, box.right + gap));
  if (box.left - gap - width >= gap) return beside(box.left - gap - width);
  const left = clamp(box.left, area.width - width - gap);
  const below = area.height - box.bottom - 2 * gap;
  if (below >= leastHeight) return { left, top: Math.round(box.bottom + gap), maxHeight: Math.round(below) };
  const above = box.top - 2 * gap;
  if (above >= leastHeight) {
    const height = Math.min(above, 480);
    return { left, top: Math.round(box.top - gap - height), maxHeight: Math.round(height) };
  }
  return { left: Math.round(Math.max(gap, area.width - width - gap)), top: gap, maxHeight: Math.round(area.height - 2 * gap) };
}
