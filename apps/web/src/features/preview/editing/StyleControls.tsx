import type { InspectedElement, PageElement } from "@tesslate/contract";
import { useEffect, useRef, useState } from "react";
import { cx } from "../../../lib/cx.ts";
import { Popover } from "../../../ui/Popover.tsx";
import { Select } from "../../../ui/Select.tsx";
import type { OnChange } from "./LeftToAgent.tsx";
import { tailwindColors, tailwindShades } from "./tailwind-colors.ts";
import { boxStyles, colorStyles, setBy, textStyles, type Style } from "./tailwind-styles.ts";
import { reasonTexts } from "./use-element-edit.ts";

const none = "none";

/** Styles as controls: each sets, replaces or removes one class. */
export function StyleControls({ element, inspected, onChange }: { element: PageElement; inspected: InspectedElement; onChange: OnChange }) {
  const names = element.class_name.split(/\s+/).filter(Boolean);
  const controlOf = (style: Style) => {
    const current = setBy(style, names);
    const part =
      current === undefined ? inspected.new_class : (inspected.classes.find(({ name }) => name === current) ?? inspected.new_class);
    const set = (next: string | undefined) =>
      next !== current &&
      onChange({ type: "classes", remove: current === undefined ? [] : [current], add: next === undefined ? [] : [next] });
    return { current, set, reason: part.reason };
  };
  const isText = element.texts.length > 0;
  return (
    <div role="group" aria-label="Styles" className="grid grid-cols-2 gap-x-2 gap-y-2.5">
      {colorStyles.map((style) => (
        <ColorControl key={style.id} style={style} {...controlOf(style)} />
      ))}
      {[...(isText ? textStyles : []), ...boxStyles].map((style) => {
        const { current, set, reason } = controlOf(style);
        const isOther = current !== undefined && !style.options.some(({ name }) => name === current);
        return (
          <label key={style.id} className="flex min-w-0 flex-col gap-1 text-xs text-fg-2" title={reason ? reasonTexts[reason] : undefined}>
            {style.label}
            <Select
              label={style.label}
              size="sm"
              className="text-xs"
              isDisabled={reason !== null}
              value={current ?? none}
              onChange={(next) => set(next === none ? undefined : next)}
              options={[
                { value: none, label: "Not set" },
                ...(isOther ? [{ value: current, label: current }] : []),
                ...style.options.map(({ name, label }) => ({ value: name, label })),
              ]}
            />
          </label>
        );
      })}
    </div>
  );
}

/** A color of the palette. Arrow keys move in the grid. */
function ColorControl({
  style,
  current,
  set,
  reason,
}: {
  style: Style;
  current: string | undefined;
  set: (next: string | undefined) => void;
  reason: keyof typeof reasonTexts | null;
}) {
  const [isOpen, setIsOpen] = useState(false);
  const option = style.options.find(({ name }) => name === current);
  const choose = (next: string | undefined) => {
    setIsOpen(false);
    set(next);
  };
  const [prefix = ""] = (style.options[0]?.name ?? "").split("-");
  return (
    <div className="flex min-w-0 flex-col gap-1 text-xs text-fg-2" title={reason ? reasonTexts[reason] : undefined}>
      <span>{style.label}</span>
      <Popover
        label={style.label}
        isOpen={isOpen}
        onOpenChange={setIsOpen}
        className="flex max-w-(--radix-popover-content-available-width)! flex-col p-2"
        trigger={
          <button
            type="button"
            aria-label={`${style.label}: ${option?.label ?? current ?? "Not set"}`}
            disabled={reason !== null}
            className="flex h-7 w-full items-center gap-2 rounded-2 border border-line-1 bg-bg-1 px-2 text-left text-xs text-fg-0 disabled:bg-bg-2 disabled:text-fg-3 narrow:h-11"
          >
            <span
              aria-hidden="true"
              style={{ background: option?.value }}
              className={cx("size-4 flex-none rounded-1 border border-line-1", !option && "bg-bg-3")}
            />
            <span className="truncate">{option?.label ?? current ?? "Not set"}</span>
          </button>
        }
      >
        <Palette style={style} prefix={prefix} current={current} choose={choose} />
        <div className="mt-2 flex flex-none gap-1">
          {[
            { label: "White", name: `${prefix}-white` },
            { label: "Black", name: `${prefix}-black` },
            { label: "Not set", name: undefined },
          ].map(({ label, name }) => (
            <button
              key={label}
              type="button"
              className="h-7 flex-1 rounded-2 border border-line-0 text-center text-xs text-fg-1 hover:bg-bg-3 hover:text-fg-0 narrow:h-11"
              onClick={() => choose(name)}
            >
              {label}
            </button>
          ))}
        </div>
      </Popover>
    </div>
  );
}

/** The colors by shade. They scroll where there is not enough space for all, while what is below them stays visible. */
function Palette({
  style,
  prefix,
  current,
  choose,
}: {
  style: Style;
  prefix: string;
  current: string | undefined;
  choose: (name: string) => void;
}) {
  const grid = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The popover gets its place and height after it is mounted.
    const frame = requestAnimationFrame(() => grid.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }));
    return () => cancelAnimationFrame(frame);
  }, []);
  const isSet = style.options.some(({ name }) => name === current);
  return (
    <div
      ref={grid}
      role="grid"
      tabIndex={-1}
      aria-label={style.label}
      // Space for the outline of the current color, and for the scroll bar.
      className="scroll-y -m-1 scroll-p-1 flex min-h-0 flex-col gap-0.5 p-1 [scrollbar-gutter:stable]"
      onKeyDown={(event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: tailwindShades.length, ArrowUp: -tailwindShades.length }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        const cells = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=gridcell] button")];
        cells[cells.indexOf(event.target as HTMLElement) + step]?.focus();
      }}
    >
      {Object.entries(tailwindColors).map(([color, values]) => (
        <div key={color} role="row" className="flex flex-none gap-0.5">
          {values.map((value, at) => {
            const shade = tailwindShades[at] ?? 0;
            const name = `${prefix}-${color}-${shade}`;
            const isCurrent = name === current;
            return (
              <span key={name} role="gridcell" aria-selected={isCurrent} className="narrow:w-7 narrow:min-w-0">
                <button
                  type="button"
                  tabIndex={isCurrent || (!isSet && color === "slate" && at === 0) ? 0 : -1}
                  aria-label={`${color} ${shade}`}
                  title={name}
                  style={{ background: value }}
                  className={cx(
                    "block size-4.5 rounded-1 narrow:h-7 narrow:w-full",
                    isCurrent && "outline-2 outline-offset-1 outline-focus",
                  )}
                  onClick={() => choose(name)}
                />
              </span>
            );
          })}
        </div>
      ))}
    </div>
  );
}
