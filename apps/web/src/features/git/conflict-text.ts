/** A place in a text that a merge could not decide. Lines count from 0; `to` is the line behind the last marker. */
export interface ConflictPlace {
  from: number;
  to: number;
  ours: string[];
  theirs: string[];
}
export type Side = "ours" | "theirs" | "both";

/** Places between git's markers, with or without the common ancestor between them. What does not close is none. */
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

/** The text with one place decided. */
export function decided(text: string, place: ConflictPlace, side: Side): string {
  const lines = text.split("\n");
  const kept = side === "both" ? [...place.ours, ...place.theirs] : place[side];
  return [...lines.slice(0, place.from), ...kept, ...lines.slice(place.to)].join("\n");
}
