import type { DataColumn, DataRow, ForeignKey, RowPage } from "@tesslate/contract";
import { ArrowUpRight, Trash2 } from "lucide-react";
import { useState, type FormEvent } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Field } from "../../ui/Field.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Select } from "../../ui/Select.tsx";
import { Sheet } from "../../ui/Sheet.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { asChoice, choicesOf } from "./CellEditor.tsx";
import { gridColumnOf, invalidValue, type Cell } from "./cells.tsx";
import { readable } from "./CellDialog.tsx";
import type { Conflict } from "./ConflictDialog.tsx";
import { useDatabase } from "./data-context.ts";
import { sqlErrorOf } from "./DataError.tsx";
import { foreignKeyOf, keyOfRow, settable, tableLabel, type ShownRow } from "./table.ts";

export interface RowSheetProps {
  table: { schema: string; name: string };
  page: RowPage;
  /** Undefined: a new row. */
  row: ShownRow | undefined;
  canChange: boolean;
  foreignKeys: readonly ForeignKey[];
  wholeCell: (row: DataRow, column: number) => Promise<Cell>;
  onFollow: (column: number) => void;
  onRemove: (row: ShownRow) => void;
  onConflict: (conflict: Conflict) => void;
  onClose: () => void;
}

/** All values of one row, to read and to edit; or the form for a new one. */
export function RowSheet({ table, page, row, canChange, foreignKeys, wholeCell, onFollow, onRemove, onConflict, onClose }: RowSheetProps) {
  const { permission, changes } = useDatabase();
  /** Values that were typed, by column. What is not in it stays, or gets its default. */
  const [typed, setTyped] = useState<Readonly<Record<string, Cell>>>({});
  /** Whole values of cells that are cut on the page. */
  const [whole, setWhole] = useState<Readonly<Record<string, Cell>>>({});
  const [faults, setFaults] = useState<Readonly<Record<string, string>>>({});
  const [failure, setFailure] = useState<string>();
  const [isSaving, setIsSaving] = useState(false);
  const isEditing = canChange && (row === undefined || permission.isAllowed);
  const columns = row ? page.columns : settable(page.columns);

  const set = (name: string, value: Cell | undefined) => {
    setTyped((before) => {
      const { [name]: _, ...rest } = before;
      return value === undefined ? rest : { ...rest, [name]: value };
    });
    setFaults((before) => Object.fromEntries(Object.entries(before).filter(([field]) => field !== name)));
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const found = Object.fromEntries(
      columns.flatMap((column) => {
        const value = typed[column.name];
        const reason = value === undefined ? undefined : invalidValue(column, value);
        return reason ? [[column.name, reason]] : [];
      }),
    );
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    setFailure(undefined);
    setIsSaving(true);
    const key = row && keyOfRow(page, row);
    try {
      if (!row) await changes.apply("Row added.", [{ kind: "insert", schema: table.schema, table: table.name, values: { ...typed } }]);
      else if (key) {
        const expected = Object.fromEntries(Object.keys(typed).map((name) => [name, shownValue(name)]));
        await changes.apply("Row updated.", [{ kind: "update", schema: table.schema, table: table.name, key, values: { ...typed }, expected }]);
      }
      onClose();
    } catch (error) {
      const [name] = Object.keys(typed);
      if (key && name !== undefined && Object.keys(typed).length === 1 && hasCode(error, "row_changed"))
        onConflict({ key, column: name, mine: typed[name] ?? null });
      else setFailure([sentenceOf(error), sqlErrorOf(error)?.detail].filter(Boolean).join(" "));
    } finally {
      setIsSaving(false);
    }
  };
  const shownValue = (name: string): Cell => {
    const at = page.columns.findIndex((column) => column.name === name);
    return name in whole ? (whole[name] ?? null) : (row?.cells[at] ?? null);
  };
  const load = async (column: DataColumn) => {
    if (!row) return;
    try {
      const value = await wholeCell(row, page.columns.indexOf(column));
      setWhole((before) => ({ ...before, [column.name]: value }));
    } catch (error) {
      setFaults((before) => ({ ...before, [column.name]: sentenceOf(error) }));
    }
  };
  const isDirty = Object.keys(typed).length > 0;
  return (
    <Sheet
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={row ? `Row ${row.number} of ${tableLabel(table)}` : `New row in ${tableLabel(table)}`}
      footer={
        canChange ? (
          <>
            {row ? (
              <Button variant="danger" icon={<Trash2 size={14} />} onClick={() => onRemove(row)}>
                Delete row
              </Button>
            ) : null}
            <span className="flex-1" />
            {isEditing ? (
              <>
                <Button variant="ghost" onClick={onClose}>
                  Cancel
                </Button>
                <Button
                  type="submit"
                  form="data-row"
                  variant="primary"
                  disabled={row !== undefined && !isDirty}
                  isLoading={isSaving}
                  loadingWord="Saving…"
                >
                  {row ? "Save row" : "Add row"}
                </Button>
              </>
            ) : (
              <Button onClick={() => void permission.request()}>Edit row</Button>
            )}
          </>
        ) : undefined
      }
    >
      <form id="data-row" onSubmit={(event) => void submit(event)} className="grid grid-cols-1 gap-3.5">
        {failure === undefined ? null : (
          <p role="alert" className="text-sm text-err">
            {failure}
          </p>
        )}
        {columns.map((column) => {
          const at = page.columns.indexOf(column);
          const isCut = row?.truncated.includes(at) === true && !(column.name in whole);
          const value = column.name in typed ? typed[column.name] : row ? shownValue(column.name) : undefined;
          const foreignKey = foreignKeyOf(foreignKeys, column.name);
          const isSettable = isEditing && !column.is_generated && column.kind !== "binary" && !isCut;
          return (
            <Field
              key={column.name}
              label={
                <>
                  <span className="font-mono text-xs text-fg-0">{column.name}</span>{" "}
                  <span className="font-mono text-2xs font-regular text-fg-2">{column.type}</span>
                </>
              }
              error={faults[column.name]}
              {...(column.comment && { hint: column.comment })}
              aside={
                <span className="flex items-center gap-1">
                  {isCut ? (
                    <Button size="sm" variant="ghost" onClick={() => void load(column)}>
                      Show all
                    </Button>
                  ) : null}
                  {row && foreignKey && value !== null ? (
                    <Button size="sm" variant="ghost" icon={<ArrowUpRight size={12} />} onClick={() => onFollow(at)}>
                      {foreignKey.to_table}
                    </Button>
                  ) : null}
                  {isSettable && (column.is_nullable || column.default !== null || column.name in typed) ? (
                    <Menu
                      label={`Value of ${column.name}`}
                      align="end"
                      trigger={
                        <Button size="sm" variant="ghost">
                          Set…
                        </Button>
                      }
                      entries={[
                        ...(column.is_nullable ? [{ label: "Set NULL", onSelect: () => set(column.name, null) }] : []),
                        ...(row ? [] : [{ label: "Use default", hint: column.default ?? "NULL", onSelect: () => set(column.name, undefined) }]),
                        ...(row && column.name in typed ? [{ label: "Undo change", onSelect: () => set(column.name, undefined) }] : []),
                      ]}
                    />
                  ) : null}
                  {row && typeof value === "string" && !isCut ? <CopyButton text={value} label={`Copy ${column.name}`} /> : null}
                </span>
              }
            >
              {isSettable ? (
                <ValueField column={column} value={value} onChange={(next) => set(column.name, next)} />
              ) : (
                <ValueText value={value ?? null} column={column} isCut={isCut} />
              )}
            </Field>
          );
        })}
      </form>
    </Sheet>
  );
}

