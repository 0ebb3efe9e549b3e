import { useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { Button } from "../../ui/Button.tsx";
import { useAutosize } from "../../ui/Textarea.tsx";
import { invalidValue, type GridColumn, type Cell } from "./cells.tsx";

/** Where the keyboard goes after an edit. */
export type AfterEdit = "stay" | "down" | "next" | "previous";

const nullChoice = "null";
const valueChoice = (value: string) => `=${value}`;

/** Values of which one is chosen; undefined for text that is typed. */
export const choicesOf = ({ kind, enumValues }: GridColumn): readonly string[] | undefined =>
  kind === "boolean" ? ["true", "false"] : kind === "enum" && enumValues ? enumValues : undefined;

/** The usual spelling of a boolean: databases write `t`, `1` or `true`. */
export const asChoice = ({ kind }: GridColumn, value: Cell): Cell =>
  kind === "boolean" && value !== null ? (["t", "true", "1"].includes(value) ? "true" : "false") : value;

/**
 * Edits a value in its cell. Enter saves, Shift+Enter breaks the line, Tab saves and goes on, Esc discards, Mod+Backspace sets NULL. Leaving the
 * field saves.
 */
export function CellEditor({
  column,
  start,
  error,
  onSave,
  onCancel,
}: {
  column: GridColumn;
  start: Cell;
  /** Why the value was refused. */
  error?: string | undefined;
  onSave: (value: Cell, after: AfterEdit) => void;
  onCancel: () => void;
}) {
  const [value, setValue] = useState<Cell>(() => asChoice(column, start));
  const [fault, setFault] = useState(error);
  const isOver = useRef(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const select = useRef<HTMLSelectElement>(null);
  const choices = choicesOf(column);
  useAutosize(box, value ?? "", 240);
  useLayoutEffect(() => {
    box.current?.focus();
    box.current?.select();
    select.current?.focus();
  }, []);
  const save = useHandler((next: Cell, after: AfterEdit) => {
    if (isOver.current) return;
    const reason = invalidValue(column, next);
    if (reason) return setFault(reason);
    isOver.current = true;
    return onSave(next, after);
  });
  const cancel = () => {
    isOver.current = true;
    onCancel();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    const isMod = event.ctrlKey || event.metaKey;
    if (event.key === "Escape") {
      event.preventDefault();
      cancel();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      save(value, "down");
    } else if (event.key === "Tab") {
      event.preventDefault();
      save(value, event.shiftKey ? "previous" : "next");
    } else if (event.key === "Backspace" && isMod && column.isNullable) {
      event.preventDefault();
      setValue(null);
      setFault(undefined);
    }
  };
  const isInvalid = fault !== undefined || undefined;
  const field =
    "block w-full min-w-0 border-2 bg-bg-1 px-1.75 py-1 font-mono text-xs text-fg-0 outline-none narrow:text-lg " +
    (isInvalid ? "border-err" : "border-focus");
  return (
    <div
      className="absolute top-0 left-0 z-20 min-w-full shadow-2"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) save(value, "stay");
      }}
    >
      {choices ? (
        <select
          ref={select}
          aria-label={column.name}
          aria-invalid={isInvalid}
          value={value === null ? nullChoice : valueChoice(value)}
          onChange={(event) => setValue(event.target.value === nullChoice ? null : event.target.value.slice(1))}
          onKeyDown={onKeyDown}
          className={field}
        >
          {column.isNullable || value === null ? <option value={nullChoice}>NULL</option> : null}
          {choices.map((choice) => (
            <option key={choice} value={valueChoice(choice)}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <textarea
          ref={box}
          rows={1}
          aria-label={column.name}
          aria-invalid={isInvalid}
          spellCheck={false}
          placeholder={value === null ? "NULL" : "empty"}
          inputMode={column.kind === "number" ? "decimal" : undefined}
          value={value ?? ""}
          onChange={(event) => {
            setValue(event.target.value);
            setFault(undefined);
          }}
          onKeyDown={onKeyDown}
          className={`${field} max-h-60 min-h-7 min-w-40 resize-none`}
        />
      )}
      {fault ? (
        <p role="alert" className="max-w-80 border-x border-b border-line-0 bg-bg-1 px-2 py-1 font-sans text-xs whitespace-normal text-err">
          {fault}
        </p>
      ) : null}
      {column.isNullable && value !== null && !choices ? (
        <div className="border-x border-b border-line-0 bg-bg-1 p-0.5">
          <Button
            size="sm"
            variant="ghost"
            onKeyDown={(event) => event.stopPropagation()}
            onClick={() => {
              save(null, "stay");
            }}
          >
            Set NULL
          </Button>
        </div>
      ) : null}
    </div>
  );
}
