import { createHash } from "node:crypto";

/** A hunk of a unified diff, with its position in both texts. */
export interface ParsedHunk {
  /** Derived from the file's path, the hunk's position and its lines. */
  id: string;
  old_start: number;
  old_lines: number;
  new_start: number;
  new_lines: number;
  section: string;
  /** With their signs. */
  lines: string[];
  /** Changed line ranges without context, from 0, end excluded. */
  cores: { before: LineRange; after: LineRange }[];
}
export interface LineRange {
  start: number;
  end: number;
}

const headRule = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;

/** Parses a git patch from its first `@@` on. Ignores everything that is not a hunk. */
export function parseHunks(path: string, patch: string): ParsedHunk[] {
  const hunks: ParsedHunk[] = [];
  let lines: string[] | undefined;
  const all = patch.split("\n");
  if (all.at(-1) === "") all.pop();
  for (const line of all) {
    const head = headRule.exec(line);
    if (head) {
      lines = [];
      const [old_start, old_lines, new_start, new_lines] = [head[1], head[2] ?? "1", head[3], head[4] ?? "1"].map(Number) as [
        number,
        number,
        number,
        number,
      ];
      hunks.push({ id: "", old_start, old_lines, new_start, new_lines, section: head[5] ?? "", lines, cores: [] });
    } else lines?.push(line);
  }
  for (const hunk of hunks) {
    hunk.id = createHash("sha256")
      .update([path, hunk.old_start, hunk.new_start, ...hunk.lines].join("\n"))
      .digest("hex")
      .slice(0, 16);
    hunk.cores = coresOf(hunk);
  }
  return hunks;
}

function coresOf(hunk: ParsedHunk): ParsedHunk["cores"] {
  const cores: ParsedHunk["cores"] = [];
  // For an empty side the format names the line before it.
  let before = hunk.old_lines === 0 ? hunk.old_start : hunk.old_start - 1;
  let after = hunk.new_lines === 0 ? hunk.new_start : hunk.new_start - 1;
  let open: ParsedHunk["cores"][number] | undefined;
  for (const line of hunk.lines) {
    const sign = line.charAt(0);
    if (sign === "\\") continue;
    if (sign === "-" || sign === "+") {
      if (!open) cores.push((open = { before: { start: before, end: before }, after: { start: after, end: after } }));
      if (sign === "-") open.before.end = ++before;
      else open.after.end = ++after;
    } else {
      open = undefined;
      before++;
      after++;
    }
  }
  return cores;
}
