import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useSearchText } from "../../lib/use-search-text.ts";
import type { CardSearch } from "./card-search.ts";
import type { CardFilter } from "./board.ts";

/** Search and filters of the board, which are in the URL; a search shows at once and is there when the typing pauses. */
export function useBoardFilter(): [CardFilter, (filter: CardFilter) => void] {
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as CardSearch;
  const write = useHandler((change: CardSearch) => {
    void navigate({ to: ".", search: (before: CardSearch) => ({ ...before, ...change }), hash: true, replace: true } as never);
  });
  const [text, setText] = useSearchText(search.q ?? "", (words) => write({ q: words || undefined }));
  const { priority = "", type = "", tag = "", assignee = "" } = search;
  const filter = useMemo((): CardFilter => ({ text, priority, type, tag, assignee }), [text, priority, type, tag, assignee]);
  const change = useHandler((next: CardFilter) => {
    setText(next.text);
    const { text: _text, ...choices } = next;
    if (choices.priority === priority && choices.type === type && choices.tag === tag && choices.assignee === assignee) return;
    write({
      priority: (choices.priority || undefined) as CardSearch["priority"],
      type: (choices.type || undefined) as CardSearch["type"],
      tag: choices.tag || undefined,
      assignee: choices.assignee || undefined,
    });
  });
  return [filter, change];
}
