const shapes = ["quarter", "half", "triangle", "disc", "square", "bar"] as const;
const colors = [
  "--brand-line",
  "--ok",
  "--info",
  "--err",
  "--warn",
  "--syntax-keyword",
  "--syntax-type",
  "--syntax-property",
  "--fg-1",
] as const;

export interface Tile {
  shape: (typeof shapes)[number];
  /** Quarter turns. */
  turns: number;
  isSoft: boolean;
}

/** 32 bits of FNV-1a, mixed once more, so that ids that differ in one sign differ everywhere. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const sign of text) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The mark of an agent: four tiles and the token of its color, always the same for the same id. */
export function markOf(id: string): { tiles: Tile[]; color: string } {
  const tiles = [0, 1, 2, 3].map((index) => {
    const hash = hashOf(`${index} ${id}`);
    return { shape: shapes[hash % shapes.length] ?? "disc", turns: (hash >>> 8) % 4, isSoft: (hash >>> 12) % 3 === 0 };
  });
  // One full tile at least, so that no mark is pale.
  const [first] = tiles;
  if (first && tiles.every(({ isSoft }) => isSoft)) first.isSoft = false;
  return { tiles, color: colors[hashOf(`color ${id}`) % colors.length] ?? "--fg-1" };
}
