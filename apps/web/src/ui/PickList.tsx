import { Command } from "cmdk";
import { Search } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import { SkeletonRows } from "./Skeleton.tsx";
import { rank } from "../lib/rank.ts";

export interface PickListItem {
  id: string;
  title: string;
  hint?: string;
  icon?: ReactNode;
  /** Why it cannot be picked. It stays readable; picking it shows the reason. */
  refusal?: string | undefined;
  run: () => void;
}
export interface PickGroup {
  heading: string;
  items: readonly PickListItem[];
}

/** A searchable list for keyboard, mouse and touch: type, arrows, Enter. */
export function PickList({
  label,
  placeholder,
  groups,
  empty,
  isLoading = false,
  foot,
}: {
  label: string;
  placeholder: string;
  groups: readonly PickGroup[];
  /** Shown when there is nothing to pick and nothing was searched for. */
  empty: string;
  /** The search can be typed while the items load. */
  isLoading?: boolean;
  foot?: ReactNode;
}) {
  const [text, setText] = useState("");
  const [refused, setRefused] = useState<{ title: string; why: string }>();
  const shown = useMemo(
    () =>
      groups
        .map(({ heading, items }) => ({ heading, items: rank(items, text, (item) => `${item.title} ${item.hint ?? ""}`) }))
        .filter(({ items }) => items.length > 0),
    [groups, text],
  );
  const first = shown[0]?.items[0]?.id ?? "";
  const [selection, setSelection] = useState({ text, id: first });
  const isListed = shown.some(({ items }) => items.some(({ id }) => id === selection.id));
  if (selection.text !== text || !isListed) {
    if (selection.text !== text || selection.id !== first) setSelection({ text, id: first });
  }
  return (
    <Command
      label={label}
      shouldFilter={false}
      loop
      value={selection.id}
      onValueChange={(id) => setSelection({ text, id })}
      className="flex max-h-[min(420px,70dvh)] min-h-0 flex-col"
    >
      <div className="flex flex-none items-center gap-2 border-b border-line-0 px-3">
        <Search size={14} className="flex-none text-fg-3" />
        <Command.Input
          autoFocus
          value={text}
          onValueChange={(next) => {
            setText(next);
            setRefused(undefined);
          }}
          placeholder={placeholder}
          className="h-10 min-w-0 flex-1 bg-transparent text-sm text-fg-0 outline-none narrow:h-12 narrow:text-lg"
        />
      </div>
      <Command.List className="scroll-y min-h-0 flex-1 p-1">
        {isLoading ? (
          <div className="p-3">
            <SkeletonRows count={6} label="Loading…" />
          </div>
        ) : null}
        {shown.length === 0 && !isLoading ? (
          <p className="px-3 py-5 text-sm text-fg-2">{text ? `No results for “${text}”` : empty}</p>
        ) : null}
        {shown.map(({ heading, items }) => (
          <Command.Group
            key={heading}
            heading={heading}
            className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-fg-2"
          >
            {items.map((item) => (
              <Command.Item
                key={item.id}
                value={item.id}
                onSelect={() => {
                  if (item.refusal === undefined) item.run();
                  else setRefused({ title: item.title, why: item.refusal });
                }}
                className="flex min-h-9 items-center gap-2.5 rounded-1 px-2 py-1 text-sm data-[selected=true]:bg-bg-3 narrow:min-h-11"
              >
                <span className={item.refusal ? "flex-none text-fg-2 opacity-60" : "flex-none text-fg-1"}>{item.icon}</span>
                <span className="min-w-0 flex-1">
                  <span className={item.refusal ? "text-fg-2" : "font-medium text-fg-0"}>{item.title}</span>
                  {item.refusal || item.hint ? (
                    <span className="block text-xs text-fg-2">{withCode(item.refusal ?? item.hint ?? "")}</span>
                  ) : null}
                </span>
              </Command.Item>
            ))}
          </Command.Group>
        ))}
      </Command.List>
      {refused ? (
        <p role="alert" className="flex-none border-t border-line-0 bg-warn-soft px-3 py-2 text-xs text-warn">
          {refused.title}: {withCode(refused.why)}
        </p>
      ) : null}
      {foot}
    </Command>
  );
}

/** Shows text between backticks as code. */
const withCode = (text: string): ReactNode =>
  text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