const ValueText = ({ value, column, isCut }: { value: Cell; column: DataColumn; isCut: boolean }) => (
  <div className="max-h-60 min-h-8 scroll-y rounded-2 border border-line-0 bg-bg-2 px-2.5 py-1.5 font-mono text-xs wrap-anywhere whitespace-pre-wrap text-fg-0">
    {value === null ? (
      <span className="text-fg-2 italic">NULL</span>
    ) : value === "" ? (
      <span className="text-fg-2 italic">empty</span>
    ) : (
      <>
        {readable(value, column.kind)}
        {isCut ? "…" : ""}
      </>
    )}
  </div>
);

const defaultChoice = "default";
const nullChoice = "null";

/** Undefined is the default of the column. */
function ValueField({ column, value, onChange }: { column: DataColumn; value: Cell | undefined; onChange: (value: Cell | undefined) => void }) {
  const grid = gridColumnOf(column, [], undefined);
  const choices = choicesOf(grid);
  const placeholder = value === null ? "NULL" : value === undefined ? (column.default === null && !column.is_nullable ? "Required" : `Default: ${column.default ?? "NULL"}`) : "empty";
  if (!choices)
    return (
      <Textarea
        rows={1}
        spellCheck={false}
        className="font-mono text-xs!"
        placeholder={placeholder}
        value={value ?? ""}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  const chosen = value === undefined ? defaultChoice : value === null ? nullChoice : `=${asChoice(grid, value)}`;
  return (
    <Select
      value={chosen}
      options={[
        ...(value === undefined ? [{ value: defaultChoice, label: placeholder }] : []),
        ...(column.is_nullable || value === null ? [{ value: nullChoice, label: "NULL" }] : []),
        ...choices.map((choice) => ({ value: `=${choice}`, label: choice })),
      ]}
      onChange={(next) => onChange(next === defaultChoice ? undefined : next === nullChoice ? null : next.slice(1))}
    />
  );
}
