import type { InspectedElement, PageElement } from "@tesslate/contract";
import { useId, useRef, useState } from "react";
import { cx } from "../../../lib/cx.ts";
import { Chip } from "../../../ui/Chip.tsx";
import { Field } from "../../../ui/Field.tsx";
import { Input } from "../../../ui/Input.tsx";
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
  const [active, setActive] = useState(0);
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  const names = [...new Set(element.class_name.split(/\s+/).filter(Boolean))];
  const reasonOf = (name: string) => classes.find((one) => one.name === name)?.reason ?? null;
  const found = hasTailwind ? suggestedClasses(text.trim(), { except: names, limit: 8 }) : [];
  const add = (given: string) => {
    const added = given.split(/\s+/).filter((name) => name && !names.includes(name));
    setText("");
    setActive(0);
    if (added.length > 0) onChange({ type: "classes", remove: [], add: added });
  };
  const isOpen = found.length > 0;
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
      <div className="relative">
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
          aria-activedescendant={isOpen ? `${listId}-${active}` : undefined}
          className="font-mono"
          onChange={(event) => {
            setText(event.target.value);
            setActive(0);
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && text.trim() !== "") {
              event.preventDefault();
              // What was typed in full counts, not what it could become.
              add(event.altKey || !found[active] ? text : found[active]);
            } else if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
              event.preventDefault();
              setActive((active + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
            }
          }}
        />
        <div
          id={listId}
          role="listbox"
          aria-label="Suggestions"
          hidden={!isOpen}
          className="mt-1 overflow-hidden rounded-2 border border-line-0 bg-bg-1 p-0.5"
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
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => add(name)}
            >
              {name}
            </button>
          ))}
        </div>
      </div>
    </Field>
  );
}
