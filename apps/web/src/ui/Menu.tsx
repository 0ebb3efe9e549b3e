import { Check } from "lucide-react";
import { ContextMenu as RadixContext, DropdownMenu as Radix } from "radix-ui";
import { useRef, useState, type ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { IconButton } from "./IconButton.tsx";

/** The look of everything that floats beside its trigger. */
export const floating = "anim-menu z-40 overflow-hidden rounded-3 border border-line-0 bg-bg-1 text-sm text-fg-0 shadow-2 on-sheet";
const row = (isDanger?: boolean) =>
  cx(
    "flex min-h-7 w-full select-none items-center gap-2 rounded-1 px-2 py-1 outline-none data-disabled:text-fg-3 data-highlighted:bg-bg-3 narrow:min-h-11",
    isDanger ? "text-err" : "text-fg-0",
  );

export interface MenuAction {
  label: string;
  hint?: string;
  icon?: ReactNode;
  keys?: ReactNode;
  isDanger?: boolean;
  isDisabled?: boolean;
  onSelect: () => void;
}
/** `"-"` draws a line. */
export type MenuEntry = MenuAction | "-";

const Inside = ({ entry }: { entry: MenuAction }) => (
  <>
    {entry.icon ? <span className="flex-none text-fg-2 [[data-danger]>&]:text-err">{entry.icon}</span> : null}
    <span className="min-w-0 flex-1">
      {entry.label}
      {entry.hint ? <span className="block text-xs text-fg-2">{entry.hint}</span> : null}
    </span>
    {entry.keys}
  </>
);

/** The same rows in both kinds of menu, whose primitives differ by name only. */
const Entries = ({
  entries,
  Item,
  Separator,
}: {
  entries: readonly MenuEntry[];
  Item: typeof Radix.Item | typeof RadixContext.Item;
  Separator: typeof Radix.Separator | typeof RadixContext.Separator;
}) =>
  entries.map((entry, index) =>
    entry === "-" ? (
      <Separator key={`line-${index}`} className="-mx-1 my-1 h-px bg-line-0" />
    ) : (
      <Item
        key={entry.label}
        disabled={entry.isDisabled ?? false}
        onSelect={entry.onSelect}
        data-danger={entry.isDanger || undefined}
        className={row(entry.isDanger)}
      >
        <Inside entry={entry} />
      </Item>
    ),
  );

export interface MenuProps {
  /** One element that takes a ref: Button or IconButton. */
  trigger: ReactNode;
  label?: string;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom" | "left" | "right";
  entries?: readonly MenuEntry[];
  /** A choice of one; drawn above `entries`. */
  choice?: {
    value: string;
    onChange: (value: string) => void;
    options: readonly { value: string; label: string; hint?: string; isDisabled?: boolean }[];
  };
  /** Free head, such as who is signed in. */
  head?: ReactNode;
  /** For menus that a key opens, too. */
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  /** Prevent its default where the trigger cannot take the focus. */
  onCloseAutoFocus?: (event: Event) => void;
}

/** A drop-down of actions, of one choice, or of both. */
export function Menu({
  trigger,
  label,
  align = "start",
  side = "bottom",
  entries = [],
  choice,
  head,
  isOpen,
  onOpenChange,
  onCloseAutoFocus,
}: MenuProps) {
  // What nobody has opened yet is not drawn.
  const [wasOpened, setWasOpened] = useState(false);
  if (isOpen && !wasOpened) setWasOpened(true);
  return (
    <Radix.Root
      modal={false}
      {...(isOpen !== undefined && { open: isOpen })}
      onOpenChange={(next) => {
        if (next) setWasOpened(true);
        onOpenChange?.(next);
      }}
    >
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      {wasOpened ? (
        <Radix.Portal>
          <Radix.Content
            aria-label={label}
            align={align}
            side={side}
            sideOffset={4}
            collisionPadding={8}
            {...(onCloseAutoFocus && { onCloseAutoFocus })}
            className={cx(floating, "max-h-(--radix-dropdown-menu-content-available-height) min-w-44 max-w-80 scroll-y! p-1")}
          >
            {head}
            {choice ? (
              <Radix.RadioGroup value={choice.value} onValueChange={choice.onChange}>
                {choice.options.map((option) => (
                  <Radix.RadioItem key={option.value} value={option.value} disabled={option.isDisabled ?? false} className={row()}>
                    <span className="min-w-0 flex-1">
                      {option.label}
                      {option.hint ? <span className="block text-xs text-fg-2">{option.hint}</span> : null}
                    </span>
                    <span className="w-3.5 flex-none">
                      <Radix.ItemIndicator>
                        <Check size={14} />
                      </Radix.ItemIndicator>
                    </span>
                  </Radix.RadioItem>
                ))}
              </Radix.RadioGroup>
            ) : null}
            {choice && entries.length > 0 ? <Radix.Separator className="-mx-1 my-1 h-px bg-line-0" /> : null}
            <Entries entries={entries} Item={Radix.Item} Separator={Radix.Separator} />
          </Radix.Content>
        </Radix.Portal>
      ) : null}
    </Radix.Root>
  );
}

/**
 * A menu of one of many rows. An open or closed `Menu` listens to every key of the page, which a thousand of them make slow: this one is there from the
 * moment somebody points at its button or focuses it. The button stays the same.
 */
export function RowMenu({
  label,
  name,
  entries,
  icon,
}: {
  label: string;
  name: string;
  entries: () => readonly MenuEntry[];
  icon: ReactNode;
}) {
  const [isNear, setIsNear] = useState(false);
  const [isOpen, setIsOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const open = () => {
    setIsNear(true);
    setIsOpen(true);
  };
  return (
    <span className="relative inline-grid">
      <IconButton
        ref={button}
        size="sm"
        label={name}
        tooltipSide="none"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        data-state={isOpen ? "open" : "closed"}
        onPointerEnter={() => setIsNear(true)}
        onFocus={() => setIsNear(true)}
        onPointerDown={(event) => {
          if (event.button !== 0 || event.ctrlKey) return;
          if (isOpen) setIsOpen(false);
          else open();
          // The menu takes the focus.
          event.preventDefault();
        }}
        onKeyDown={(event) => {
          if (!["Enter", " ", "ArrowDown"].includes(event.key)) return;
          event.preventDefault();
          open();
        }}
      >
        {icon}
      </IconButton>
      {isNear ? (
        <Menu
          label={label}
          align="end"
          entries={isOpen ? entries() : []}
          isOpen={isOpen}
          onOpenChange={setIsOpen}
          // Says where the menu stands; the button is what opens it, and takes the focus back unless it has gone elsewhere.
          trigger={<span aria-hidden="true" className="pointer-events-none absolute inset-0" />}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            // A dialog that the menu opened takes it again, and knows by that where it goes at the end.
            const dialog = document.activeElement?.closest("[role=dialog], [role=alertdialog]");
            if (document.activeElement === document.body || (dialog && !dialog.contains(button.current))) button.current?.focus();
          }}
        />
      ) : null}
    </span>
  );
}

/** The same entries on right click, long press and the menu key. */
export function ContextMenu({ entries, children }: { entries: readonly MenuEntry[]; children: ReactNode }) {
  const [wasOpened, setWasOpened] = useState(false);
  return (
    <RadixContext.Root
      modal={false}
      onOpenChange={(next) => {
        if (next) setWasOpened(true);
      }}
    >
      <RadixContext.Trigger asChild>{children}</RadixContext.Trigger>
      {wasOpened ? (
        <RadixContext.Portal>
          <RadixContext.Content collisionPadding={8} className={cx(floating, "min-w-44 p-1")}>
            <Entries entries={entries} Item={RadixContext.Item} Separator={RadixContext.Separator} />
          </RadixContext.Content>
        </RadixContext.Portal>
      ) : null}
    </RadixContext.Root>
  );
}
