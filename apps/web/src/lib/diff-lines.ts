export interface DiffLine {
  kind: "same" | "add" | "del" | "gap";
  /** Line number in the new text (the old one for deletions). */
  line: number | undefined;
  text: string;
}

/** A unified diff as rows; file headers are dropped, every hunk but the first begins with a gap. */
export function diffLines(diff: string): DiffLine[] {
  const rows: DiffLine[] = [];
  let oldLine: number | undefined;
  let newLine: number | undefined;
  let hasHunks = false;
  for (const raw of diff.replace(/\n$/, "").split("\n")) {
    const header = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(raw);
    if (header) {
      if (rows.length > 0) rows.push({ kind: "gap", line: undefined, text: "" });
      oldLine = Number(header[1]);
      newLine = Number(header[2]);
      hasHunks = true;
      continue;
    }
    if (!hasHunks && /^(---|\+\+\+|diff |index |new file|deleted file|similarity|rename )/.test(raw)) continue;
    if (raw.startsWith("\\")) continue;
    const text = raw.slice(1);
    if (raw.startsWith("+")) {
      rows.push({ kind: "add", line: newLine, text });
      if (newLine !== undefined) newLine += 1;
    } else if (raw.startsWith("-")) {
      rows.push({ kind: "del", line: oldLine, text });
      if (oldLine !== undefined) oldLine += 1;
    } else {
      rows.push({ kind: "same", line: newLine, text: raw.startsWith(" ") ? text : raw });
      if (oldLine !== undefined) oldLine += 1;
      if (newLine !== undefined) newLine += 1;
    }
  }
  return rows;
}

export const addedLines = (text: string): DiffLine[] =>
  text
    .replace(/\n$/, "")
    .split("\n")
    .map((line, index) => ({ kind: "add", line: index + 1, text: line }));

export function countLines(lines: readonly DiffLine[]): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const line of lines) {
    if (line.kind === "add") added += 1;
    else if (line.kind === "del") removed += 1;
  }
  return { added, removed };
}
