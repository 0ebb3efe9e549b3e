import type { DiffLine } from "../../lib/diff-lines.ts";

const mostCells = 4_000_000;
const around = 3;

/** The changes from `before` to `after`, line by line, with three lines of context. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const oldMiddle = a.slice(head, a.length - tail);
  const newMiddle = b.slice(head, b.length - tail);
  const all: DiffLine[] = [
    ...a.slice(0, head).map((text, index): DiffLine => ({ kind: "same", line: index + 1, text })),
    ...middle(oldMiddle, newMiddle, head),
    ...b.slice(b.length - tail).map((text, index): DiffLine => ({ kind: "same", line: b.length - tail + index + 1, text })),
  ];
  const near = all.map((_, index) => all.slice(Math.max(0, index - around), index + around + 1).some((line) => line.kind !== "same"));
  return all.flatMap((line, index): DiffLine[] => {
    if (near[index]) return [line];
    return near[index - 1] && index < all.length - 1 && near.includes(true, index) ? [{ kind: "gap", line: undefined, text: "" }] : [];
  });
}

/** Longest common subsequence; texts too long for it are shown as completely replaced. */
function middle(a: readonly string[], b: readonly string[], offset: number): DiffLine[] {
  const rows: DiffLine[] = [];
  const del = (index: number) => rows.push({ kind: "del", line: offset + index + 1, text: a[index] ?? "" });
  const add = (index: number) => rows.push({ kind: "add", line: offset + index + 1, text: b[index] ?? "" });
  if (a.length * b.length > mostCells) {
    a.forEach((_, index) => del(index));
    b.forEach((_, index) => add(index));
    return rows;
  }
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[i] === b[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      rows.push({ kind: "same", line: offset + j + 1, text: b[j] ?? "" });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))) del(i++);
    else add(j++);
  }
  return rows;
}
