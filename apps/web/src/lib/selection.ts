/** What is chosen in a list of rows. `anchor` is where a range begins, `active` where the keyboard is. */
export interface Selection {
  paths: ReadonlySet<string>;
  anchor: string | undefined;
  active: string | undefined;
}
export const noSelection: Selection = { paths: new Set(), anchor: undefined, active: undefined };

export type SelectionMode = "only" | "toggle" | "range";
/** How a click or an arrow with these keys chooses. */
export const pickOf = (keys: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }): SelectionMode =>
  keys.shiftKey ? "range" : keys.ctrlKey || keys.metaKey ? "toggle" : "only";

/** The selection after `path` was picked among the visible rows. */
export function picked(rows: readonly { node: { path: string } }[], selection: Selection, path: string, pick: SelectionMode): Selection {
  if (pick === "toggle") {
    const paths = new Set(selection.paths);
    if (!paths.delete(path)) paths.add(path);
    return { paths, anchor: path, active: path };
  }
  const order = rows.map((row) => row.node.path);
  const from = order.indexOf(selection.anchor ?? selection.active ?? path);
  const to = order.indexOf(path);
  if (pick === "only" || from < 0 || to < 0) return { paths: new Set([path]), anchor: path, active: path };
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { paths: new Set(range), anchor: order[from], active: path };
}

/** Without what lies in a folder that is chosen too: acting on the folder acts on it. */
export function topmost(paths: Iterable<string>): string[] {
  const all = new Set(paths);
  return [...all].filter((path) => {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) if (all.has(path.slice(0, at))) return false;
    return true;
  });
}

/** What an action on `path` is about: the whole selection when it belongs to it, else itself alone. */
export const subjectsOf = (selection: Selection, path: string): string[] => topmost(selection.paths.has(path) ? selection.paths : [path]);
