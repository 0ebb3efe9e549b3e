import { ListFilter, Search } from "lucide-react";
import { cardPriorities, cardTypes, type Board, type UserRef } from "@tesslate/contract";
import type { RefObject } from "react";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { Select } from "../../ui/Select.tsx";
import { TabCount } from "../../ui/Tabs.tsx";
import { cardsOf, noFilter, type CardFilter } from "./board.ts";
import { priorityLooks, cardTypeLooks } from "./card-looks.tsx";

const unset = "any";

/** Search and filters of the board. */
export function BoardFilter({
  board,
  me,
  filter,
  onChange,
  searchRef,
}: {
  board: Board;
  me: UserRef;
  filter: CardFilter;
  onChange: (filter: CardFilter) => void;
  searchRef: RefObject<HTMLInputElement | null>;
}) {
  const cards = cardsOf(board);
  const tags = [...new Set(cards.flatMap((card) => card.tags ?? []))].sort();
  const people = [...new Map(cards.flatMap((card) => (card.assignee ? [[card.assignee.id, card.assignee] as const] : []))).values()];
  const { text: _text, ...choices } = filter;
  const chosen = Object.values(choices).filter((value) => value !== "").length;
  const pick = (label: string, key: keyof typeof choices, options: { value: string; label: string }[]) => (
    <Field label={label}>
      <Select
        size="sm"
        value={filter[key] || unset}
        options={[{ value: unset, label: "Any" }, ...options]}
        onChange={(value) => onChange({ ...filter, [key]: value === unset ? "" : value })}
      />
    </Field>
  );
  return (
    <>
      <Input
        ref={searchRef}
        size="sm"
        isSoft
        type="search"
        aria-label="Search cards"
        aria-keyshortcuts={ariaKeys("board.search")}
        placeholder="Search cards"
        value={filter.text}
        maxLength={200}
        onChange={(event) => onChange({ ...filter, text: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape" && filter.text !== "") {
            event.stopPropagation();
            onChange({ ...filter, text: "" });
          }
        }}
        leading={<Search size={14} className="flex-none text-fg-2" />}
        trailing={
          filter.text === "" ? (
            <span className="narrow:hidden">
              <Kbd>/</Kbd>
            </span>
          ) : null
        }
        boxClassName="max-w-64 min-w-0"
      />
      <Popover
        label="Filter cards"
        className="grid w-64 gap-3"
        trigger={
          <Button size="md" variant="ghost" icon={<ListFilter size={14} />}>
            Filter
            {chosen > 0 ? <TabCount count={chosen} /> : null}
          </Button>
        }
      >
        {pick(
          "Priority",
          "priority",
          cardPriorities.map((value) => ({ value, label: priorityLooks[value].label })),
        )}
        {pick(
          "Type",
          "type",
          cardTypes.map((value) => ({ value, label: cardTypeLooks[value].label })),
        )}
        {pick(
          "Tag",
          "tag",
          tags.map((value) => ({ value, label: value })),
        )}
        {pick("Assignee", "assignee", [
          { value: "none", label: "Unassigned" },
          ...people.map(({ id, name }) => ({ value: id, label: id === me.id ? `${name} (you)` : name })),
        ])}
        <Button size="sm" disabled={chosen === 0} onClick={() => onChange({ ...noFilter, text: filter.text })}>
          Clear filters
        </Button>
      </Popover>
    </>
  );
}
