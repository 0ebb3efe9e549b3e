import type { InspectedElement, PageElement } from "@tesslate/contract";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { cx } from "../../../lib/cx.ts";
import { Chip } from "../../../ui/Chip.tsx";
import { Field } from "../../../ui/Field.tsx";
import { Input } from "../../../ui/Input.tsx";
import { FieldOptions } from "../../../ui/Popover.tsx";
import { LeftToAgent, type OnChange } from "./LeftToAgent.tsx";
import { suggestedClasses } from "./tailwind-styles.ts";
import { reasonTexts } from "./use-element-edit.ts";

/** The classes of an element; those that come from somewhere else cannot be removed here. */
export function ClassList({
  element,
  inspected: { classes, new_class: newClass, has_tailwind: hasTailwind },
  onChange,
  onAsk,
}: {
  element: PageElement;
  inspected: InspectedElement;
  onChange: OnChange;
  onAsk: (text: string) => void;
}) {
  const [text, setText] = useState("");
  /** The suggestion that was chosen with the arrow keys. */
  const [active, setActive] = useState<number>();
  const [isClosed, setIsClosed] = useState(true);
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  const names = [...new Set(element.class_name.split(/\s+/).filter(Boolean))];
  const reasonOf = (name: string) => classes.find((one) => one.name === name)?.reason ?? null;
  const found = hasTailwind ? suggestedClasses(text.trim(), { except: names, limit: 8 }) : [];
  const isOpen = !isClosed && found.length > 0;
  const highlighted = isOpen && active !== undefined ? found[active] : undefined;
  const close = () => {
    setIsClosed(true);
    setActive(undefined);
  };
  const type = (typed: string) => {
    setText(typed);
    setIsClosed(false);
    setActive(undefined);
  };
  const add = (given: string) => {
    const added = given.split(/\s+/).filter((name) => name && !names.includes(name));
    setText("");
    close();
    if (added.length > 0) onChange({ type: "classes", remove: [], add: added });
  };
  // Where there is little space, the list scrolls.
  useEffect(() => {
    if (highlighted !== undefined) document.getElementById(`${listId}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [highlighted, active, listId]);
  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event;
    if (event.nativeEvent.isComposing) return;
    if (key === "Enter" && text.trim() !== "") {
      event.preventDefault();
      // What was typed counts, not what it could become.
      add(highlighted ?? text);
    } else if ((key === "ArrowDown" || key === "ArrowUp") && found.length > 0) {
      event.preventDefault();
      const step = key === "ArrowDown" ? 1 : -1;
      const from = highlighted === undefined ? (step > 0 ? -1 : found.length) : (active ?? 0);
      setIsClosed(false);
      setActive((from + step + found.length) % found.length);
    } else if (key === "Tab" && !event.shiftKey && isOpen) {
      const completed = highlighted ?? found.find((name) => name.startsWith(text.trim()));
      if (completed === undefined || completed === text.trim()) return;
      // The next Tab leaves the field: the list is closed.
      event.preventDefault();
      setText(completed);
      close();
    }
  };
  return (
    <Field
      label="Classes"
      hint={
        newClass.reason ? <LeftToAgent reason={newClass.reason} onAsk={() => onAsk("Change the classes of this element: ")} /> : undefined
      }
    >
      {names.length > 0 ? (
        <ul aria-label="Classes" className="mb-1.5 flex flex-wrap gap-1">
          {names.map((name) => {
            const reason = reasonOf(name);
            return (
              <li key={name} title={reason ? reasonTexts[reason] : undefined} className="max-w-full">
                <Chip
                  isMono
                  className={cx("max-w-full", reason !== null && "text-fg-3")}
                  {...(reason === null && {
                    removeLabel: `Remove ${name}`,
                    onRemove: () => {
                      onChange({ type: "classes", remove: [name], add: [] });
                      // The button that had the focus goes.
                      input.current?.focus();
                    },
                  })}
                >
                  <span className="truncate">{name}</span>
                </Chip>
              </li>
            );
          })}
        </ul>
      ) : null}
      <FieldOptions
        id={listId}
        label="Suggestions"
        isOpen={isOpen}
        onClose={close}
        field={
          <Input
            ref={input}
            size="sm"
            value={text}
            disabled={newClass.reason !== null}
            placeholder="Add a class"
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            role="combobox"
            aria-expanded={isOpen}
            aria-controls={listId}
            aria-autocomplete="list"
            aria-activedescendant={highlighted === undefined ? undefined : `${listId}-${active}`}
            className="font-mono"
            onChange={(event) => type(event.target.value)}
            onClick={() => setIsClosed(false)}
            onBlur={close}
            onKeyDown={onKeyDown}
          />
        }
      >
        {found.map((name, at) => (
          <button
            key={name}
            id={`${listId}-${at}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={at === active}
            className="block h-6.5 w-full truncate rounded-1 px-2 text-left font-mono text-xs text-fg-1 hover:bg-bg-3 aria-selected:bg-bg-3 aria-selected:text-fg-0 narrow:h-11"
            onClick={() => add(name)}
          >
            {name}
          </button>
        ))}
      </FieldOptions>
    </Field>
  );
}
