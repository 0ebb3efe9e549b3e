import type { ColumnKind, DataColumn, DataFilter } from "@tesslate/contract";
import { ListFilter, Plus, X } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Select } from "../../ui/Select.tsx";
import { asChoice, choicesOf } from "./CellEditor.tsx";
import { filterText, filterWith, operatorLabel, operatorsOf, takesOf, filterValue } from "./filters.ts";

export interface FilterBarProps {
  columns: readonly DataColumn[];
  filters: readonly DataFilter[];
  match: "all" | "any";
  onChange: (filters: readonly DataFilter[], match: "all" | "any") => void;
}

/** The filters of a table: one chip each, with a form to add and change them. */
export function FilterBar({ columns, filters, match, onChange }: FilterBarProps) {
  const [open, setOpen] = useState<number>();
  const kindOf = (name: string): ColumnKind => columns.find((column) => column.name === name)?.kind ?? "other";
  const put = (index: number, filter: DataFilter) => {
    onChange(index < filters.length ? filters.map((old, at) => (at === index ? filter : old)) : [...filters, filter], match);
    setOpen(undefined);
  };
  const form = (index: number) => (
    <FilterForm columns={columns} start={filters[index]} onApply={(filter) => put(index, filter)} onCancel={() => setOpen(undefined)} />
  );
  return (
    <div role="group" aria-label="Filters" className="flex min-w-0 flex-wrap items-center gap-1">
      {filters.map((filter, index) => (
        <span key={`${index}:${JSON.stringify(filter)}`} className="inline-flex max-w-full items-center">
          <Popover
            label="Change filter"
            isOpen={open === index}
            onOpenChange={(isOpen) => setOpen(isOpen ? index : undefined)}
            className="w-76"
            trigger={
              <Button size="sm" className="min-w-0 shrink">
                <span className="truncate font-mono">{filterText(filter, kindOf(filter.column))}</span>
              </Button>
            }
          >
            {form(index)}
          </Popover>
          <IconButton
            size="sm"
            label={`Remove filter: ${filterText(filter, kindOf(filter.column))}`}
            onClick={() =>
              onChange(
                filters.filter((_, at) => at !== index),
                match,
              )
            }
          >
            <X size={12} />
          </IconButton>
        </span>
      ))}
      {filters.length > 1 ? (
        <SegmentedControl
          label="Rows must match"
          value={match}
          onChange={(next) => onChange(filters, next)}
          segments={[
            { value: "all", label: "All" },
            { value: "any", label: "Any" },
          ]}
        />
      ) : null}
      <Popover
        label="Add filter"
        isOpen={open === filters.length}
        onOpenChange={(isOpen) => setOpen(isOpen ? filters.length : undefined)}
        className="w-76"
        trigger={
          filters.length === 0 ? (
            <Button size="sm" variant="ghost" icon={<ListFilter size={14} />}>
              Filter
            </Button>
          ) : (
            <IconButton size="sm" label="Add filter">
              <Plus size={14} />
            </IconButton>
          )
        }
      >
        {form(filters.length)}
      </Popover>
    </div>
  );
}

function FilterForm({
  columns,
  start,
  onApply,
  onCancel,
}: {
  columns: readonly DataColumn[];
  start: DataFilter | undefined;
  onApply: (filter: DataFilter) => void;
  onCancel: () => void;
}) {
  const [name, setName] = useState(start?.column ?? columns[0]?.name ?? "");
  const column = columns.find((one) => one.name === name);
  const operators = operatorsOf(column?.kind ?? "text");
  const [op, setOp] = useState<DataFilter["op"]>(start?.op ?? operators[0] ?? "eq");
  const [text, setText] = useState(start ? filterValue(start) : "");
  const takes = takesOf(op);
  const choices = column && takes === "value" ? choicesOf({ ...column, enumValues: column.enum_values }) : undefined;
  const value = choices && column ? (choices.includes(asChoice(column, text) ?? "") ? (asChoice(column, text) ?? "") : (choices[0] ?? "")) : text;
  const filter = column && filterWith(name, op, value);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (filter) onApply(filter);
  };
  return (
    <form onSubmit={submit} className="grid gap-2">
      <Select
        size="sm"
        label="Column"
        value={name}
        options={columns.map((one) => ({ value: one.name, label: one.name, hint: one.type }))}
        onChange={(next) => {
          setName(next);
          const allowed = operatorsOf(columns.find((one) => one.name === next)?.kind ?? "text");
          if (!allowed.includes(op)) setOp(allowed[0] ?? "eq");
        }}
      />
      <Select
        size="sm"
        label="Operator"
        value={op}
        options={operators.map((one) => ({ value: one, label: operatorLabel(one, column?.kind ?? "text") }))}
        onChange={(next) => setOp(next as DataFilter["op"])}
      />
      {takes === "nothing" ? null : choices ? (
        <Select
          size="sm"
          label="Value"
          value={value}
          options={choices.map((choice) => ({ value: choice, label: choice }))}
          onChange={setText}
        />
      ) : (
        <Input
          size="sm"
          aria-label="Value"
          className="font-mono"
          placeholder={takes === "list" ? "Values, separated by commas" : ""}
          maxLength={10_000}
          value={text}
          autoFocus
          onChange={(event) => setText(event.target.value)}
        />
      )}
      <div className="flex justify-end gap-2 pt-1">
        <Button size="sm" variant="ghost" onClick={onCancel}>
          Cancel
        </Button>
        <Button size="sm" type="submit" disabled={!filter}>
          Apply filter
        </Button>
      </div>
    </form>
  );
}
