/** A conflict in a text. Lines count from 0; `to` is the line after the last marker. */
export interface ConflictPlace {
  from: number;
  to: number;
  ours: string[];
  theirs: string[];
}
export type Side = "ours" | "theirs" | "both";

/** Conflicts between git's markers, with or without the base version. Unclosed markers are ignored. */
export function conflictPlaces(text: string): ConflictPlace[] {
  const lines = text.split("\n");
  const places: ConflictPlace[] = [];
  let open: { from: number; part: "ours" | "base" | "theirs"; ours: string[]; theirs: string[] } | undefined;
  for (const [index, line] of lines.entries()) {
    if (/^<{7}( |\r?$)/.test(line)) open = { from: index, part: "ours", ours: [], theirs: [] };
    else if (!open) continue;
    else if (/^\|{7}( |\r?$)/.test(line) && open.part === "ours") open.part = "base";
    else if (/^={7}\r?$/.test(line) && open.part !== "theirs") open.part = "theirs";
    else if (/^>{7}( |\r?$)/.test(line) && open.part === "theirs") {
      places.push({ from: open.from, to: index + 1, ours: open.ours, theirs: open.theirs });
      open = undefined;
    } else if (open.part === "ours") open.ours.push(line);
    else if (open.part === "theirs") open.theirs.push(line);
  }
  return places;
}

/** The text with one conflict resolved. */
export function decided(text: string, place: ConflictPlace, side: Side): string {
  const lines = text.split("\n");
  const kept = side === "both" ? [...place.ours, ...place.theirs] : place[side];
  return [...lines.slice(0, place.from), ...kept, ...lines.slice(place.to)].join("\n");
}
