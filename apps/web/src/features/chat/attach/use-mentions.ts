import { useDeferredValue, useMemo, useState, type KeyboardEvent } from "react";
import type { FileTree } from "../../../lib/file-tree.ts";
import { findPlaces, mentionAt, withMention } from "./mentions.ts";

export interface Mentions {
  /** Undefined if no `@` is being typed or nothing matches. */
  places: readonly string[] | undefined;
  chosen: number;
  isFolder: (path: string) => boolean;
  pick: (path: string) => void;
  /** True if the key was handled. */
  onKeyDown: (event: KeyboardEvent) => boolean;
}

/** The list for an `@`: arrow keys select, Enter and Tab insert, Escape closes it until the next `@`. */
export function useMentions({
  text,
  caret,
  tree,
  onChange,
}: {
  text: string;
  caret: number;
  tree: FileTree | undefined;
  onChange: (text: string, caret: number) => void;
}): Mentions {
  const [chosen, setChosen] = useState(0);
  const [closedAt, setClosedAt] = useState<number>();
  const mentioning = useMemo(() => mentionAt(text, caret), [text, caret]);
  const query = useDeferredValue(mentioning?.query);
  const found = useMemo(() => (tree && query !== undefined ? findPlaces(tree, query) : []), [tree, query]);
  const places = mentioning && mentioning.from !== closedAt && found.length > 0 ? found : undefined;
  const at = Math.min(chosen, found.length - 1);
  const pick = (path: string) => {
    if (!mentioning) return;
    const next = withMention(text, mentioning, path);
    setChosen(0);
    onChange(next.text, next.caret);
  };
  return {
    places,
    chosen: at,
    isFolder: (path) => tree?.nodes.get(path)?.isDirectory ?? false,
    pick,
    onKeyDown: (event) => {
      if (!places || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
      switch (event.key) {
        case "ArrowDown":
        case "ArrowUp":
          setChosen((at + (event.key === "ArrowDown" ? 1 : places.length - 1)) % places.length);
          break;
        case "Enter":
        case "Tab":
          pick(places[at] ?? "");
          break;
        case "Escape":
          event.stopPropagation();
          setClosedAt(mentioning?.from);
          break;
        default:
          return false;
      }
      event.preventDefault();
      return true;
    },
  };
}
