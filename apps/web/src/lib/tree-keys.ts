import type { TreeRow } from "./file-tree.ts";

/** What the keyboard has to know of a row. */
type MovableRow = Pick<TreeRow, "level" | "isOpen"> & { node: Pick<TreeRow["node"], "isDirectory"> };
export type TreeMove = { kind: "go" | "open" | "close" | "activate"; index: number };

/** The treegrid keyboard model: what a key does with the row at `index` (-1: none yet). */
export function treeMove(key: string, rows: readonly MovableRow[], index: number): TreeMove | undefined {
  const last = rows.length - 1;
  if (last < 0) return undefined;
  const row = rows[index];
  switch (key) {
    case "ArrowDown":
      return { kind: "go", index: Math.min(last, index + 1) };
    case "ArrowUp":
      return { kind: "go", index: Math.max(0, index - 1) };
    case "Home":
      return { kind: "go", index: 0 };
    case "End":
      return { kind: "go", index: last };
    case "PageDown":
      return { kind: "go", index: Math.min(last, Math.max(0, index) + 15) };
    case "PageUp":
      return { kind: "go", index: Math.max(0, index - 15) };
    case "ArrowRight":
      if (!row?.node.isDirectory) return undefined;
      return row.isOpen ? { kind: "go", index: Math.min(last, index + 1) } : { kind: "open", index };
    case "ArrowLeft": {
      if (!row) return undefined;
      if (row.node.isDirectory && row.isOpen) return { kind: "close", index };
      for (let above = index - 1; above >= 0; above--) if ((rows[above]?.level ?? 0) < row.level) return { kind: "go", index: above };
      return undefined;
    }
    case "Enter":
    case " ":
      return row ? { kind: "activate", index } : undefined;
    default:
      return undefined;
  }
}
